"""Statistics and drift of two frames of 20 columns, beside NumPy and other tools on the same files in the same run.

    python -m bench.drift [--rows 1000000] [--work DIR] [--peers DIR] [--repeat 3]

Six columns drift in truth (`num_00` to `num_03`, `cat_00`, `cat_01`), 14 do not: what is found, and what is found
besides, is printed too. Each run is a process of its own, which has done the same with a small file before; CPU is
that of comparing (ours with reading the files, that of other tools without), the least of the repeats. `tapetum` is
`tapetum drift` as it comes: moments, histograms, values, drift. `tapetum_full` is `tapetum validate`: statistics with
all of TFDV's content, and its comparators. The floor is the least that NumPy can do: 64 bins of a sample, counts
of values, Jensen-Shannon, no moments.

`--peers` names a directory of virtual environments called as the tools are, each with its tool alone:

    python3.11 -m venv PEERS/tfdv && PEERS/tfdv/bin/pip install tensorflow-data-validation==1.16.1
    and PEERS/nannyml (nannyml==0.13.1), PEERS/whylogs (whylogs==1.6.4, pandas), PEERS/evidently (evidently==0.7.23)
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.machine import load, machine

Pair = tuple[Path, Path]
TRUTH = {"num_00", "num_01", "num_02", "num_03", "cat_00", "cat_01"}
NUMERIC = [f"num_{n:02d}" for n in range(12)]
CATEGORICAL = [f"cat_{n:02d}" for n in range(8)]
COLUMNS = {"all": [*NUMERIC, *CATEGORICAL], "numeric": NUMERIC, "categorical": CATEGORICAL}
PEERS = ("tfdv", "nannyml", "whylogs", "evidently")
WARM_ROWS = 2_000


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


def frames(work: Path, rows: int, columns: str) -> tuple[Path, Path]:
    """The two files, made once."""
    first, second = (work / f"drift-{rows}-{columns}-{side}.parquet" for side in ("baseline", "window"))
    for path, drifted, seed in ((first, False, 1), (second, True, 2)):
        if not path.exists():
            work.mkdir(parents=True, exist_ok=True)
            pq.write_table(frame(rows, drifted=drifted, seed=seed).select(COLUMNS[columns]), path)
    return first, second


def ours(warm: Pair, measured: Pair, columns: list[str]) -> dict[str, Any]:
    """`tapetum drift`, in this process."""
    from tapetum_server.analysis.drift.report import drift_report
    from tapetum_server.analysis.drift.settings import DriftSettings
    from tapetum_server.query.frames import file_frame
    from tapetum_server.query.on_files import ask_files
    from tapetum_server.query.reader import Reader

    async def question(reader: Reader) -> dict[str, Any]:
        for pair in (warm, measured):
            before = _now()
            sides = [await file_frame(reader, path) for path in pair]
            report = await drift_report(reader, sides[0], sides[1], DriftSettings(features=tuple(columns)))
        found = {feature["name"] for feature in report["features"] if feature["verdict"] == "drift"}
        return _figures(before, found)

    return ask_files(question)


def full(warm: Pair, measured: Pair, columns: list[str]) -> dict[str, Any]:
    """`tapetum validate`, in this process: statistics of both files, then comparators as TFDV has them."""
    from tapetum_server.analysis.validation.files import statistics_of
    from tapetum_server.detectors.validation.inference import infer_schema
    from tapetum_server.detectors.validation.validator import Against, validate
    from tapetum_server.detectors.validation.view import default_dataset

    for pair in (warm, measured):
        before = _now()
        baseline, window = (default_dataset(statistics_of(path)) for path in pair)
        schema = infer_schema(baseline)
        for feature in schema.feature:
            if feature.name in NUMERIC:
                feature.drift_comparator.jensen_shannon_divergence.threshold = 0.02
            else:
                feature.drift_comparator.infinity_norm.threshold = 0.02
        found = {each.path[0] for each in validate(window, schema, Against(previous=baseline)).anomalies}
    return _figures(before, found)


def floor(warm: Pair, measured: Pair, columns: list[str]) -> dict[str, Any]:
    """The least that NumPy can do, with 64 bins for numbers."""
    before = _now()
    b, w = (pq.read_table(path, columns=columns) for path in measured)
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
    return _figures(before, found)


def _jensen_shannon(p: np.ndarray[Any, Any], q: np.ndarray[Any, Any]) -> float:
    middle = (p + q) / 2
    parts = [np.where(s > 0, s * np.log2(np.where(s > 0, s / middle, 1)), 0).sum() for s in (p, q)]
    return float(np.sqrt(sum(parts) / 2))


def _now() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _figures(before: float, found: set[str]) -> dict[str, Any]:
    spent, peak = _now() - before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    return {"cpu_s": spent, "found": sorted(found), "peak_mb": round(peak)}


RUNS = {"tapetum": ours, "tapetum_full": full, "numpy_floor": floor}


def command_of(run: str, args: argparse.Namespace, columns: str) -> list[str]:
    """What prints the figures of one run."""
    if run in RUNS:
        told = ["--run", run, "--columns", columns, "--rows", str(args.rows), "--work", str(args.work)]
        return [sys.executable, "-m", "bench.drift", *told]
    paths = (*frames(args.work, WARM_ROWS, columns), *frames(args.work, args.rows, columns))
    python = args.peers / run / "bin" / "python"
    return [str(python), str(Path(__file__).with_name("drift_peer.py")), run, *map(str, paths)]


def main() -> None:
    """Print one JSON line per run and set of columns, and ratios to ours."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "tapetum-bench")
    parser.add_argument("--peers", type=Path, help="directory of virtual environments of other tools")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--run", choices=sorted(RUNS), help="one of them in this process; used by the benchmark itself")
    parser.add_argument("--columns", choices=sorted(COLUMNS))
    args = parser.parse_args()
    if args.run:
        pairs = frames(args.work, WARM_ROWS, args.columns), frames(args.work, args.rows, args.columns)
        print(json.dumps(RUNS[args.run](*pairs, COLUMNS[args.columns])))
        return
    print(json.dumps(machine() | {"load": load()}))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    peers = [name for name in PEERS if args.peers and (args.peers / name).is_dir()]
    for columns in [args.columns] if args.columns else COLUMNS:
        told: dict[str, dict[str, Any]] = {}
        frames(args.work, args.rows, columns)
        # In turn, and not one after the other: what else the machine does falls on all of them.
        for _ in range(args.repeat):
            for run in (*RUNS, *peers):
                done = subprocess.run(
                    command_of(run, args, columns), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                    check=True, env=environment if run in peers else None,
                )  # fmt: skip
                figures = json.loads(done.stdout.splitlines()[-1])
                if run not in told or figures["cpu_s"] < told[run]["cpu_s"]:
                    told[run] = figures
        truth, rows = TRUTH & set(COLUMNS[columns]), 2 * args.rows
        for run, figures in told.items():
            found = set(figures.pop("found"))
            figures |= {
                "rows_per_cpu_s": round(rows / figures["cpu_s"]), "cpu_s": round(figures["cpu_s"], 2),
                "found": len(truth & found), "of": len(truth), "false_alarms": sorted(found - truth),
            }  # fmt: skip
            if run in peers:
                for own in ("tapetum", "tapetum_full"):
                    figures[f"times_slower_than_{own}"] = round(
                        told[own]["rows_per_cpu_s"] / figures["rows_per_cpu_s"], 1
                    )
            print(json.dumps({"run": run, "columns": columns, "rows": rows} | figures | {"load": load()}), flush=True)


if __name__ == "__main__":
    main()
