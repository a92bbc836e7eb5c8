"""Feature statistics that are kept: of which data sets and models there are some, and those of any range of windows."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from typing_extensions import TypedDict

from tapetum_server.query.added_statistics import added_statistics
from tapetum_server.query.reader import Reader, rows_of, tuples_of
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import TimeRange, format_time
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
Window = tuple[str, int, int]
"""Version, start and end."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose statistics: of a data set, or of a model, in one version or in all."""

    dataset: str = ""
    model: str = ""
    version: str | None = None
    slice: str = ALL_ROWS


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
    rows: int
    """Of the largest window of all rows."""
    ingested_at: str


async def list_subjects(reader: Reader, project: str) -> list[SubjectRow]:
    """Of which there are statistics: data sets first, by name."""
    return [
        SubjectRow(
            dataset=row["dataset"], model=row["model"], version=row["version"], slices=list(row["slices"]),
            window_start=format_time(row["start_ns"]) if row["start_ns"] else None,
            window_end=format_time(row["end_ns"]) if row["end_ns"] else None, windows=int(row["windows"]),
            features=int(row["features"]), rows=int(row["most"]), ingested_at=format_time(row["ingested_ns"]),
        )
        for row in rows_of(await reader.query(*subjects_statement(project)))
    ]  # fmt: skip


def subjects_statement(project: str) -> Statement:
    """One row per data set, and per version of a model."""
    parameters = Parameters()
    sql = f"""SELECT dataset, model, version, arraySort(groupUniqArray({MAX_SLICES})(slice)) AS slices,
    toUnixTimestamp64Nano(min(window_start)) AS start_ns, toUnixTimestamp64Nano(max(window_end)) AS end_ns,
    uniqExact(window_start, window_end) AS windows, uniqExact(feature) AS features,
    maxIf(rows, slice = {parameters.text(ALL_ROWS)}) AS most, toUnixTimestamp64Nano(max(ingested_at)) AS ingested_ns
FROM feature_statistics_rows FINAL
WHERE project = {parameters.text(project)}
GROUP BY dataset, model, version
ORDER BY dataset = '', dataset, model, version
LIMIT {MAX_SUBJECTS}"""
    return Statement(sql, parameters.values)


async def stored_statistics(
    reader: Reader, project: str, subject: Subject, time_range: TimeRange, *, longest: int | None = None
) -> tuple[DatasetStatistics, int] | None:
    """Over all windows that lie in the range, each of its rows in one of them, and how many these are; `None` for none.

    Of windows within others, such as the hours of a day, those count that are within none that lies in the range.
    With `longest`, only windows of at most so many nanoseconds. Histograms of several windows are not made yet.
    """
    found = list(tuples_of(await reader.query(*windows_statement(project, subject, time_range))))
    given = {(version, int(start), int(end)): int(rows) for version, start, end, rows in found}
    windows = cover(one for one in given if longest is None or one[2] - one[1] <= longest)
    if not windows:
        return None
    rows = sum(given[window] for window in windows)
    parameters = Parameters()
    where = [*_conditions(project, subject, parameters), _chosen(windows, parameters)]
    if len(windows) > 1:
        return await added_statistics(reader, where, parameters, rows=rows, slice=subject.slice), len(windows)
    told = rows_of(await reader.query(*features_statement(where, parameters)))
    features = tuple(_feature(row) for row in told)
    return DatasetStatistics(slice=subject.slice, rows=rows, features=features), 1


def cover(windows: Iterable[Window]) -> list[Window]:
    """The longest windows that do not overlap, per version."""
    taken: dict[str, list[tuple[int, int]]] = {}
    for version, start, end in sorted(windows, key=lambda one: (one[1] - one[2], one)):
        among = taken.setdefault(version, [])
        place = bisect_left(among, (start, end))
        before_it_ends = place == 0 or among[place - 1][1] <= start
        begins_after = place == len(among) or among[place][0] >= end
        # What has no time is one window.
        if not among if start == end else before_it_ends and begins_after:
            among.insert(place, (start, end))
    return [(version, start, end) for version, among in taken.items() for start, end in among]


def _conditions(project: str, subject: Subject, parameters: Parameters) -> list[str]:
    found = [
        f"project = {parameters.text(project)}",
        f"dataset = {parameters.text(subject.dataset)}",
        f"model = {parameters.text(subject.model)}",
        f"slice = {parameters.text(subject.slice)}",
    ]
    if subject.version is not None:
        found.append(f"version = {parameters.text(subject.version)}")
    return found


def windows_statement(project: str, subject: Subject, time_range: TimeRange) -> Statement:
    """(version, start, end, rows) of the windows that lie in the range; a data set without time lies in every one."""
    parameters = Parameters()
    where = _conditions(project, subject, parameters)
    if subject.model:
        if time_range.start is not None:
            where.append(f"window_start >= {parameters.moment(time_range.start)}")
        if time_range.end is not None:
            where.append(f"window_end <= {parameters.moment(time_range.end)}")
    sql = f"""SELECT version, toUnixTimestamp64Nano(window_start) AS start_ns,
    toUnixTimestamp64Nano(window_end) AS end_ns, max(rows) AS held
FROM feature_statistics_rows
WHERE {" AND ".join(where)}
GROUP BY version, start_ns, end_ns"""
    return Statement(sql, parameters.values)


def _chosen(windows: Sequence[Window], parameters: Parameters) -> str:
    versions, starts, ends = ([window[i] for window in windows] for i in range(3))
    chosen = (
        f"arrayZip({parameters.texts([str(version) for version in versions])}, "
        f"{parameters.bind(starts, 'Array(Int64)')}, {parameters.bind(ends, 'Array(Int64)')})"
    )
    given = "(toString(version), toUnixTimestamp64Nano(window_start), toUnixTimestamp64Nano(window_end))"
    return f"has({chosen}, {given})"


def features_statement(where: Sequence[str], parameters: Parameters) -> Statement:
    """Every feature of one window, in the order in which they were told."""
    sql = f"""SELECT feature, kind, type, present, missing, value_count, min_values, max_values, lengths, finite,
    nan_count, negative_infinity, positive_infinity, zeros, mean, squared_deviations, min, max, points,
    standard_histogram, quantiles_histogram, unique, unique_exact, total_bytes, shortest, longest, invalid_utf8,
    top_values, top_frequencies
FROM feature_statistics_rows FINAL
WHERE {" AND ".join(where)}
ORDER BY position, feature"""
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
