"""Feature statistics that are kept: of which data sets and models there are some, and those of any range of windows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from typing_extensions import TypedDict

from tapetum_server.query.kept_windows import Subject, Window, subject_conditions
from tapetum_server.query.reader import Reader, rows_of
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import format_time
from tapetum_server.signals.feature_statistics import (
    ALL_ROWS,
    Bucket,
    Counts,
    DatasetStatistics,
    FeatureStatistics,
    NumericStatistics,
    TextStatistics,
)

MAX_SUBJECTS = 1_000
MAX_SLICES = 200


class SubjectRow(TypedDict):
    """One data set, or one version of a model."""

    dataset: str
    model: str
    version: str
    slices: list[str]
    window_start: str | None
    window_end: str | None
    windows: int
    features: int
    """Of the newest window."""
    rows: int
    """Of all hours of a model that were counted; else of the largest window of all rows."""
    ingested_at: str


async def list_subjects(reader: Reader, project: str) -> list[SubjectRow]:
    """Of which there are statistics: data sets first, by name."""
    return [
        SubjectRow(
            dataset=row["dataset"], model=row["model"], version=row["version"], slices=list(row["slices"]),
            window_start=format_time(row["start_ns"]) if row["start_ns"] else None,
            window_end=format_time(row["end_ns"]) if row["end_ns"] else None, windows=int(row["windows"]),
            features=int(row["features"]), rows=int(row["counted"]), ingested_at=format_time(row["ingested_ns"]),
        )
        for row in rows_of(await reader.query(*subjects_statement(project)))
    ]  # fmt: skip


def subjects_statement(project: str) -> Statement:
    """One row per data set, and per version of a model.

    Of a model that is counted by hours, these alone: what they are added up to, such as days, is longer than its life.
    """
    parameters = Parameters()
    of_project = f"project = {parameters.text(project)}"
    sql = f"""SELECT dataset, model, version, arraySort(groupUniqArray({MAX_SLICES})(slice)) AS slices,
    countIf(is_hour) > 0 AS by_hours,
    toUnixTimestamp64Nano(if(by_hours, minIf(window_start, is_hour), min(window_start))) AS start_ns,
    toUnixTimestamp64Nano(if(by_hours, maxIf(window_end, is_hour), max(window_end))) AS end_ns,
    if(by_hours, uniqExactIf((window_start, window_end), is_hour), uniqExact((window_start, window_end))) AS windows,
    any(features) AS features, if(by_hours, sumIf(rows, is_hour AND is_all), maxIf(rows, is_all)) AS counted,
    toUnixTimestamp64Nano(max(ingested_at)) AS ingested_ns
FROM (
    SELECT toString(dataset) AS dataset, toString(model) AS model, toString(version) AS version,
        toString(slice) AS slice, window_start, window_end, argMax(rows, said) AS rows, max(ingested_at) AS ingested_at,
        slice = {parameters.text(ALL_ROWS)} AS is_all,
        model != '' AND window_end = window_start + toIntervalHour(1) AS is_hour
    FROM feature_windows
    WHERE {of_project}
    GROUP BY dataset, model, version, slice, window_start, window_end
) AS kept
LEFT JOIN (
    SELECT toString(dataset) AS dataset, toString(model) AS model, toString(version) AS version,
        uniqExact(feature) AS features
    FROM feature_statistics_rows
    WHERE {of_project} AND (dataset, model, window_key) IN (
        SELECT dataset, model, argMax(
            cityHash64(
                toString(version), toString(slice), toUnixTimestamp64Nano(window_start),
                toUnixTimestamp64Nano(window_end)
            ),
            (window_end, window_start, slice = {parameters.text(ALL_ROWS)})
        )
        FROM feature_windows
        WHERE {of_project}
        GROUP BY dataset, model, version
    )
    GROUP BY dataset, model, version
) AS newest USING (dataset, model, version)
GROUP BY dataset, model, version
ORDER BY dataset = '', dataset, model, version
LIMIT {MAX_SUBJECTS}"""
    return Statement(sql, parameters.values)


async def window_statistics(
    reader: Reader, project: str, asked: Sequence[tuple[Subject, Window]]
) -> dict[tuple[Subject, Window], DatasetStatistics]:
    """What was told of each window, to the last field, in one statement for all."""
    by_place: dict[tuple[str, str, int], dict[str, dict[str, Any]]] = {_place(*one): {} for one in asked}
    if asked:
        # What was said last holds: the engine has not merged it with what it replaces yet.
        for row in rows_of(await reader.query(*features_statement(project, asked))):
            by_place[row["dataset"], row["model"], row["window_key"]][row["feature"]] = row
    found = {}
    for subject, window in asked:
        rows = sorted(by_place[_place(subject, window)].values(), key=lambda row: (row["position"], row["feature"]))
        found[subject, window] = DatasetStatistics(
            slice=window.slice,
            rows=max((int(row["held"]) for row in rows), default=0),
            features=tuple(_feature(row) for row in rows),
        )
    return found


def _place(subject: Subject, window: Window) -> tuple[str, str, int]:
    """What rows of the window say of themselves: the key says which version."""
    return subject.dataset, subject.model, window.key


def features_statement(project: str, asked: Sequence[tuple[Subject, Window]]) -> Statement:
    """Every feature of these windows, as often as it was told."""
    parameters = Parameters()
    of_project = f"project = {parameters.text(project)}"
    keys: dict[str, dict[int, None]] = {}
    for subject, window in asked:
        whose = " AND ".join(subject_conditions(replace(subject, version=None), parameters))
        keys.setdefault(whose, {})[window.key] = None
    windows = [
        f"({whose} AND window_key IN {parameters.bind(list(of_subject), 'Array(UInt64)')})"
        for whose, of_subject in keys.items()
    ]
    sql = f"""SELECT dataset, model, window_key, rows AS held, position,
    feature, kind, type, present, missing, value_count, min_values, max_values, lengths, finite, nan_count,
    negative_infinity, positive_infinity, zeros, mean, squared_deviations, min, max, points, standard_histogram,
    quantiles_histogram, unique, unique_exact, total_bytes, shortest, longest, invalid_utf8, top_values,
    top_frequencies
FROM feature_statistics_rows
WHERE {of_project} AND ({" OR ".join(windows)})
ORDER BY said
SETTINGS max_threads = 1"""
    return Statement(sql, parameters.values)


def _feature(row: dict[str, Any]) -> FeatureStatistics:
    counts = Counts(
        present=row["present"], missing=row["missing"], values=row["value_count"], fewest=int(row["min_values"]),
        most=int(row["max_values"]), lengths=_buckets(row["lengths"]),
    )  # fmt: skip
    numeric = text = None
    if row["finite"] is not None:
        numeric = NumericStatistics(
            finite=row["finite"], nan=row["nan_count"] or 0.0, negative_infinity=row["negative_infinity"] or 0.0,
            positive_infinity=row["positive_infinity"] or 0.0, zeros=row["zeros"] or 0.0, mean=_known(row["mean"]),
            squared_deviations=_known(row["squared_deviations"]), minimum=_known(row["min"]),
            maximum=_known(row["max"]), points=tuple(row["points"]), standard=_buckets(row["standard_histogram"]),
            quantiles=_buckets(row["quantiles_histogram"]),
        )  # fmt: skip
    elif row["unique"] is not None:
        text = TextStatistics(
            unique=int(row["unique"]), unique_exact=bool(row["unique_exact"]), total_bytes=row["total_bytes"] or 0.0,
            shortest=int(row["shortest"] or 0), longest=int(row["longest"] or 0),
            not_utf8=int(row["invalid_utf8"] or 0), values=tuple(zip(row["top_values"], row["top_frequencies"])),
        )  # fmt: skip
    return FeatureStatistics(
        feature=row["feature"], kind=row["kind"], type=row["type"], counts=counts, numeric=numeric, text=text
    )


def _known(value: float | None) -> float:
    return math.nan if value is None else value


def _buckets(given: Iterable[Any]) -> tuple[Bucket, ...]:
    return tuple(Bucket(one["low"], one["high"], one["count"]) for one in given)
