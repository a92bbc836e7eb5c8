"""TFMA's EvalConfig, read from JSON or text format."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tapetum_server.analysis.performance.config_fields import flag, list_of, many, plain_number, snake
from tapetum_server.analysis.performance.config_metrics import metrics_of
from tapetum_server.analysis.performance.config_slices import cross_specs, slice_specs
from tapetum_server.analysis.performance.eval_config import ConfigError, EvalConfig, Method, ModelColumns
from tapetum_server.analysis.performance.text_format import TextFormatError, parse_text
from tapetum_server.query.slicing import SliceSpec

_OPTIONS = {"compute_confidence_intervals", "confidence_intervals", "min_slice_size"}
_MODEL = {"name", "label_key", "prediction_key", "example_weight_key", "is_baseline", "model_type"}


def read_config(text: str) -> EvalConfig:
    """The configuration in `text`. Raises `ConfigError`, naming the field."""
    raw = snake(_parsed(text))
    raw = raw.get("eval_config", raw)
    if not isinstance(raw, dict):
        raise ConfigError("", "the configuration is no message")
    not_read: list[str] = [
        name for name in raw
        if name not in ("model_specs", "slicing_specs", "cross_slicing_specs", "metrics_specs", "options")
    ]  # fmt: skip
    models = [each for each in many(raw, "model_specs") if not flag(each.get("is_baseline"))] or [{}]
    baselines = [each for each in many(raw, "model_specs") if flag(each.get("is_baseline"))]
    if len(models) > 1 or len(baselines) > 1:
        which = "that is no baseline" if len(models) > 1 else "that is a baseline"
        raise ConfigError("model_specs", f"more than one model {which}", "Evaluate them one by one.")
    not_read += [f"model_specs.{name}" for each in models + baselines for name in each if name not in _MODEL]
    if not models[0].get("label_key") or not models[0].get("prediction_key"):
        raise ConfigError("model_specs", "label_key and prediction_key must name columns of the data")
    model = _model(models[0], models[0])
    baseline = _model(baselines[0], models[0]) if baselines else None
    specs = [spec for each in many(raw, "slicing_specs") for spec in slice_specs(each, "slicing_specs")]
    crosses = [pair for each in many(raw, "cross_slicing_specs") for pair in cross_specs(each)]
    metrics = [
        one for each in many(raw, "metrics_specs") if _is_of(each, model.name) for one in metrics_of(each, not_read)
    ]
    if not metrics:
        raise ConfigError("metrics_specs", "no metric is asked for")
    bounds = [bound for metric in metrics for bound in metric.bounds]
    wanted = [*specs, *(s for pair in crosses for s in pair), *(b.spec for b in bounds)]
    wanted += [b.baseline for b in bounds if b.baseline is not None]
    options = raw.get("options") or {}
    not_read += [f"options.{name}" for name in options if name not in _OPTIONS]
    size = plain_number(options.get("min_slice_size"), "options.min_slice_size")
    return EvalConfig(
        model, baseline, tuple(dict.fromkeys([SliceSpec(), *wanted])), tuple(crosses), tuple(metrics),
        _intervals(options), int(size or 1), tuple(not_read),
    )  # fmt: skip


def _model(raw: Mapping[str, Any], otherwise: Mapping[str, Any]) -> ModelColumns:
    """The columns of one model; what it leaves out is as with the other."""
    keys = ("label_key", "prediction_key", "example_weight_key")
    return ModelColumns(str(raw.get("name", "")), *(str(raw.get(key) or otherwise.get(key) or "") for key in keys))


def _is_of(raw: Mapping[str, Any], model: str) -> bool:
    """Whether metrics are asked of the model."""
    names = list_of(raw.get("model_names"))
    return not names or model in names


def _intervals(options: Mapping[str, Any]) -> Method | None:
    wanted = options.get("compute_confidence_intervals")
    if not flag(wanted.get("value") if isinstance(wanted, dict) else wanted):
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
