"""Which columns hold attributions, and the metrics of them: one for each feature, and of lists for each class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tapetum_server.analysis.performance.eval_config import ConfigError, EvalConfig, MetricConfig
from tapetum_server.analysis.performance.metric_names import ATTRIBUTIONS
from tapetum_server.detectors.performance.binarized import Part
from tapetum_server.query.attribution_sums import Attribution, attribution_columns, classes_of
from tapetum_server.query.errors import QueryError
from tapetum_server.query.frames import Frame, FrameColumn
from tapetum_server.query.reader import Reader

PREFIX = "attributions."
"""What columns of attributions begin with, unless said otherwise: parts of the structure that predictions have."""

Attributed = Mapping[str, Mapping[str, FrameColumn]]
"""By output and feature, the column."""


def attributed(frame: Frame, config: EvalConfig, prefix: str, model: str, *, only_named: bool = False) -> Attributed:
    """The columns of `model`, by the outputs that metrics are asked of.

    As TFMA nests them, `PREFIX model.output.feature`; the model's name may be left out unless `only_named`.
    """
    outputs = dict.fromkeys(metric.output for metric in config.metrics if metric.name in ATTRIBUTIONS)
    found: dict[str, Mapping[str, FrameColumn]] = {}
    for output in outputs:
        within = f"{output}." if output else ""
        named = [f"{prefix}{model}.{within}"] if model else []
        found[output] = attribution_columns(frame, named if only_named else [*named, f"{prefix}{within}"])
    return found


async def with_features(reader: Reader, frame: Frame, config: EvalConfig, prefix: str) -> EvalConfig:
    """The configuration with a metric for each feature, where attributions are asked for. Raises `QueryError`."""
    columns = attributed(frame, config, prefix, config.model.name)
    metrics: list[MetricConfig] = []
    for metric in config.metrics:
        if metric.name not in ATTRIBUTIONS:
            metrics.append(metric)
            continue
        if not columns[metric.output]:
            of = f"{prefix}{metric.output}." if metric.output else prefix
            raise QueryError(
                f"{metric.name} needs attributions, and no column of numbers begins with {of!r}",
                code="no_attributions",
                hint="Say what their names begin with, before the feature's: --attributions shap_.",
            )
        metrics += await _of_features(reader, frame, metric, columns[metric.output])
    return replace(config, metrics=tuple(metrics))


async def _of_features(
    reader: Reader, frame: Frame, metric: MetricConfig, columns: Mapping[str, FrameColumn]
) -> list[MetricConfig]:
    found = []
    lists = [name for name, column in columns.items() if column.kind == "numeric_list"]
    classes = dict(zip(lists, await classes_of(reader, frame, [columns[name] for name in lists]))) if lists else {}
    for feature in columns:
        for part in _parts(metric, feature, classes.get(feature, 0)):
            found.append(replace(metric, feature=feature, part=part))
    return found


def _parts(metric: MetricConfig, feature: str, classes: int) -> list[Part | None]:
    """Of lists: the class or place that is asked for, else every class."""
    part = metric.part
    if part is None:
        return [Part("class", str(k)) for k in range(classes)] or [None]
    there = f"feature {feature!r} has {classes} a row" if classes else f"feature {feature!r} has one a row"
    place = int(part.name) + 1 if part.name.isdecimal() else part.k
    if not 1 <= place <= classes:
        raise ConfigError(f"metrics[{metric.name}]", f"there is no attribution {part}: {there}")
    if part.how == "top_k":
        return [Part("k", k=k) for k in range(1, part.k + 1)]
    return [part]


def attribution_of(metric: MetricConfig, columns: Mapping[str, FrameColumn]) -> Attribution:
    """What of a row the metric is of."""
    column = columns[metric.feature]
    if metric.part is None:
        return Attribution(column)
    if metric.part.how == "k":
        return Attribution(column, "k", metric.part.k)
    return Attribution(column, "class", int(metric.part.name))
