"""Feature statistics as tables to read: numbers apart from categories, what is missing in red, histograms as bars."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

from tapetum_server.analysis.words import counted
from tapetum_server.cli.asking import one_line, print_table
from tapetum_server.signals.feature_statistics import (
    ALL_ROWS,
    POINTS,
    Bucket,
    Counts,
    DatasetStatistics,
    FeatureStatistics,
    NumericStatistics,
)

_BARS = " ▁▂▃▄▅▆▇█"
_TOP_BARS = 10
"""Values whose frequencies are drawn."""
_NAME = 40
"""Characters of a feature's name."""


def print_statistics(dataset: DatasetStatistics, called: str, weight: str = "") -> None:
    """One slice: what its rows are, then a table of numbers and one of categories, in the order of the file."""
    features = [(feature.weighted or feature) if weight else feature for feature in dataset.features]
    named = called if dataset.slice == ALL_ROWS else f"{called} · {dataset.slice}"
    weighing = f" of weight {_number(dataset.weighted_rows or 0.0)} by {weight}" if weight else ""
    rows = counted(dataset.rows, "row")
    print_table_line(f"{named}: {rows}{weighing}, {counted(len(features), 'feature')}")
    numbers = [one for one in features if one.numeric is not None]
    if numbers:
        print_table(_numbers(numbers))
    texts = [one for one in features if one.text is not None]
    if texts:
        print_table(_texts(texts))
    others = [one for one in features if one.numeric is None and one.text is None]
    if others:
        print_table(_others(others))


def print_table_line(text: str) -> None:
    """A line among the tables."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(overflow="fold")
    table.add_row(Text(text, style="bold"))
    print_table(table)


def _numbers(features: Iterable[FeatureStatistics]) -> Table:
    table = _table(
        "numeric", "count", "missing", "mean", "std dev", "zeros", "min", "median", "max", "histogram", "remarks"
    )  # fmt: skip
    for feature in features:
        counts, numeric = feature.counts, feature.numeric or NumericStatistics()
        show = _time if feature.kind == "time" else _number
        spread = _seconds if feature.kind == "time" else _number
        table.add_row(
            _name(feature), _number(counts.present), _missing(counts), show(numeric.mean), spread(numeric.std_dev),
            _zeros(numeric, counts), show(numeric.minimum), show(numeric.median), show(numeric.maximum),
            bars([bucket.count for bucket in _drawn(numeric)], numeric.finite / (POINTS - 1)), _remarks(feature),
        )  # fmt: skip
    return table


def _texts(features: Iterable[FeatureStatistics]) -> Table:
    table = _table(
        "categorical", "count", "missing", "unique", "most frequent", "frequency", "avg bytes", "histogram", "remarks"
    )
    for feature in features:
        counts, text = feature.counts, feature.text
        assert text is not None
        top, frequency = text.values[0] if text.values else ("", 0.0)
        table.add_row(
            _name(feature), _number(counts.present), _missing(counts),
            f"{'' if text.unique_exact else '≈'}{text.unique:,}", Text(one_line(top, 30)),
            _share(frequency, counts.values) if text.values else "",
            _number(text.total_bytes / counts.values) if counts.values else "",
            bars([count for _, count in text.values[:_TOP_BARS]]), _remarks(feature),
        )  # fmt: skip
    return table


def _others(features: Iterable[FeatureStatistics]) -> Table:
    table = _table("of another type", "count", "missing")
    for feature in features:
        table.add_row(_name(feature), _number(feature.counts.present), _missing(feature.counts))
    return table


def _table(first: str, *names: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1))
    table.add_column(first, no_wrap=True)
    left = ("most frequent", "histogram", "remarks")
    for name in names:
        table.add_column(name, justify="left" if name in left else "right", no_wrap=name != "remarks")
    return table


def _name(feature: FeatureStatistics) -> Text:
    return Text(one_line(feature.feature, _NAME))


def _missing(counts: Counts) -> Text:
    """The part of the rows without a value: none is no news, and any is red."""
    if not counts.missing:
        return Text("0%", style="dim")
    return Text(_share(counts.missing, counts.missing + counts.present), style="red")


def _zeros(numeric: NumericStatistics, counts: Counts) -> Text:
    share = numeric.zeros / counts.values if counts.values else 0.0
    return Text(_share(numeric.zeros, counts.values), style="red" if share > 0.5 else "dim" if not share else "")


def _remarks(feature: FeatureStatistics) -> Text:
    """What is not as one would expect, in words."""
    said = []
    numeric, text, counts = feature.numeric, feature.text, feature.counts
    if feature.kind.endswith("_list"):
        said.append(f"{counts.fewest:,} to {counts.most:,} values each" if counts.present else "lists")
    if numeric is not None:
        for count, what in (
            (numeric.nan, "NaN"), (numeric.negative_infinity, "-inf"), (numeric.positive_infinity, "+inf")
        ):  # fmt: skip
            if count:
                said.append(f"{_number(count)} {what}")
        if numeric.finite and numeric.minimum == numeric.maximum:
            said.append("constant")
    if text is not None:
        if text.not_utf8:
            said.append(f"{text.not_utf8:,} no UTF-8")
        if counts.present and text.unique == 1:
            said.append("constant")
        elif counts.present > 1 and text.unique_exact and text.unique == counts.values:
            said.append("all different")
    if not counts.present:
        said.append("never there")
    return Text(", ".join(said), style="yellow")


def _drawn(numeric: NumericStatistics) -> Sequence[Bucket]:
    return [bucket for bucket in numeric.standard if math.isfinite(bucket.low) and math.isfinite(bucket.high)]


def bars(counts: Sequence[float], least: float = 0.0) -> str:
    """A histogram on one line; what is more than `least`, which the sketch cannot tell from nothing, has a bar."""
    most = max(counts, default=0.0)
    if most <= 0:
        return ""
    steps = len(_BARS) - 1
    return "".join(_BARS[0 if count <= least else max(1, round(count / most * steps))] for count in counts)


def _share(part: float, whole: float) -> str:
    share = part / whole if whole else 0.0
    if 0 < share < 0.0001:
        return "<0.01%"
    return f"{share:.0%}" if share in (0, 1) else f"{share:.2%}"


def _number(value: float) -> str:
    if math.isnan(value):
        return ""
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.2f}" if 1_000 <= abs(value) < 1e15 else f"{value:.4g}"


def _time(value: float) -> str:
    if math.isnan(value):
        return ""
    try:
        return dt.datetime.fromtimestamp(value, dt.timezone.utc).strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return _number(value)


def _seconds(value: float) -> str:
    return "" if math.isnan(value) else f"{_number(round(value, 1))} s"
