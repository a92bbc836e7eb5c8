"""Lines of a log file into records: JSON as it is, and a traceback as one record with its exception."""

from __future__ import annotations

import re
from typing import Any

import orjson

MAX_LINES, MAX_BYTES = 2000, 512 * 1024
"""Of one joined record: what goes beyond begins another."""

_TIME_FIELDS = frozenset({"time", "timestamp", "ts", "@timestamp", "_time", "observed_timestamp", "observed_time"})
_TIME = re.compile(r"\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\s?(?:Z|[+-]\d\d:?\d\d)?)(?=[\]\s:|,]|$)")
_LEVEL = re.compile(r"\b(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL)\b")
_PYTHON = "Traceback (most recent call last):"
_CHAINED = (
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
)
_PYTHON_END = re.compile(r"([A-Za-z_][\w.]*)(?:: (.*))?$", re.DOTALL)
_JAVA = re.compile(
    r'(?:Exception in thread "[^"]*" )?((?:[a-zA-Z_][\w$]*\.)+[A-Z][\w$]*(?:Exception|Error|Throwable))(?:: (.*))?$'
)
_JAVA_FRAME = re.compile(r"\s+at [\w$.<>/@]+\(")
_GO = re.compile(r"(panic|fatal error): (.*)$")
_GO_LINE = re.compile(r"(goroutine \d+ \[|\[signal |created by |exit status |\t|[\w./*()\[\]{}·-]+\(.*\)$|panic: |$)")


class Joiner:
    """Takes lines in order and gives records, each as one line of JSON."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._bytes = 0
        self._observed_ns = 0
        self._mode = ""
        """What the open record is in the middle of: python, after-python, java, go or nothing."""

    def add(self, raw: bytes, observed_ns: int) -> list[bytes]:
        """The records that are complete now that `raw`, a line without its end, is known."""
        if raw.startswith(b"{"):
            try:
                fields = orjson.loads(raw)
            except orjson.JSONDecodeError:
                fields = None
            if fields is not None:
                if _TIME_FIELDS.isdisjoint(fields):
                    raw = orjson.dumps(fields | {"observed_timestamp": observed_ns})
                return [*self.finish(), raw]
        line = raw.decode(errors="replace").rstrip("\r")
        if self._continues(line):
            self._lines.append(line)
            self._bytes += len(raw)
            return []
        done = self.finish()
        if line.strip():
            self._lines, self._bytes, self._observed_ns = [line], len(raw), observed_ns
            self._mode = _mode_at_start(line)
        return done

    def finish(self) -> list[bytes]:
        """The record that was still open."""
        lines, self._lines = self._lines, []
        mode, self._mode = self._mode, ""
        while lines and not lines[-1].strip():
            lines.pop()
        return [orjson.dumps(_record(lines, mode, self._observed_ns))] if lines else []

    def _continues(self, line: str) -> bool:
        if not self._lines or len(self._lines) >= MAX_LINES or self._bytes >= MAX_BYTES:
            return False
        indented = line[:1] in (" ", "\t") and bool(line.strip())
        if self._mode == "python":
            if not indented and line.strip():
                self._mode = "after-python"
            return True
        if self._mode == "after-python":
            if line == _PYTHON:
                self._mode = "python"
                return True
            return not line.strip() or indented or line in _CHAINED
        if self._mode == "go":
            return _GO_LINE.match(line) is not None
        if line == _PYTHON:
            self._mode = "python"
            return True
        if indented:
            if _JAVA_FRAME.match(line):
                self._mode = "java"
            return True
        if line.startswith("Caused by: "):
            return True
        return self._mode == "" and len(self._lines) == 1 and _JAVA.match(line) is not None


def _mode_at_start(line: str) -> str:
    if line == _PYTHON:
        return "python"
    return "go" if _GO.match(line) else ""


def _record(lines: list[str], mode: str, observed_ns: int) -> dict[str, Any]:
    record: dict[str, Any] = {}
    at, found = _exception(lines, mode)
    if found:
        trace = "\n".join(lines[at:])
        record = {f"exception.{name}": value for name, value in found.items() if value}
        record["exception.stacktrace"] = trace
        head = "\n".join(lines[:at]).rstrip()
        body = head or ": ".join(part for part in (found["type"], found["message"]) if part)
    else:
        body = "\n".join(lines)
    level = _LEVEL.search(lines[0][:100])
    if level or found:
        record["level"] = level[1] if level else "ERROR"
    time = _TIME.match(lines[0])
    return {"body": body, **({"time": time[1]} if time else {"observed_timestamp": observed_ns}), **record}


def _exception(lines: list[str], mode: str) -> tuple[int, dict[str, str]]:
    """From which line on the record is a traceback, and of what."""
    if mode in ("python", "after-python"):
        at = lines.index(_PYTHON)
        # The last exception of a chain is what the program died of; its name is the first line after the frames.
        last = max(n for n, line in enumerate(lines) if line == _PYTHON)
        ends = next((n for n in range(last + 1, len(lines)) if lines[n][:1] not in (" ", "\t", "")), None)
        if ends is None or (named := _PYTHON_END.match(lines[ends])) is None:
            return 0, {}
        message = "\n".join([named[2] or "", *lines[ends + 1 :]]).strip()
        return at, {"type": named[1], "message": message}
    if mode == "java":
        for at, line in enumerate(lines[:2]):
            if named := _JAVA.match(line):
                return at, {"type": named[1], "message": named[2] or ""}
    if mode == "go" and (named := _GO.match(lines[0])):
        return 0, {"type": named[1], "message": named[2]}
    return 0, {}
