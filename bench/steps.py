"""What each step of storing a span, a log record or a metric point costs by itself, in this process, on one thread.

python -m bench.steps [--spans 20000] [--signals spans logs metrics] [--work DIR]

`normalise` is the semantic conventions of spans, and the errors of spans and log records; metric points need none.
`cost` is what calls cost, with a hundred prices of one's own that fit none of them.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from bench.machine import load, machine
from bench.payload import requests, spans_payload
from bench.payload_signals import logs_payload, metrics_payload
from tapetum_server.processors.canonical import canonicalize
from tapetum_server.processors.cost import price
from tapetum_server.processors.errors.find import find_errors, may_have_errors
from tapetum_server.processors.price_book import PriceBook
from tapetum_server.processors.rates import load_prices
from tapetum_server.receivers.otlp.decode_logs import decode_logs
from tapetum_server.receivers.otlp.decode_metrics import decode_metrics
from tapetum_server.receivers.otlp.decode_spans import decode_spans
from tapetum_server.receivers.otlp.limits import Limits
from tapetum_server.receivers.otlp.values import AttributeReader
from tapetum_server.signals.identity import Caller, Identity
from tapetum_server.signals.prices import PriceRule
from tapetum_server.store.embedded import EmbeddedEngine
from tapetum_server.store.engine import arrow_stream
from tapetum_server.store.messages import MessageMemory, RepeatedText
from tapetum_server.store.migrate import migrate
from tapetum_server.store.rows_logs import log_rows
from tapetum_server.store.rows_metrics import metric_rows
from tapetum_server.store.rows_spans import span_rows
from tapetum_server.store.writer import _concat

_PAYLOAD = 100_000
_RETENTION_DAYS = 30


@dataclass(frozen=True)
class Signal:
    """How one signal goes from bytes to rows."""

    table: str
    payload: Callable[[Path, int], Path]
    decode: Callable[..., Any]
    normalise: Callable[[Any], None]
    rows: Callable[[Any, MessageMemory], pa.Table]
    price: Callable[[Any], None] = lambda batch: None


def _normalise_spans(batch: Any) -> None:
    canonicalize(batch)
    _normalise_logs(batch)


def _normalise_logs(batch: Any) -> None:
    if may_have_errors(batch):
        find_errors(batch)


_PRICES = PriceBook(
    PriceRule(id=str(n), project="", provider="", model=f"own-{n}*", valid_from=None, input_usd=1, output_usd=2)
    for n in range(100)
)
SIGNALS = {
    "spans": Signal(
        "span_rows", spans_payload, decode_spans, _normalise_spans,
        lambda batch, memory: span_rows(batch, memory, RepeatedText(), _RETENTION_DAYS, time.time_ns())[0],
        lambda batch: price(batch, _PRICES),
    ),
    "logs": Signal(
        "log_rows", logs_payload, decode_logs, _normalise_logs,
        lambda batch, _: log_rows(batch, _RETENTION_DAYS, time.time_ns(), lambda _id, now: now)[0],
    ),
    "metrics": Signal(
        "metric_rows", metrics_payload, decode_metrics, lambda batch: None,
        lambda batch, _: metric_rows(batch, _RETENTION_DAYS, time.time_ns())[0],
    ),
}  # fmt: skip


def steps(signal: Signal, payload: Path, at_most: int) -> tuple[dict[str, Any], list[pa.Table], int]:
    """Microseconds of CPU per record of each step, the rows, and how many records they are of."""
    spent = dict.fromkeys(("decode", "normalise", "cost", "rows", "arrow"), 0.0)
    caller = Caller(Identity(name="bench", scopes=frozenset({"ingest"})), None)
    memory = MessageMemory()
    load_prices()  # once in a process's life: no part of a span
    tables, records = [], 0
    for body, items in requests(Path(f"{payload}.bin")):
        at = time.thread_time()
        decoded = signal.decode(body, caller, AttributeReader(Limits()))
        spent["decode"] += (now := time.thread_time()) - at
        (batch,) = decoded.batches
        signal.normalise(batch)
        spent["normalise"] += (now_priced := time.thread_time()) - now
        signal.price(batch)
        spent["cost"] += (then := time.thread_time()) - now_priced
        table = signal.rows(batch, memory)
        spent["rows"] += (now := time.thread_time()) - then
        arrow_stream(table)
        spent["arrow"] += time.thread_time() - now
        tables.append(table)
        records += items
        if records >= at_most:
            break
    return {f"{name}_us": round(s / records * 1e6, 1) for name, s in spent.items()}, tables, records


def insert_steps(table: str, tables: list[pa.Table], records: int, work: Path, group: int) -> dict[str, float]:
    """Insert of `group` requests at a time, and the merges of the ten seconds after it, with all threads."""
    directory = work / "steps"
    shutil.rmtree(directory, ignore_errors=True)
    engine = EmbeddedEngine(directory, "bench")
    migrate(engine)
    started = time.process_time()
    for first in range(0, len(tables), group):
        engine.insert(table, _concat(tables[first : first + group]))
    inserted = time.process_time()
    time.sleep(10)
    merged = time.process_time()
    engine.close()
    shutil.rmtree(directory, ignore_errors=True)
    return {
        f"insert_groups_of_{group}_us": round((inserted - started) / records * 1e6, 1),
        f"merges_after_groups_of_{group}_us": round((merged - inserted) / records * 1e6, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", "--records", type=int, default=20_000, help="records of each signal")
    parser.add_argument("--group", type=int, default=4, help="requests of 500 records in one insert")
    parser.add_argument("--signals", nargs="+", choices=sorted(SIGNALS), default=list(SIGNALS))
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "tapetum-bench")
    args = parser.parse_args()
    print(json.dumps(machine() | {"load": load()}))
    for name in args.signals:
        signal = SIGNALS[name]
        figures, tables, records = steps(signal, signal.payload(args.work, _PAYLOAD), args.spans)
        inserted = insert_steps(signal.table, tables, records, args.work, args.group)
        print(json.dumps({name: records} | figures | inserted), flush=True)


if __name__ == "__main__":
    main()
