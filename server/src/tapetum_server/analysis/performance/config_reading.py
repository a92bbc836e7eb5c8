"""TFMA's EvalConfig, read from JSON or text format."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from tapetum_server.analysis.performance.config_fields import flag, list_of, many, map_of, plain_number, snake
from tapetum_server.analysis.performance.config_metrics import metrics_of, outputs_of
from tapetum_server.analysis.performance.config_slices import cross_specs, slice_specs
from tapetum_server.analysis.performance.eval_config import ConfigError, EvalConfig, Method, ModelColumns
from tapetum_server.analysis.performance.metric_names import WITHOUT_LABELS
from tapetum_server.analysis.performance.text_format import TextFormatError, parse_text
from tapetum_server.query.slicing import SliceSpec

_OPTIONS = {"compute_confidence_intervals", "confidence_intervals", "min_slice_size"}
_MODEL = {
    "name", "label_key", "prediction_key", "example_weight_key", "is_baseline", "model_type", "label_keys",
    "prediction_keys", "example_weight_keys",
}  # fmt: skip
_KEYS = ("label_key", "prediction_key", "example_weight_key")


def read_configs(text: str) -> tuple[EvalConfig, ...]:
    """What is asked of each model that is no baseline, in their order. Raises `ConfigError`, naming the field."""
    raw = snake(_parsed(text))
    raw = raw.get("eval_config", raw)
    if not isinstance(raw, dict):
        raise ConfigError("", "the configuration is no message")
    models = many(raw, "model_specs") or [{}]
    candidates = [each for each in models if not flag(each.get("is_baseline"))] or [{}]
    baselines = [each for each in models if flag(each.get("is_baseline"))]
    if len(baselines) > 1:
        raise ConfigError("model_specs", "more than one model that is a baseline")
    _check_names(models, many(raw, "metrics_specs"), several=len(candidates) > 1)
    return tuple(
        _config(raw, model, baselines[0] if baselines else None, several=len(candidates) > 1) for model in candidates
    )


def _check_names(models: Sequence[Mapping[str, Any]], specs: Sequence[Mapping[str, Any]], *, several: bool) -> None:
    """Of several models that are no baseline, each has a name of its own, and metrics are asked of models there are."""
    names = [_name(each) for each in models]
    if not several:
        return
    if "" in names:
        raise ConfigError("model_specs", "several models, and one without a name", "Give each a name of its own.")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigError("model_specs", f"more than one model is named {twice[0]!r}", "Give each a name of its own.")
    if unknown := [name for spec in specs for name in list_of(spec.get("model_names")) if name not in names]:
        raise ConfigError(
            "metrics_specs.model_names", f"there is no model {unknown[0]!r}", f"There are: {', '.join(names)}."
        )


def _config(
    raw: Mapping[str, Any], told: Mapping[str, Any], baseline: Mapping[str, Any] | None, *, several: bool
) -> EvalConfig:
    """What is asked of one model."""
    not_read = [
        name for name in raw
        if name not in ("model_specs", "slicing_specs", "cross_slicing_specs", "metrics_specs", "options")
    ]  # fmt: skip
    both = [told] if baseline is None else [told, baseline]
    not_read += [f"model_specs.{name}" for each in both for name in each if name not in _MODEL]
    of = f" of model {_name(told)!r}" if several else ""
    model = _model(told, told)
    parts = [*model.outputs.values()] or [model]
    unsaid = ConfigError("model_specs", f"label_key and prediction_key{of} must name columns of the data")
    if not all(each.prediction for each in parts):
        raise unsaid
    specs = [spec for each in many(raw, "slicing_specs") for spec in slice_specs(each, "slicing_specs")]
    crosses = [pair for each in many(raw, "cross_slicing_specs") for pair in cross_specs(each)]
    asked = [each for each in many(raw, "metrics_specs") if _is_of(each, model.name)]
    for each in asked:
        _check_outputs(each, model, of)
    metrics = [one for each in asked for one in metrics_of(each, not_read)]
    if not metrics:
        raise ConfigError("metrics_specs", f"no metric is asked for{of}")
    if not all(each.label for each in parts) and any(metric.name not in WITHOUT_LABELS for metric in metrics):
        raise unsaid
    bounds = [bound for metric in metrics for bound in metric.bounds]
    wanted = [*specs, *(s for pair in crosses for s in pair), *(b.spec for b in bounds)]
    wanted += [b.baseline for b in bounds if b.baseline is not None]
    old = None if baseline is None else _model(baseline, told)
    if old is not None and (lacking := [name for name in model.outputs if name not in old.outputs]):
        raise ConfigError(
            "model_specs", f"the baseline has no output {lacking[0]!r}", "Name it in its prediction_keys."
        )
    options = raw.get("options") or {}
    not_read += [f"options.{name}" for name in options if name not in _OPTIONS]
    size = plain_number(options.get("min_slice_size"), "options.min_slice_size")
    return EvalConfig(
        model, old, tuple(dict.fromkeys([SliceSpec(), *wanted])),
        tuple(crosses), tuple(metrics), _intervals(options), int(size or 1), tuple(dict.fromkeys(not_read)),
    )  # fmt: skip


def _name(raw: Mapping[str, Any]) -> str:
    return str(raw.get("name") or "")


def _check_outputs(spec: Mapping[str, Any], model: ModelColumns, of: str) -> None:
    """Metrics of a model with several outputs say of which."""
    where, names = "metrics_specs.output_names", [name for name in outputs_of(spec) if name]
    if model.outputs and not names:
        known = ", ".join(model.outputs)
        raise ConfigError(where, f"metrics{of} do not say of which of its outputs they are", f"There are: {known}.")
    if unknown := [name for name in names if name not in model.outputs]:
        known = ", ".join(model.outputs) or "none, as it has prediction_key and no prediction_keys"
        raise ConfigError(where, f"there is no output {unknown[0]!r}{of}", f"In its prediction_keys are: {known}.")


def _model(raw: Mapping[str, Any], otherwise: Mapping[str, Any]) -> ModelColumns:
    """The columns of one model; what it leaves out is as with the other."""
    for key in _KEYS:
        if raw.get(key) and raw.get(f"{key}s"):
            raise ConfigError("model_specs", f"{key} stands beside {key}s", "Give either.")

    def column(key: str, output: str) -> str:
        for each in (raw, otherwise):
            if found := each.get(key) or map_of(each.get(f"{key}s")).get(output):
                return str(found)
        return ""

    outputs = map_of(raw.get("prediction_keys")) or map_of(otherwise.get("prediction_keys"))
    if not outputs or raw.get("prediction_key"):
        return _columns(_name(raw), partial(column, output=""))
    parts = {name: _columns(name, partial(column, output=name)) for name in outputs}
    return ModelColumns(_name(raw), "", "", "", parts)


def _columns(name: str, column: Callable[[str], str]) -> ModelColumns:
    return ModelColumns(name, column("label_key"), column("prediction_key"), column("example_weight_key"))


def _is_of(raw: Mapping[str, Any], model: str) -> bool:
    """Whether metrics are asked of the model. To one without a name, TFMA takes them all."""
    names = list_of(raw.get("model_names"))
    return not names or not model or model in names


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
