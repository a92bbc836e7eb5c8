"""What every home of the store must do: the same suite on the embedded engine and over ClickHouse HTTP."""

from __future__ import annotations

import asyncio
import math
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from process.servers import eventually

from bench.history_dialects import DIALECTS
from store.conftest import Keep
from store.telemetry import SECOND, START, logs, points, spans
from tapetum_server.receivers.records.given import read_predictions
from tapetum_server.signals.attributes import decode_text, type_of
from tapetum_server.signals.predictions import LabelBatch
from tapetum_server.store import sql_files
from tapetum_server.store.engine import Engine, StoreError
from tapetum_server.store.migrate import migrate
from tapetum_server.store.retention import restamp
from tapetum_server.store.writer import StoreWriter


def rows(engine: Engine, sql: str, **parameters: object) -> list[dict[str, Any]]:
    """Rows of a SELECT; maps become dicts."""
    found = []
    for row in engine.query(sql, parameters).to_pylist():
        found.append(
            {k: dict(v) if isinstance(v, list) and v and isinstance(v[0], tuple) else v for k, v in row.items()}
        )
    return found


def count(engine: Engine, view: str) -> int:
    return int(rows(engine, f"SELECT count() AS n FROM {view}")[0]["n"])


@pytest.mark.covers("duplicate-delivery", "bad-duplicate-ids")
def test_a_span_delivered_twice_in_other_groups_is_one_span(any_engine: Engine, keep: Keep) -> None:
    """A retry may be grouped differently: identity is the record's, not the batch's."""
    one, two, three = ({"span_id": f"{n:016x}", "start": START + n} for n in (1, 2, 3))
    keep(spans(one, two), spans(three))
    keep(spans(two, three))
    keep(spans(one))
    assert count(any_engine, "spans") == 3
    assert rows(any_engine, "SELECT span_count FROM traces") == [{"span_count": 3}]


@pytest.mark.covers("span-start-and-end", "store-contract-chdb", "store-contract-http")
@pytest.mark.parametrize("end_first", [False, True])
def test_a_span_seen_at_its_start_and_at_its_end_is_one_ended_span(
    any_engine: Engine, keep: Keep, end_first: bool
) -> None:
    """The start record may also arrive late; an ended span never runs again."""
    start, end = spans({"end": 0}), spans({"end": START + 5 * SECOND, "status": 2})
    for batch in (end, start) if end_first else (start, end):
        keep(batch)
    assert rows(any_engine, "SELECT state, duration_ms, status FROM spans") == [
        {"state": "ended", "duration_ms": 5000.0, "status": "error"}
    ]


def test_a_running_span_has_no_end_and_no_duration(any_engine: Engine, keep: Keep) -> None:
    keep(spans({"end": 0}))
    assert rows(any_engine, "SELECT state, end_time, duration_ms FROM spans") == [
        {"state": "running", "end_time": None, "duration_ms": None}
    ]
    assert rows(any_engine, "SELECT state, duration_ms FROM traces") == [{"state": "running", "duration_ms": None}]


@pytest.mark.covers("duplicate-delivery")
def test_equal_log_records_of_one_request_are_kept_apart_and_a_retry_adds_none(any_engine: Engine, keep: Keep) -> None:
    """Two equal lines in the same nanosecond are two; the same request again is none."""
    same = {"time": START, "body": "tick"}
    keep(logs(same, same, {"time": START, "body": "tock"}))
    keep(logs(same, same, {"time": START, "body": "tock"}))
    assert rows(any_engine, "SELECT body, count() AS n FROM logs GROUP BY body ORDER BY body") == [
        {"body": "tick", "n": 2},
        {"body": "tock", "n": 1},
    ]


def test_a_log_record_without_any_time_is_stored_once_when_it_is_sent_twice(any_engine: Engine, keep: Keep) -> None:
    keep(logs({"time": 0, "observed": 0, "body": "when?"}))
    keep(logs({"time": 0, "observed": 0, "body": "when?"}))
    assert count(any_engine, "logs") == 1


def test_a_log_record_without_any_time_is_stored_once_when_it_is_sent_again_after_a_restart(
    any_engine: Engine, keep: Keep
) -> None:
    """Killed between the write and the answer, the server meets the same records again when it is back."""
    keep(logs({"time": 0, "body": "when?"}, {"time": 0, "body": "when?"}, {"observed": START, "body": "then"}))
    before = rows(any_engine, "SELECT log_id, time FROM logs ORDER BY log_id")
    with ThreadPoolExecutor(1) as executor:
        restarted = StoreWriter(any_engine, executor, lambda project, signal: 30)
        asyncio.run(restarted.consume(logs({"time": 0, "body": "when?"}, {"time": 0, "body": "when?"})))
        restarted.close()
    assert rows(any_engine, "SELECT log_id, time FROM logs ORDER BY log_id") == before
    assert len(before) == 3


def test_a_log_record_without_any_time_has_the_time_of_its_own_arrival_in_each_project(
    any_engine: Engine, keep: Keep
) -> None:
    keep(logs({"time": 0, "body": "when?"}, project="a"))
    keep(logs({"time": 0, "body": "when?"}, project="b"))
    (times,) = rows(any_engine, "SELECT uniqExact(time) AS n, countIf(time = ingested_at) AS arrived FROM logs")
    assert times == {"n": 2, "arrived": 2}


@pytest.mark.covers("duplicate-delivery")
def test_a_metric_point_delivered_twice_is_one_point(any_engine: Engine, keep: Keep) -> None:
    """Also when its attributes come in another order: order is not identity."""
    keep(points({"time": START, "value": 1.5, "attributes": {"a": "1", "b": "2"}}))
    keep(points({"time": START, "value": 1.5, "attributes": {"b": "2", "a": "1"}}))
    keep(points({"time": START, "value": 2.5, "attributes": {"a": "1", "b": "3"}}))
    assert rows(any_engine, "SELECT sum(value) AS total, count() AS n FROM metrics") == [{"total": 4.0, "n": 2}]


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.text(st.characters(exclude_categories=["Cs"])), st.booleans(), st.integers(-(2**63), 2**63 - 1),
        st.floats(), st.binary(max_size=20), st.none(),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def same(a: Any, b: Any) -> bool:
    """Equal, with the same types, NaN being itself."""
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1, a) == math.copysign(1, b))
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    return bool(a == b)


LETTERS = {
    "string": "s",
    "bool": "b",
    "int": "i",
    "double": "d",
    "bytes": "y",
    "array": "a",
    "kvlist": "m",
    "empty": "n",
}
KEYS = st.sampled_from(
    ["gen_ai.request.model", "gen_ai.usage.input_tokens", "input.value", "output.value", "session.id", "http.route"]
) | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=12)


@pytest.mark.covers("raw-attributes-rebuilt", "attributes-nested", "attributes-bytes")
# Few examples of many spans: storing and asking costs the same for one and for twenty.
@settings(
    max_examples=10, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.data_too_large, HealthCheck.too_slow],
)  # fmt: skip
@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=6), min_size=12, max_size=24))
def test_attributes_come_back_exactly_as_they_were_sent(
    any_engine: Engine, keep: Keep, attributes: list[dict[str, Any]]
) -> None:
    """Promoted values are stored once, and the raw attributes can still be rebuilt: key, order, type and text."""
    any_engine.command(f"TRUNCATE TABLE {any_engine.database}.span_rows")
    keep(spans(*({"attributes": a} for a in attributes)))
    found = any_engine.query("SELECT attributes, attribute_types FROM spans ORDER BY span_id").to_pylist()
    assert len(found) == len(attributes)
    for sent, row in zip(attributes, found):
        letters = [LETTERS[name] for _, name in row["attribute_types"]]
        back = {key: decode_text(text, letter) for (key, text), letter in zip(row["attributes"], letters)}
        assert same(back, sent)
        assert letters == [type_of(v) for v in sent.values()]


@pytest.mark.covers("attributes-big-int")
def test_whole_numbers_beyond_doubles_keep_every_digit(any_engine: Engine, keep: Keep) -> None:
    big = 2**53 + 1
    keep(spans({"attributes": {"n": big, "gen_ai.usage.input_tokens": big}}), points({"value": big}))
    found = rows(any_engine, "SELECT attributes, numeric_attributes, input_tokens, usage_flags FROM spans")[0]
    assert found["attributes"] == {"n": str(big), "gen_ai.usage.input_tokens": str(big)}
    # Nobody reads that many tokens: kept as sent, flagged, and in no sum.
    assert (found["input_tokens"], found["usage_flags"]) == (None, "impossible_count")
    assert found["numeric_attributes"]["n"] == float(big)
    assert rows(any_engine, "SELECT int_value FROM metrics") == [{"int_value": big}]


@pytest.mark.covers("span-events", "span-links")
def test_events_and_links_keep_their_parts(any_engine: Engine, keep: Keep) -> None:
    keep(
        spans(
            {
                "events": [(START + 1, "exception", {"exception.type": "E", "n": 3}, 2)],
                "links": [(f"{9:032x}", f"{8:016x}", "k=v", {"why": "retry"}, 1, 257)],
                "trace_state": "vendor=x", "flags": 1, "dropped": (1, 2, 3),
            }
        )
    )  # fmt: skip
    found = any_engine.query("SELECT events, links, trace_state, flags, dropped FROM spans").to_pylist()[0]
    assert found["events"] == [
        {"time": found["events"][0]["time"], "name": "exception", "attributes": [("exception.type", "E"), ("n", "3")],
         "dropped_attributes": 2}
    ]  # fmt: skip
    assert found["events"][0]["time"].value == START + 1
    assert found["links"] == [
        {"trace_id": f"{9:032x}", "span_id": f"{8:016x}", "trace_state": "k=v", "attributes": [("why", "retry")],
         "dropped_attributes": 1, "flags": 257}
    ]  # fmt: skip
    assert (found["trace_state"], found["flags"], found["dropped"]) == ("vendor=x", 1, [1, 2, 3])


@pytest.mark.covers("messages-stored-once")
def test_a_long_conversation_is_stored_once_and_reads_back_exactly(any_engine: Engine, keep: Keep) -> None:
    """Each call resends all turns before it; the store keeps each turn about once."""
    random.seed(3)
    turns = [
        f'{{"role": "user", "parts": [{{"type": "text", "content": "{n} {random.getrandbits(1600):x}"}}]}}'
        for n in range(32)
    ]
    sent = ["[" + ", ".join(turns[: n + 1]) + "]" for n in range(len(turns))]
    for n, text in enumerate(sent):
        keep(spans({"span_id": f"{n + 1:016x}", "start": START + n, "attributes": {
            "gen_ai.operation.name": "chat", "gen_ai.input.messages": text}}))  # fmt: skip
    found = rows(any_engine, "SELECT input, attributes FROM spans ORDER BY start_time")
    assert [row["input"] for row in found] == sent
    assert [row["attributes"]["gen_ai.input.messages"] for row in found] == sent
    unique, naive = sum(map(len, turns)), sum(map(len, sent))
    stored = rows(
        any_engine,
        "SELECT (SELECT sum(length(input)) FROM span_rows) + (SELECT sum(length(text)) FROM message_rows) AS n",
    )
    references = sum(n * 36 for n in range(len(turns)))
    assert stored[0]["n"] < 2 * unique + references + 1000 < naive / 4


@pytest.mark.covers("messages-stored-once")
def test_the_history_of_every_dialect_reads_back_exactly_and_is_stored_about_once(
    any_engine: Engine, keep: Keep
) -> None:
    """Python's and twice encoded JSON's messages are not cut: they stay whole in their spans, and the codec finds them."""
    random.seed(4)
    said = [(role, f'"{n}" {random.getrandbits(1200):x}') for n in range(20) for role in ("user", "assistant")]
    history = [("system", f"Be brief. {random.getrandbits(2000):x}"), *said]
    sent: dict[tuple[str, str], dict[str, Any]] = {}
    for n in range(1, len(history), 2):
        called = {name: write(history[: n + 1], history[n + 1][1]) for name, write in DIALECTS.items()}
        keep(*(spans({"span_id": f"{n:016x}", "start": START + n, "attributes": attributes}, project=name)
               for name, attributes in called.items()))  # fmt: skip
        sent |= {(name, f"{n:016x}"): attributes for name, attributes in called.items()}
    found = rows(any_engine, "SELECT project, span_id, attributes FROM spans")
    assert {(row["project"], row["span_id"]): row["attributes"] for row in found} == sent
    stored = {
        row["project"]: row["n"]
        for row in rows(
            any_engine,
            """SELECT project, sum(size) AS n FROM (SELECT project, sum(length(arrayStringConcat(attr_values)) + length(input)
            + length(output)) AS size FROM span_rows GROUP BY project UNION ALL SELECT project, sum(length(text))
            FROM message_rows GROUP BY project) GROUP BY project""",
        )
    }
    naive = {name: sum(len(v) for (of, _), a in sent.items() if of == name for v in a.values()) for name in DIALECTS}
    assert [name for name in DIALECTS if stored[name] * 3 > naive[name]] == ["litellm", "mlflow"]


def test_a_retry_does_not_move_a_spans_text_out_of_it(any_engine: Engine, keep: Keep) -> None:
    """Nor does the end of a span after its start: only what another record said is repeated text."""
    call = {"attributes": {"gen_ai.operation.name": "chat", "gen_ai.input.messages": "long " * 100}}
    keep(spans({**call, "end": 0}))
    keep(spans(call))
    keep(spans(call))
    assert count(any_engine, "message_rows") == 0
    assert rows(any_engine, "SELECT input FROM spans") == [{"input": "long " * 100}]


def test_text_with_nul_characters_reads_back_exactly(any_engine: Engine, keep: Keep) -> None:
    """NUL marks references in stored text, so a NUL of the text itself must survive."""
    texts = ["\0", "a\0b", "\0" * 5, "x" * 200 + "\0", "\0" + "0" * 32 + "\0"]
    keep(
        *(
            spans({"span_id": f"{n + 1:016x}", "attributes": {"input.value": t, "openinference.span.kind": "LLM"}})
            for n, t in enumerate(texts * 2)
        )
    )
    assert [r["input"] for r in rows(any_engine, "SELECT input FROM spans ORDER BY span_id")] == texts * 2


@pytest.mark.covers("duplicate-call")
def test_the_same_call_reported_by_two_instrumentors_counts_once(any_engine: Engine, keep: Keep) -> None:
    """Recognised by the provider's response id, also in another trace."""
    call = {"gen_ai.operation.name": "chat", "gen_ai.response.id": "resp-1", "gen_ai.usage.input_tokens": 100}
    keep(spans({"trace_id": f"{1:032x}", "span_id": f"{1:016x}", "attributes": call}))
    keep(spans({"trace_id": f"{2:032x}", "span_id": f"{2:016x}", "attributes": call}))
    keep(spans({"trace_id": f"{1:032x}", "span_id": f"{1:016x}", "attributes": call}))
    assert rows(any_engine, "SELECT span_id, usage_counted, duplicate_of FROM spans ORDER BY span_id") == [
        {"span_id": f"{1:016x}", "usage_counted": True, "duplicate_of": ""},
        {"span_id": f"{2:016x}", "usage_counted": False, "duplicate_of": f"{1:016x}"},
    ]
    assert rows(any_engine, "SELECT sumIf(input_tokens, usage_counted) AS n FROM spans") == [{"n": 100}]


@pytest.mark.covers("late-logs-enrich")
@pytest.mark.parametrize("log_first", [False, True])
def test_a_prompt_that_comes_by_log_is_shown_on_its_span(any_engine: Engine, keep: Keep, log_first: bool) -> None:
    ids = {"trace_id": f"{1:032x}", "span_id": f"{1:016x}"}
    span = spans({**ids, "attributes": {"gen_ai.operation.name": "chat"}})
    log = logs({**ids, "event_name": "gen_ai.client.inference.operation.details", "attributes": {
        "gen_ai.input.messages": [{"role": "user"}], "gen_ai.output.messages": "text",
        "gen_ai.response.id": "it's\\\n'an' id", "gen_ai.response.finish_reasons": ["stop"]}})  # fmt: skip
    for batch in (log, span) if log_first else (span, log):
        keep(batch)
    assert rows(any_engine, "SELECT input, output, response_id, finish_reason, reasoning_tokens FROM spans") == [
        {"input": '[{"role":"user"}]', "output": "text", "response_id": "it's\\\n'an' id", "finish_reason": "stop",
         "reasoning_tokens": None}
    ]  # fmt: skip


@pytest.mark.covers("timestamps-any-age", "bad-zero-timestamp", "bad-max-timestamp")
def test_times_of_any_age_are_kept_and_times_beyond_the_column_are_clamped_and_counted(
    any_engine: Engine, keep: Keep
) -> None:
    last = 2**64 - 1
    receipts = keep(spans({"start": 1, "end": 2}, {"start": last, "end": last}))
    assert receipts[0].accepted == 2
    assert receipts[0].truncated == {"time_clamped": 1}
    found = rows(any_engine, "SELECT toUnixTimestamp64Nano(start_time) AS t FROM spans ORDER BY t")
    assert [r["t"] for r in found] == [1, 2**63 - 1]
    kept = rows(any_engine, "SELECT original_times FROM span_rows WHERE original_times != ''")
    assert kept == [{"original_times": f'{{"start_time_unix_nano":"{last}","end_time_unix_nano":"{last}"}}'}]


@pytest.mark.covers("bad-max-timestamp")
def test_the_original_of_a_clamped_time_can_be_asked_for(any_engine: Engine, keep: Keep) -> None:
    last = 2**64 - 1
    keep(
        spans({"end": last}, {}),
        logs({"time": last, "observed": last}, {}),
        points({"name": "m", "time": last, "value": 1.0}, {"name": "n", "value": 1.0}),
    )
    expected = {
        "spans": ["end_time_unix_nano"],
        "logs": ["observed_time_unix_nano", "time_unix_nano"],
        "metrics": ["time_unix_nano"],
    }
    for view, names in expected.items():
        found = rows(
            any_engine,
            f"SELECT mapKeys(mapSort(original_times)) AS names, mapValues(original_times) AS times FROM {view} "
            "ORDER BY empty(original_times)",
        )
        assert found == [{"names": names, "times": [str(last)] * len(names)}, {"names": [], "times": []}], view


@pytest.mark.covers("bad-thousand-days")
def test_a_batch_over_more_days_than_an_insert_takes_is_kept_whole_and_delays_nobody(
    any_engine: Engine, keep: Keep
) -> None:
    day, days = 86_400 * SECOND, 101  # the engine takes 100 in one insert
    backfill = spans(*({"span_id": f"{n + 1:016x}", "start": n * day, "end": n * day + 1} for n in range(days)))
    receipts = keep(backfill, spans({"trace_id": f"{7:032x}"}))
    assert [r.accepted for r in receipts] == [days, 1]
    assert count(any_engine, "spans") == days + 1


@pytest.mark.covers(
    "metric-gauge",
    "metric-sum",
    "metric-histogram",
    "metric-exponential-histogram",
    "metric-summary",
    "metric-exemplars",
)
def test_every_kind_of_metric_point_comes_back(any_engine: Engine, keep: Keep) -> None:
    histogram = {
        "count": 6,
        "sum": 12.5,
        "min": 0.5,
        "max": 9.0,
        "bucket_counts": (1, 2, 3),
        "explicit_bounds": (1.0, 5.0),
    }
    exponential = {"count": 4, "scale": 3, "zero_count": 1, "positive_offset": -2, "positive_counts": (1, 2)}
    summary = {"count": 9, "sum": 90.0, "quantiles": ((0.5, 10.0), (0.99, 20.0))}
    keep(
        points({"name": "g", "value": -1.5}, {"name": "s", "value": 7, "type": "sum", "temporality": 2}),
        points({"name": "h", "type": "histogram", "buckets": histogram}),
        points({"name": "e", "type": "exponential_histogram", "buckets": exponential}),
        points({"name": "q", "type": "summary", "buckets": summary}),
    )
    found = {r["name"]: r for r in any_engine.query("SELECT * FROM metrics").to_pylist()}
    assert (found["g"]["value"], found["g"]["type"], found["g"]["count"]) == (-1.5, "gauge", None)
    assert (found["s"]["value"], found["s"]["int_value"], found["s"]["temporality"]) == (7.0, 7, "cumulative")
    assert (found["h"]["bucket_counts"], found["h"]["explicit_bounds"], found["h"]["sum"]) == (
        [1, 2, 3],
        [1.0, 5.0],
        12.5,
    )
    assert (found["e"]["scale"], found["e"]["positive_offset"], found["e"]["positive_counts"]) == (3, -2, [1, 2])
    assert [tuple(q.values()) for q in found["q"]["quantiles"]] == [(0.5, 10.0), (0.99, 20.0)]


@pytest.mark.covers("bad-newer-data")
def test_migrating_again_changes_nothing_and_a_newer_store_is_refused(any_engine: Engine, keep: Keep) -> None:
    keep(spans({}))
    assert migrate(any_engine) == []
    assert count(any_engine, "spans") == 1
    any_engine.command(f"INSERT INTO {any_engine.database}.schema_migrations (name) VALUES ('9999_future')")
    with pytest.raises(StoreError, match=r"newer tapetum .*9999_future"):
        migrate(any_engine)
    assert count(any_engine, "spans") == 1


@pytest.mark.covers("migrations")
def test_views_are_made_again_where_they_are_not_as_this_program_makes_them(
    any_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Making all of them takes longer than all else that a start does with a store."""
    database = any_engine.database
    new = views(any_engine)
    migrate(any_engine)
    assert views(any_engine) == new, "made again for nothing"

    any_engine.command(f"DROP VIEW {database}.spans SYNC")
    any_engine.command(f"CREATE OR REPLACE VIEW {database}.logs AS SELECT 'mine' AS body")
    as_they_are = dict(sql_files.view_statements("{database}"))
    as_they_were = as_they_are | {"traces": "CREATE OR REPLACE VIEW {database}.traces AS SELECT 'older' AS root_name"}
    migrate(any_engine)
    assert changed(any_engine, new) == {"spans", "logs"}
    with monkeypatch.context() as older:
        older.setattr(sql_files, "view_statements", lambda database: iter(as_they_were.items()))
        migrate(any_engine)
    assert rows(any_engine, "SELECT root_name FROM traces") == [{"root_name": "older"}]
    migrate(any_engine)
    assert changed(any_engine, new) == {"spans", "logs", "traces"}
    assert [count(any_engine, name) for name in as_they_are] == [0] * len(as_they_are)
    assert {name: made for name, (_, made) in views(any_engine).items()} == {n: made for n, (_, made) in new.items()}


@pytest.mark.covers("migrations")
def test_a_migration_and_a_view_below_have_the_views_above_made_again(
    any_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A view keeps the types that its columns had when it was made."""
    new = views(any_engine)
    statements = dict(sql_files.view_statements("{database}"))
    statements["spans"] = statements["spans"].replace("SELECT", "SELECT 'one more' AS more,", 1)
    with monkeypatch.context() as newer:
        newer.setattr(sql_files, "view_statements", lambda database: iter(statements.items()))
        migrate(any_engine)
    assert changed(any_engine, new) == {"spans", "traces"}

    last = sql_files.migrations()[-1]
    any_engine.command(f"DELETE FROM {any_engine.database}.schema_migrations WHERE name = '{last}'")
    new = views(any_engine)
    assert migrate(any_engine) == [last]
    assert changed(any_engine, new) == set(new)


def views(engine: Engine) -> dict[str, tuple[str, str]]:
    """Every view, with the id that it got when it was made, and by which statement it was."""
    found = rows(
        engine,
        f"SELECT name, toString(uuid) AS id, create_table_query AS made FROM system.tables "
        f"WHERE database = '{engine.database}' AND engine = 'View' ORDER BY name",
    )
    return {row["name"]: (row["id"], row["made"]) for row in found}


def changed(engine: Engine, before: dict[str, tuple[str, str]]) -> set[str]:
    """The views that were made since."""
    return {name for name, made in views(engine).items() if made[0] != before[name][0]}


@pytest.mark.covers("retention")
def test_changing_the_retention_stamps_what_is_there(any_engine: Engine, keep: Keep) -> None:
    keep(spans({}), spans({"trace_id": f"{2:032x}"}, project="other"))
    restamp(any_engine, "default", "traces", 7)
    want = [{"project": "default", "retention_days": 7}, {"project": "other", "retention_days": 30}]
    stamped = "SELECT project, retention_days FROM span_rows ORDER BY project"
    eventually(lambda: rows(any_engine, stamped) == want, "days of retention", every_s=0.05)


@pytest.mark.covers("retention")
def test_predictions_and_labels_stay_as_long_as_their_own_settings_say(any_engine: Engine) -> None:
    days = {"traces": 30, "predictions": 90, "labels": 400}
    given = pa.table({"model": ["m"], "prediction_id": ["p"], "time": [0], "label": ["yes"], "label_value": [1.0]})
    told = [{"model": "m", "prediction_id": "p", "score": 1}]
    predictions, _ = read_predictions(told, "default", "test")
    with ThreadPoolExecutor(2) as executor:
        writer = StoreWriter(any_engine, executor, lambda project, signal: days[signal])
        for batch in (predictions, LabelBatch("default", "test", given)):
            asyncio.run(writer.consume(batch))
        writer.close()
    kept = "SELECT (SELECT any(retention_days) FROM prediction_rows), (SELECT any(retention_days) FROM label_rows)"
    assert list(rows(any_engine, kept)[0].values()) == [90, 400]
    restamp(any_engine, "default", "traces", 5)
    restamp(any_engine, "default", "predictions", 7)
    restamp(any_engine, "default", "labels", 8)
    eventually(lambda: list(rows(any_engine, kept)[0].values()) == [7, 8], "days of retention", every_s=0.05)


@pytest.mark.covers("retention")
def test_rows_past_their_retention_go(any_engine: Engine, keep: Keep) -> None:
    keep(spans({}))
    old = any_engine.query("SELECT * FROM span_rows").to_pylist()[0]
    assert old["retention_days"] == 30
    any_engine.command(
        f"INSERT INTO {any_engine.database}.span_rows (project, start_time, trace_id, span_id, ingested_at, retention_days) "
        "VALUES ('default', now64(9), 'old', 'old', now64(9) - toIntervalDay(31), 30)"
    )
    any_engine.command(f"OPTIMIZE TABLE {any_engine.database}.span_rows FINAL")
    assert rows(any_engine, "SELECT count() AS n FROM spans WHERE trace_id = 'old'") == [{"n": 0}]
    assert count(any_engine, "spans") == 1


def test_values_are_bound_and_never_read_as_sql(any_engine: Engine) -> None:
    hostile = "x' OR 1=1 -- {p:String} \\"
    assert rows(any_engine, "SELECT {p:String} AS v", p=hostile) == [{"v": hostile}]
    assert rows(any_engine, "SELECT {p:Array(String)} AS v", p=[hostile, "b"]) == [{"v": [hostile, "b"]}]
    assert rows(any_engine, "SELECT {n:Int64} + 1 AS v", n=2**62) == [{"v": 2**62 + 1}]


def test_a_refused_statement_says_why_with_the_engines_code(any_engine: Engine) -> None:
    with pytest.raises(StoreError, match="nosuchtable") as caught:
        any_engine.query("SELECT * FROM nosuchtable")
    assert caught.value.code == 60


def test_a_running_query_can_be_stopped_by_its_id(engine: Engine) -> None:
    """On the embedded engine; over HTTP it is the server's own KILL QUERY."""
    errors: list[StoreError] = []

    def slow() -> None:
        try:
            engine.query(
                "SELECT sum(sleepEachRow(0.05)) FROM numbers(4000) SETTINGS max_block_size = 1", query_id="slow-1"
            )
        except StoreError as error:
            errors.append(error)

    thread = threading.Thread(target=slow)
    thread.start()
    eventually(lambda: engine.kill("slow-1"), "a query to stop", every_s=0.02)
    # On a busy machine the engine can miss it for a query that it has just begun.
    eventually(lambda: not engine.kill("slow-1"), "the end of the query", every_s=0.1)
    thread.join()
    assert [e.code for e in errors] == [394]


def test_an_insert_that_does_not_fit_leaves_nothing_behind(any_engine: Engine) -> None:
    with pytest.raises(StoreError):
        any_engine.insert("span_rows", pa.table({"nosuchcolumn": ["x"]}))
    assert count(any_engine, "spans") == 0


def test_two_resources_that_say_the_same_are_stored(any_engine: Engine, keep: Keep) -> None:
    """Every OTLP request of a process makes a new resource object with the same text."""
    one, other = spans({"span_id": f"{1:016x}"}), spans({"span_id": f"{2:016x}"})
    for name in ("resource", "scope", "trace_id", "span_id", "parent_span_id", "trace_state", "flags", "name",
                 "span_kind", "start_time_unix_nano", "end_time_unix_nano", "status_code", "status_message",
                 "attributes", "events", "links", "dropped", "canonical"):  # fmt: skip
        getattr(one, name).extend(getattr(other, name))
    keep(one)
    assert rows(any_engine, "SELECT service, count() AS n FROM spans GROUP BY service") == [{"service": "shop", "n": 2}]


def test_a_request_that_the_engine_refuses_does_not_take_its_neighbours_along(
    any_engine: Engine, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A group is written together; if the engine refuses it for its content, each request is tried alone."""
    insert = any_engine.insert

    def picky(table: str, table_rows: pa.Table) -> None:
        if table == "span_rows" and "poison" in table_rows.column("span_id").to_pylist():
            raise StoreError("Code: 53. DB::Exception: TYPE_MISMATCH", 53)
        insert(table, table_rows)

    monkeypatch.setattr(any_engine, "insert", picky)
    receipts = keep(spans({"span_id": "good1"}), spans({"span_id": "poison"}), spans({"span_id": "good2"}))
    assert [r.accepted for r in receipts] == [1, 0, 1]
    assert receipts[1].refused == {"not_storable": 1}
    assert count(any_engine, "spans") == 2
