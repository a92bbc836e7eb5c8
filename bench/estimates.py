"""Metrics without labels over 200,000 rows: reading, learning and estimating.

    python -m bench.estimates [--rows 200000] [--chunk-size 5000] [--repeats 3]

NannyML 0.13.1 took 3.48 s to fit and estimate 208,892 rows by a baseline of 68,785 (measured on another day, on such a
machine; it is not installed here). CPU seconds of the process, the least of the repeats.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.machine import load, machine
from tapetum_server.detectors.estimation import cbpe
from tapetum_server.query.estimates import Chunks, EstimateColumns, chunk_cells
from tapetum_server.query.frames import file_frame
from tapetum_server.query.on_files import ask_files
from tapetum_server.query.reader import Reader

COLUMNS = EstimateColumns("score", "label")


def made(rows: int, seed: int) -> pa.Table:
    """Scores that need to be calibrated, each of them its own."""
    draw = np.random.default_rng(seed)
    score = draw.beta(1.2, 1.2, rows)
    return pa.table({"score": score, "label": (draw.random(rows) < score**1.3).astype(int)})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--baseline-rows", type=int, default=68_785)
    parser.add_argument("--chunk-size", type=int, default=5_000)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{name}.parquet" for name in ("baseline", "window")]
        for path, rows in zip(paths, (args.baseline_rows, args.rows)):
            pq.write_table(made(rows, rows), path)
        print(json.dumps(machine() | {"load": load(), "rows": args.rows}), flush=True)
        chunks = Chunks(args.chunk_size)

        async def asked(reader: Reader) -> list[tuple[float, float, float]]:
            frames = [await file_frame(reader, path) for path in paths]
            found = []
            for _ in range(args.repeats):
                times = [time.process_time()]
                (learned, _), (window, _) = [await chunk_cells(reader, frame, COLUMNS, chunks) for frame in frames]
                times.append(time.process_time())
                fitted = cbpe.fit(learned)
                times.append(time.process_time())
                for chunk in window:
                    cbpe.estimate(fitted, chunk)
                times.append(time.process_time())
                found.append((times[1] - times[0], times[2] - times[1], times[3] - times[2]))
            return found

        with ThreadPoolExecutor(1) as pool:
            best = min(pool.submit(ask_files, asked).result(), key=sum)
    told = {name: round(seconds, 3) for name, seconds in zip(("read_cpu_s", "fit_cpu_s", "estimate_cpu_s"), best)}
    print(json.dumps({"what": "CBPE, seven metrics", **told, "times_nannyml": round(3.48 / sum(best), 1)}), flush=True)


if __name__ == "__main__":
    main()
