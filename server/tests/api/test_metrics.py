"""Metrics over HTTP, against numbers worked out by hand."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from asked_world import SECOND, START, World, metric_batch, span_id, trace_id

from tapetum_server.query.time_range import format_time
from tapetum_server.signals.metrics import Metric

FROM, TO = format_time(START), format_time(START + 60 * SECOND)
CUMULATIVE, DELTA = 2, 1
BOUNDS = (10.0, 20.0, 50.0)


def ask(asked: World, name: str, aggregation: str, **body: Any) -> Any:
    query = {"from": FROM, "to": TO, "step_s": 10, **body}
    return asked.post("/metrics/query", name=name, aggregation=aggregation, **query)


def values(answer: Any, series: int = 0) -> list[float | None]:
    return [value for _, value in answer["series"][series]["points"]]


@pytest.fixture(scope="module", autouse=True)
def filled(asked: World) -> None:
    gauge = Metric("queue.length", "gauge", "{job}", "Jobs that wait")
    counter = Metric("requests", "sum", "{request}", temporality=CUMULATIVE, is_monotonic=True)
    updown = Metric("sessions", "sum", "{session}", temporality=CUMULATIVE)
    delta = Metric("events", "sum", "", temporality=DELTA, is_monotonic=True)
    a, b = {"pool": "a"}, {"pool": "b"}
    asked.keep(
        metric_batch(
            gauge,
            {"at": 1, "value": 2, "attributes": a}, {"at": 5, "value": 4, "attributes": a},
            {"at": 3, "value": 10, "attributes": b}, {"at": 31, "value": 6, "attributes": a},
            {"at": 33, "value": 1.5, "attributes": b}, {"at": 35, "value": None, "flags": 1, "attributes": b},
        ),
        metric_batch(
            counter,
            # 100 before the range; +5, +5, a restart that says so (3), a fall that does not (2), +4
            {"at": -20, "since": -3000, "value": 100}, {"at": 5, "since": -3000, "value": 105},
            {"at": 15, "since": -3000, "value": 110}, {"at": 25, "since": 20, "value": 3},
            {"at": 35, "since": 20, "value": 2}, {"at": 55, "since": 20, "value": 6},
        ),
        metric_batch(
            counter, {"at": 12, "since": 8, "value": 7, "attributes": b}, {"at": 22, "since": 8, "value": 9, "attributes": b}
        ),
        # Of the machine: 9e9 read since its boot, by a process that began with its first point and is begun anew at 35
        # (another start, no fall); the machine itself boots between 45 and 55.
        metric_batch(
            Metric("system.disk.io", "sum", "By", temporality=CUMULATIVE, is_monotonic=True),
            {"at": 5, "since": 4, "value": 9e9}, {"at": 15, "since": 4, "value": 9e9 + 100},
            {"at": 35, "since": 34, "value": 9e9 + 300}, {"at": 45, "since": 34, "value": 9e9 + 350},
            {"at": 55, "since": 54, "value": 40},
        ),
        metric_batch(updown, {"at": 5, "since": -3000, "value": 10}, {"at": 15, "since": -3000, "value": 4}),
        metric_batch(delta, {"at": 5, "since": 0, "value": 3}, {"at": 8, "since": 5, "value": 4},
                     {"at": 25, "since": 8, "value": 1}),
        metric_batch(Metric("sizes", "histogram", "By", temporality=DELTA), {"at": 5, "since": 0, "buckets": explicit(1, 0, 0, 0)}),
        # One name, of which three senders make different things.
        metric_batch(Metric("took", "gauge", "s"), {"at": 5, "value": 2}, {"at": 15, "value": 3}),
        metric_batch(Metric("took", "gauge", "ms"), {"at": 5, "value": 2_000}),
        metric_batch(Metric("took", "sum", "s", temporality=CUMULATIVE), {"at": 5, "since": -3000, "value": 70}),
    )  # fmt: skip


def test_a_gauge_is_averaged_over_its_points_and_empty_steps_are_null(asked: World) -> None:
    answer = ask(asked, "queue.length", "avg")
    assert (answer["type"], answer["unit"], answer["step_s"]) == ("gauge", "{job}", 10)
    assert [time for time, _ in answer["series"][0]["points"]] == [START // 1_000_000 + i * 10_000 for i in range(6)]
    assert values(answer) == [pytest.approx(16 / 3), None, None, pytest.approx(3.75), None, None]
    assert answer["series"][0]["total"] == pytest.approx(23.5 / 5)
    assert answer["compare"] is None
    assert answer["truncated"] is False


@pytest.mark.parametrize(
    ("aggregation", "first", "fourth", "total"),
    [("min", 2, 1.5, 1.5), ("max", 10, 6, 10), ("last", 4, 1.5, 1.5), ("count", 3, 2, 5), ("sum", 14, 7.5, 7.5),
     ("quantile", 4, 3.75, None)],
)  # fmt: skip
def test_each_aggregation_of_a_gauge(
    asked: World, aggregation: str, first: float, fourth: float, total: float | None
) -> None:
    """A sum adds the latest state of each series: several points of one series are one state."""
    answer = ask(asked, "queue.length", aggregation, quantile=0.5)
    assert values(answer) == [first, None, None, fourth, None, None]
    assert answer["series"][0]["total"] == total


@pytest.mark.covers("api-metrics")
def test_grouping_makes_one_series_per_value(asked: World) -> None:
    answer = ask(asked, "queue.length", "avg", group_by=["pool"])
    found = {series["labels"]["pool"]: series["points"] for series in answer["series"]}
    assert [value for _, value in found["a"]] == [3, None, None, 6, None, None]
    assert [value for _, value in found["b"]] == [10, None, None, 1.5, None, None]


def test_a_filter_narrows_the_points(asked: World) -> None:
    assert values(ask(asked, "queue.length", "max", q="pool:a")) == [4, None, None, 6, None, None]


@pytest.mark.covers("api-metrics")
def test_a_counter_increases_through_restarts(asked: World) -> None:
    """5 since before the range; 5; 3 after the announced restart; 2 after the silent one; nothing; 4."""
    answer = ask(asked, "requests", "increase", q="-pool:*")
    assert values(answer) == [5, 5, 3, 2, None, 4]
    assert answer["series"][0]["total"] == 19
    rate = ask(asked, "requests", "rate", q="-pool:*")
    assert values(rate) == [0.5, 0.5, 0.3, 0.2, None, 0.4]
    assert rate["series"][0]["total"] == pytest.approx(19 / 60)
    assert rate["unit"] == "{request}/s"


def test_a_counter_that_begins_within_sight_counts_from_its_beginning(asked: World) -> None:
    assert values(ask(asked, "requests", "increase", q="pool:b")) == [None, 7, 2, None, None, None]


def test_what_a_machine_counted_before_anyone_looked_is_no_peak(asked: World) -> None:
    """SDKs say of a disk's counter that it began when they did: its first point is no gigabytes in one step."""
    rate = ask(asked, "system.disk.io", "rate")
    assert values(rate) == [None, 10, None, 20, 5, 4]
    assert rate["series"][0]["total"] == pytest.approx(390 / 60)
    assert rate["unit"] == "By/s"


def test_increases_of_series_add_up(asked: World) -> None:
    assert values(ask(asked, "requests", "increase")) == [5, 12, 5, 2, None, 4]


def test_an_up_down_counter_may_fall(asked: World) -> None:
    assert values(ask(asked, "sessions", "increase")) == [None, -6, None, None, None, None]
    assert values(ask(asked, "sessions", "last")) == [10, 4, None, None, None, None]


def test_deltas_are_added(asked: World) -> None:
    assert values(ask(asked, "events", "increase")) == [7, None, 1, None, None, None]
    assert values(ask(asked, "events", "sum")) == [7, None, 1, None, None, None]
    assert values(ask(asked, "events", "rate"))[0] == pytest.approx(0.7)


def explicit(*counts: int, low: float | None = None, high: float | None = None, total: float = 0) -> dict[str, Any]:
    return dict(count=sum(counts), sum=total, min=low, max=high, bucket_counts=counts, explicit_bounds=BOUNDS)


def test_quantiles_of_a_delta_histogram_merge_series(asked: World) -> None:
    metric = Metric("latency", "histogram", "ms", temporality=DELTA)
    asked.keep(
        metric_batch(
            metric,
            {"at": 5, "since": 0, "buckets": explicit(1, 4, 1, 0, total=90), "attributes": {"host": "a"}},
            {"at": 6, "since": 0, "buckets": explicit(1, 2, 1, 0, total=60), "attributes": {"host": "b"}},
            {"at": 25, "since": 6, "buckets": explicit(0, 0, 0, 4, low=60, high=100, total=300)},
        )
    )
    # Together 2, 6, 2 values in the first step: half of them lie below 10 + 10 * 3 / 6.
    median = ask(asked, "latency", "quantile", quantile=0.5)
    assert values(median) == [pytest.approx(15), None, pytest.approx(75), None, None, None]
    assert median["series"][0]["total"] == pytest.approx(10 + 10 * 5 / 6)
    assert values(ask(asked, "latency", "count")) == [10, None, 4, None, None, None]
    assert values(ask(asked, "latency", "avg")) == [15, None, 75, None, None, None]
    assert values(ask(asked, "latency", "sum")) == [150, None, 300, None, None, None]
    assert values(ask(asked, "latency", "rate")) == [1, None, 0.4, None, None, None]


def test_extremes_that_points_do_not_say_are_told_from_their_buckets(asked: World) -> None:
    metric = Metric("waiting", "histogram", "ms", temporality=DELTA)
    asked.keep(
        metric_batch(
            metric,
            {"at": 5, "since": 0, "buckets": explicit(0, 4, 1, 0, total=90)},
            {"at": 15, "since": 5, "buckets": explicit(1, 0, 0, 2, low=3, high=60)},
            {"at": 25, "since": 15, "buckets": explicit(0, 0, 0, 2, low=70, high=80)},
            # two series in one step of which one says nothing; and a point that counted nothing
            {"at": 26, "since": 15, "buckets": explicit(0, 0, 1, 0), "attributes": {"host": "b"}},
            {"at": 35, "since": 25, "buckets": explicit(0, 0, 0, 0)},
        )
    )
    largest = ask(asked, "waiting", "max")
    assert values(largest) == [50, 60, 80, None, None, None]
    assert largest["series"][0]["total"] == 80
    assert "largest value" in largest["note"]
    smallest = ask(asked, "waiting", "min")
    assert values(smallest) == [10, 3, 20, None, None, None]
    assert "smallest value" in smallest["note"]
    said = ask(asked, "waiting", "max", q="-host:*", **{"from": format_time(START + 10 * SECOND)})
    assert values(said) == [60, 80, None, None, None]
    assert said["note"] is None


def test_extremes_of_exponential_buckets_lie_at_their_edges(asked: World) -> None:
    metric = Metric("waiting.exponential", "exponential_histogram", "ms", temporality=CUMULATIVE)
    first = exponential([3.0, 5.0, 30.0], 0)
    asked.keep(metric_batch(metric, {"at": 5, "since": 1, "buckets": first}))
    assert values(ask(asked, "waiting.exponential", "max"))[0] == 32
    assert values(ask(asked, "waiting.exponential", "min"))[0] == 2


def test_extremes_that_nothing_tells_are_refused(asked: World) -> None:
    metric = Metric("only.counts", "histogram", "ms", temporality=DELTA)
    asked.keep(metric_batch(metric, {"at": 5, "since": 0, "buckets": dict(count=3, sum=9.0)}))
    body = {"name": "only.counts", "aggregation": "max", "from": FROM, "to": TO}
    answer = asked.client.post("/v1/metrics/query", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "no_extremes"
    assert "avg" in answer.json()["error"]["hint"]
    assert values(ask(asked, "only.counts", "avg"))[0] == 3


def test_exemplars_name_the_traces_behind_a_metric(asked: World) -> None:
    """Of each step the largest that names a trace, within the range and the filter."""
    metric = Metric("exemplary", "histogram", "ms", temporality=DELTA)
    at = lambda seconds: START + seconds * SECOND  # noqa: E731
    asked.keep(
        metric_batch(
            metric,
            {"at": 9, "since": 0, "buckets": explicit(3, 0, 0, 0), "attributes": {"host": "a"},
             "exemplars": [(at(2), 4.5, trace_id(7), span_id(8)), (at(3), 9, trace_id(9), span_id(1)), (at(4), 99.0, "", "")]},
            {"at": 29, "since": 9, "buckets": explicit(3, 0, 0, 0), "attributes": {"host": "b"},
             "exemplars": [(at(25), 2.0, trace_id(3), ""), (at(-5), 8.0, trace_id(4), ""), (2**64 - 1, 8.0, trace_id(5), "")]},
        )
    )  # fmt: skip
    early, late = START // 1_000_000 + 3_000, START // 1_000_000 + 25_000
    answer = ask(asked, "exemplary", "quantile")
    assert answer["exemplars"] == [[late, 2.0, trace_id(3), ""], [early, 9.0, trace_id(9), span_id(1)]]
    assert ask(asked, "exemplary", "quantile", q="host:b")["exemplars"] == [[late, 2.0, trace_id(3), ""]]
    assert ask(asked, "queue.length", "avg")["exemplars"] == []


def test_a_cumulative_histogram_is_what_came_since_the_point_before(asked: World) -> None:
    metric = Metric("latency.cumulative", "histogram", "ms", temporality=CUMULATIVE)
    asked.keep(
        metric_batch(
            metric,
            {"at": -5, "since": -3000, "buckets": explicit(50, 50, 50, 50, total=1000)},
            {"at": 5, "since": -3000, "buckets": explicit(52, 56, 52, 50, total=1150)},
            {"at": 15, "since": -3000, "buckets": explicit(52, 56, 56, 50, total=1290)},
            # restarted
            {"at": 25, "since": 20, "buckets": explicit(4, 0, 0, 0, total=20)},
        )
    )
    answer = ask(asked, "latency.cumulative", "quantile", quantile=0.5)
    assert values(answer) == [pytest.approx(15), pytest.approx(35), pytest.approx(5), None, None, None]
    assert values(ask(asked, "latency.cumulative", "count")) == [10, 4, 4, None, None, None]
    assert values(ask(asked, "latency.cumulative", "avg")) == [15, 35, 5, None, None, None]


def exponential(samples: list[float], scale: int) -> dict[str, Any]:
    """One point of an exponential histogram from raw samples."""
    counts: dict[int, int] = {}
    zeros = samples.count(0)
    for sample in samples:
        if sample > 0:
            index = math.ceil(math.log2(sample) * 2.0**scale) - 1
            counts[index] = counts.get(index, 0) + 1
    offset = min(counts, default=0)
    dense = tuple(counts.get(i, 0) for i in range(offset, max(counts, default=-1) + 1))
    return dict(
        count=len(samples), sum=sum(samples), scale=scale, zero_count=zeros, positive_offset=offset,
        positive_counts=dense,
    )  # fmt: skip


@pytest.mark.covers("api-metrics")
@pytest.mark.parametrize("temporality", [DELTA, CUMULATIVE])
def test_quantiles_of_exponential_histograms_are_within_a_bucket_of_the_samples(asked: World, temporality: int) -> None:
    """Two series of different scales; a cumulative one even changes its scale on the way."""
    chance = random.Random(temporality)
    name = f"exponential.{temporality}"
    metric = Metric(name, "exponential_histogram", "ms", temporality=temporality)
    first = [chance.lognormvariate(3, 1) for _ in range(400)]
    second = [chance.lognormvariate(3, 1) for _ in range(400)] + [0.0] * 10
    other = [chance.lognormvariate(4, 1) for _ in range(300)]
    together = second if temporality == DELTA else first + second
    asked.keep(
        metric_batch(
            metric,
            {"at": 5, "since": 0, "buckets": exponential(first, 6), "attributes": {"host": "a"}},
            {"at": 15, "since": 5 if temporality == DELTA else 0, "buckets": exponential(together, 4),
             "attributes": {"host": "a"}},
            {"at": 16, "since": 5, "buckets": exponential(other, 5), "attributes": {"host": "b"}},
        )
    )  # fmt: skip
    base = 2.0 ** (2.0**-4)
    for q in (0.05, 0.5, 0.9, 0.99):
        answer = ask(asked, name, "quantile", quantile=q)
        for step, samples in ((0, sorted(first)), (1, sorted(second + other))):
            truth = samples[max(0, math.ceil(q * len(samples)) - 1)]
            found = values(answer)[step]
            assert found is not None
            assert 1 / base <= found / truth <= base, (q, step)
    assert values(ask(asked, name, "count"))[:2] == [400, 710]


def test_a_summary_shows_the_quantile_it_reported(asked: World) -> None:
    metric = Metric("gc", "summary", "s")
    buckets = dict(count=5, sum=1.0, quantiles=((0.5, 0.1), (0.95, 0.4), (0.99, 0.7)))
    asked.keep(metric_batch(metric, {"at": 5, "since": 0, "buckets": buckets}))
    assert values(ask(asked, "gc", "quantile", quantile=0.9))[0] == pytest.approx(0.4)


def test_another_period_lies_on_the_same_times(asked: World) -> None:
    metric = Metric("compared", "gauge")
    asked.keep(metric_batch(metric, {"at": 5, "value": 1}, {"at": 5 - 3600, "value": 7}))
    answer = ask(asked, "compared", "avg", compare_offset_s=3600)
    assert values(answer)[0] == 1
    assert [time for time, _ in answer["compare"][0]["points"]] == [t for t, _ in answer["series"][0]["points"]]
    assert answer["compare"][0]["points"][0][1] == 7


def test_too_many_series_are_cut_to_the_largest_and_say_so(asked: World) -> None:
    metric = Metric("many", "gauge")
    rows = [{"at": 1 + n / 100, "value": 1, "attributes": {"id": f"i{n}"}} for n in range(130)]
    asked.keep(metric_batch(metric, *rows, {"at": 9, "value": 5, "attributes": {"id": "i7"}}))
    answer = ask(asked, "many", "count", group_by=["id"])
    assert answer["truncated"] is True
    assert len(answer["series"]) == 100
    assert answer["series"][0]["labels"] == {"id": "i7"}
    assert answer["series"][0]["total"] == 2


def test_the_step_is_chosen_so_that_a_chart_can_show_it(asked: World) -> None:
    hour = ask(asked, "queue.length", "avg", step_s=None, **{"from": "now-1h", "to": "now"})
    assert hour["step_s"] == 30
    everything = ask(asked, "queue.length", "avg", step_s=None, **{"from": "all", "to": None})
    assert values(everything).count(None) < len(values(everything))


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("queue.length", {"aggregation": "rate"}, "bad_aggregation"),
        ("sizes", {"aggregation": "last"}, "bad_aggregation"),
        ("queue.length", {"aggregation": "avg", "step_s": 1, "from": "now-7d", "to": "now"}, "too_many_steps"),
        ("queue.length", {"aggregation": "avg", "from": "all", "compare_offset_s": 60}, "bad_time"),
    ],
)
def test_what_means_nothing_is_refused_with_a_way_out(asked: World, name: str, body: dict[str, Any], code: str) -> None:
    answer = asked.client.post("/v1/metrics/query", json={"name": name, **body})
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["code"] == code
    assert answer.json()["error"]["hint"]


def test_an_unknown_metric_is_empty_rather_than_an_error(asked: World) -> None:
    """A metric that stopped an hour ago is not an error of the person who looks."""
    assert ask(asked, "never.sent", "avg")["series"] == []


@pytest.mark.covers("api-metrics")
def test_types_and_units_under_one_name_are_never_mixed(asked: World) -> None:
    listed = [metric for metric in asked.get("/metrics/catalog")["metrics"] if metric["name"] == "took"]
    assert [(m["type"], m["unit"], m["points"]) for m in listed] == [
        ("gauge", "ms", 1),
        ("gauge", "s", 2),
        ("sum", "s", 1),
    ]
    most = ask(asked, "took", "avg")
    assert (most["type"], most["unit"], values(most)[:2]) == ("gauge", "s", [2, 3])
    for kind, unit, first in (("gauge", "ms", 2_000), ("gauge", "s", 2), ("sum", "s", 70)):
        answer = ask(asked, "took", "avg", type=kind, unit=unit)
        assert (answer["type"], answer["unit"], values(answer)[0]) == (kind, unit, first)
    assert ask(asked, "took", "avg", type="sum")["type"] == "sum"
    assert ask(asked, "took", "avg", type="sum", unit="ms")["series"] == []


@pytest.mark.covers("api-metrics")
def test_facets_of_metrics(asked: World) -> None:
    answer = asked.get("/metrics/facets", keys="pool,type", q="name:queue.length")
    found = {facet["key"]: {v["value"]: v["count"] for v in facet["values"]} for facet in answer["facets"]}
    assert found == {"pool": {"a": 3, "b": 3}, "type": {"gauge": 6}}
    assert {entry["key"] for entry in answer["attribute_keys"]} == {"pool"}
    assert [facet["key"] for facet in asked.get("/metrics/facets")["facets"]] == ["service", "name", "scope"]


@pytest.mark.covers("api-metrics")
def test_the_catalogue_says_what_there_is(asked: World) -> None:
    found = {metric["name"]: metric for metric in asked.get("/metrics/catalog")["metrics"]}
    assert found["queue.length"] == {
        "name": "queue.length",
        "type": "gauge",
        "unit": "{job}",
        "description": "Jobs that wait",
        "is_monotonic": False,
        "services": ["shop"],
        "series": 2,
        "points": 6,
        "last_time": format_time(START + 35 * SECOND),
        "attribute_keys": ["pool"],
    }
    assert found["requests"]["series"] == 2
    rising = {name: metric["is_monotonic"] for name, metric in found.items()}
    assert (rising["requests"], rising["events"], rising["sessions"]) == (True, True, False)
    narrowed = asked.get("/metrics/catalog", q="pool:a")["metrics"]
    assert [metric["name"] for metric in narrowed] == ["queue.length"]
