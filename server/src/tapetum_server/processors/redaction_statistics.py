"""Secrets among the most frequent values of a feature, which are copies of what rows hold."""

from __future__ import annotations

from dataclasses import replace

from tapetum.redaction import Redactor
from tapetum_server.processors.redaction_sieve import containing
from tapetum_server.signals.feature_statistics import FeatureStatistics
from tapetum_server.signals.feature_statistics_batch import FeatureStatisticsBatch

PLACES = ("values", "slice")


def redact_statistics(batch: FeatureStatisticsBatch, redactor: Redactor) -> dict[tuple[str, str], int]:
    """Rewrite `batch` where it holds something; how much of it, by rule and place."""
    held = {row.slice for row in batch.rows}
    for row in batch.rows:
        held.update(value for one in _both(row.statistics) for value, _ in (one.text.values if one.text else ()))
    screened = redactor.screened(held, containing)
    counts: dict[tuple[str, str], int] = {}
    if screened is None:
        return counts

    def at(place: str, text: str) -> str:
        def note(rule: str) -> None:
            counts[rule, place] = counts.get((rule, place), 0) + 1

        return screened.redact(text, note)

    def rewritten(one: FeatureStatistics) -> FeatureStatistics:
        text = one.text
        if text is not None:
            text = replace(text, values=tuple((at("values", value), count) for value, count in text.values))
        return replace(one, text=text, weighted=rewritten(one.weighted) if one.weighted else None)

    batch.rows[:] = [
        replace(row, slice=at("slice", row.slice), statistics=rewritten(row.statistics)) for row in batch.rows
    ]
    return counts


def _both(one: FeatureStatistics) -> list[FeatureStatistics]:
    return [one, *([one.weighted] if one.weighted else [])]
