"""What it costs to count the predictions of one hour: features together, as cells of one array, beside one by one.

    python -m bench.hours [--repeats 3]

Four fifths of the features are numbers, the others categories of thirty values. CPU of the whole process in seconds,
the least of the repeats, in turns.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pyarrow as pa

from bench.machine import load, machine
from bench.predictions import ARROW, body_of
from tapetum_server.analysis.feature_statistics.edges import NO_FEATURES
from tapetum_server.query import cells, feature_statistics
from tapetum_server.query.frames import Frame
from tapetum_server.query.prediction_frames import prediction_frame
from tapetum_server.query.store_reader import StoreReader
from tapetum_server.query.time_range import TimeRange
from tapetum_server.receivers.records.reading import PREDICTIONS, read_records
from tapetum_server.store.migrate import migrate
from tapetum_server.store.scratch import scratch_engine
from tapetum_server.store.writer import StoreWriter

HOURS = ((20, 4_000), (20, 100_000), (20, 400_000), (300, 4_000), (3_000, 2_600), (3_000, 10_000))
"""Features and predictions."""
EACH = 4_000_000
"""Values that are sent at once."""


def sent(model: str, features: int, rows: int, first: int) -> bytes:
    """So many predictions, all of one moment."""
    rng = np.random.default_rng(first)
    words = pa.array([f"value-{i}" for i in range(30)])
    columns = {
        f"f{i:04d}": pa.array(rng.normal(i % 7, 1, rows)) if i % 5 else words.take(pa.array(rng.integers(0, 30, rows)))
        for i in range(features)
    }  # fmt: skip
    table = pa.table(
        {"model": pa.array([model] * rows), "prediction_id": [f"p{first}-{i}" for i in range(rows)],
         "time": pa.array([time.time_ns() // 10**6] * rows, pa.timestamp("ms", "UTC")), **columns}
    )  # fmt: skip
    return body_of(table, "arrow")[0]


async def measure(reader: StoreReader, model: str, repeats: int) -> dict[str, float]:
    """Seconds of CPU by way."""
    frame = await prediction_frame(reader, project="bench", model=model, time_range=TimeRange(None, None), labels=False)
    batches, ways = cells.batches, {"one_by_one": 1e9, "together": 1e9}

    def forced(asked: Frame) -> Iterator[cells.Batch]:
        return batches(replace(asked, rows=0)) if way == "together" else cells.one_by_one(asked.columns)

    feature_statistics.batches = forced
    for _ in range(repeats):
        for way in ways:
            begun = time.process_time()
            await feature_statistics.feature_statistics(reader, frame.without(NO_FEATURES))
            ways[way] = min(ways[way], time.process_time() - begun)
    feature_statistics.batches = batches
    return ways


def main() -> None:
    """Print one line of JSON per hour."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    print(json.dumps(machine()))
    with scratch_engine() as engine, ThreadPoolExecutor(1) as threads:
        migrate(engine)
        writer = StoreWriter(engine, threads, lambda project, signal: 30)
        reader = StoreReader(engine)
        for features, rows in HOURS:
            model = f"{features}-{rows}"
            for first in range(0, rows, step := max(1, EACH // features)):
                body = sent(model, features, min(step, rows - first), first)
                batch = read_records(PREDICTIONS, body, ARROW, "bench", "bench").batch
                asyncio.run(writer.consume(batch))
            found = asyncio.run(measure(reader, model, options.repeats))
            print(json.dumps({"features": features, "rows": rows, **found, "load": load()}), flush=True)
        writer.close()


if __name__ == "__main__":
    main()
