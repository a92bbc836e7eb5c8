"""Physical limits for one payload: what the same bytes cost one thread when almost nothing is done with them.

python -m bench.limits [--spans 100000] [--work DIR]
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import zstandard
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bench.machine import load, machine
from bench.payload import requests, spans_payload


def limits(payload: Path, at_most: int = 20_000) -> dict[str, Any]:
    """Microseconds of CPU per span (least of three) of steps that no server can avoid, and sizes compressed."""
    raw: list[bytes] = []
    zipped: list[bytes] = []
    spans = 0
    for (body, items), (small, _) in zip(requests(Path(f"{payload}.bin")), requests(Path(f"{payload}.gz.bin"))):
        raw.append(body)
        zipped.append(small)
        spans += items
        if spans >= at_most:
            break

    def cost(work: Callable[[], object]) -> float:
        best = float("inf")
        for _ in range(3):
            before = time.thread_time()
            work()
            best = min(best, time.thread_time() - before)
        return round(best / spans * 1e6, 2)

    def walk() -> None:
        for body in raw:
            for resource_spans in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope_spans in resource_spans.scope_spans:
                    for span in scope_spans.spans:
                        {a.key: getattr(a.value, str(a.value.WhichOneof("value"))) for a in span.attributes}

    whole = b"".join(raw)
    compressor = zstandard.ZstdCompressor(level=3)
    blocks = [whole[i : i + 2**20] for i in range(0, len(whole), 2**20)]
    return {
        "spans": spans,
        "raw_bytes_per_span": round(len(whole) / spans),
        "zstd3_bytes_per_span": round(sum(len(compressor.compress(b)) for b in blocks) / spans),
        "memcpy_us": cost(lambda: bytearray(whole)),
        "protobuf_decode_us": cost(lambda: [ExportTraceServiceRequest.FromString(b) for b in raw]),
        "protobuf_decode_and_dicts_us": cost(walk),
        "gunzip_us": cost(lambda: [gzip.decompress(b) for b in zipped]),
        "zstd3_us": cost(lambda: [compressor.compress(b) for b in blocks]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", type=int, default=100_000)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "tapetum-bench")
    args = parser.parse_args()
    print(json.dumps(machine() | {"load": load()}))
    print(json.dumps(limits(spans_payload(args.work, args.spans))))


if __name__ == "__main__":
    main()
