"""What one report of Health costs beside the page Services with the same range, at a million spans in six hours.

    python -m bench.health [--spans 1000000] [--services 20] [--repeats 10]

The server runs inside this process, on a directory of its own; wall and CPU are the least of the repeats.
"""

from __future__ import annotations

import argparse
import functools
import http.client
import json
import tempfile
from pathlib import Path

from bench.machine import load, machine
from bench.queries import ask_api, cost
from bench.served import asked
from tapetum_server.app.server import Server
from tapetum_server.store.engine import Engine

QUESTIONS = {"Health": "/api/v1/health", "Services, 6 h": "/api/v1/services?from=now-6h"}


def fill(engine: Engine, spans: int, services: int) -> None:
    """A fifth of the spans requests, a fifth calls of models; evenly over six hours, durations log-normal."""
    engine.command(f"""INSERT INTO span_rows (project, start_time, trace_id, span_id, version, ingested_at, name,
    span_kind, service, status, ended, end_time, resource, kind, model, provider, session_id, input_tokens,
    output_tokens, owns_usage, cost_usd, cost_status)
SELECT 'default', start, lower(hex(intDiv(number, 10))), lower(hex(number)), 1, start, concat('GET /', number % 7),
    if(number % 5 = 0, 'server', 'internal'), concat('service-', number % {services}),
    if(rand() % 50 = 0, 'error', 'unset'), true, start + toIntervalMillisecond(exp(randNormal(4, 0.5))),
    concat('[["service.name","s","service-', number % {services}, '"]]'),
    if(called, 'llm', 'span'), if(called, ['gpt-4o-mini', 'gpt-4.1', 'claude-sonnet-4-5'][number % 3 + 1], ''),
    if(called, if(number % 3 = 2, 'anthropic', 'openai'), ''), if(called, concat('s-', intDiv(number, 100)), ''),
    if(called, 1000 + rand(1) % 1000, NULL), if(called, 100 + rand(2) % 100, NULL), called, if(called, 0.001, NULL),
    if(called, 'priced', '')
FROM (SELECT number, number % 5 = 1 AS called,
    now64(9, 'UTC') - toIntervalMillisecond(intDiv(number * 21600000, {spans})) AS start FROM numbers({spans}))""")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", type=int, default=1_000_000)
    parser.add_argument("--services", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=10)
    args = parser.parse_args()

    def ask(server: Server) -> None:
        fill(server._engine, args.spans, args.services)
        print(json.dumps(machine() | {"load": load(), "spans": args.spans}), flush=True)
        for name, path in QUESTIONS.items():
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
            wall, cpu, size = cost(functools.partial(ask_api, connection, path), args.repeats)
            connection.close()
            said = {"question": name, "wall_ms": round(wall, 1), "cpu_ms": round(cpu, 1), "bytes": size}
            print(json.dumps(said), flush=True)

    with tempfile.TemporaryDirectory() as directory:
        asked(Path(directory), ask)


if __name__ == "__main__":
    main()
