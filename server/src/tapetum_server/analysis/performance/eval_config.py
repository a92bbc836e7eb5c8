"""TFMA's EvalConfig, read from JSON or text format: what to measure, over which slices, and what must hold."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn

import sqlglot
from sqlglot import expressions as exp

from tapetum_server.analysis.performance.metric_names import known, metric_name, similar
from tapetum_server.analysis.performance.text_format import TextFormatError, parse_text
from tapetum_server.query.slicing import SliceSpec

Direction = Literal["higher", "lower", ""]
Method = Literal["jackknife", "poisson_bootstrap"]


class ConfigError(ValueError):
    """The configuration cannot be used. `field` is where, `hint` what to do."""

    def __init__(self, field_path: str, message: str, hint: str = "") -> None:
        super().__init__(f"{field_path}: {message}" if field_path else message)
        self.field = field_path
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What a metric must keep: ends of its value, or of its change against the baseline."""

    lower: float | None = None
    upper: float | None = None
    absolute: float | None = None
    relative: float | None = None
    direction: Direction = ""
    """Of a change; "" for bounds of the value alone."""


@dataclass(frozen=True, slots=True)
class SliceBound:
    """A bound of the slices that `spec` makes."""

    spec: SliceSpec
    bound: Bound
    baseline: SliceSpec | None = None
    """Of a difference between slices: the slice that the others are held against."""


@dataclass(frozen=True, slots=True)
class MetricConfig:
    """One metric to be measured."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    bounds: tuple[SliceBound, ...] = ()


@dataclass(frozen=True, slots=True)
class EvalConfig:
    """Everything that is asked."""

    label: str
    prediction: str
    weight: str
    specs: tuple[SliceSpec, ...]
    crosses: tuple[tuple[SliceSpec, SliceSpec], ...]
    """The slice that is held against, and the slices that are."""
    metrics: tuple[MetricConfig, ...]
    intervals: Method | None
    min_slice_size: int
    not_read: tuple[str, ...]
    """Fields that were there and change nothing here."""


_OPTIONS = {"compute_confidence_intervals", "confidence_intervals", "min_slice_size"}
_MODEL = {"name", "label_key", "prediction_key", "example_weight_key", "is_baseline", "model_type"}
_METRICS = {"metrics", "thresholds", "per_slice_thresholds", "cross_slice_thresholds", "model_names"}


def read_config(text: str) -> EvalConfig:
    """The configuration in `text`. Raises `ConfigError`, naming the field."""
    raw = _snake(_parsed(text))
    raw = raw.get("eval_config", raw)
    if not isinstance(raw, dict):
        raise ConfigError("", "the configuration is no message")
    not_read: list[str] = [
        name for name in raw
        if name not in ("model_specs", "slicing_specs", "cross_slicing_specs", "metrics_specs", "options")
    ]  # fmt: skip
    models = [each for each in _many(raw, "model_specs") if not _flag(each.get("is_baseline"))] or [{}]
    if len(models) > 1:
        raise ConfigError("model_specs", "more than one model that is no baseline", "Evaluate them one by one.")
    not_read += [f"model_specs.{name}" for name in models[0] if name not in _MODEL]
    if not models[0].get("label_key") or not models[0].get("prediction_key"):
        raise ConfigError("model_specs", "label_key and prediction_key must name columns of the data")
    specs = [spec for each in _many(raw, "slicing_specs") for spec in slice_specs(each, "slicing_specs")]
    crosses = [pair for each in _many(raw, "cross_slicing_specs") for pair in _cross(each)]
    metrics = [one for each in _many(raw, "metrics_specs") for one in _metrics(each, not_read)]
    if not metrics:
        raise ConfigError("metrics_specs", "no metric is asked for")
    bounds = [bound for metric in metrics for bound in metric.bounds]
    wanted = [*specs, *(s for pair in crosses for s in pair), *(b.spec for b in bounds)]
    wanted += [b.baseline for b in bounds if b.baseline is not None]
    options = raw.get("options") or {}
    not_read += [f"options.{name}" for name in options if name not in _OPTIONS]
    size = _plain(options.get("min_slice_size"), "options.min_slice_size")
    return EvalConfig(
        models[0]["label_key"], models[0]["prediction_key"], models[0].get("example_weight_key", ""),
        tuple(dict.fromkeys([SliceSpec(), *wanted])), tuple(crosses), tuple(metrics), _intervals(options),
        int(size or 1), tuple(not_read),
    )  # fmt: skip


def slice_specs(raw: Mapping[str, Any], where: str) -> list[SliceSpec]:
    """The slices of one slicing spec: one, or one for each query. Raises `ConfigError`."""
    values = raw.get("feature_values") or {}
    if isinstance(values, list) or set(values) == {"key", "value"}:
        values = {pair["key"]: pair["value"] for pair in _list(values)}
    columns = tuple(str(name) for name in _list(raw.get("feature_keys")))
    queries = _list(raw.get("slice_keys_sql"))
    if queries and (columns or values):
        raise ConfigError(f"{where}.slice_keys_sql", "stands beside feature_keys or feature_values", "Give either.")
    if queries:
        return [_sql_spec(str(query), f"{where}.slice_keys_sql") for query in queries]
    return [SliceSpec(columns, tuple((str(name), str(value)) for name, value in values.items()))]


def _sql_spec(query: str, where: str) -> SliceSpec:
    """TFMA's `SELECT STRUCT(a, b) FROM example.a, example.b WHERE …`, or a condition alone."""
    if not re.match(r"\s*select\b", query, re.IGNORECASE):
        return SliceSpec(condition=query)
    try:
        parsed = sqlglot.parse_one(query, dialect="bigquery")
    except sqlglot.errors.SqlglotError as error:
        raise ConfigError(where, f"is no SQL: {str(error).splitlines()[0]}") from error
    chosen = parsed.expressions[0] if isinstance(parsed, exp.Select) and len(parsed.expressions) == 1 else None
    if not isinstance(chosen, exp.Struct) or not all(isinstance(each, exp.Column) for each in chosen.expressions):
        raise ConfigError(where, "must be SELECT STRUCT(column, …) FROM example.column, … [WHERE …]")
    condition = parsed.args.get("where")
    return SliceSpec(
        tuple(column.name for column in chosen.expressions),
        condition=condition.this.sql(dialect="clickhouse") if condition is not None else "",
    )


def _cross(raw: Mapping[str, Any]) -> list[tuple[SliceSpec, SliceSpec]]:
    where = "cross_slicing_specs"
    (baseline,) = slice_specs(raw.get("baseline_spec") or {}, f"{where}.baseline_spec")
    others = [spec for each in _many(raw, "slicing_specs") for spec in slice_specs(each, f"{where}.slicing_specs")]
    return [(baseline, other) for other in others]


def _metrics(raw: Mapping[str, Any], not_read: list[str]) -> list[MetricConfig]:
    for name in ("binarize", "aggregate", "query_key"):
        if raw.get(name):
            raise ConfigError(
                f"metrics_specs.{name}",
                "is not understood",
                "Metrics of classes are averaged by name: macro_precision, weighted_f1_score, auc.",
            )
    not_read += [f"metrics_specs.{name}" for name in raw if name not in (*_METRICS, "example_weights")]
    more = raw.get("thresholds") or {}
    if isinstance(more, list) or set(more) == {"key", "value"}:
        more = {pair["key"]: pair["value"] for pair in _list(more)}
    found = []
    for each in _many(raw, "metrics"):
        class_name = str(each.get("class_name", ""))
        name = metric_name(class_name)
        where = f"metrics_specs.metrics[{class_name}]"
        if not known(name):
            close = similar(name)
            raise ConfigError(
                where, f"there is no metric {class_name!r}",
                f"Did you mean {', '.join(close)}?" if close else "docs/model-performance.md lists all metrics.",
            )  # fmt: skip
        bounds = [SliceBound(SliceSpec(), bound) for bound in _bounds(each.get("threshold"), f"{where}.threshold")]
        for key, threshold in more.items():
            if metric_name(key) == name:
                bounds += [SliceBound(SliceSpec(), bound) for bound in _bounds(threshold, "metrics_specs.thresholds")]
        for per in _many(each, "per_slice_thresholds"):
            at = f"{where}.per_slice_thresholds"
            specs = [spec for raw_spec in _many(per, "slicing_specs") for spec in slice_specs(raw_spec, at)]
            bounds += [SliceBound(spec, bound) for spec in specs for bound in _bounds(per.get("threshold"), at)]
        for per in _many(each, "cross_slice_thresholds"):
            at = f"{where}.cross_slice_thresholds"
            pairs = [pair for raw_spec in _many(per, "cross_slicing_specs") for pair in _cross(raw_spec)]
            bounds += [
                SliceBound(other, bound, baseline)
                for baseline, other in pairs
                for bound in _bounds(per.get("threshold"), at)
            ]
        found.append(MetricConfig(name, _config(each.get("config"), f"{where}.config"), tuple(bounds)))
    return found


def _bounds(raw: Any, where: str) -> list[Bound]:
    if not raw:
        return []
    found = []
    if value := raw.get("value_threshold"):
        ends = {end: _plain(value.get(f"{end}_bound"), f"{where}.value_threshold") for end in ("lower", "upper")}
        if ends["lower"] is None and ends["upper"] is None:
            raise ConfigError(f"{where}.value_threshold", "has neither lower_bound nor upper_bound")
        found.append(Bound(lower=ends["lower"], upper=ends["upper"]))
    if change := raw.get("change_threshold"):
        direction = str(change.get("direction", "")).lower().removesuffix("_is_better")
        if direction not in ("higher", "lower"):
            raise ConfigError(f"{where}.change_threshold.direction", "must be HIGHER_IS_BETTER or LOWER_IS_BETTER")
        absolute, relative = (_plain(change.get(n), f"{where}.change_threshold") for n in ("absolute", "relative"))
        found.append(Bound(absolute=absolute, relative=relative, direction=direction))  # type: ignore[arg-type]
    if not found:
        raise ConfigError(where, "has neither value_threshold nor change_threshold")
    return found


def _intervals(options: Mapping[str, Any]) -> Method | None:
    wanted = options.get("compute_confidence_intervals")
    if not _flag(wanted.get("value") if isinstance(wanted, dict) else wanted):
        return None
    method = str((options.get("confidence_intervals") or {}).get("method", "POISSON_BOOTSTRAP")).upper()
    if method in ("POISSON_BOOTSTRAP", "UNKNOWN_CONFIDENCE_INTERVAL_METHOD"):
        return "poisson_bootstrap"
    if method != "JACKKNIFE":
        raise ConfigError(
            "options.confidence_intervals.method", f"{method!r} is neither POISSON_BOOTSTRAP nor JACKKNIFE"
        )
    return "jackknife"


def _parsed(text: str) -> Any:
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text)
        except ValueError as error:
            raise ConfigError("", f"the configuration is no JSON: {error}") from error
    try:
        return parse_text(text)
    except TextFormatError as error:
        raise ConfigError("", f"the configuration is neither JSON nor text format: {error}") from error


def _snake(value: Any) -> Any:
    """Names of fields as the messages have them; protojson writes them in camel case. Keys of maps stay."""
    if isinstance(value, list):
        return [_snake(each) for each in value]
    if not isinstance(value, dict):
        return value
    found = {}
    for name, inner in value.items():
        plain = re.sub(r"(?<=[a-z0-9])([A-Z])", lambda m: f"_{m[1].lower()}", name)
        keep = plain in ("feature_values", "thresholds") and isinstance(inner, dict)
        found[plain] = {key: _snake(each) for key, each in inner.items()} if keep else _snake(inner)
    return found


def _config(raw: Any, where: str) -> dict[str, Any]:
    """A metric's settings: JSON, with or without its braces."""
    if not raw:
        return {}
    if isinstance(raw, dict):
        return raw
    text = str(raw).strip()
    try:
        found = json.loads(text if text.startswith("{") else f"{{{text}}}")
    except ValueError as error:
        raise ConfigError(where, f"is no JSON: {error}") from error
    return found if isinstance(found, dict) else {}


def _many(raw: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = _list(raw.get(name))
    if not all(isinstance(each, dict) for each in found):
        raise ConfigError(name, "holds something that is no message")
    return found


def _list(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _flag(value: Any) -> bool:
    return value is True or (isinstance(value, str) and value.lower() == "true")


def _plain(value: Any, where: str) -> float | None:
    """A number, or a message around one."""
    if isinstance(value, dict):
        value = value.get("value", 0.0)
    if value is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        _no_number(where, value)


def _no_number(where: str, value: Any) -> NoReturn:
    raise ConfigError(where, f"{value!r} is no number")
