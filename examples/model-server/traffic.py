"""Asks the model server for predictions: `python traffic.py [REQUESTS] [URL]`. One in ten forgets a feature.

Prints the trace id of the last good prediction. Run under `opentelemetry-instrument`, so that one trace holds
the caller's side and the server's.
"""

from __future__ import annotations

import random
import sys
import time

import httpx
from opentelemetry import trace

tracer = trace.get_tracer("traffic")


def main() -> None:
    """Send the requests, a few a second."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    url = sys.argv[2] if len(sys.argv) > 2 else "http://127.0.0.1:8000"
    rng = random.Random(7)
    trace_id = 0
    with httpx.Client(base_url=url, timeout=10) as client:
        for number in range(count):
            with tracer.start_as_current_span("ask about a wine") as span:
                bottle = client.get(f"/samples/{rng.randrange(45)}").json()
                forgetful = number % 10 == 9
                if forgetful:
                    del bottle["features"]["alcohol"]
                answer = client.post("/predict", json=bottle)
                if not forgetful:
                    answer.raise_for_status()
                    trace_id = span.get_span_context().trace_id
            time.sleep(rng.expovariate(10))
    print(f"{count} requests sent; one trace to look at: {trace_id:032x}")


if __name__ == "__main__":
    main()
