"""`python -m bench [NAME …]`: run benchmarks one after the other; without a name, those that take minutes."""

from __future__ import annotations

import subprocess
import sys

BENCHMARKS = {
    "limits": "what the payload's bytes cost when almost nothing is done with them",
    "steps": "decode, normalise, encode and insert of spans, log records and metric points, each by itself",
    "ingest": "spans, gzip, logs and metric points through a real server, per CPU second",
    "predictions": "predictions of 20 features through a real server by Arrow, Parquet and JSON, per CPU second",
    "redaction": "redaction of secrets per KB of text, beside a pass of every expression",
    "start": "cold start and idle memory",
    "tables": "the two table layouts of docs/decisions/001-tables.md at a million distinct spans",
    "history": "agents of 100 turns in seven dialects: bytes on disk against bytes sent, and an exact read-back",
    "health": "one report of Health beside the page Services with the same range",
    "drift": "statistics and drift of two frames of a million rows and 20 columns, beside NumPy on the same files",
    "queries": "five questions through the HTTP API against bare SQL at a million distinct spans",
    "feature_statistics": "statistics of 20 numeric and 20 categorical columns, beside NumPy and Arrow",
    "states": "statistics and drift out of what is kept of a year of hours, beside a scan of the predictions",
    "models": "the list of models and searched predictions at two million of them, against bare SQL, as queries does",
    "overview": "the pages LLM, Sessions, Users and Evaluations against bare SQL, as queries does",
    "slices": "the search for the worst slices against SliceLine in NumPy, 69,000 rows of 16 features",
    "estimates": "metrics without labels (CBPE) over 200,000 rows",
    "ui_during_ingest": "requests of the web UI in idle windows and at 10,000 spans a second",
    "ui_long_trace": "a trace of 50,000 spans in a headless browser, from navigation to painted rows",
}
PARTS = {
    "payload": "makes OTLP payloads of spans; payload_signals those of log records and metric points",
    "fresh": "one request again and again, each time with new ids, times and texts; used by ui_during_ingest",
    "long_trace": "the trace of 50,000 spans that ui_long_trace opens",
    "history_dialects": "one conversation as emitters write it; for history",
    "distinct": "a million distinct spans with redelivery, start and end pairs and late logs; for tables and queries",
}
"""What benchmarks are made of; nothing to run by themselves."""
SHORT = ("limits", "steps", "ingest", "start")


def main() -> int:
    names = sys.argv[1:] or list(SHORT)
    if {"-h", "--help"} & set(names):
        print(f"{__doc__}\n{_listed()}")
        return 0
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"no benchmark is called {unknown[0]!r}; there are:\n{_listed()}", file=sys.stderr)
        return 2
    for name in names:
        print(f"== {name}: {BENCHMARKS[name]}", flush=True)
        if code := subprocess.run([sys.executable, "-m", f"bench.{name}"]).returncode:
            return code
    return 0


def _listed() -> str:
    lines = [f"  {name:18}{text}" for name, text in BENCHMARKS.items()]
    return "\n".join([*lines, "and, to build them from:", *(f"  {name:18}{text}" for name, text in PARTS.items())])


if __name__ == "__main__":
    sys.exit(main())
