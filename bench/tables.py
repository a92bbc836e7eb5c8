"""Two table layouts side by side: bytes, CPU and query times at a million distinct spans.

    python -m bench.tables [--copies 10] [--layouts map shape] [--work DIR] [--out FILE]

Each layout is filled in a process of its own with the same deliveries (bench/distinct.py), in groups of
2,000 rows. CPU is that of the whole process less what making the data cost, until 10 s after the last insert.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import hashlib
import heapq
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.distinct import HOUR, Span, Truth, agents, copies, decode, deliveries, groups
from bench.machine import load, machine
from bench.payload import NEEDLE, RARE_TENANT, spans_payload
from bench.tables_layouts import LAYOUTS, MAP, Layout, map_rows, map_table, questions
from tapetum_server.signals.attributes import encode_text
from tapetum_server.store.embedded import EmbeddedEngine
from tapetum_server.store.engine import READ_SETTINGS
from tapetum_server.store.migrate import migrate
from tapetum_server.store.writer import StoreWriter

GROUP = 2_000
REPEATS = 9


class Filled:
    """A store that holds one layout's rows, and what filling it cost."""

    def __init__(self, layout: Layout, directory: Path) -> None:
        shutil.rmtree(directory, ignore_errors=True)
        self.layout = layout
        uncached = {**READ_SETTINGS, "use_query_condition_cache": 0}
        self.engine = EmbeddedEngine(directory, "bench", profiles={"bench": uncached})
        migrate(self.engine)
        if layout is MAP:
            self.engine.command(map_table("bench"))

    async def fill(self, made: Iterator[Span | tuple[Span, Span]], rows_at_once: int = GROUP) -> dict[str, float]:
        """Insert everything in such groups; CPU seconds of making rows, of inserts and merges, and of all."""
        writer = StoreWriter(self.engine, ThreadPoolExecutor(1), lambda project, signal: 30)
        making = encoding = 0.0
        rows = 0
        started = time.process_time()
        upcoming = groups(made, rows_at_once)
        while True:
            before = time.thread_time()
            group = next(upcoming, None)
            making += time.thread_time() - before
            if group is None:
                break
            spans, logs = group
            rows += len(spans)
            if len(logs):
                await writer.consume(logs)
            if self.layout is MAP:
                before = time.thread_time()
                table = map_rows(spans, time.time_ns())
                encoding += time.thread_time() - before
                await asyncio.to_thread(self.engine.insert, "map_rows", table)
            elif len(spans):
                await writer.consume(spans)
        foreground = time.process_time() - started - making
        await asyncio.sleep(10)
        total = time.process_time() - started - making
        writer.close()
        encoding += writer.timings["encode_ns"] / 1e9
        return {"rows": rows, "encode": encoding, "foreground": foreground, "total": total, "making": making}

    def settle(self) -> float:
        """Wait until no merge has run for three seconds; CPU seconds that it took."""
        started = time.process_time()
        quiet = 0
        while quiet < 6:
            time.sleep(0.5)
            (running,) = self.ask("SELECT count() FROM system.merges")[0]
            quiet = 0 if running else quiet + 1
        return time.process_time() - started

    def merge_all(self) -> None:
        """One part per partition."""
        for table in self.layout.side_tables:
            self.engine.command(f"OPTIMIZE TABLE bench.{table} FINAL")

    def sizes(self, distinct: int) -> dict[str, Any]:
        """Bytes on disk per distinct span of every table of the layout, and parts of the main one."""
        rows = self.ask(
            "SELECT table, sum(bytes_on_disk), sum(secondary_indices_compressed_bytes), count(), sum(rows) "
            "FROM system.parts WHERE active AND database = 'bench' GROUP BY table"
        )
        kept = {r[0]: r[1:] for r in rows if r[0] in self.layout.side_tables}
        main = kept[self.layout.table]
        return {
            "bytes_per_span": round(sum(r[0] for r in kept.values()) / distinct, 1),
            "of_it_indexes": round(sum(r[1] for r in kept.values()) / distinct, 1),
            "of_it_side_tables": round((sum(r[0] for r in kept.values()) - main[0]) / distinct, 1),
            "parts": main[2],
            "rows": main[3],
        }

    def columns(self, distinct: int) -> dict[str, float]:
        """The largest columns, bytes per distinct span."""
        rows = self.ask(
            "SELECT column, sum(column_data_compressed_bytes) AS b FROM system.parts_columns WHERE active "
            f"AND database = 'bench' AND table = '{self.layout.table}' GROUP BY column ORDER BY b DESC LIMIT 12"
        )
        indexes = self.ask(
            "SELECT name, data_compressed_bytes AS b FROM system.data_skipping_indices WHERE database = 'bench' "
            f"AND table = '{self.layout.table}' ORDER BY b DESC"
        )
        return {name: round(size / distinct, 1) for name, size in [*rows, *indexes]}

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of one query."""
        return [tuple(row.values()) for row in self.engine.query(sql, profile="bench").to_pylist()]

    def time(self, asked: dict[str, str]) -> dict[str, dict[str, Any]]:
        """Wall and CPU milliseconds (the least of `REPEATS`) of each question, and a digest of its answer."""
        out = {}
        for name, sql in asked.items():
            wall, cpu, answer = [], [], []
            for _ in range(REPEATS):
                cpu_before, before = time.process_time(), time.perf_counter()
                self.engine.query_bytes(sql, "Native", profile="bench")
                wall.append(time.perf_counter() - before)
                cpu.append(time.process_time() - cpu_before)
            answer = self.ask(sql)
            text = json.dumps(sorted(repr(row) for row in answer)).encode()
            out[name] = {
                "wall_ms": round(min(wall) * 1e3, 1), "cpu_ms": round(min(cpu) * 1e3, 1), "rows": len(answer),
                "digest": hashlib.blake2b(text, digest_size=6).hexdigest(),
            }  # fmt: skip
        return out


Deliveries = Iterator[Span | tuple[Span, Span]]


def yesterday() -> int:
    """The last whole day's start, in nanoseconds since 1970."""
    return (time.time_ns() // (24 * HOUR) - 1) * 24 * HOUR


def stream(payload: Path, count: int, day: int, only_agents: bool) -> tuple[Deliveries, Truth, list[Span]]:
    """The deliveries, the truth about them (complete when they are exhausted), and the spans of the first copy."""
    truth = Truth()
    if only_agents:
        return _counted(agents(5, day), truth), truth, []
    meta = json.loads(Path(f"{payload}.json").read_text())
    source = decode(Path(f"{payload}.bin"))
    truth.trace_1000 = meta["trace_1000"]
    gc.freeze()
    both = heapq.merge(copies(source, count, meta["base_ns"], day), agents(5, day), key=lambda s: s.start)
    return deliveries(both, truth, NEEDLE), truth, source


def _counted(spans: Iterator[Span], truth: Truth) -> Iterator[Span]:
    for span in spans:
        truth.spans += 1
        yield span


def measure(layout: Layout, payload: Path, count: int, day: int, directory: Path) -> dict[str, Any]:
    """Everything about one layout."""
    made, truth, source = stream(payload, count, day, only_agents=False)
    filled = Filled(layout, directory)
    load_before = load()
    cpu = asyncio.run(filled.fill(made))
    settling = filled.settle()
    per_span = {f"{k}_us": round(v / truth.spans * 1e6, 1) for k, v in cpu.items() if k != "rows"}
    asked = questions(
        layout, "bench", trace=truth.trace_1000, session=truth.session, word=NEEDLE, rare=RARE_TENANT
    )  # fmt: skip
    out: dict[str, Any] = {
        "layout": layout.name, "spans": truth.spans, "deliveries": cpu["rows"], "cpu_per_span": per_span,
        "settling_us": round(settling / truth.spans * 1e6, 1),
        "settled": filled.sizes(truth.spans), "queries": filled.time(asked),
    }  # fmt: skip
    merging = time.process_time()
    filled.merge_all()
    out["final_merge_us"] = round((time.process_time() - merging) / truth.spans * 1e6, 1)
    filled.settle()
    out |= {
        "merged": filled.sizes(truth.spans), "columns": filled.columns(truth.spans),
        "queries_merged": filled.time(asked), "truth": asdict(truth), "load": [load_before, load()],
    }  # fmt: skip
    check(filled, asked, truth, source)
    filled.engine.close()
    return out


def measure_agents(layout: Layout, directory: Path) -> dict[str, Any]:
    """Bytes of agents that resend their history, alone in a store."""
    made, truth, _ = stream(Path(), 0, yesterday(), only_agents=True)
    sent = 0

    def watched() -> Iterator[Span | tuple[Span, Span]]:
        nonlocal sent
        for item in made:
            assert isinstance(item, Span)
            sent += sum(len(encode_text(v)) for v in item.attributes.values())
            yield item

    filled = Filled(layout, directory)
    cpu = asyncio.run(filled.fill(watched()))
    filled.merge_all()
    filled.settle()
    stored = filled.sizes(truth.spans)["bytes_per_span"]
    word = "the"
    asked = questions(layout, "bench", trace="", session="", word=word, rare="")
    found = len(filled.ask(asked["full text"]))
    filled.engine.close()
    return {
        "layout": layout.name, "agents": truth.spans, "text_bytes_per_span": round(sent / truth.spans),
        "stored_bytes_per_span": stored, "times_smaller": round(sent / truth.spans / stored, 1),
        "cpu_us": round(cpu["total"] / truth.spans * 1e6), "spans_with_a_common_word": found,
    }  # fmt: skip


def check(filled: Filled, asked: dict[str, str], truth: Truth, source: list[Span]) -> None:
    """The answers are those that the deliveries imply; raises AssertionError when one is not."""
    (counts,) = filled.ask(asked["count"])
    assert counts == (truth.spans, truth.spans), (counts, truth.spans)
    tokens = {model: [i, o] for model, i, o in filled.ask(asked["tokens by model"])}
    assert tokens == truth.tokens, (tokens, truth.tokens)
    assert len(filled.ask(asked["full text"])) == truth.needle_spans
    assert len(filled.ask(asked["rare attribute"])) == truth.rare_spans
    assert len(filled.ask(asked["a session"])) == truth.session_spans
    stored = {row[0]: dict(row[-1]) for row in filled.ask(asked["the same with attributes"])}
    sent = {s.span_id: s.attributes for s in source if s.trace_id == truth.trace_1000}
    assert stored.keys() == sent.keys()
    for span_id, attributes in sent.items():
        want = {k: encode_text(v) for k, v in attributes.items()}
        got = stored[span_id]
        late = not got.keys() & {"gen_ai.input.messages"} and "gen_ai.input.messages" in want
        assert got == want or late, (span_id, got, want)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--copies", type=int, default=10, help="copies of the payload's 100,000 spans")
    parser.add_argument("--spans", type=int, default=100_000, help="spans of the payload")
    parser.add_argument("--layouts", nargs="+", choices=LAYOUTS, default=list(LAYOUTS))
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "tapetum-bench")
    parser.add_argument("--out", type=Path, help="append the results here, one JSON line each")
    # All layouts get the same day, also when midnight passes between them.
    parser.add_argument("--day", type=int, default=yesterday(), help=argparse.SUPPRESS)
    parser.add_argument("--child", nargs=2, metavar=("WHAT", "LAYOUT"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    payload = spans_payload(args.work, args.spans)
    if args.child:
        what, name = args.child
        directory = args.work / f"tables-{name}"
        layout = LAYOUTS[name]
        if what == "agents":
            result = measure_agents(layout, directory)
        else:
            result = measure(layout, payload, args.copies, args.day, directory)
        shutil.rmtree(directory, ignore_errors=True)
        print(json.dumps(result), flush=True)
        return
    print(json.dumps(machine()), flush=True)
    digests: dict[str, dict[str, str]] = {}
    for what in ("agents", "spans"):
        for name in args.layouts:
            command = [sys.executable, "-m", "bench.tables", "--child", what, name, "--work", str(args.work)]
            command += ["--copies", str(args.copies), "--spans", str(args.spans), "--day", str(args.day)]
            said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
            line = said.strip().splitlines()[-1]
            print(line, flush=True)
            if args.out:
                with args.out.open("a") as file:
                    file.write(line + "\n")
            if what == "spans":
                result = json.loads(line)
                answers = result["queries_merged"].items()
                digests[name] = {k: q["digest"] for k, q in answers if k != "the same with attributes"}
    agree = all(d == next(iter(digests.values())) for d in digests.values())
    print(json.dumps({"layouts_give_the_same_answers": agree}))
    if not agree:
        raise SystemExit(f"the layouts answer differently: {digests}")


if __name__ == "__main__":
    main()
