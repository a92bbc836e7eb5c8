"""What arrives between two statements of one answer: names, times and kinds that the first of them did not know."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from asked_routes import TELEMETRY, THEIRS, Asking, Ways, reads
from asked_world import NOW, SECOND, START, World, log_batch, metric_batch, span_batch, span_id, trace_id

from tapetum_server.processors.errors.find import find_errors
from tapetum_server.receivers.records.reading import FEATURE_STATISTICS, LABELS, PREDICTIONS, read_records
from tapetum_server.signals.alerts import AlertBatch
from tapetum_server.signals.changes import ChangeBatch
from tapetum_server.signals.consumer import Batch
from tapetum_server.signals.evaluations import Evaluation, EvaluationBatch
from tapetum_server.signals.findings import Finding, FindingBatch
from tapetum_server.signals.identity import Identity
from tapetum_server.signals.metrics import Metric

PROJECT = "a"
MINUTE_MS = 60_000
MODEL = {"model": ("ours",)}
MODELS: dict[str, Ways] = {
    "get_model_drift": reads("/models/drift?model=ours&from=now-25m&baseline_version=1", source=("exact",)),
    "get_prediction_context": reads("/predictions/context?model=ours&prediction_id=p1", dataset=("ours",)),
    "get_model_drift_together": reads("/models/drift/together?model=ours&from=now-25m&baseline_version=1", multivariate=("pca",)),
    "get_model_embeddings": reads("/models/embeddings?model=ours&from=now-25m", by=("channel", "version")),
    "get_model_performance": reads("/models/performance?model=ours", slice=("channel", "version", "channel,age"), version=("1",)),
    "get_model_worst_slices": reads("/models/performance/slices?model=ours", version=("1",)),
    "get_model_chosen_slices": reads("/models/performance/chosen?model=ours", slice=("channel",), where=("age > 30",)),
    "get_model_evaluations": reads("/models/evaluations", **MODEL),
    "get_model_performance_estimate": reads("/models/performance/estimate?model=ours", baseline_version=("1",), version=("2",)),
    "compare_model_versions": reads("/models/compare?model=ours&champion=1&challenger=2", slice=("channel",)),
    "get_model_flips": reads("/models/compare/flips?model=ours&champion=1&challenger=2"),
    "get_redaction_counts": reads("/redaction/counts"),
    "get_storage": reads("/storage"),
    "get_outside": reads("/outside", signal=("traces", "logs", "metrics")),
    "get_prediction": reads("/predictions/detail?model=ours&prediction_id=p1"),
    "get_prediction_draft": reads("/predictions/dataset_item?model=ours&prediction_id=p1"),
}  # fmt: skip
"""What `TELEMETRY` asks less of, or nothing."""


ONE_STATEMENT = {
    "get_log", "get_log_value", "get_error", "run_sql", "export_rows", "list_monitors", "list_deliveries",
    "get_monitor",
}  # fmt: skip
"""Routes whose answers come of one statement, of another way to the store, or of the catalog."""


def spans_of(n: int, new: str, at: float) -> Iterator[Batch]:
    call = {"kind": "llm", "model": new, "provider": new, "session_id": ("ours", new)[n % 2], "user_id": ("ours", new)[n % 2],
            "input_tokens": n, "usage_counted": True, "input": new, "cost_usd": 0.1, "prompt_name": "ours", "prompt_version": str(n % 7 + 1)}  # fmt: skip
    tool = {"kind": ("tool", "agent", "retriever")[n % 3], "tool": new, "agent": new}
    spans = span_batch(
        {"trace": 1, "span": 100 + n, "parent": 1, "at": at, "name": new, "service": new, "canonical": call, "attributes": {new: n}},
        {"trace": 2, "span": 100 + n, "parent": 5_000 + n, "at": at, "name": new, "service": "ours", "status": 2,
         "status_message": new, "canonical": tool, "resource": {"service.version": new, "host.name": new, "deployment.environment.name": new}},
        {"trace": 1_000 + n, "span": 1, "at": at, "name": "ours call", "service": "ours", "canonical": call, "status": n % 2 * 2},
        {"trace": 8, "span": 100 + n, "at": at, "seconds": None, "name": new, "service": "ours"},
        project=PROJECT,
    )  # fmt: skip
    find_errors(spans)
    yield spans


def logs_of(n: int, new: str, at: float) -> Iterator[Batch]:
    logs = log_batch(
        {"at": at, "body": new, "service": new, "trace": 1, "span": 100 + n, "severity_number": n % 24 + 1, "attributes": {new: new}},
        {"at": at, "body": "both failed", "severity_number": 17, "resource": {"host.name": new, "service.version": new}},
        project=PROJECT,
    )  # fmt: skip
    find_errors(logs)
    yield logs


def metrics_of(n: int, new: str, at: float) -> Iterator[Batch]:
    host = {"service.name": "ours", "host.name": ("ours", new)[n % 2]}
    bounds = tuple(float(b + n) for b in range(n % 5 + 1))
    for metric, point in (
        (Metric("temperature", "gauge", "C"), {"value": float(n), "attributes": {f"{THEIRS}.key": new}}),
        (Metric(new, "sum", "1"), {"value": 1.0, "since": at - 1}),
        (Metric("latency", "histogram", "ms", temporality=1),
         {"since": at - 1, "buckets": dict(count=1, sum=float(n), bucket_counts=(1, *(0 for _ in bounds)), explicit_bounds=bounds)}),
        (Metric("system.cpu.utilization", "gauge"), {"value": 0.5}),
        (Metric("system.memory.usage", "gauge", "By"), {"value": 5e9, "attributes": {"system.memory.state": new}}),
    ):  # fmt: skip
        yield metric_batch(metric, {"at": at, **point}, project=PROJECT, resource=host)


def said_of(n: int, new: str, at: float) -> Iterator[Batch]:
    """Evaluations, alerts, changes and findings."""
    moment = round(START + at * SECOND)
    evaluations = EvaluationBatch(PROJECT, "test")
    for target, named in (
        ("span", {"trace_id": trace_id(1), "span_id": span_id(1)}),
        ("session", {}),
        ("model_version", {}),
    ):
        evaluations.append(
            Evaluation((new, "ours")[n % 2], target, {"span": span_id(1), "session": "ours"}.get(target, f"ours@{n % 4}"),
                       time_unix_nano=moment, score=n / 10, label=new, evaluator=new, slice=("", new)[n % 2],
                       attributes={"model": "ours", "version": new, "evaluation": new}, **named)
        )  # fmt: skip
    yield evaluations
    yield AlertBatch(
        PROJECT, "test", [new], [moment], [new], [new], ["info"], [{new: new}], ["ok"], ["firing"], [1.0], [0.0], [new]
    )
    yield ChangeBatch(
        PROJECT, "test", [moment], [("deploy", "config", "model")[n % 3]], ["ours"], [new], [new], [new], [{new: new}]
    )
    finding = Finding(
        subject_type="model", subject="ours", version=new, window_start=moment - 300 * SECOND, window_end=moment,
        detector="schema", feature=new, type="INT_TYPE_BIG_INT", severity="ERROR", short=new, evidence=new,
        offending=[new], rows=1, examples=1, first_seen=moment, last_seen=moment, rows_filter=new,
    )  # fmt: skip
    yield FindingBatch(PROJECT, "test", [finding])


def predictions_of(n: int, new: str, at: float) -> Iterator[Batch]:
    """Predictions of the model that is asked about: other features, kinds, classes, tags and versions each time."""
    time_ms = round(START + at * SECOND) // 10**6
    rows = [
        {"model": "ours", "version": (new, "1", "2")[n % 3], "prediction_id": new, "time": time_ms, "score": n % 10 / 10,
         "output": (new, "yes", "no")[n % 3], "features": {"age": (n, new)[n % 2], "channel": (new, n)[n % 2], new: n, f"{new}t": new},
         "scores": {new: 0.5, "yes": 0.5}, "tags": {new: new}, "embedding": [float(n)] * (4 + n % 2 * 4),
         "text_features": {"mail": new}, "attributions": {new: 0.5, "age": 1.0}, "trace_id": trace_id(1)},
        {"model": new, "version": new, "prediction_id": new, "time": time_ms, "output": n, "features": {new: None}},
    ]  # fmt: skip
    labels = [
        {"model": "ours", "prediction_id": name, "label": (new, "yes")[n % 2], "time": time_ms}
        for name in (new, f"p{n}")
    ]
    window = {"window_start": time_ms - MINUTE_MS, "window_end": time_ms}
    number = {"feature": new, "kind": "numeric", "type": "FLOAT", "rows": 5, "present": 5, "finite": 5, "mean": 1, "std_dev": 1,
              "min": 0, "max": 2, "quantiles_histogram": [[0, 1, 2], [1, 2, 3]]}  # fmt: skip
    told = [{"dataset": "ours", **window, **number}, {"dataset": new, **window, **number}]
    told += [{"model": "ours", "version": "1", **window, **number}]
    for kind, given in ((PREDICTIONS, rows), (LABELS, labels), (FEATURE_STATISTICS, told)):
        read = read_records(kind, orjson.dumps(given), "application/json", PROJECT, "test")
        assert read.refused == []
        yield read.batch


ARRIVALS: Mapping[str, Callable[[int, str, float], Iterator[Batch]]] = {
    "span trace claim message error": spans_of,
    "log error": logs_of,
    "metric point": metrics_of,
    "evaluation alert change finding": said_of,
    "prediction label feature_ layout": predictions_of,
}
"""By words of statements that read them."""


def arriving(n: int, what: str = "") -> Iterator[Batch]:
    """Of each signal that the statement `what` may read, something that nobody has seen: earlier than all before, in
    their midst, or later."""
    at = (-100 - n, 20 + n % 900, 1_900 + n)[n % 3]
    for words, made in ARRIVALS.items():
        if not what or any(word in what for word in words.split()):
            yield from made(n, f"new{n}", at)


def redacted(world: World, n: int) -> None:
    """Counters, which the server writes by itself."""
    outcome, rule = (("redacted", f"new{n}"), ("refused", f"new{n}"))[n % 2]
    time = NOW // SECOND - 60 * (n % 50)
    world.engine.command(
        "INSERT INTO ingest_rows (time, project, sender, signal, outcome, reason, place, count) VALUES "
        f"({time}, '{PROJECT}', 'new{n}', 'traces', '{outcome}', '{rule}', 'new{n}', 7)"
    )


class Meanwhile:
    """Lets something new arrive before each statement. Of those that are asked at once, the last goes first on request."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.last_first = False
        self.asked = 0
        self._waiting: list[object] = []
        self._turn = asyncio.Condition()

    def after_arrivals(self, ask: Callable[..., Any]) -> Callable[..., Any]:
        """`ask` with arrivals before it, one at a time."""

        async def asked(sql: str, parameters: Mapping[str, object], **more: Any) -> Any:
            me = object()
            self._waiting.append(me)
            await asyncio.sleep(0.001)  # so that those that are asked at once are all here
            async with self._turn:
                await self._turn.wait_for(lambda: self._waiting[-1 if self.last_first else 0] is me)
                try:
                    self.asked += 1
                    await asyncio.gather(*(self.world.writer.consume(batch) for batch in arriving(self.asked, sql)))
                    if "ingest_rows" in sql:
                        redacted(self.world, self.asked)
                    return await ask(sql, parameters, **more)
                finally:
                    self._waiting.remove(me)
                    self._turn.notify_all()

        return asked


@pytest.fixture(scope="module")
def busy(engine_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meanwhile]:
    """A store in which something new arrives before each statement."""
    world = World(
        engine_home,
        tmp_path_factory.mktemp("catalog"),
        Identity(name="key", scopes=frozenset({"admin"}), project=PROJECT),
    )
    spans = span_batch(
        *({"trace": t, "span": s, "at": t, "name": "ours call", "service": "ours", "attributes": {f"{THEIRS}.key": "x"},
           "canonical": {"kind": "llm", "model": "ours", "session_id": "ours", "user_id": "ours", "input": "x",
                         "output": "y", "input_tokens": 5, "usage_counted": True, "prompt_name": "ours"},
           "resource": {"host.name": "ours"}} for t in (1, 2) for s in (1, 2)),
        project=PROJECT,
    )  # fmt: skip
    rows = [
        {"model": "ours", "version": str(n % 2 + 1), "prediction_id": f"p{n}", "time": (START + n * 4 * SECOND) // 10**6,
         "score": n % 20 / 20, "output": ("no", "yes")[n % 20 > 10], "features": {"age": 20 + n % 50, "channel": ("web", "mobile")[n % 3 > 0]},
         "embedding": [n % 7 / 7, n % 5 / 5, 1.0, 0.0], "text_features": {"mail": f"word{n % 9} and more"},
         "attributions": {"age": n % 3 / 3, "channel": 0.1}, "label": ("no", "yes")[n % 20 > 12]}
        for n in range(400)
    ]  # fmt: skip
    read = read_records(PREDICTIONS, orjson.dumps(rows), "application/json", PROJECT, "test")
    assert read.refused == []
    world.keep(spans, read.batch, *arriving(0))
    redacted(world, 0)
    world.catalog.monitors.create(
        PROJECT, "ours", definition=orjson.dumps({"query": {"kind": "logs"}, "condition": {"op": ">", "limit": 0}}).decode(),
        webhook="", enabled=True, muted_until=None, first_in_s=0,
    )  # fmt: skip
    meanwhile = Meanwhile(world)
    world.reader.query = meanwhile.after_arrivals(world.reader.query)  # type: ignore[method-assign]
    world.reader.table = meanwhile.after_arrivals(world.reader.table)  # type: ignore[method-assign]
    yield meanwhile
    world.close()


@pytest.mark.wide
@pytest.mark.parametrize("last_first", [False, True])
@pytest.mark.parametrize("operation", sorted(TELEMETRY.keys() - ONE_STATEMENT | MODELS.keys()))
def test_an_answer_stands_whatever_arrives_within_it(busy: Meanwhile, operation: str, last_first: bool) -> None:
    busy.last_first = last_first
    before, answers = busy.asked, []
    for ways in (TELEMETRY.get(operation), MODELS.get(operation)):
        answers += list(ways(Asking(busy.world), "", None)) if ways else []
    assert {answer.status_code for answer in answers} <= {200, 400, 404, 422}
    assert any(answer.status_code == 200 for answer in answers), answers[-1].text
    assert busy.asked > before, "nothing was asked of the store"
