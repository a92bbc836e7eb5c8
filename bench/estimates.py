"""Metrics without labels over 200,000 rows: reading, learning and estimating.

    python -m bench.estimates [--rows 200000] [--chunk-size 5000] [--repeats 3] [--peers DIR]

CPU seconds of the process, the least of the repeats. Ours with reading the files. `--peers` names a directory with a
virtual environment `nannyml` (nannyml==0.13.1): it then estimates the same files in turn, reading apart.
"""

from __future__ import annotations

import argparse
import json
import subprocess
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
    parser.add_argument("--peers", type=Path, help="directory of virtual environments of other tools")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{name}.parquet" for name in ("baseline", "window")]
        for path, rows in zip(paths, (args.baseline_rows, args.rows)):
            pq.write_table(made(rows, rows), path)
        print(json.dumps(machine() | {"load": load(), "rows": args.rows}), flush=True)
        chunks = Chunks(args.chunk_size)

        async def asked(reader: Reader) -> tuple[list[tuple[float, float, float]], list[float]]:
            frames = [await file_frame(reader, path) for path in paths]
            found = []
            for _ in range(args.repeats):
                times = [time.process_time()]
                (learned, _), (window, _) = [await chunk_cells(reader, frame, COLUMNS, chunks) for frame in frames]
                times.append(time.process_time())
                fitted = cbpe.fit(learned)
                times.append(time.process_time())
                estimates = [cbpe.estimate(fitted, chunk) for chunk in window]
                times.append(time.process_time())
                found.append((times[1] - times[0], times[2] - times[1], times[3] - times[2]))
            return found, [one["accuracy"].value for one in estimates]

        with ThreadPoolExecutor(1) as pool:
            spent, accuracy = pool.submit(ask_files, asked).result()
            best = min(spent, key=sum)
        told = {name: round(seconds, 3) for name, seconds in zip(("read_cpu_s", "fit_cpu_s", "estimate_cpu_s"), best)}
        print(json.dumps({"what": "CBPE, seven metrics", **told}), flush=True)
        if args.peers:
            peer = [str(args.peers / "nannyml" / "bin" / "python"), str(Path(__file__).with_name("estimates_peer.py"))]
            asked_of = [*map(str, paths), str(args.chunk_size), str(args.repeats)]
            done = subprocess.run([*peer, *asked_of], capture_output=True, text=True, check=True)
            theirs = json.loads(done.stdout.splitlines()[-1])
            apart = max(abs(a - b) for a, b in zip(accuracy, theirs["accuracy"], strict=True))
            ratio = theirs["cpu_s"] / sum(best)
            print(json.dumps({"what": "NannyML", "cpu_s": round(theirs["cpu_s"], 3), "times_ours": round(ratio, 1),
                              "accuracy_apart": apart}), flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
