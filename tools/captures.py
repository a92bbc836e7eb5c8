"""How much of what real instrumentors sent is understood: every capture, through the public door, against its truth.

    python tools/captures.py [--captures DIR] [--only NAME…] [--json]

Starts a server of its own, sends each capture into a project of its own, asks `/api/v1/sql`, and compares every
observable field of every call and every total with MANIFEST.json. What is not in the bytes cannot be found: such a
field, and a total that lacks nothing but it, is listed as "not sent". Exits with 1 where anything else differs.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa

ROOT = Path(__file__).resolve().parent.parent
CAPTURES = ROOT / "server" / "tests" / "data" / "captures"
COLUMNS = (
    "trace_id", "span_id", "name", "kind", "model", "status", "status_message", "error_type", "provider",
    "request_model", "response_model", "response_id", "input_tokens", "output_tokens", "cache_read_tokens",
    "cache_write_tokens", "reasoning_tokens", "usage_counted", "duplicate_of", "usage_flags", "session_id",
    "user_id", "input", "output", "toString(events) AS said",
)  # fmt: skip
FIELDS = (
    "request_model", "response_model", "response_id", "input_tokens", "output_tokens", "cache_read_tokens",
    "cache_write_tokens", "reasoning_tokens",
)  # fmt: skip


@dataclass
class Outcome:
    """What became of one capture."""

    name: str
    exact: int = 0
    wrong: list[str] = field(default_factory=list)
    not_sent: list[str] = field(default_factory=list)


@contextmanager
def server() -> Iterator[str]:
    """A server with a store of its own, until the block ends: its address."""
    with tempfile.TemporaryDirectory(prefix="tapetum-captures-") as data:
        command = [sys.executable, "-m", "tapetum_server", "serve", "--data", data, "--port", "0", "--grpc-port", "-1"]
        process = subprocess.Popen([*command, "--json"], stdout=subprocess.PIPE, text=True, env=os.environ, cwd=ROOT)
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())["url"]
        finally:
            process.terminate()
            process.communicate(timeout=60)


def send(client: httpx.Client, folder: Path, capture: dict[str, Any], project: str) -> None:
    """Every file of the capture, as its client sent it."""
    for file in capture["files"]:
        headers = {"content-type": file["content_type"], "x-tapetum-project": project}
        if file.get("content_encoding"):
            headers["content-encoding"] = file["content_encoding"]
        body = (folder / file["file"]).read_bytes()
        client.post(f"/v1/{file['signal']}", content=body, headers=headers).raise_for_status()


def spans(client: httpx.Client) -> dict[str, list[dict[str, Any]]]:
    """Project to its spans, oldest first: in one question, which costs little more than one project's."""
    query = f"SELECT project, {', '.join(COLUMNS)} FROM spans ORDER BY start_time, span_id"
    answer = client.post("/api/v1/sql", json={"query": query, "format": "arrow"})
    answer.raise_for_status()
    found: dict[str, list[dict[str, Any]]] = {}
    for row in pa.ipc.open_stream(answer.content).read_all().to_pylist():
        found.setdefault(row.pop("project"), []).append(row)
    return found


def number(value: Any) -> int | None:
    """A count, which the API may write as text to keep its digits."""
    return None if value is None else int(value)


def compare(capture: dict[str, Any], found: list[dict[str, Any]], payload: bytes) -> Outcome:
    """What was understood of one capture, against its truth."""
    expected = capture["expected"]
    emitter, scenario = capture["instrumentor"], capture["scenario"]
    out = Outcome(f"{emitter}/{scenario}")
    models = [s for s in found if s["kind"] in ("llm", "embedding", "reranker")]
    for nth, call in enumerate(expected["llm_calls"], 1):
        _compare_call(out, call, nth, models, found, payload)
    if expected["llm_calls"]:  # without a call of a provider, spans hold what the program made up
        _compare_totals(out, expected, models)
    for name in ("session_id", "user_id"):
        truth = expected[name]
        if truth and truth.encode() in payload:
            _say(out, any(s[name] == truth for s in found), f"{name}: {truth} is on no span")
    return out


def _compare_call(
    out: Outcome,
    call: dict[str, Any],
    nth: int,
    models: list[dict[str, Any]],
    found: list[dict[str, Any]],
    payload: bytes,
) -> None:
    seen = call.get("observable_in_payload", {})
    if "error" in call:
        word = call["error"]["message_contains"]
        failed = [s for s in found if s["status"] == "error"]
        said = any(word in s["status_message"] or word in s["said"] for s in failed)
        typed = any(s["error_type"] for s in failed) or (
            b"error.type" not in payload and b"exception.type" not in payload
        )
        if not seen.get("error_message") or (not failed and not any(m["status"] == "error" for m in models)):
            out.not_sent.append(f"call {nth}: the provider's error")
        else:
            _say(out, said and typed, f"call {nth}: error message {word!r} or its type")
        return
    kinds = ("embedding",) if call["api"].endswith("embeddings") else ("llm",)
    mine = max((s for s in models if s["kind"] in kinds), key=lambda s: _agreement(call, s), default=None)
    if mine is None:
        missing = [n for n in (*FIELDS, "output_text") if call.get(n) is not None and seen.get(n)]
        out.not_sent.append(f"call {nth}: no span of a model call") if not missing else out.wrong.append(
            f"call {nth}: no span, though sent: {missing}"
        )
        return
    for name in FIELDS:
        truth = call.get(name)
        if truth is None:
            continue
        is_seen = truth.encode() in payload if name == "response_id" else seen.get(name, True)
        right = mine[name] == truth if isinstance(truth, str) else number(mine[name]) == truth
        right = right or (kinds == ("embedding",) and name == "output_tokens" and mine[name] is None and truth == 0)
        # A client that never says what it was answered repeats nothing: `model` is then what was asked for.
        right = right or (name == "response_model" and not mine[name] and mine["model"] == truth)
        if not right and not is_seen:
            out.not_sent.append(f"call {nth}: {name} {truth}")
        elif not right and name == "request_model" and not _quoted(truth, payload):
            out.not_sent.append(f"call {nth}: {name} {truth}, only the dated name was")
        else:
            _say(out, right, f"call {nth}: {name} is {mine[name]!r}, should be {truth!r}")
    if (text := call.get("output_text")) and seen.get("output_text"):
        _say(out, any(_holds(s["output"], text) for s in [mine, *found]), f"call {nth}: output text {text!r}")
    for tool in call.get("tool_calls") or []:
        name = tool["name"] if isinstance(tool, dict) else tool
        _say(out, name in mine["output"], f"call {nth}: tool call {name!r} in {mine['output'][:60]!r}")


def _compare_totals(out: Outcome, expected: dict[str, Any], models: list[dict[str, Any]]) -> None:
    for side in ("input", "output"):
        counted = [number(s[f"{side}_tokens"]) or 0 for s in models if s["usage_counted"]]
        truth = expected[f"total_{side}_tokens"]
        unseen = [c.get(f"{side}_tokens") or 0 for c in expected["llm_calls"]
                  if not c.get("observable_in_payload", {}).get(f"{side}_tokens", True)]  # fmt: skip
        if sum(counted) != truth and unseen and sum(counted) == truth - sum(unseen):
            out.not_sent.append(f"total {side}: {sum(unseen)} of {truth} tokens")
        else:
            _say(out, sum(counted) == truth, f"total {side} tokens are {sum(counted)}, should be {truth}")


def _agreement(call: dict[str, Any], span: dict[str, Any]) -> int:
    return sum(
        3 if n == "response_id" else 1 for n in FIELDS if call.get(n) is not None and str(span[n]) == str(call[n])
    ) + (bool(span["usage_counted"]))


def _holds(output: str, text: str) -> bool:
    """Whether an answer holds the text, also cut into the chunks it was streamed in."""
    if text in output:
        return True
    try:
        answer = json.loads(output)
    except ValueError:
        return False
    return text in "".join(_texts(answer)) or (isinstance(answer, list) and text in answer)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, str):
                if key in ("text", "content"):
                    yield inner
            else:
                yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _quoted(text: str, payload: bytes) -> bool:
    """Whether the text stands alone somewhere, not as the beginning of a longer name."""
    at = payload.find(text.encode())
    while at >= 0:
        after = payload[at + len(text) : at + len(text) + 2]
        if not after.startswith((b"-2", b"-0")):
            return True
        at = payload.find(text.encode(), at + 1)
    return False


def _say(out: Outcome, right: bool, complaint: str) -> None:
    if right:
        out.exact += 1
    else:
        out.wrong.append(complaint)


def run(folder: Path, only: list[str], url: str) -> list[Outcome]:
    """Send and compare every capture whose name starts with one of `only`."""
    captures = json.loads((folder / "MANIFEST.json").read_text())["captures"]
    sent = {}
    # Several at once, each in a project of its own: the server writes together what arrives together.
    with httpx.Client(base_url=url, timeout=120) as client, ThreadPoolExecutor(8) as senders:
        sending = []
        for capture in captures:
            name = f"{capture['instrumentor']}/{capture['scenario']}"
            if only and not name.startswith(tuple(only)):
                continue
            project = name.replace("/", "-").replace("_", "-")
            sending.append(senders.submit(send, client, folder, capture, project))
            sent[project] = capture
        for each in sending:
            each.result()
        found = spans(client)
    return [compare(capture, found.get(project, []), _payload(folder, capture)) for project, capture in sent.items()]


def _payload(folder: Path, capture: dict[str, Any]) -> bytes:
    bodies = [(folder / f["file"]).read_bytes() for f in capture["files"] if f["signal"] != "metrics"]
    return b"\n".join(gzip.decompress(b) if b.startswith(b"\x1f\x8b") else b for b in bodies)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--captures", type=Path, default=CAPTURES, help="folder with MANIFEST.json")
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME", help="captures whose name starts so")
    parser.add_argument("--json", action="store_true", help="print the outcomes as JSON")
    args = parser.parse_args()
    with server() as url:
        outcomes = run(args.captures, args.only, url)
    if args.json:
        print(json.dumps([vars(o) for o in outcomes]))
    else:
        for outcome in outcomes:
            for complaint in outcome.wrong:
                print(f"WRONG     {outcome.name}: {complaint}")
        for outcome in outcomes:
            for text, times in Counter(outcome.not_sent).items():
                print(f"not sent  {outcome.name}: {text}{f' ({times} times)' if times > 1 else ''}")
        wrong = [o for o in outcomes if o.wrong]
        print(
            f"{len(outcomes) - len(wrong)} of {len(outcomes)} captures exact; "
            f"{sum(o.exact for o in outcomes)} fields and totals as they were, "
            f"{sum(len(o.wrong) for o in outcomes)} wrong, {sum(len(o.not_sent) for o in outcomes)} not sent"
        )
    return 1 if any(o.wrong for o in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
