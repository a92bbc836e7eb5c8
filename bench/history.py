"""Agents that resend their whole conversation with every call: bytes on disk for each dialect, and an exact read-back.

    python -m bench.history [--dialects otel openinference …] [--agents 20] [--turns 100] [--out FILE]

Every dialect fills a store of its own with the same conversations, in groups of 50 spans. What was sent is counted as
the UTF-8 text of all attributes' values; what is stored as all tables that hold spans, merged. Then every attribute of
every span is read from the public view and compared with what was sent.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.distinct import AGENTS, TURNS, Span, agents
from bench.history_dialects import DIALECTS, Messages
from bench.machine import machine
from bench.tables import Filled, yesterday
from bench.tables_layouts import SHAPE
from tapetum_server.signals.attributes import encode_text

GROUP = 50
TARGET = 10
"""Times smaller than what was sent."""


def spans_of(dialect: str, count: int, turns: int) -> Iterator[Span]:
    """The spans of the agents, as an emitter of the dialect would send them."""
    for span in agents(5, yesterday(), count, turns):
        yield span._replace(attributes=DIALECTS[dialect](*_said(span)))


def measure(dialect: str, count: int, turns: int) -> dict[str, Any]:
    """One dialect in a store of its own; raises AssertionError where the read-back is not what was sent."""
    made = list(spans_of(dialect, count, turns))
    sent = sum(len(encode_text(v).encode()) for span in made for v in span.attributes.values())
    with tempfile.TemporaryDirectory(prefix="tapetum-history-") as directory:
        filled = Filled(SHAPE, Path(directory) / "store")
        cpu = asyncio.run(filled.fill(iter(made), GROUP))
        filled.merge_all()
        filled.settle()
        stored = filled.sizes(len(made))["bytes_per_span"]
        for trace in dict.fromkeys(span.trace_id for span in made):
            check(filled, [span for span in made if span.trace_id == trace])
        filled.engine.close()
    return {
        "dialect": dialect, "spans": len(made), "sent_bytes_per_span": round(sent / len(made)),
        "stored_bytes_per_span": stored, "times_smaller": round(sent / len(made) / stored, 1),
        "cpu_us": round(cpu["foreground"] / len(made) * 1e6),
    }  # fmt: skip


def check(filled: Filled, sent: list[Span]) -> None:
    """All attributes of a trace's spans come back as they were sent."""
    rows = filled.ask(f"SELECT span_id, attributes FROM spans WHERE trace_id = '{sent[0].trace_id}'")
    back = {span_id: dict(attributes) for span_id, attributes in rows}
    for span in sent:
        want = {key: encode_text(value) for key, value in span.attributes.items()}
        assert back[span.span_id] == want, f"{span.span_id} came back differently"
    assert len(back) == len(sent)


def _said(span: Span) -> tuple[Messages, str]:
    def texts(key: str) -> Messages:
        return [(message["role"], message["parts"][0]["content"]) for message in json.loads(span.attributes[key])]

    return texts("gen_ai.input.messages"), texts("gen_ai.output.messages")[0][1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dialects", nargs="+", choices=DIALECTS, default=list(DIALECTS))
    parser.add_argument("--agents", type=int, default=AGENTS)
    parser.add_argument("--turns", type=int, default=TURNS)
    parser.add_argument("--out", type=Path, help="append the results here, one JSON line each")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        print(json.dumps(measure(args.child, args.agents, args.turns)), flush=True)
        return
    print(json.dumps(machine()), flush=True)
    missed = []
    for name in args.dialects:
        command = [sys.executable, "-m", "bench.history", "--child", name]
        command += ["--agents", str(args.agents), "--turns", str(args.turns)]
        line = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip().splitlines()[-1]
        print(line, flush=True)
        if args.out:
            with args.out.open("a") as file:
                file.write(line + "\n")
        if json.loads(line)["times_smaller"] < TARGET:
            missed.append(name)
    if missed:
        raise SystemExit(f"less than {TARGET} times smaller: {', '.join(missed)}")


if __name__ == "__main__":
    main()
