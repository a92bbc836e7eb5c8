"""Two tables of which one drifted, and the report about any two, on an engine that the tests of a module share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tapetum_server.analysis.drift.answers import DriftFeature, DriftReport
from tapetum_server.analysis.drift.nannyml import nannyml_report
from tapetum_server.analysis.drift.report import drift_report
from tapetum_server.analysis.drift.settings import DriftSettings
from tapetum_server.query.frames import file_frame
from tapetum_server.query.store_reader import StoreReader
from tapetum_server.store.embedded import EmbeddedEngine

CENSUS = next(
    (
        folder
        for parent in Path(__file__).resolve().parents
        if (folder := parent / "shared" / "oracle" / "census_2016").is_dir()
    ),
    None,
)
"""Public data beside the checkout, with what NumPy, SciPy and NannyML say of it; `None` where it is not."""
ROWS = 4_000
MONDAY = 1_756_684_800  # 2025-09-01
Report = Callable[..., DriftReport]


def rows(seed: int, *, drifted: bool, n: int = ROWS) -> dict[str, Any]:
    """Applications for credit, in order of arrival over eight days; drift begins on the fifth."""
    random = np.random.default_rng(seed)
    late = (np.arange(n) >= n // 2) if drifted else np.zeros(n, bool)
    region = np.array(["north", "south"])[random.integers(0, 2, n)]
    income = random.lognormal(10, 0.5, n)
    income = np.where(late & (region == "south"), income * 1.6, income)
    channel = np.where(random.random(n) < 0.7, "web", "phone").astype(object)
    channel[late & (random.random(n) < 0.4)] = "app"
    age: Any = pa.array(random.integers(18, 80, n))
    history = pa.array(random.normal(0, 1, n), mask=late & (random.random(n) < 0.5))
    return {
        "application": pa.array(np.arange(n) + (10**6 if drifted else 0)),
        "reference": [f"{seed}-{i}" for i in range(n)],
        "at": pa.array((MONDAY + np.arange(n) * 8 * 86_400 // n) * 1_000_000, pa.timestamp("us", "UTC")),
        "income": income,
        "age": age,
        "region": region,
        "channel": pa.array(channel),
        "history": history,
        "new_customer": random.random(n) < 0.3,
        "rare": pa.array(random.normal(0, 1, n), mask=np.arange(n) >= 50),
        "version": [2015 + drifted] * n,
        "letters": [["a"]] * n,
    }


def of(report: DriftReport, name: str) -> DriftFeature:
    """What is said of one feature."""
    return next(feature for feature in report["features"] if feature["name"] == name)


@contextmanager
def comparing(engine_home: Path, folder: Path, database: str) -> Iterator[Report]:
    """A function that compares two tables or files, by default those of `rows`."""
    engine = EmbeddedEngine(engine_home, database)
    plain = {"baseline": rows(1, drifted=False), "window": rows(2, drifted=True)}
    for name, columns in plain.items():
        pq.write_table(pa.table(columns), folder / f"{name}.parquet", row_group_size=1_000)

    def compare(baseline: Any = None, window: Any = None, /, **settings: Any) -> DriftReport:
        asks = nannyml_report if settings.get("definitions") == "nannyml" else drift_report

        async def asked() -> DriftReport:
            reader = StoreReader(engine)
            frames = []
            for side, table in (("baseline", baseline), ("window", window)):
                path = folder / f"{side}.parquet"
                if isinstance(table, Path):
                    path = table
                elif table is not None:
                    path = folder / f"{side}-own.parquet"
                    pq.write_table(pa.table(table), path)
                frames.append(await file_frame(reader, path))
            return await asks(reader, *frames, DriftSettings(**settings))

        return asyncio.run(asked())

    yield compare
    engine.close()
