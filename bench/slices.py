"""The search for the worst slices against SliceLine written plainly in NumPy, over rows.

    python -m bench.slices [--rows 69000] [--features 16] [--data FILE --label COLUMN --prediction COLUMN]

Both look at the same codes, with the same least size and up to three conditions. Ours is counted with reading the file
and coding it; the other with neither. CPU seconds of the process.
"""

from __future__ import annotations

import argparse
import itertools
import json
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.machine import load, machine
from tapetum_server.analysis.performance.worst import find_worst
from tapetum_server.detectors.slices import ALPHA
from tapetum_server.query.coded_rows import codings
from tapetum_server.query.frames import file_frame
from tapetum_server.query.on_files import ask_files
from tapetum_server.query.reader import Reader
from tapetum_server.query.slices import ErrorColumns


def made(rows: int, features: int) -> pa.Table:
    """Features that hang together as those of people do, and errors that one pair of values makes more frequent."""
    draw = np.random.default_rng(1)
    kind = draw.integers(0, 6, rows)
    columns: dict[str, Any] = {"age": draw.integers(18, 95, rows).astype(float)}
    for k in range(1, features):
        size = [2, 3, 5, 9][k % 4]
        own = draw.integers(0, size, rows)
        columns[f"f{k:02}"] = np.where(draw.random(rows) < 0.7, kind % size, own).astype(str)
    score = draw.random(rows)
    worse = (columns["f01"] == "1") & (columns["age"] < 30)
    right = draw.random(rows) > np.where(worse, 0.4, 0.17)
    columns |= {"score": score, "label": np.where(right, score > 0.5, score <= 0.5).astype(int)}
    return pa.table(columns)


def plain_sliceline(codes: np.ndarray, wrong: np.ndarray) -> int:
    """Level by level over masks of rows: slices whose parents have enough rows and whose bound can still win."""
    rows, mean, least = len(codes), wrong.mean(), max(32, len(codes) // 100)
    best, looked_at = [0.0], 0

    def score(size: float, errors: float) -> float:
        return ALPHA * (errors / size / mean - 1) - (1 - ALPHA) * (rows / size - 1)

    level: dict[tuple[tuple[int, int], ...], np.ndarray] = {}
    for k in range(codes.shape[1]):
        for code in np.unique(codes[:, k]):
            level[((k, int(code)),)] = codes[:, k] == code
    singles = {key[0]: mask for key, mask in level.items() if mask.sum() >= least}
    for _ in range(3):
        alive = {}
        for key, mask in level.items():
            size, errors = float(mask.sum()), float(wrong[mask].sum())
            looked_at += 1
            if size < least:
                continue
            best.append(score(size, errors))
            best = sorted(best, reverse=True)[:10]
            # The best that any slice within could be: all of its errors in the smallest slice allowed.
            if max(score(s, min(errors, s)) for s in (least, max(errors, least), size)) > best[-1]:
                alive[key] = mask
        level = {
            (*key, single): mask & other
            for (key, mask), (single, other) in itertools.product(alive.items(), singles.items())
            if single[0] > key[-1][0]
        }
    return looked_at


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=69_000)
    parser.add_argument("--features", type=int, default=16)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--label", default="label")
    parser.add_argument("--prediction", default="score")
    parser.add_argument("--leave-out", nargs="*", default=[])
    args = parser.parse_args()
    columns = ErrorColumns(args.label, args.prediction)
    with tempfile.TemporaryDirectory() as folder:
        path = args.data or Path(folder) / "rows.parquet"
        if args.data is None:
            pq.write_table(made(args.rows, args.features), path)
        print(json.dumps(machine() | {"load": load(), "rows": pq.read_metadata(path).num_rows}), flush=True)

        async def ours(reader: Reader) -> dict[str, Any]:
            frame = await file_frame(reader, path)
            await codings(reader, frame.only([args.label]))  # the engine has woken up
            started, cpu = time.perf_counter(), time.process_time()
            report = await find_worst(reader, frame, columns, leave_out=args.leave_out)
            return {
                "what": "tapetum slices", "cpu_s": round(time.process_time() - cpu, 2),
                "wall_s": round(time.perf_counter() - started, 2), "looked_at": report.looked_at,
                "worst": report.slices[0].slice if report.slices else None,
            }  # fmt: skip

        with ThreadPoolExecutor(1) as pool:
            found = pool.submit(ask_files, ours).result()
        print(json.dumps(found), flush=True)
        table = pq.read_table(path)
        names = [n for n in table.column_names if n not in (args.label, args.prediction, *args.leave_out)]
        codes = []
        for name in names:
            values = table[name].to_numpy(zero_copy_only=False)
            if values.dtype.kind == "f":
                values = np.searchsorted(np.unique(np.quantile(values, np.arange(1, 10) / 10)), values, "right")
            codes.append(np.unique(values, return_inverse=True)[1])
        wrong = (table[args.prediction].to_numpy() > 0.5) != (table[args.label].to_numpy() == 1)
        cpu = time.process_time()
        looked_at = plain_sliceline(np.column_stack(codes), wrong.astype(float))
        spent = time.process_time() - cpu
        plain = {"what": "SliceLine over rows in NumPy", "cpu_s": round(spent, 2), "looked_at": looked_at}
        print(json.dumps(plain | {"times": round(spent / found["cpu_s"], 1)}), flush=True)


if __name__ == "__main__":
    main()
