"""Metrics of rows that are ranked within a query."""

from __future__ import annotations

from functools import partial

from tapetum_server.analysis.performance.eval_config import ConfigError, MetricConfig
from tapetum_server.analysis.performance.measured import MeasuredSlice, Question, measured, reported_as, resamples
from tapetum_server.detectors.performance.ranking import RANKING_METRICS, RankingSums, less
from tapetum_server.query.frames import Frame
from tapetum_server.query.ranking import RankingColumns, ranking_slices
from tapetum_server.query.reader import Reader


async def measure_ranking(reader: Reader, frame: Frame, question: Question) -> list[MeasuredSlice]:
    """All metrics are of one query key. Raises `QueryError`, `ConfigError`."""
    metrics = question.metrics
    columns = RankingColumns(
        metrics[0].query, _one_of(question, "label_key", question.label), question.prediction,
        _one_of(question, "gain_key", ""), question.weight,
    )  # fmt: skip
    cuts = tuple(dict.fromkeys(metric.cut for metric in metrics))
    slices = await ranking_slices(
        reader, frame, columns, question.specs, cuts, periods=question.periods, resampling=question.method or ""
    )
    found = []
    for each in slices:
        samples = resamples(each.sums, each.parts, question.method, less)
        values = {
            reported_as(m): measured(m.name, question.method, each.sums, samples, partial(_value, m)) for m in metrics
        }
        found.append(MeasuredSlice(each.key, each.spec, each.period, each.rows, each.labelled, values))
    return found


def _value(metric: MetricConfig, sums: RankingSums) -> float:
    return RANKING_METRICS[metric.name](sums, metric.cut)


def _one_of(question: Question, option: str, otherwise: str) -> str:
    """A column that metrics may name, all of them the same."""
    named = {str(m.options[option]) for m in question.metrics if m.options.get(option)}
    if len(named) > 1:
        raise ConfigError(
            "metrics_specs.metrics.config", f"more than one {option}: {', '.join(sorted(named))}",
            "Evaluate them one by one.",
        )  # fmt: skip
    return named.pop() if named else otherwise
