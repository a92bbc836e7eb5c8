"""Two traces made by hand, and any two at all: which spans are the same step, and whose the difference is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tapetum_server.analysis.comparison.alignment import align
from tapetum_server.analysis.comparison.report import TraceComparison, compare
from tapetum_server.analysis.comparison.rows import Side
from tapetum_server.analysis.comparison.span_tree import span_tree
from tapetum_server.query.trace_spans import SpanColumns, Trace, TraceSpans
from tapetum_server.query.traces import TraceSummary

pytestmark = pytest.mark.covers("compare-alignment")

MS = 1_000_000


def columns_of(*spans: dict[str, Any]) -> SpanColumns:
    """Spans in any order; `at` and `took` are milliseconds, `of` is the place of the parent."""
    rows = sorted(
        ((span.get("at", 0) * MS, number, span) for number, span in enumerate(spans)), key=lambda row: row[:2]
    )
    first = min((row[0] for row in rows), default=0)
    return SpanColumns(
        span_id=[f"{number:016x}" for _, number, _ in rows],
        parent_span_id=["" if span.get("of") is None else f"{span['of']:016x}" for _, _, span in rows],
        name=[span.get("name", "work") for *_, span in rows],
        kind=[span.get("kind", "span") for *_, span in rows],
        span_kind=["internal" for _ in rows],
        convention=["" for _ in rows],
        service=[span.get("service", "shop") for *_, span in rows],
        start_ns=[start - first for start, *_ in rows],
        duration_ns=[None if span.get("took", 1) is None else span.get("took", 1) * MS for *_, span in rows],
        status=["error" if span.get("failed") else "unset" for *_, span in rows],
        model=[span.get("model", "") for *_, span in rows],
        input_tokens=[span.get("tokens") for *_, span in rows],
        output_tokens=[None for _ in rows],
        cost_usd=[span.get("cost") for *_, span in rows],
        has_events=[False for _ in rows],
    )


def trace_of(columns: SpanColumns, number: int = 1) -> Trace:
    errors = columns["status"].count("error")
    summary = TraceSummary(
        trace_id=f"{number:032x}", root_name="", service="", start_time="", duration_ms=None, state="ended",
        span_count=len(columns["span_id"]), error_count=errors, models=[], input_tokens=None, output_tokens=None,
        cost_usd=None, session_id="", user_id="", status="error" if errors else "unset", end_time=None, services=[],
    )  # fmt: skip
    spans = TraceSpans(columns=columns, count=len(columns["span_id"]))
    return Trace(trace=summary, spans=spans, start_time="", next_cursor=None)


def compared(a: list[dict[str, Any]], b: list[dict[str, Any]]) -> TraceComparison:
    return compare(trace_of(columns_of(*a), 1), trace_of(columns_of(*b), 2))


def rows_of(found: TraceComparison) -> list[tuple[int, str, int, int, list[str]]]:
    """Depth, name, spans in A and in B, and what differs, of each row."""
    c = found["columns"]
    rows = zip(c["depth"], c["name"], c["a"]["count"], c["b"]["count"], c["differences"])
    return [(depth, name, a, b, list(differences)) for depth, name, a, b, differences in rows]


CHECKOUT = [
    {"name": "checkout", "took": 220, "service": "web"},
    {"name": "SELECT carts", "of": 0, "at": 10, "took": 20, "service": "web"},
    {"name": "score", "of": 0, "at": 40, "took": 160, "service": "scoring"},
    {"name": "SELECT customer", "of": 2, "at": 50, "took": 100, "service": "features"},
]


def test_a_slow_query_is_named_as_what_made_the_trace_slow() -> None:
    """Its ancestors got slower too, and by as much; but it is the query that was waited for."""
    slow = [dict(span) for span in CHECKOUT]
    for place, took in ((0, 1820), (2, 1760), (3, 1700)):
        slow[place]["took"] = took
    found = compared(CHECKOUT, slow)
    assert found["verdict"] == (
        "B is 1.60 s slower (1.82 s against 220.0 ms): 1.60 s of it in SELECT customer (features)."
    )
    assert [(found["columns"]["name"][one["row"]], one["delta_ns"]) for one in found["contributors"]] == [
        ("SELECT customer", 1600 * MS)
    ]
    assert rows_of(found) == [
        (0, "checkout", 1, 1, ["slower"]),
        (1, "SELECT carts", 1, 1, []),
        (1, "score", 1, 1, ["slower"]),
        (2, "SELECT customer", 1, 1, ["slower"]),
    ]
    assert found["columns"]["below_ns"] == [1600 * MS, 0, 1600 * MS, 1600 * MS]
    assert found["columns"]["b"]["own_ns"] == [40 * MS, 20 * MS, 60 * MS, 1700 * MS]


def test_a_loop_of_queries_is_one_row_with_its_extremes() -> None:
    root = {"name": "list", "took": 100}
    many = [{"name": "SELECT item", "of": 0, "at": 5 + 2 * n, "took": 1 + n % 2} for n in range(40)]
    found = compared([root, {"name": "SELECT item", "of": 0, "at": 5, "took": 2}], [root, *many])
    assert rows_of(found) == [(0, "list", 1, 1, []), (1, "SELECT item", 1, 40, ["count", "slower"])]
    side = found["columns"]["b"]
    assert (side["duration_ns"][1], side["shortest_ns"][1], side["longest_ns"][1]) == (60 * MS, MS, 2 * MS)
    assert side["span_id"][1] == f"{2:016x}", "the first of the longest"


def test_turns_of_an_agent_pair_one_by_one_and_the_model_in_a_name_does_not_part_them() -> None:
    def agent(model: str, turns: int) -> list[dict[str, Any]]:
        spans: list[dict[str, Any]] = [{"name": "agent", "took": 1000}]
        for turn in range(turns):
            spans.append({"name": f"chat {model}", "model": model, "kind": "llm", "of": 0, "at": 100 * turn, "took": 50,
                          "tokens": 10 * (turn + 1), "cost": 0.5})  # fmt: skip
            spans.append({"name": "tool", "kind": "tool", "of": 0, "at": 100 * turn + 60, "took": 10})
        return spans

    found = compared(agent("small", 2), agent("large", 3))
    assert rows_of(found) == [
        (0, "agent", 1, 1, []),
        (1, "chat small", 1, 1, ["model"]),
        (1, "tool", 1, 1, []),
        (1, "chat small", 1, 1, ["model"]),
        (1, "tool", 1, 1, []),
        (1, "chat large", 0, 1, ["only_b"]),
        (1, "tool", 0, 1, ["only_b"]),
    ]
    assert found["columns"]["name_b"][1] == "chat large"
    assert found["columns"]["b"]["tokens"] == [None, 10, None, 20, None, 30, None]
    assert found["verdict"] == "Both take 1.00 s; 2 spans are only in B."


def test_below_a_loop_everything_of_one_name_is_one_row() -> None:
    def loop(times: int) -> list[dict[str, Any]]:
        spans: list[dict[str, Any]] = [{"name": "all", "took": 500}]
        for n in range(times):
            at = len(spans)
            spans.append({"name": "one", "of": 0, "at": 20 * n, "took": 15})
            spans.append({"name": "read", "of": at, "at": 20 * n, "took": 5, "failed": n == 2})
            spans.append({"name": "write", "of": at, "at": 20 * n + 6, "took": 5})
        return spans

    found = compared(loop(2), loop(4))
    assert rows_of(found) == [
        (0, "all", 1, 1, []),
        (1, "one", 2, 4, ["count", "slower"]),
        (2, "read", 2, 4, ["count", "slower", "status"]),
        (2, "write", 2, 4, ["count", "slower"]),
    ]
    assert "B has 1 error, A has 0" in found["verdict"]


def test_what_only_one_side_did_is_shown_with_everything_below_it() -> None:
    a = [{"name": "root", "took": 50}, {"name": "cache", "of": 0, "at": 5, "took": 2}]
    b = [
        {"name": "root", "took": 90},
        {"name": "fetch", "of": 0, "at": 5, "took": 70},
        {"name": "dial", "of": 1, "at": 6},
    ]
    assert rows_of(compared(a, b)) == [
        (0, "root", 1, 1, ["slower"]),
        (1, "cache", 1, 0, ["only_a"]),
        (1, "fetch", 0, 1, ["only_b"]),
        (2, "dial", 0, 1, ["only_b"]),
    ]


def test_two_roots_of_other_names_are_a_pair_and_orphans_are_not_lost() -> None:
    found = compared([{"name": "GET /a"}], [{"name": "GET /b"}])
    assert rows_of(found) == [(0, "GET /a", 1, 1, [])]
    assert found["columns"]["name_b"] == ["GET /b"]
    circle = [{"name": "root", "took": 9}, {"name": "x", "of": 2, "at": 1}, {"name": "y", "of": 1, "at": 2},
              {"name": "below", "of": 2, "at": 3}, {"name": "lost", "of": 77, "at": 4}]  # fmt: skip
    found = compared(circle, circle)
    assert sum(found["columns"]["a"]["count"]) == 5
    assert ("below" in found["columns"]["name"], "lost" in found["columns"]["name"]) == (True, True)


def test_time_that_nothing_ran_in_and_work_after_the_answer_are_told_apart() -> None:
    """A consumer that begins after its producer ended takes the wait with it; two roots leave a gap."""
    late = [{"name": "publish", "took": 10}, {"name": "consume", "of": 0, "at": 40, "took": 60}]
    tree = span_tree(columns_of(*late))
    assert (tree.path_ns, tree.gap_ns, tree.duration_ns) == ([40 * MS, 60 * MS], 0, 100 * MS)
    apart = span_tree(columns_of({"name": "one", "took": 10}, {"name": "two", "at": 40, "took": 60}))
    assert (apart.path_ns, apart.gap_ns) == ([10 * MS, 60 * MS], 30 * MS)


def test_a_running_span_reaches_to_the_end_of_what_is_known() -> None:
    found = compared([{"name": "train", "took": None}, {"name": "epoch", "of": 0, "at": 10, "took": 20}], CHECKOUT[:1])
    assert found["duration_a_ns"] == 30 * MS
    assert found["columns"]["a"]["duration_ns"][0] == 30 * MS


@pytest.mark.wide
def test_fifty_thousand_spans_on_either_side_are_compared() -> None:
    """Deeper than Python recurses, wider than any loop, alternating without end."""
    deep = [{"name": f"d{n % 7}", "of": n - 1 if n else None, "at": 0, "took": 1} for n in range(20_000)]
    wide = [{"name": f"w{n % 2}", "of": 19_999, "at": n % 900, "took": 1} for n in range(30_000)]
    found = compared([*deep, *wide], deep)
    assert found["count"] == 20_002
    assert sum(found["columns"]["a"]["count"]) == 50_000


any_traces = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""The machine may be busy with the rest of the suite."""
NAMES = st.sampled_from(["read", "write", "chat m-1", "SELECT"])


@st.composite
def traces(draw: st.DrawFn) -> SpanColumns:
    """Any trace: parents before or after their children, missing ones, circles, and spans that still run."""
    spans = []
    count = draw(st.integers(1, 14))
    for _ in range(count):
        spans.append({
            "name": draw(NAMES), "of": draw(st.one_of(st.none(), st.integers(0, count))), "at": draw(st.integers(0, 60)),
            "took": draw(st.one_of(st.none(), st.integers(0, 50))), "failed": draw(st.booleans()),
            "service": draw(st.sampled_from(["a", "b"])), "model": draw(st.sampled_from(["", "m-1"])),
            "tokens": draw(st.one_of(st.none(), st.integers(0, 9))),
        })  # fmt: skip
    return columns_of(*spans)


@any_traces
@given(traces())
def test_a_trace_does_not_differ_from_itself(columns: SpanColumns) -> None:
    found = compare(trace_of(columns, 1), trace_of(columns, 2))
    assert found["contributors"] == []
    assert not any(found["columns"]["differences"])
    assert set(found["columns"]["below_ns"]) == {0}
    assert found["columns"]["a"] == found["columns"]["b"]


@any_traces
@given(traces(), traces())
def test_the_other_way_round_is_the_mirror_image(a: SpanColumns, b: SpanColumns) -> None:
    there, back = compare(trace_of(a, 1), trace_of(b, 2)), compare(trace_of(b, 2), trace_of(a, 1))
    assert there["columns"]["a"] == back["columns"]["b"]
    assert there["columns"]["b"] == back["columns"]["a"]
    assert there["columns"]["parent"] == back["columns"]["parent"]
    assert there["columns"]["below_ns"] == [-ns for ns in back["columns"]["below_ns"]]
    mirrored = {"only_a": "only_b", "only_b": "only_a", "slower": "faster", "faster": "slower"}
    assert there["columns"]["differences"] == [
        [mirrored.get(difference, difference) for difference in differences]
        for differences in back["columns"]["differences"]
    ]
    assert there["contributors"] == [{**one, "delta_ns": -one["delta_ns"]} for one in back["contributors"]]


@any_traces
@given(traces(), traces())
def test_every_span_is_in_one_row_and_every_moment_belongs_to_one_span(a: SpanColumns, b: SpanColumns) -> None:
    trees = span_tree(a), span_tree(b)
    for side, tree in enumerate(trees):
        spans = [span for step in align(*trees) for span in (step.b if side else step.a)]
        assert sorted(spans) == list(range(len(tree.columns["span_id"])))
        assert sum(tree.path_ns) + tree.gap_ns == tree.duration_ns
        assert min(*tree.path_ns, *tree.own_ns, tree.gap_ns) >= 0
    found = compare(trace_of(a, 1), trace_of(b, 2))
    roots = [row for row, parent in enumerate(found["columns"]["parent"]) if parent < 0]
    later = sum(found["columns"]["below_ns"][row] for row in roots) + found["gap_b_ns"] - found["gap_a_ns"]
    assert later == found["duration_b_ns"] - found["duration_a_ns"]


def test_every_column_has_every_row() -> None:
    found = compared(CHECKOUT, CHECKOUT[:2])
    sides: list[Side] = [found["columns"]["a"], found["columns"]["b"]]
    for side in sides:
        assert {len(column) for column in side.values()} == {found["count"]}  # type: ignore[arg-type]
