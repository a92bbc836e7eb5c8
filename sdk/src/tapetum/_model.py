"""Predictions of a model and the labels that come later, told to the server in the background."""

from __future__ import annotations

import functools
import inspect
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from opentelemetry import trace

from tapetum import _model_rows, _observe
from tapetum._guard import faults, never_raise
from tapetum._records import iso

_ROWS_A_RECORD = 2_000
"""Rows that wait and travel together. A batch of more is cut into pieces."""


class Model:
    """A model by name and version, as `tapetum.model` gives it. Nothing is asked of the server."""

    def __init__(self, name: str, version: str = "") -> None:
        self.name = name
        self.version = version

    def log(
        self,
        features: Any,
        output: Any = None,
        *,
        score: Any = None,
        scores: Any = None,
        label: Any = None,
        prediction_id: Any = None,
        time: Any = None,
        embedding: Any = None,
        attributions: Any = None,
        tags: Mapping[str, Any] | None = None,
        latency_ms: Any = None,
        feature_names: Sequence[str] | None = None,
    ) -> Any:
        """Record one prediction, or many at once, with the ids of the current span.

            model.log({"age": 31, "city": "Kyiv"}, output="good", score=0.83)
            model.log(frame, output=estimator.predict(frame), scores=estimator.predict_proba(frame))

        `features` of one prediction are a dictionary, a pandas Series, or a one-dimensional array with
        `feature_names`; of many, a list of dictionaries, a two-dimensional array, a DataFrame of pandas or Polars, or a
        Table or RecordBatch of Arrow. Everything else is then one value for each row, or one for all. `output` is what
        the model said, `score` its probability or value, `scores` those of all classes: by class in a dictionary, or a
        row of an array. `label` is what turned out to be true, where that is known already. `attributions` say what
        each feature did to the answer, such as SHAP values: in any form that features have, an array in their order.

        Returns the id of the prediction, or the list of ids, with which `label` and `tapetum.feedback` refer to them:
        yours, or new ones. It never raises, and never waits for the network.
        """
        ids: Any = prediction_id
        with never_raise(faults, 1):
            said = {
                "output": output, "score": score, "scores": scores, "label": label, "prediction_id": prediction_id,
                "time": time, "embedding": embedding, "tags": tags, "latency_ms": latency_ms,
            }  # fmt: skip
            table = _model_rows.table_of(features, feature_names)
            if table is None:
                names = ", ".join(_model_rows.KNOWN)
                faults.add("unknown_features", 1, f"features are {type(features).__qualname__}; known are {names}")
                return ids
            if attributions is not None:
                said["attributions"] = _model_rows.attributions_of(attributions, table)
            ids = self._put(table, said)
        return ids

    def label(self, prediction_id: str | Sequence[str], label: Any, *, time: Any = None) -> None:
        """Record what turned out to be true of one prediction, or of many: now, late, before it, or once more."""
        with never_raise(faults, 1):
            runtime = _running("tapetum.model(…).label")
            if runtime is None:
                return
            many = not isinstance(prediction_id, str)
            ids = list(prediction_id) if many else [prediction_id]
            truths = _model_rows.values_of(label, len(ids)) if many else [_model_rows.plain(label)]
            told = [iso_of(moment) for moment in _model_rows.values_of(time, len(ids))]
            now = iso(_now())
            for start in range(0, len(ids), _ROWS_A_RECORD):
                records = [
                    {"model": self.name, "prediction_id": str(each), "label": truth, "time": moment or now}
                    for each, truth, moment in zip(
                        ids[start : start + _ROWS_A_RECORD],
                        truths[start : start + _ROWS_A_RECORD],
                        told[start : start + _ROWS_A_RECORD],
                    )
                ]
                runtime.outbox.put("labels", records, 160 * len(records))

    def observe(
        self,
        function: Any = None,
        /,
        *,
        features: str | None = None,
        result: Callable[[Any], Mapping[str, Any]] | None = None,
    ) -> Any:
        """Log a prediction for every call of a function, within a span of its own.

            @tapetum.model("income", version="3").observe
            def predict(row: dict) -> float: ...

        The features are its first argument, or the one that `features` names; the output is what it returns. Where it
        returns more, `result` says what is what: `result=lambda r: {"output": r.label, "score": r.probability}`.
        """

        def decorate(target: Any) -> Any:
            signature = inspect.signature(target)

            def told(args: Any, kwargs: Any, returned: Any, started: float) -> None:
                with never_raise(faults, 1):
                    bound = signature.bind_partial(*args, **kwargs).arguments
                    named = [value for name, value in bound.items() if name not in ("self", "cls")]
                    given = bound.get(features) if features is not None else (named[0] if named else None)
                    said = {"output": returned} if result is None else dict(result(returned))
                    self.log(given, latency_ms=(time.perf_counter() - started) * 1000, **said)

            if inspect.iscoroutinefunction(target):

                @functools.wraps(target)
                async def awaited(*args: Any, **kwargs: Any) -> Any:
                    started = time.perf_counter()
                    returned = await target(*args, **kwargs)
                    told(args, kwargs, returned, started)
                    return returned

                return _observe.observe(kind="task", capture_input=False)(awaited)

            @functools.wraps(target)
            def called(*args: Any, **kwargs: Any) -> Any:
                started = time.perf_counter()
                returned = target(*args, **kwargs)
                told(args, kwargs, returned, started)
                return returned

            return _observe.observe(kind="task", capture_input=False)(called)

        return decorate if function is None else decorate(function)

    def wrap(self, estimator: Any) -> Any:
        """The estimator, with everything it has, whose `predict` and `predict_proba` log what they say.

        For scikit-learn's estimators and pipelines, and others of their manner. Only what the wrapped object itself is
        asked is logged, so that scoring and search stay as they are.
        """
        from tapetum._model_wrap import Wrapped

        return Wrapped(self, estimator)

    def _put(self, table: _model_rows.Table, said: Mapping[str, Any]) -> Any:
        count = table.rows
        columns = {
            name: _model_rows.values_of(value, count) if table.many else [_model_rows.plain(value)]
            for name, value in said.items()
            if value is not None
        }
        if "scores" in columns and table.many:
            columns["scores"] = _model_rows.scores_of(said["scores"], count)
        ids = [str(each) for each in columns["prediction_id"]] if "prediction_id" in columns else _new_ids(count)
        columns["prediction_id"] = ids
        times = [iso_of(moment) for moment in columns.pop("time", ())]
        runtime = _running("tapetum.model(…).log")
        if runtime is not None:
            same = {"model": self.name, "version": self.version, "time": iso(_now()), **_current_span()}
            if times:
                columns["time"] = times
            for start in range(0, count, _ROWS_A_RECORD):
                end = min(start + _ROWS_A_RECORD, count)
                batch = Batch(same, table.part(start, end), {k: v[start:end] for k, v in columns.items()})
                runtime.outbox.put("predictions", batch, batch.size)
        return ids if table.many else ids[0]


class Batch:
    """Predictions that wait together: as columns, until the thread that sends makes records of them."""

    def __init__(self, same: Mapping[str, Any], table: _model_rows.Table, columns: Mapping[str, Sequence[Any]]) -> None:
        self._same = same
        self._table = table
        self._columns = columns

    def __len__(self) -> int:
        return self._table.rows

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return 200 + self._table.bytes + 64 * len(self._columns) * self._table.rows

    def records(self) -> list[dict[str, Any]]:
        """As `/v1/predictions` takes them. Values that are `None` are left out, but for those of features."""
        names = list(self._columns)
        made = []
        for features, values in zip(self._table.records(), zip(*self._columns.values())):
            record = {**self._same, "features": features}
            record.update((name, value) for name, value in zip(names, values) if value is not None)
            made.append(record)
        return made


def iso_of(moment: Any) -> str | None:
    """A time as it was given: a text stays, a number is nanoseconds since 1970, a datetime says itself."""
    if moment is None or isinstance(moment, str):
        return moment
    if isinstance(moment, (int, float)):
        return iso(int(moment))
    stamp = getattr(moment, "isoformat", None)
    if stamp is None:
        return str(moment)
    text = str(stamp())
    return text if getattr(moment, "tzinfo", None) is not None else text + "Z"


def _now() -> int:
    return time.time_ns()


def _new_ids(count: int) -> list[str]:
    return [uuid.uuid4().hex for _ in range(count)]


def _current_span() -> dict[str, str]:
    current = trace.get_current_span().get_span_context()
    if not current.is_valid:
        return {}
    return {"trace_id": trace.format_trace_id(current.trace_id), "span_id": trace.format_span_id(current.span_id)}


def _running(what: str) -> Any:
    from tapetum import _runtime

    runtime = _runtime.running()
    if runtime is None:
        faults.add("not_initialised", 1, f"{what} needs tapetum.init before it")
    return runtime
