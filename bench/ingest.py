"""Ingest through a real server: records per CPU second of the server, until 10 s after the last answer.

    python -m bench.ingest [--spans 100000] [--signals traces traces-gzip logs metrics]
                           [--peer phoenix mlflow --venvs DIR] [--work DIR]

OTLP/HTTP protobuf, 500 records per request, 4 connections. A warm-up of 10 requests goes first, so that imports
and first-time work are not counted. Everything else is on: indexes, views, durable answers, merges.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.limits import limits
from bench.machine import load, machine, machine_busy_seconds
from bench.parts import live_bytes
from bench.payload import requests, spans_payload
from bench.payload_signals import logs_payload, metrics_payload
from bench.peers import PEERS, measure_peer
from bench.send import send
from bench.serve import Server
from bench.steps import SIGNALS, steps

CONNECTIONS = 4
WARM_UP = 10
_PAYLOADS: dict[str, Callable[[Path, int], Path]] = {
    "traces": spans_payload,
    "logs": logs_payload,
    "metrics": metrics_payload,
}
_VIEWS = {"traces": "spans", "logs": "logs", "metrics": "metrics"}


def measure(work: Path, name: str, payload: Path) -> dict[str, Any]:
    """One signal into an empty server."""
    signal, _, coding = name.partition("-")
    zipped = coding == "gzip"
    bodies = requests(Path(f"{payload}{'.gz' if zipped else ''}.bin"))
    data = work / "ingest"
    with Server(data) as server:
        url = f"{server.url}/v1/{signal}"
        warm = send(url, bodies[:WARM_UP], connections=CONNECTIONS, gzip=zipped)
        time.sleep(3)
        busy, own = machine_busy_seconds(), time.process_time()
        before, threads, encode = server.cpu(), server.cpu_by_thread(), _step(server, "encode")
        groups, rows = server.metric("tapetum_store_groups_total"), server.metric("tapetum_store_rows_total")
        sent = send(url, bodies[WARM_UP:], connections=CONNECTIONS, gzip=zipped)
        answered = server.cpu()
        time.sleep(10)
        spent = server.cpu() - before
        elapsed = sent.wall_s + 10
        others = (machine_busy_seconds() - busy - spent - (time.process_time() - own)) / elapsed
        by_thread = {k: v - threads.get(k, 0) for k, v in server.cpu_by_thread().items()}
        groups = server.metric("tapetum_store_groups_total") - groups
        rows = server.metric("tapetum_store_rows_total") - rows
        encode = _step(server, "encode") - encode
        per = 1e6 / sent.accepted
        stored = int(server.sql(f"SELECT count() FROM {_VIEWS[signal]}")[0][0])
        assert stored == sent.accepted + warm.accepted, (stored, sent, warm)
        out = {
            "signal": name, "records": sent.accepted,
            "bytes_per_record": round(sum(len(b) for b, _ in bodies) / sum(n for _, n in bodies)),
            "per_cpu_s": round(sent.accepted / spent), "cpu_us": round(spent * per, 1),
            "of_it": {
                "encode_us": round(encode * per, 1),
                "merge_us": round(by_thread.get("MergeMutate", 0) * per, 1),
                "after_last_answer_us": round((before + spent - answered) * per, 1),
            },
            "wall_s": round(sent.wall_s, 2), "per_wall_s": round(sent.accepted / sent.wall_s),
            "answer_p50_ms": sent.quantile_ms(0.5), "answer_p99_ms": sent.quantile_ms(0.99),
            "rows_per_commit": round(rows / max(groups, 1)),
            "answers": dict(sent.statuses), "resident_mb": round(server.resident_mb()),
            "cores_used_by_others": round(max(others, 0), 2), "load": load(),
        }  # fmt: skip
    settled, merged = live_bytes(data)
    out["disk_bytes_per_record"] = round(settled / stored, 1)
    out["disk_bytes_per_record_merged"] = round(merged / stored, 1)
    shutil.rmtree(data, ignore_errors=True)
    return out


def _step(server: Server, step: str) -> float:
    return server.metric("tapetum_ingest_seconds_total", f'step="{step}"')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", type=int, default=100_000)
    parser.add_argument("--signals", nargs="+", default=["traces", "traces-gzip", "logs", "metrics"])
    parser.add_argument("--peer", nargs="*", choices=PEERS, default=[])
    parser.add_argument("--peer-spans", type=int, default=5_000, help="a peer stores a few hundred a second")
    parser.add_argument("--venvs", type=Path, default=Path("peers"))
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "tapetum-bench")
    args = parser.parse_args()
    payload = spans_payload(args.work, args.spans)
    print(json.dumps(machine() | {"load": load()}), flush=True)
    bound = limits(payload)
    print(json.dumps({"limits": bound}), flush=True)
    print(json.dumps({"steps": steps(SIGNALS["spans"], payload, 20_000)[0]}), flush=True)
    cost = 0.0
    for name in args.signals:
        made = _PAYLOADS[name.partition("-")[0]](args.work, args.spans)
        result = measure(args.work, name, made)
        if name == "traces":
            cost = result["cpu_us"]
            result["times_protobuf_decode"] = round(cost / bound["protobuf_decode_us"], 1)
            result["times_decode_into_python"] = round(cost / bound["protobuf_decode_and_dicts_us"], 1)
        print(json.dumps(result), flush=True)
    bodies, taken = [], 0
    for body, items in requests(Path(f"{payload}.bin")):
        bodies.append((body, items))
        taken += items
        if taken >= args.peer_spans:
            break
    for name in args.peer:
        result = measure_peer(PEERS[name], args.venvs, args.work, bodies, CONNECTIONS)
        if cost:
            result["times_our_cpu"] = round(result["cpu_us_per_span"] / cost)
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
