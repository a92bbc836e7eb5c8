"""What each step of storing a span costs by itself, in this process, on one thread.

python -m bench.steps [--spans 20000] [--work DIR]
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
from bench.payload import requests, spans_payload
from tapetum_server.processors.canonical import canonicalize
from tapetum_server.receivers.otlp.decode_spans import decode_spans
from tapetum_server.receivers.otlp.limits import Limits
from tapetum_server.receivers.otlp.values import AttributeReader
from tapetum_server.signals.identity import Caller, Identity
from tapetum_server.store.embedded import EmbeddedEngine
from tapetum_server.store.engine import arrow_stream
from tapetum_server.store.messages import MessageMemory, RepeatedText
from tapetum_server.store.migrate import migrate
from tapetum_server.store.rows_spans import span_rows


def steps(payload: Path, at_most: int) -> dict[str, Any]:
    """Microseconds of CPU per span of each step; of insert and merges also the engine's own threads."""
    bodies = []
    spans = 0
    for body, items in requests(Path(f"{payload}.bin")):
        bodies.append(body)
        spans += items
        if spans >= at_most:
            break
    spent = dict.fromkeys(("decode", "normalise", "rows", "arrow"), 0.0)
    caller = Caller(Identity(name="bench", scopes=frozenset({"ingest"})), None)
    memory = MessageMemory()
    tables = []
    for body in bodies:
        at = time.thread_time()
        decoded = decode_spans(body, caller, AttributeReader(Limits()))
        spent["decode"] += (now := time.thread_time()) - at
        (batch,) = decoded.batches
        canonicalize(batch)
        spent["normalise"] += (then := time.thread_time()) - now
        table, _ = span_rows(batch, memory, RepeatedText(), 30, time.time_ns())
        spent["rows"] += (now := time.thread_time()) - then
        arrow_stream(table)
        spent["arrow"] += time.thread_time() - now
        tables.append(table)
    out = {f"{name}_us": round(s / spans * 1e6, 1) for name, s in spent.items()}
    return {"spans": spans, **out}


def insert_steps(payload: Path, work: Path, at_most: int, group: int) -> dict[str, float]:
    """Insert of `group` requests at a time, and the merges that follow within ten seconds."""
    directory = work / "steps"
    shutil.rmtree(directory, ignore_errors=True)
    engine = EmbeddedEngine(directory, "bench")
    migrate(engine)
    caller = Caller(Identity(name="bench", scopes=frozenset({"ingest"})), None)
    memory = MessageMemory()
    tables = []
    spans = 0
    for body, items in requests(Path(f"{payload}.bin")):
        (batch,) = decode_spans(body, caller, AttributeReader(Limits())).batches
        canonicalize(batch)
        tables.append(span_rows(batch, memory, RepeatedText(), 30, time.time_ns())[0])
        spans += items
        if spans >= at_most:
            break
    from tapetum_server.store.writer import _concat

    started = time.process_time()
    for first in range(0, len(tables), group):
        engine.insert("span_rows", _concat(tables[first : first + group]))
    inserted = time.process_time()
    time.sleep(10)
    merged = time.process_time()
    engine.close()
    shutil.rmtree(directory, ignore_errors=True)
    return {
        f"insert_groups_of_{group}_us": round((inserted - started) / spans * 1e6, 1),
        f"merges_after_groups_of_{group}_us": round((merged - inserted) / spans * 1e6, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", type=int, default=20_000)
    parser.add_argument("--group", type=int, default=4, help="requests of 500 spans in one insert")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "tapetum-bench")
    args = parser.parse_args()
    payload = spans_payload(args.work, 100_000)
    print(json.dumps(machine() | {"load": load()}))
    print(json.dumps(steps(payload, args.spans) | insert_steps(payload, args.work, args.spans, args.group)))


if __name__ == "__main__":
    main()
