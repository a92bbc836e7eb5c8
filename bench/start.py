"""Cold start and idle memory of a real server.

python -m bench.start [--times 5] [--work DIR]
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.machine import load, machine
from bench.serve import Server


def start(data: Path, *, keep: bool, idle_s: float) -> dict[str, Any]:
    """CPU and wall seconds until the server answers, and what it takes to do nothing."""
    before = time.perf_counter()
    with Server(data, keep=keep) as server:
        wall, cpu = time.perf_counter() - before, server.cpu()
        server.get("/readyz")
        time.sleep(idle_s)
        idle = server.cpu() - cpu
        return {
            "ready_cpu_s": round(cpu, 2), "ready_wall_s": round(wall, 2), "idle_mb": round(server.resident_mb()),
            "idle_cpu_percent": round(idle / idle_s * 100, 1),
        }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--idle", type=float, default=10)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "tapetum-bench")
    args = parser.parse_args()
    print(json.dumps(machine() | {"load": load()}), flush=True)
    args.work.mkdir(parents=True, exist_ok=True)
    data = args.work / "start"
    runs = [("new directory", start(data, keep=False, idle_s=args.idle)) for _ in range(args.times)]
    runs += [("existing directory", start(data, keep=True, idle_s=args.idle)) for _ in range(args.times)]
    shutil.rmtree(data, ignore_errors=True)
    for what in ("new directory", "existing directory"):
        figures = [figure for name, figure in runs if name == what]
        least = {key: min(f[key] for f in figures) for key in figures[0]}
        print(json.dumps({"start": what, "runs": len(figures), "least": least, "all": figures}), flush=True)


if __name__ == "__main__":
    main()
