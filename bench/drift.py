"""Statistics and drift of two frames of a million rows and 20 columns, beside NumPy on the same files in the same run.

python -m bench.drift [--rows 1000000] [--work DIR]

Six columns drift in truth (`num_00` to `num_03`, `cat_00`, `cat_01`), 14 do not: what is found, and what is found
besides, is printed too. Each run is a process of its own; CPU is that of reading the files and comparing them, not of
starting. Ours is `tapetum drift` as it comes: moments, histograms, values, drift. The floor is the least that NumPy can
do: 64 quantile bins of a sample, counts of values, Jensen-Shannon, no moments.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.machine import load, machine

TRUTH = {"num_00", "num_01", "num_02", "num_03", "cat_00", "cat_01"}
NUMERIC = [f"num_{n:02d}" for n in range(12)]
CATEGORICAL = [f"cat_{n:02d}" for n in range(8)]
COLUMNS = {"all": [*NUMERIC, *CATEGORICAL], "numeric": NUMERIC, "categorical": CATEGORICAL}
TFDV = 237_000
"""Rows per CPU second that TFDV took of such frames (100,000 rows), measured on another day."""


def frame(rows: int, *, drifted: bool, seed: int) -> pa.Table:
    """Normal, lognormal and exponential numbers, and categories of Zipf's law with 3 to 200 values."""
    random = np.random.default_rng(seed)
    columns: dict[str, Any] = {}
    for n, name in enumerate(NUMERIC):
        x = [random.normal, random.lognormal, lambda size: random.exponential(1.0, size)][n % 3](size=rows)
        if drifted:
            moved = [lambda x: x + 0.3, lambda x: x * 1.4, lambda x: np.where(random.random(rows) < 0.1, 0, x)]
            x = (*moved, lambda x: x * 1.5)[n](x) if n < 4 else x
        columns[name] = np.where(random.random(rows) < 0.05, np.nan, x) if n == 11 else x
    for n, (name, size) in enumerate(zip(CATEGORICAL, (3, 5, 8, 12, 20, 50, 100, 200))):
        p = 1 / np.arange(1, size + 1)
        p = np.roll(p, 1 if drifted and n < 2 else 0) / p.sum()
        words = pa.array([f"v{value}" for value in range(size)])
        columns[name] = words.take(pa.array(random.choice(size, rows, p=p)))
    return pa.table(columns)


def frames(work: Path, rows: int) -> tuple[Path, Path]:
    """The two files, made once."""
    paths = work / f"drift-{rows}-baseline.parquet", work / f"drift-{rows}-window.parquet"
    for path, drifted, seed in zip(paths, (False, True), (1, 2)):
        if not path.exists():
            work.mkdir(parents=True, exist_ok=True)
            pq.write_table(frame(rows, drifted=drifted, seed=seed), path)
    return paths


def ours(baseline: Path, window: Path, columns: list[str]) -> dict[str, Any]:
    """`tapetum drift`, in this process."""
    from tapetum_server.analysis.drift.report import drift_report
    from tapetum_server.analysis.drift.settings import DriftSettings
    from tapetum_server.query.frames import file_frame
    from tapetum_server.query.on_files import ask_files
    from tapetum_server.query.reader import Reader

    async def question(reader: Reader) -> dict[str, Any]:
        before = _now()
        sides = await file_frame(reader, baseline), await file_frame(reader, window)
        report = await drift_report(reader, *sides, DriftSettings(features=tuple(columns)))
        found = {feature["name"] for feature in report["features"] if feature["verdict"] == "drift"}
        return _figures(before, report["baseline_rows"] + report["window_rows"], found, columns)

    return ask_files(question)


def floor(baseline: Path, window: Path, columns: list[str]) -> dict[str, Any]:
    """The least that NumPy can do, with 64 bins for numbers."""
    before = _now()
    b, w = (pq.read_table(path, columns=columns) for path in (baseline, window))
    found = set()
    for name in columns:
        if name in NUMERIC:
            x, y = (side[name].to_numpy() for side in (b, w))
            x, y = x[~np.isnan(x)], y[~np.isnan(y)]
            edges = np.unique(np.quantile(x[:: max(1, len(x) // 20_000)], np.linspace(0, 1, 65)[1:-1]))
            p, q = (np.bincount(np.searchsorted(edges, side), minlength=len(edges) + 1) / len(side) for side in (x, y))
        else:
            counted = [
                dict(zip(*(pc.value_counts(side[name]).flatten()[n].to_pylist() for n in (0, 1)))) for side in (b, w)
            ]
            values = sorted(counted[0].keys() | counted[1].keys())
            p, q = (np.array([side.get(value, 0) for value in values]) / sum(side.values()) for side in counted)
        if _jensen_shannon(p, q) > 0.05:
            found.add(name)
    return _figures(before, b.num_rows + w.num_rows, found, columns)


def _jensen_shannon(p: np.ndarray[Any, Any], q: np.ndarray[Any, Any]) -> float:
    middle = (p + q) / 2
    parts = [np.where(s > 0, s * np.log2(np.where(s > 0, s / middle, 1)), 0).sum() for s in (p, q)]
    return float(np.sqrt(sum(parts) / 2))


def _now() -> tuple[float, float]:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return time.perf_counter(), usage.ru_utime + usage.ru_stime


def _figures(before: tuple[float, float], rows: int, found: set[str], columns: list[str]) -> dict[str, Any]:
    wall, cpu = (b - a for a, b in zip(before, _now()))
    truth = TRUTH & set(columns)
    return {
        "rows": rows, "cpu_s": round(cpu, 2), "wall_s": round(wall, 2), "rows_per_cpu_s": round(rows / cpu),
        "found": len(truth & found), "of": len(truth), "false_alarms": sorted(found - truth),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3),
    }  # fmt: skip


RUNS = {"tapetum": ours, "numpy_floor": floor}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "tapetum-bench")
    parser.add_argument("--run", choices=sorted(RUNS), help="one of them in this process; used by the benchmark itself")
    parser.add_argument("--columns", choices=sorted(COLUMNS), default="all")
    args = parser.parse_args()
    paths = frames(args.work, args.rows)
    if args.run:
        print(json.dumps(RUNS[args.run](*paths, COLUMNS[args.columns])))
        return
    print(json.dumps(machine() | {"load": load()}))
    for columns in COLUMNS:
        for run in RUNS:
            command = [sys.executable, "-m", "bench.drift", "--run", run, "--columns", columns]
            done = subprocess.run(
                [*command, "--rows", str(args.rows), "--work", str(args.work)],
                capture_output=True,
                text=True,
                check=True,
            )
            figures = json.loads(done.stdout)
            if run == "tapetum" and columns == "all":
                figures["times_tfdv"] = round(figures["rows_per_cpu_s"] / TFDV, 1)
            print(json.dumps({"run": run, "columns": columns} | figures), flush=True)


if __name__ == "__main__":
    main()
