"""The pages LLM, Sessions, Users and Evaluations through the HTTP API against bare SQL, at a million spans.

    python -m bench.overview [--copies 10] [--repeats 7] [--only TEXT] [--work DIR]

The server runs inside this process, so that both ways use the same engine and its caches; wall and CPU are the least
of the repeats. The bare SQL is what a person would write over the tables, deduplicated as the views do it.
Every call has an evaluation with a score and a label.
"""

from __future__ import annotations

import argparse
import functools
import http.client
import json
import tempfile
from pathlib import Path
from typing import Any

from bench.machine import load, machine
from bench.million import million
from bench.queries import ask_api, cost, on_engine
from bench.served import asked
from tapetum_server.app.server import Server
from tapetum_server.store.engine import Engine

_TWICE = "(project, trace_id, span_id) NOT IN (SELECT project, trace_id, span_id FROM span_duplicates)"
_CALLS = f"kind IN ('llm', 'embedding', 'reranker') AND {_TWICE}"
_TOOK = "(toUnixTimestamp64Nano(end_time) - toUnixTimestamp64Nano(start_time)) / 1e6"
_SUMS = (
    "count(), countIf(status = 'error'), sumIf(cost_usd, owns_usage), sumIf(input_tokens, owns_usage), "
    "sumIf(output_tokens, owns_usage), sumIf(cache_read_tokens, owns_usage), sumIf(reasoning_tokens, owns_usage), "
    f"quantiles(0.5, 0.95, 0.99)({_TOOK}), quantiles(0.5, 0.95, 0.99)(ttft_ms)"
)
_OF_A_TRACE = (
    "min(start_time) AS first, max(start_time) AS last, max(end_time) AS ended, countIf(is_call) AS calls, "
    "countIf(status = 'error') AS errors, sumIf(input_tokens, counted) AS tokens_in, "
    "sumIf(output_tokens, counted) AS tokens_out, sumIf(cost_usd, counted) AS spent, "
    "argMaxIf(status_message, start_time, status = 'error') AS said, groupUniqArray(service) AS services, "
    "groupUniqArrayIf(agent, agent != '') AS agents, groupUniqArrayIf(model, model != '') AS models, "
    "groupUniqArrayIf(user_id, user_id != '') AS users"
)


def _said_of(key: str, ids: list[str], within: str) -> str:
    """What evaluations say of some sessions or users: the pages show it, too."""
    named = ", ".join(f"'{one}'" for one in ids)
    return (
        "SELECT id, count(), countIf(score >= threshold), countIf(label = 'up'), "
        "argMaxIf(comment, time, comment != '') "
        "FROM (SELECT * FROM evaluation_rows FINAL WHERE project = 'default' AND NOT withdrawn) AS e "
        f"JOIN (SELECT DISTINCT trace_id, {key} AS id FROM span_rows FINAL WHERE {within} AND {key} IN ({named})) AS s "
        "USING (trace_id) GROUP BY id"
    )


def questions(truth: dict[str, Any], engine: Engine) -> dict[str, tuple[str, list[str]]]:
    """Name → path of the API, and the statements that answer the same."""
    day = f"from={truth['from_ms']}&to={truth['to_ms']}"
    within = (
        f"project = 'default' AND start_time >= fromUnixTimestamp64Milli({truth['from_ms']}) "
        f"AND start_time < fromUnixTimestamp64Milli({truth['to_ms']})"
    )
    calls = f"FROM span_rows FINAL WHERE {within} AND {_CALLS}"
    spans = f"(SELECT *, {_CALLS} AS is_call, owns_usage AND {_TWICE} AS counted FROM span_rows FINAL WHERE {within})"
    found = {
        "LLM over time": (
            f"/api/v1/llm?{day}&compare=false",
            [f"SELECT toStartOfInterval(start_time, toIntervalMinute(30)) AS step, {_SUMS} {calls} "
             "GROUP BY GROUPING SETS ((step), ())"],
        ),
        "LLM by model": (
            f"/api/v1/llm/by?by=model&{day}",
            [f"SELECT model, {_SUMS} {calls} GROUP BY model ORDER BY model",
             "SELECT toStartOfInterval(start_time, toIntervalMinute(60)) AS step, model, count(), "
             f"sumIf(cost_usd, owns_usage) {calls} GROUP BY step, model"],
        ),
        "LLM by user": (
            f"/api/v1/llm/by?by=user_id&{day}",
            [f"SELECT if(user_id != '', user_id, named) AS user, {_SUMS} FROM span_rows AS c FINAL "
             "LEFT ANY JOIN (SELECT trace_id, any(user_id) AS named FROM span_rows FINAL "
             f"WHERE {within} AND user_id != '' GROUP BY trace_id) AS t USING (trace_id) "
             f"WHERE {within} AND {_CALLS} GROUP BY user ORDER BY 4 DESC LIMIT 50"],
        ),
        "tools": (
            f"/api/v1/llm/tools?{day}",
            [f"SELECT tool, count(), countIf(status = 'error'), quantiles(0.5, 0.95, 0.99)({_TOOK}), max(start_time) "
             f"FROM span_rows FINAL WHERE {within} AND kind = 'tool' GROUP BY tool ORDER BY 2 DESC"],
        ),
    }  # fmt: skip
    for whose, key in (("sessions", "session_id"), ("users", "user_id")):
        traces = f"SELECT trace_id, minIf({key}, {key} != '') AS id, {_OF_A_TRACE} FROM {spans} GROUP BY trace_id"
        found[f"{whose}, seen last"] = (
            f"/api/v1/{whose}?limit=50&{day}",
            [f"SELECT id, count(), sum(calls), sum(errors), sum(tokens_in), sum(tokens_out), sum(spent), min(first), "
             "max(last) AS seen, argMaxIf(said, last, errors > 0), groupUniqArrayArray(services), "
             "groupUniqArrayArray(models), "
             f"quantiles(0.5, 0.95)(toFloat64(ended - first)) FROM ({traces}) WHERE id != '' GROUP BY id "
             "ORDER BY seen DESC LIMIT 50"],
        )  # fmt: skip
        found[f"{whose} by tokens"] = (
            f"/api/v1/{whose}?limit=50&sort=-tokens&{day}",
            [found[f"{whose}, seen last"][1][0].replace("ORDER BY seen", "ORDER BY sum(tokens_in) + sum(tokens_out)")],
        )
        for name in (f"{whose}, seen last", f"{whose} by tokens"):
            statements = found[name][1]
            listed = engine.query(statements[0]).column("id").to_pylist()
            statements.append(_said_of(key, listed, within))
    found["sessions over time"] = (
        f"/api/v1/sessions/histogram?{day}",
        [f"SELECT toStartOfInterval(first, toIntervalMinute(30)) AS step, uniqExact(id), count(), countIf(errors > 0) "
         f"FROM (SELECT trace_id, minIf(session_id, session_id != '') AS id, min(start_time) AS first, "
         f"countIf(status = 'error') AS errors FROM span_rows FINAL WHERE {within} GROUP BY trace_id) "
         "WHERE id != '' GROUP BY step"],
    )  # fmt: skip
    one = f"project = 'default' AND session_id = '{truth['session']}'"
    found["one session"] = (
        f"/api/v1/sessions/detail?session={truth['session']}",
        [f"SELECT trace_id, {_OF_A_TRACE} FROM (SELECT *, {_CALLS} AS is_call, owns_usage AND {_TWICE} AS counted "
         f"FROM span_rows FINAL WHERE project = 'default' AND trace_id IN (SELECT trace_id FROM span_rows FINAL "
         f"WHERE {one})) GROUP BY trace_id",
         _said_of("session_id", [truth["session"]], "project = 'default'")],
    )  # fmt: skip
    evaluations = f"evaluation_rows FINAL WHERE {within.replace('start_time', 'time')} AND NOT withdrawn"
    found["scores and labels of a name"] = (
        f"/api/v1/evaluations/distribution?name=correctness&{day}",
        [f"SELECT min(score), max(score) FROM {evaluations} AND name = 'correctness'",
         f"SELECT floor(score * 10) AS bin, count() FROM {evaluations} AND name = 'correctness' GROUP BY bin",
         f"SELECT label, count() FROM {evaluations} AND name = 'correctness' GROUP BY label"],
    )  # fmt: skip
    found["evaluations by model"] = (
        f"/api/v1/evaluations/summary?group_by=model&{day}",
        ["SELECT name, model, count(), avg(score), min(score), max(score), countIf(score >= threshold), max(time), "
         f"topK(8)(label) FROM (SELECT * FROM {evaluations}) AS e LEFT JOIN (SELECT trace_id, span_id, model "
         "FROM span_rows FINAL WHERE project = 'default') AS s USING (trace_id, span_id) GROUP BY name, model"],
    )  # fmt: skip
    return found


def evaluate(engine: Engine) -> None:
    """Give every call an evaluation, unless that was done before."""
    if engine.query("SELECT 1 FROM evaluation_rows LIMIT 1").num_rows:
        return
    engine.command(
        "INSERT INTO tapetum.evaluation_rows (project, time, evaluation_id, version, updated_at, ingested_at, name, "
        "target_type, target_id, trace_id, span_id, score, label, threshold, source) "
        "SELECT project, start_time, span_id, 1, start_time, now64(9), 'correctness', 'span', span_id, trace_id, "
        "span_id, rand() / 4294967296, ['good', 'fair', 'poor'][1 + rand(1) % 3], 0.5, 'llm' "
        "FROM tapetum.span_rows FINAL WHERE kind = 'llm'"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--copies", type=int, default=10, help="copies of 100,000 distinct spans")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--only", default="", help="questions with this text in their names")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "tapetum-bench")
    args = parser.parse_args()
    directory, truth = million(args.work, args.copies)
    print(json.dumps(machine() | {"load": load(), "spans": truth["spans"]}), flush=True)

    def ask(server: Server) -> None:
        engine = server._engine
        evaluate(engine)
        for name, (path, statements) in questions(truth, engine).items():
            if args.only not in name:
                continue
            costs = [cost(functools.partial(on_engine, engine, sql), args.repeats) for sql in statements]
            bare_wall, bare_cpu = sum(c[0] for c in costs), sum(c[1] for c in costs)
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
            api_wall, api_cpu, size = cost(functools.partial(ask_api, connection, path), args.repeats)
            connection.close()
            said = {
                "question": name, "bare_wall_ms": round(bare_wall, 1), "bare_cpu_ms": round(bare_cpu, 1),
                "api_wall_ms": round(api_wall, 1), "api_cpu_ms": round(api_cpu, 1),
                "cpu_ratio": round(api_cpu / bare_cpu, 2), "wall_ratio": round(api_wall / bare_wall, 2),
                "bytes": size,
            }  # fmt: skip
            print(json.dumps(said), flush=True)

    asked(directory, ask)


if __name__ == "__main__":
    main()
