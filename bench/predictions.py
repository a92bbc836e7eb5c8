"""Predictions of 20 features through a real server: per CPU second of the server, by Arrow, Parquet and JSON.

    python -m bench.predictions [--rows 500000] [--forms arrow parquet json] [--work DIR]

14 numeric and 6 categorical features, with an id, a time and a score. Counted until 5 s after the last answer, so that
merges are in it. Beside it the limits: Arrow decoded alone, and the same rows inserted by a bare engine.
"""

from __future__ import annotations

import argparse
import io
import json
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.machine import load, machine
from bench.serve import Server
from tapetum_server.receivers.records.reading import PREDICTIONS, read_records
from tapetum_server.signals.predictions import PredictionBatch
from tapetum_server.store.migrate import migrate
from tapetum_server.store.rows_predictions import prediction_rows
from tapetum_server.store.scratch import scratch_engine

ARROW, PARQUET = "application/vnd.apache.arrow.stream", "application/vnd.apache.parquet"
_PER_REQUEST = {"arrow": 50_000, "parquet": 50_000, "json": 2_000}


def rows(count: int, first: int) -> pa.Table:
    """Predictions with ids of their own."""
    rng = np.random.default_rng(first)
    words = pa.array([f"category-{i}" for i in range(20)])
    columns: dict[str, Any] = {f"n{i:02d}": rng.normal(size=count) for i in range(14)}
    columns |= {f"c{i}": words.take(pa.array(rng.integers(0, 20, count))) for i in range(6)}
    now = time.time_ns() // 10**6
    return pa.table(columns | {
        "prediction_id": [uuid.UUID(bytes=rng.bytes(16)).hex for _ in range(count)],
        "time": pa.array(np.arange(now, now + count), pa.timestamp("ms", "UTC")),
        "score": rng.random(count), "output": pa.array(rng.integers(0, 2, count)),
    })  # fmt: skip


def body_of(table: pa.Table, form: str) -> tuple[bytes, str]:
    """The table as a request, and its content type."""
    sink = io.BytesIO()
    if form == "parquet":
        pq.write_table(table, sink)
        return sink.getvalue(), PARQUET
    if form == "arrow":
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        return sink.getvalue(), ARROW
    names = [name for name in table.column_names if name[1:].isdigit()]
    said = []
    for row in table.to_pylist():
        features = {name: row.pop(name) for name in names}
        said.append(row | {"features": features, "time": row["time"].isoformat()})
    return json.dumps(said).encode(), "application/json"


def measure(work: Path, form: str, count: int) -> dict[str, Any]:
    """One form into an empty server; the first request is not counted."""
    each = min(_PER_REQUEST[form], count)
    bodies = [body_of(rows(each, first), form) for first in range(0, count + each, each)]

    def post(url: str, body: bytes, media_type: str) -> None:
        request = Request(f"{url}/v1/predictions?model=income", body, {"content-type": media_type})
        with urlopen(request, timeout=300) as answer:
            assert json.load(answer)["accepted"] == each

    with Server(work / "predictions") as server:
        post(server.url, *bodies[0])
        time.sleep(2)
        before, started = server.cpu(), time.perf_counter()
        for body, media_type in bodies[1:]:
            post(server.url, body, media_type)
        wall = time.perf_counter() - started
        time.sleep(5)
        spent = server.cpu() - before
        stored = int(server.sql("SELECT count() FROM predictions")[0][0])
        assert stored == each * len(bodies), stored
        sent = each * (len(bodies) - 1)
        return {
            "form": form, "predictions": sent, "per_cpu_s": round(sent / spent), "cpu_us": round(spent / sent * 1e6, 2),
            "per_wall_s": round(sent / wall), "bytes_per_prediction": round(len(bodies[1][0]) / each),
            "resident_mb": round(server.resident_mb()), "load": load(),
        }  # fmt: skip


def limits(count: int = 50_000) -> dict[str, Any]:
    """Microseconds of CPU a prediction of steps by themselves, in this process: the least of three."""
    body, media_type = body_of(rows(count, 1), "arrow")

    def cost(work: Any) -> float:
        best = float("inf")
        for _ in range(3):
            before = time.process_time()
            work()
            best = min(best, time.process_time() - before)
        return round(best / count * 1e6, 2)

    batch = read_records(PREDICTIONS, body, media_type, "default", "bench", defaults={"model": "income"}).batch
    assert isinstance(batch, PredictionBatch)
    encoded = prediction_rows(batch, 30, time.time_ns())
    with scratch_engine() as engine:
        migrate(engine)
        return {
            "limit_us": {
                "arrow_decode": cost(lambda: pa.ipc.open_stream(body).read_all()),
                "read_and_check": cost(
                    lambda: read_records(PREDICTIONS, body, media_type, "default", "b", defaults={"model": "m"})
                ),
                "engine_insert": cost(lambda: engine.insert("prediction_rows", encoded)),
            }
        }


def main() -> None:
    """Print one JSON line per measurement."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--forms", nargs="+", choices=_PER_REQUEST, default=list(_PER_REQUEST))
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "tapetum-bench")
    args = parser.parse_args()
    print(json.dumps({"machine": machine()}))
    print(json.dumps(limits()), flush=True)
    for form in args.forms:
        count = args.rows if form != "json" else max(args.rows // 10, 2_000)
        print(json.dumps(measure(args.work, form, count)), flush=True)


if __name__ == "__main__":
    main()
