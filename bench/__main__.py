"""`python -m bench [NAME …]`: run benchmarks one after the other; without a name, those that take minutes."""

from __future__ import annotations

import subprocess
import sys

BENCHMARKS = {
    "limits": "what the payload's bytes cost when almost nothing is done with them",
    "steps": "decode, normalise, encode and insert, each by itself",
    "ingest": "spans, gzip, logs and metric points through a real server, per CPU second",
    "start": "cold start and idle memory",
    "tables": "the two table layouts of docs/decisions/001-tables.md at a million distinct spans",
    "queries": "five questions through the HTTP API against bare SQL at a million distinct spans",
    "ui_during_ingest": "requests of the web UI in idle windows and at 10,000 spans a second",
    "ui_long_trace": "a trace of 50,000 spans in a headless browser, from navigation to painted rows",
}
SHORT = ("limits", "steps", "ingest", "start")


def main() -> int:
    names = sys.argv[1:] or list(SHORT)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        listed = "\n".join(f"  {name:18}{text}" for name, text in BENCHMARKS.items())
        print(f"no benchmark is called {unknown[0]!r}; there are:\n{listed}", file=sys.stderr)
        return 2
    for name in names:
        print(f"== {name}: {BENCHMARKS[name]}", flush=True)
        if code := subprocess.run([sys.executable, "-m", f"bench.{name}"]).returncode:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
