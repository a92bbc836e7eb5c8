"""What it costs to ask for statistics and drift out of what is kept of windows: two years of hours of 20 features.

python -m bench.states [--hours 18264] [--repeat 15]

CPU of the whole process, in milliseconds, least, median and 90th percentile of so many questions, each about
two other windows. The store is made anew; the machine's caches are warm, and garbage is collected as in a server.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from tapetum_server.analysis.drift.from_states import Asked, states_report
from tapetum_server.analysis.drift.report import drift_report
from tapetum_server.analysis.drift.settings import DriftSettings
from tapetum_server.analysis.feature_statistics.ranges import Part
from tapetum_server.analysis.feature_statistics.stored import statistics_of
from tapetum_server.analysis.feature_statistics.windows import keep_windows
from tapetum_server.app import garbage
from tapetum_server.detectors.feature_statistics.complete import with_histograms
from tapetum_server.query.kept_windows import Subject
from tapetum_server.query.prediction_frames import prediction_frame
from tapetum_server.query.statistics_windows import PARTS
from tapetum_server.query.store_reader import StoreReader
from tapetum_server.query.time_range import TimeRange
from tapetum_server.receivers.records.reading import PREDICTIONS, read_records
from tapetum_server.signals.feature_statistics import (
    POINTS,
    Counts,
    DatasetStatistics,
    FeatureStatistics,
    NumericStatistics,
    TextStatistics,
)
from tapetum_server.signals.feature_statistics_batch import FeatureStatisticsBatch, StoredStatistics
from tapetum_server.store.migrate import migrate
from tapetum_server.store.open import open_embedded
from tapetum_server.store.rows_feature_statistics import feature_statistics_rows
from tapetum_server.store.writer import StoreWriter

HOUR_NS = 3_600 * 10**9
BEGIN_NS = 1_767_225_600 * 10**9
"""2026-01-01."""
ROWS = 10_000
"""Predictions of an hour whose statistics are made up; of the last two, `--rows` are really there."""
YEAR = 8_760
WIDTHS = {
    "an hour": 1, "a day": 24, "a week": 168, "a month": 720, "a quarter": 2_184, "half a year": 4_368, "a year": YEAR,
}  # fmt: skip
MADE = 20
"""Different windows."""
SUBJECT = Subject(model="m", version="3")


def window(generator: np.random.Generator) -> DatasetStatistics:
    """Of 10 numeric and 10 categorical features as a window of predictions keeps them."""
    counts = Counts(present=ROWS, missing=0, values=ROWS)
    features = []
    for i in range(10):
        points = np.sort(generator.normal(i, 1, POINTS))
        numeric = NumericStatistics(
            finite=ROWS, mean=float(points.mean()), squared_deviations=float(ROWS), minimum=float(points[0]),
            maximum=float(points[-1]), points=tuple(points.tolist()),
        )  # fmt: skip
        features.append(
            FeatureStatistics(feature=f"n{i}", kind="numeric", type="FLOAT", counts=counts, numeric=numeric)
        )
        values = tuple((f"value_{j}", float(2_000 // (j + 1))) for j in range(200))
        text = TextStatistics(unique=200, total_bytes=8.0 * ROWS, values=values)
        features.append(FeatureStatistics(feature=f"c{i}", kind="categorical", type="STRING", counts=counts, text=text))
    return with_histograms(DatasetStatistics(rows=ROWS, features=tuple(features)))


def rows_of(one: DatasetStatistics, start: int, end: int) -> Iterator[StoredStatistics]:
    """As a window of the store."""
    for place, feature in enumerate(one.features):
        yield StoredStatistics(
            model="m", version="3", slice=one.slice, window_start=start, window_end=end, rows=one.rows, position=place,
            statistics=feature,
        )  # fmt: skip


def predictions(count: int, start: int, hours: int) -> list[dict[str, Any]]:
    """Over these hours, with features as above."""
    generator = np.random.default_rng(3)
    numbers, words = generator.normal(size=(count, 10)), generator.integers(200, size=(count, 10))
    return [
        {
            "model": "m", "version": "3", "prediction_id": f"p{n}",
            "time": (start + n * hours * HOUR_NS // count) // 10**6,
            "features": {
                **{f"n{i}": float(numbers[n, i]) + i for i in range(10)},
                **{f"c{i}": f"value_{words[n, i]}" for i in range(10)},
            },
        }
        for n in range(count)
    ]  # fmt: skip


class Bench:
    """A store with the statistics of so many hours, and of all that the server's upkeep adds up from hours."""

    def __init__(self, directory: Path, hours: int, rows: int) -> None:
        self.engine = open_embedded(directory)
        migrate(self.engine)
        self.reader = StoreReader(self.engine)
        self.hours = hours
        self.end = BEGIN_NS + hours * HOUR_NS
        generator = np.random.default_rng(2)
        made = FeatureStatisticsBatch("made", "bench")
        for place in range(MADE):
            at = BEGIN_NS + place * HOUR_NS
            made.rows += rows_of(window(generator), at, at + HOUR_NS)
        self.engine.insert("feature_statistics_rows", feature_statistics_rows(made, BEGIN_NS))
        for begin, end in (("{0}", "{0} + toIntervalHour(1)"), *PARTS.values()):
            self._fill(begin, end)
        # As the engine leaves them after a while, and not in the pieces that they were just made in.
        for table in ("feature_statistics_rows", "feature_states", "feature_windows"):
            self.engine.command(f"OPTIMIZE TABLE {self.engine.database}.{table} FINAL")
        with ThreadPoolExecutor(1) as executor:
            writer = StoreWriter(self.engine, executor, lambda project, signal: 20_000)
            asyncio.run(self._kept(writer, rows))
            writer.close()

    def _fill(self, begin: str, end: str) -> None:
        """Windows of one length over the whole time, each with statistics of one of those that were made.

        In one thread, so that features of one window stand together, as they come.
        """
        columns = self.engine.query(
            "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = 'feature_statistics_rows' "
            "AND default_kind != 'MATERIALIZED' AND name NOT IN ('project', 'window_start', 'window_end')"
        ).column("name")
        listed = ", ".join(f"made.{name.as_py()}" for name in columns)
        named = ", ".join(name.as_py() for name in columns)
        table = f"{self.engine.database}.feature_statistics_rows"
        hour = f"toDateTime({BEGIN_NS // 10**9}, 'UTC') + toIntervalHour(number)"
        self.engine.command(
            f"""INSERT INTO {table} (project, window_start, window_end, {named})
SELECT 'default', w.begun, w.ended, {listed}
FROM (
    SELECT toDateTime64(begun, 9, 'UTC') AS begun, toDateTime64(ended, 9, 'UTC') AS ended, rowNumberInAllBlocks() AS n
    FROM (
        SELECT DISTINCT toDateTime({begin.format("hour")}, 'UTC') AS begun,
            toDateTime({end.format("begun")}, 'UTC') AS ended
        FROM (SELECT {hour} AS hour FROM numbers({self.hours}))
    )
    WHERE toUnixTimestamp(ended) <= {self.end // 10**9}
) AS w
INNER JOIN (
    SELECT *, intDiv(toUnixTimestamp64Nano(window_start) - {BEGIN_NS}, {HOUR_NS}) AS place
    FROM {table} WHERE project = 'made'
) AS made ON w.n % {MADE} = made.place
SETTINGS max_threads = 1"""
        )

    async def _kept(self, writer: StoreWriter, rows: int) -> None:
        # The last hours are really there: their rows are what a scan reads, and half of an hour that lasts.
        lasting = predictions(1_000, self.end + 2 * HOUR_NS, 1)
        said = predictions(rows, self.end, 2)
        said += [one | {"prediction_id": f"now-{one['prediction_id']}"} for one in lasting]
        for begin in range(0, len(said), 10_000):
            body = orjson.dumps(said[begin : begin + 10_000])
            await writer.consume(read_records(PREDICTIONS, body, "application/json", "default", "bench").batch)
        await keep_windows(
            self.reader, writer, "default", since=self.end, now=self.end + 2 * HOUR_NS + HOUR_NS // 10
        )  # fmt: skip

    async def statistics(self, sides: list[TimeRange]) -> int:
        """Full statistics of both, with histograms; how many windows were added up."""
        return sum(
            one.windows for one in await statistics_of(self.reader, "default", [Part(SUBJECT, r) for r in sides])
        )

    async def drift(self, sides: list[TimeRange]) -> int:
        """The report that the API answers, with distances, tests, effects and what moved."""
        asked = Asked(Part(SUBJECT, sides[0]), Part(SUBJECT, sides[1]), self.end + 3 * HOUR_NS)
        report = await states_report(self.reader, "default", asked, DriftSettings(late=("label",)), by_itself=False)
        assert report is not None
        assert len(report["features"]) >= 20
        return len(report["features"])

    async def exact(self, sides: list[TimeRange]) -> int:
        """The same by reading every prediction."""
        frames = [
            await prediction_frame(self.reader, project="default", model="m", time_range=one, version="3", labels=False)
            for one in sides
        ]
        report = await drift_report(self.reader, *frames, DriftSettings(ignore=("prediction_id", "version")))
        return report["baseline_rows"] + report["window_rows"]


def two(width: int, hours: int, odd: bool) -> list[TimeRange]:
    """Two windows of about so many hours; between odd hours they begin and end where they must be made of the most."""
    if not odd:
        first = random.randrange(0, max(1, hours // width - 1)) * width
        starts = first, first + width
    else:
        starts = random.randrange(1, hours - 2 * width + 1), random.randrange(1, hours - 2 * width + 1) + width - 1
    return [TimeRange(BEGIN_NS + start * HOUR_NS, BEGIN_NS + (start + width) * HOUR_NS) for start in starts]


async def ask(bench: Bench, repeat: int, rows: int) -> None:
    """Every question, one after the other."""
    garbage.settle()
    for called, width in WIDTHS.items():
        if 2 * width > bench.hours:
            continue
        for odd in (False, True):
            name = f"{called} between odd hours" if odd else called
            for what in ("statistics", "drift"):
                asked = [two(width, bench.hours, odd) for _ in range(repeat + 1)]
                print(await measured(getattr(bench, what), asked, {"what": what, "windows of": name}), flush=True)
    last = [TimeRange(bench.end + n * HOUR_NS, bench.end + (n + 1) * HOUR_NS) for n in range(2)]
    for what in ("drift", "exact"):
        named = {"what": what, "windows of": f"an hour of {rows // 2:,} predictions"}
        print(await measured(getattr(bench, what), [last] * (repeat + 1), named), flush=True)
    year = max(BEGIN_NS, bench.end - YEAR * HOUR_NS) + HOUR_NS
    lasting = replace(last[1], end=bench.end + 2 * HOUR_NS + HOUR_NS // 2), replace(last[0], start=year)
    named = {"what": "drift", "windows of": "an hour and the half that lasts, against the year before"}
    print(await measured(bench.drift, [[lasting[1], lasting[0]]] * (repeat + 1), named), flush=True)


async def measured(question: Any, asked: list[list[TimeRange]], named: dict[str, Any]) -> str:
    """CPU of the question; the first time is for what is loaded once."""
    spent = []
    for sides in asked:
        before = time.process_time()
        told = await question(sides)
        spent.append((time.process_time() - before) * 1_000)
    cpu = {
        "cpu_ms_least": round(min(spent[1:]), 1),
        "cpu_ms": round(float(np.median(spent[1:])), 1),
        "cpu_ms_p90": round(float(np.quantile(spent[1:], 0.9)), 1),
    }
    return json.dumps({**named, **cpu, "told": told})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=int, default=2 * YEAR + 31 * 24, help="two years, and a month to begin within")
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--rows", type=int, default=40_000, help="predictions that are really there, of two hours")
    options = parser.parse_args()
    random.seed(5)
    with tempfile.TemporaryDirectory() as directory:
        bench = Bench(Path(directory), options.hours, options.rows)
        try:
            asyncio.run(ask(bench, options.repeat, options.rows))
        finally:
            bench.engine.close()


if __name__ == "__main__":
    main()
