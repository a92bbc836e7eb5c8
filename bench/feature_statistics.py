"""Statistics of 20 numeric and 20 categorical columns: rows per CPU second, memory."""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

COLUMNS = 20
CATEGORIES = (2, 3, 5, 7, 10, 12, 16, 20, 25, 30, 40, 50, 75, 100, 200, 300, 500, 1_000, 5_000, 50_000)
"""Different values of each categorical column, as frequent as Zipf says."""


def numeric(rows: int) -> pa.Table:
    """Normal, log-normal, whole and exponential numbers, the last with a tenth missing."""
    random = np.random.default_rng(1)
    columns: dict[str, Any] = {}
    for i in range(COLUMNS):
        if i < 8:
            columns[f"n{i}"] = random.normal(i, 1 + i, rows)
        elif i < 12:
            columns[f"n{i}"] = random.lognormal(1, 1, rows)
        elif i < 16:
            columns[f"n{i}"] = random.integers(0, 10 ** (i - 10), rows)
        else:
            columns[f"n{i}"] = pa.array(random.exponential(3, rows), mask=random.random(rows) < 0.1)
    return pa.table(columns)


def categorical(rows: int) -> pa.Table:
    """Texts, from two values to fifty thousand."""
    random = np.random.default_rng(2)
    columns = {}
    for i, many in enumerate(CATEGORIES):
        share = 1 / np.arange(1, many + 1)
        columns[f"c{i}"] = pa.array(
            np.array([f"value_{j}" for j in range(many)])[random.choice(many, rows, p=share / share.sum())]
        )
    return pa.table(columns)


def ours(path: Path) -> None:
    """The whole content of TFDV, by the engine that a command has."""
    from tapetum_server.analysis.feature_statistics.files import file_statistics

    file_statistics(path)


def floor(path: Path) -> None:
    """Moments, deciles and a histogram by NumPy, counts of values by Arrow; all in memory."""
    table = pq.read_table(path)
    for column in table.columns:
        if pa.types.is_string(column.type):
            pc.value_counts(column)
            pc.sum(pc.binary_length(column))
            continue
        values = column.drop_null().to_numpy()
        values.mean(), values.std(), (values == 0).sum()
        np.histogram(values, 10)
        np.quantile(values, np.arange(11) / 10)


WAYS: dict[str, Callable[[Path], None]] = {"ours": ours, "floor": floor}


def measure(way: str, path: Path) -> dict[str, float]:
    """One way in a process of its own, after a small file has loaded what it takes."""
    code = "import sys; from bench.feature_statistics import told; told(*sys.argv[1:])"
    warm = path.with_name(f"warm-{path.name}")
    done = subprocess.run([sys.executable, "-c", code, way, warm, path], stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def told(way: str, warm: str, path: str) -> None:
    """Print the CPU seconds of one way, and the memory of the process at its most."""
    WAYS[way](Path(warm))
    memory = Memory()
    memory.start()
    before, begun = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    WAYS[way](Path(path))
    after = resource.getrusage(resource.RUSAGE_SELF)
    memory.close()
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"cpu_s": cpu, "wall_s": time.perf_counter() - begun, "memory_mib": memory.peak_mib}))


class Memory(threading.Thread):
    """The most that the process had of its own, sampled: pages of the file that it maps are the system's."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak_mib = 0.0
        self._done = threading.Event()

    def run(self) -> None:
        while not self._done.wait(0.005):
            status = Path("/proc/self/status").read_text()
            self.peak_mib = max(self.peak_mib, int(status.partition("RssAnon:")[2].split()[0]) / 1024)

    def close(self) -> None:
        """Stop sampling."""
        self._done.set()
        self.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[200_000, 1_000_000])
    parser.add_argument("--repeat", type=int, default=3, help="the median counts")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        for kind, make in (("numeric", numeric), ("categorical", categorical)):
            for rows in options.rows:
                path = Path(directory) / f"{kind}-{rows}.parquet"
                pq.write_table(make(rows), path, compression="zstd")
                pq.write_table(make(1_000), path.with_name(f"warm-{path.name}"), compression="zstd")
                for way in WAYS:
                    found = [measure(way, path) for _ in range(options.repeat)]
                    cpu_s = float(np.median([one["cpu_s"] for one in found]))
                    print(
                        json.dumps(
                            {
                                "columns": f"{COLUMNS} {kind}", "rows": rows, "way": way, "cpu_s": round(cpu_s, 3),
                                "rows_per_cpu_s": round(rows / cpu_s),
                                "memory_mib": round(max(one["memory_mib"] for one in found)),
                            }
                        ),
                        flush=True,
                    )  # fmt: skip


if __name__ == "__main__":
    main()
