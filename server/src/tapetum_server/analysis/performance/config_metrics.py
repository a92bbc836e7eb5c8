"""Metrics, as an EvalConfig asks for them: of which classes, ranked within what, within which bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tapetum_server.analysis.performance.config_fields import (
    flag,
    list_of,
    many,
    map_of,
    numbers_of,
    plain_number,
    settings,
)
from tapetum_server.analysis.performance.config_slices import cross_specs, slice_specs
from tapetum_server.analysis.performance.eval_config import Bound, ConfigError, MetricConfig, SliceBound
from tapetum_server.analysis.performance.metric_names import (
    METRICS,
    PLOTS,
    QUERY_STATISTICS,
    TOLD_ELSEWHERE,
    for_task,
    known,
    metric_name,
    similar,
)
from tapetum_server.detectors.performance.binarized import How, Part
from tapetum_server.detectors.performance.ranking import CUT
from tapetum_server.query.slicing import SliceSpec

_READ = {
    "metrics", "thresholds", "per_slice_thresholds", "cross_slice_thresholds", "model_names", "binarize", "aggregate",
    "query_key", "example_weights", "output_names", "output_weights",
}  # fmt: skip
_AVERAGES: Mapping[str, How] = {
    "micro_average": "micro", "macro_average": "macro", "weighted_macro_average": "weighted_macro",
}  # fmt: skip


def metrics_of(raw: Mapping[str, Any], not_read: list[str]) -> list[MetricConfig]:
    """The metrics of one spec. Raises `ConfigError`."""
    not_read += [f"metrics_specs.{name}" for name in raw if name not in _READ]
    query, parts = str(raw.get("query_key") or ""), _parts(raw)
    found = []
    for each in many(raw, "metrics"):
        class_name = str(each.get("class_name", ""))
        name = metric_name(class_name)
        where = f"metrics_specs.metrics[{class_name}]"
        if not known(name):
            close = similar(name)
            nearest = f"Did you mean {', '.join(close)}?" if close else "docs/model-performance.md lists all metrics."
            raise ConfigError(where, f"there is no metric {class_name!r}", TOLD_ELSEWHERE.get(name, nearest))
        options = settings(each.get("config"), f"{where}.config")
        plain = MetricConfig(name, options, tuple(_bounds_of(each, raw, name, where)))
        if query:
            found += _ranked(plain, query, [part.k for part in parts if part.how == "top_k"], where)
        else:
            found += _parted(plain, parts or _own_parts(options, where), where)
    found = [weighted for metric in found for weighted in _weighted(metric, raw.get("example_weights") or {})]
    return [each for output in outputs_of(raw) for each in _of_output(found, output, _output_weights(raw))]


def outputs_of(raw: Mapping[str, Any]) -> list[str]:
    """The outputs that the metrics of a spec are asked of; "" alone for the only one."""
    return [str(name) for name in list_of(raw.get("output_names"))] or [""]


def _of_output(metrics: list[MetricConfig], output: str, weights: tuple[tuple[str, float], ...]) -> list[MetricConfig]:
    return [replace(metric, output=output, output_weights=weights) for metric in metrics]


def _output_weights(raw: Mapping[str, Any]) -> tuple[tuple[str, float], ...]:
    """What each output weighs in the mean over outputs."""
    where, names = "metrics_specs.output_weights", outputs_of(raw)
    weights = tuple(
        (name, plain_number(value, where) or 0.0) for name, value in map_of(raw.get("output_weights")).items()
    )
    if unknown := [name for name, _ in weights if name not in names]:
        raise ConfigError(where, f"{unknown[0]!r} is none of the spec's output_names", "Name it there, too.")
    if weights and sum(weight for _, weight in weights) <= 0:
        raise ConfigError(where, "add up to nothing", "Give at least one output a weight above 0.")
    return weights


def _weighted(metric: MetricConfig, raw: Mapping[str, Any]) -> list[MetricConfig]:
    """With and without weights, as is asked for; with them where nothing is."""
    with_them, without = flag(raw.get("weighted")), flag(raw.get("unweighted"))
    return [metric] * (with_them or not without) + [replace(metric, weighted=False)] * without


def _ranked(metric: MetricConfig, query: str, cuts: list[int], where: str) -> list[MetricConfig]:
    """The metric within each query, at each cut-off."""
    if metric.name == "query_statistics":
        return [replace(metric, name=name, query=query) for name in QUERY_STATISTICS]
    name = for_task(metric.name, "ranking")
    if name not in METRICS["ranking"]:
        raise ConfigError(
            where, "is no metric of ranked rows, which query_key asks for",
            f"There are: {', '.join(METRICS['ranking'])}. Put others into metrics_specs without a query_key.",
        )  # fmt: skip
    metric = replace(metric, name=name, query=query)
    cuts = numbers_of(metric.options.get("top_k_list") or metric.options.get("top_k"), f"{where}.config") or cuts
    if any(cut < 1 for cut in cuts):
        raise ConfigError(where, "top_k counts rows from 1")
    if name not in CUT or not cuts:
        return [metric]
    return [replace(metric, options={**metric.options, "top_k": cut}) for cut in cuts]


def _parted(metric: MetricConfig, parts: list[Part], where: str) -> list[MetricConfig]:
    """The metric of each of the questions that are asked of several classes."""
    if not parts:
        ranked = metric.name == "query_statistics" or for_task(metric.name, "ranking") == metric.name
        others = any(metric.name in METRICS[task] for task in METRICS if task != "ranking") or metric.name in PLOTS
        if ranked and not others:
            raise ConfigError(where, "ranks rows within a query", "Name its column: metrics_specs { query_key: … }.")
        return [metric]
    if for_task(metric.name, "binary") not in METRICS["binary"] and metric.name not in PLOTS:
        raise ConfigError(
            where, "is no metric of yes or no, which binarize and aggregate ask for",
            "Put it into metrics_specs without them.",
        )  # fmt: skip
    return [replace(metric, part=part) for part in parts]


def _own_parts(options: Mapping[str, Any], where: str) -> list[Part]:
    """Of a metric that says by itself which class, place or first k it is of."""
    found = [Part("class", str(options["class_id"]))] if options.get("class_id") is not None else []
    for how in ("k", "top_k"):
        found += [Part(how, k=k) for k in numbers_of(options.get(how), f"{where}.config.{how}")]
    return found


def _parts(raw: Mapping[str, Any]) -> list[Part]:
    """The questions of `binarize` and `aggregate`."""
    binarize, aggregate = raw.get("binarize") or {}, raw.get("aggregate") or {}
    where = "metrics_specs.binarize"
    ids = binarize.get("class_ids")
    names = list_of(ids.get("values")) if isinstance(ids, dict) else list_of(ids)
    found = [Part("class", str(name)) for name in names]
    found += [Part("k", k=k) for k in numbers_of(binarize.get("k_list"), f"{where}.k_list")]
    found += [Part("top_k", k=k) for k in numbers_of(binarize.get("top_k_list"), f"{where}.top_k_list")]
    where = "metrics_specs.aggregate"
    weights = tuple(
        (name, plain_number(value, f"{where}.class_weights") or 0.0)
        for name, value in map_of(aggregate.get("class_weights")).items()
    )
    cuts = numbers_of(aggregate.get("top_k_list"), f"{where}.top_k_list")
    if weights and cuts:
        raise ConfigError(f"{where}.class_weights", "stands beside top_k_list", "Give either.")
    hows = [how for name, how in _AVERAGES.items() if flag(aggregate.get(name))]
    if aggregate and not hows:
        raise ConfigError(where, f"says no average: {', '.join(_AVERAGES)}")
    found += [Part(how, k=cut, weights=weights) for how in hows for cut in cuts or [0]]
    if any(part.k < 1 for part in found if part.how in ("k", "top_k")) or any(cut < 1 for cut in cuts):
        raise ConfigError("metrics_specs", "k counts classes from 1")
    return found


def _bounds_of(each: Mapping[str, Any], raw: Mapping[str, Any], name: str, where: str) -> list[SliceBound]:
    """The bounds of one metric: its own, and those of its spec by its name."""

    def named(field: str) -> list[Any]:
        return [value for key, value in map_of(raw.get(field)).items() if metric_name(key) == name]

    of_spec = "metrics_specs.thresholds"
    bounds = [SliceBound(SliceSpec(), bound) for bound in _bounds(each.get("threshold"), f"{where}.threshold")]
    bounds += [SliceBound(SliceSpec(), bound) for told in named("thresholds") for bound in _bounds(told, of_spec)]
    slices = [*many(each, "per_slice_thresholds")]
    slices += [one for told in named("per_slice_thresholds") for one in many(told, "thresholds")]
    for per in slices:
        at = f"{where}.per_slice_thresholds"
        specs = [spec for raw_spec in many(per, "slicing_specs") for spec in slice_specs(raw_spec, at)]
        bounds += [SliceBound(spec, bound) for spec in specs for bound in _bounds(per.get("threshold"), at)]
    crosses = [*many(each, "cross_slice_thresholds")]
    crosses += [one for told in named("cross_slice_thresholds") for one in many(told, "thresholds")]
    for per in crosses:
        at = f"{where}.cross_slice_thresholds"
        pairs = [pair for raw_spec in many(per, "cross_slicing_specs") for pair in cross_specs(raw_spec)]
        bounds += [
            SliceBound(other, bound, baseline)
            for baseline, other in pairs
            for bound in _bounds(per.get("threshold"), at)
        ]
    return bounds


def _bounds(raw: Any, where: str) -> list[Bound]:
    if not raw:
        return []
    found = []
    if value := raw.get("value_threshold"):
        ends = {end: plain_number(value.get(f"{end}_bound"), f"{where}.value_threshold") for end in ("lower", "upper")}
        if ends["lower"] is None and ends["upper"] is None:
            raise ConfigError(f"{where}.value_threshold", "has neither lower_bound nor upper_bound")
        found.append(Bound(lower=ends["lower"], upper=ends["upper"]))
    if change := raw.get("change_threshold"):
        direction = str(change.get("direction", "")).lower().removesuffix("_is_better")
        if direction not in ("higher", "lower"):
            raise ConfigError(f"{where}.change_threshold.direction", "must be HIGHER_IS_BETTER or LOWER_IS_BETTER")
        absolute, relative = (
            plain_number(change.get(n), f"{where}.change_threshold") for n in ("absolute", "relative")
        )
        found.append(Bound(absolute=absolute, relative=relative, direction=direction))  # type: ignore[arg-type]
    if not found:
        raise ConfigError(where, "has neither value_threshold nor change_threshold")
    return found
