"""Questions through the HTTP API against the bare SQL on the same engine, at a million distinct spans.

    python -m bench.queries [--copies 10] [--repeats 15] [--work DIR]

The server runs inside this process, so that both ways use the same engine and its caches. CPU is that of the
process less the asking thread's own work with the answer; wall and CPU are the least of the repeats.
"""

from __future__ import annotations

import argparse
import functools
import http.client
import json
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bench.machine import load, machine
from bench.million import million
from bench.payload import NEEDLE, RARE_TENANT
from bench.served import asked
from bench.tables_layouts import SHAPE, questions
from tapetum_server.app.server import Server
from tapetum_server.store.engine import Engine
from tapetum_server.store.full_text import SAID_BY_RECORD, words


def ask_api(connection: http.client.HTTPConnection, question: str | dict[str, Any]) -> bytes:
    """Body of one answer: a GET of a path, or a POST to `/api/v1/sql`."""
    if isinstance(question, str):
        connection.request("GET", question)
    else:
        connection.request("POST", "/api/v1/sql", json.dumps(question), {"content-type": "application/json"})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise SystemExit(f"{question} was answered {answer.status}: {body[:500]!r}")
    return body


def cost(work: Callable[[], bytes], repeats: int) -> tuple[float, float, int]:
    """Least wall and CPU milliseconds (without the first, which warms up), and the answer's size."""
    wall, cpu = [], []
    size = len(work())
    for _ in range(repeats):
        cpu_before, own_before, before = time.process_time(), time.thread_time(), time.perf_counter()
        work()
        wall.append(time.perf_counter() - before)
        cpu.append(time.process_time() - cpu_before - (time.thread_time() - own_before))
    return min(wall) * 1e3, min(cpu) * 1e3, size


def by_words(sql: str) -> str:
    """Full text of decision 001's tables by the expressions that the indexes of words are on since."""
    whole = "hasAllTokens(concat(input, ' ', output),"
    of_records = f"FROM span_enrichments WHERE hasAllTokens({words(SAID_BY_RECORD)},"
    sql = sql.replace(f"FROM span_enrichments WHERE {whole}", of_records)
    sql = sql.replace("hasAllTokens(text,", f"hasAllTokens({words('text')},")
    return sql.replace("concat(input, ' ', output)", f"concat({words('input')}, ' ', {words('output')})")


def compare(server: Server, truth: dict[str, Any], repeats: int) -> list[dict[str, Any]]:
    """Every question both ways."""
    engine = server._engine
    day = f"from={truth['from_ms']}&to={truth['to_ms']}"
    sql = questions(
        SHAPE, "tapetum", trace=truth["trace_1000"], session=truth["session"], word=NEEDLE, rare=RARE_TENANT
    )  # fmt: skip
    shown = "FROM span_rows FINAL WHERE project = 'default' AND"
    summary = sql["latest 50 traces"].split(" WHERE ")[0] + " WHERE project = 'default' AND"
    session = (
        f"{summary} trace_id IN (SELECT trace_id {shown} session_id = '{truth['session']}') "
        "GROUP BY trace_id ORDER BY start DESC"
    )
    # The newest spans that surely hold 50 traces: the agents' long traces are older.
    newest = f"SELECT trace_id {shown} start_time < now() ORDER BY start_time DESC LIMIT 2000"
    latest = (
        f"{summary} trace_id IN (SELECT DISTINCT trace_id FROM ({newest})) "
        "GROUP BY trace_id ORDER BY start DESC LIMIT 50"
    )
    asked: list[tuple[str, str | dict[str, Any], list[str]]] = [
        ("latest 50 traces", f"/api/v1/traces?limit=50&{day}", [sql["latest 50 traces"], latest]),
        ("trace of 1,000 spans", f"/api/v1/traces/{truth['trace_1000']}", [sql["trace of 1,000 spans"]]),
        ("a session", f"/api/v1/traces?limit=50&{day}&q=session_id:{truth['session']}", [session]),
        ("full text", f"/api/v1/spans?limit=50&{day}&q={NEEDLE}", _pages(by_words(sql["full text"]))),
        (
            "tokens by model",
            {
                "query": "SELECT model, sum(input_tokens), sum(output_tokens) FROM spans WHERE usage_counted "
                "GROUP BY model ORDER BY model",
                "format": "json",
            },
            [sql["tokens by model"]],
        ),
        (
            "rare attribute",
            f"/api/v1/spans?limit=50&{day}&q={quote(f'app.tenant:{RARE_TENANT}')}",
            _pages(sql["rare attribute"]),
        ),
    ]
    out = []
    for name, question, bare in asked:
        bare_wall, bare_cpu, bare_size = min(
            (cost(functools.partial(on_engine, engine, one), repeats) for one in bare), key=lambda c: c[1]
        )
        # A connection per question: the server closes one that was idle while bare SQL ran.
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        api_wall, api_cpu, api_size = cost(functools.partial(ask_api, connection, question), repeats)
        connection.close()
        out.append(
            {
                "question": name, "bare_wall_ms": round(bare_wall, 1), "bare_cpu_ms": round(bare_cpu, 1),
                "api_wall_ms": round(api_wall, 1), "api_cpu_ms": round(api_cpu, 1),
                "cpu_ratio": round(api_cpu / bare_cpu, 2), "wall_ratio": round(api_wall / bare_wall, 2),
                "bytes": [bare_size, api_size],
            }
        )  # fmt: skip
        print(json.dumps(out[-1]), flush=True)
    return out


def _pages(found: str) -> list[str]:
    """Two ways to write the page of spans that `found` finds: ids first, or all columns at once."""
    columns = (
        "trace_id, span_id, parent_span_id, name, kind, span_kind, service, start_time, end_time, ended, status, "
        "status_message, model, input_tokens, output_tokens, cost_usd, session_id"
    )
    newest = f"SELECT trace_id, span_id, start_time FROM ({found}) ORDER BY start_time DESC LIMIT 50"
    at_once = found.replace("SELECT trace_id, span_id, start_time FROM span_rows", f"SELECT {columns} FROM span_rows")
    return [
        f"SELECT {columns} FROM span_rows FINAL WHERE project = 'default' "
        f"AND start_time IN (SELECT start_time FROM ({newest})) "
        f"AND (trace_id, span_id) IN (SELECT trace_id, span_id FROM ({newest})) ORDER BY start_time DESC",
        f"SELECT * FROM ({at_once}) ORDER BY start_time DESC LIMIT 50",
    ]


def on_engine(engine: Engine, sql: str) -> bytes:
    """The answer of bare SQL, on a thread of its own: the asking thread's work is counted on neither side."""
    return in_thread(lambda: engine.query_bytes(sql, "JSONCompact"))


def in_thread(work: Callable[[], bytes]) -> bytes:
    """`work`'s result, computed on a thread of its own."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--copies", type=int, default=10, help="copies of 100,000 distinct spans")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "tapetum-bench")
    args = parser.parse_args()
    directory, truth = million(args.work, args.copies)
    print(json.dumps(machine() | {"load": load(), "spans": truth["spans"]}), flush=True)
    asked(directory, lambda server: compare(server, truth, args.repeats))


if __name__ == "__main__":
    main()
