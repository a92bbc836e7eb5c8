"""The answer of a target into metric families, by the parsers of `prometheus_client`, within limits."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from prometheus_client.metrics_core import Metric as Family
from prometheus_client.openmetrics.parser import text_fd_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_fd_to_metric_families as parse_text

MAX_LINE = 16 * 1024
"""Characters; the parsers take a time that grows faster than a line does."""
_STEP = 256 * 1024
_OPENMETRICS, _TEXT = "application/openmetrics-text", "text/plain"
ACCEPT_TEXT = f"{_TEXT};version=0.0.4"
ACCEPT = f"{_OPENMETRICS};version=1.0.0;q=0.75,{ACCEPT_TEXT};q=0.5"


class ScrapeFailed(Exception):
    """Nothing of this answer is kept. `reason` is what is counted, the message is for people."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Answer:
    """What a target answered, as it came."""

    content_type: str
    gzipped: bool
    body: bytes
    delimited: bool
    """Whether HTTP itself said where the body ends, so that it is known to be whole."""


@dataclass(slots=True)
class Families:
    """What the parsers made of an answer."""

    found: list[Family] = field(default_factory=list)
    samples: int = 0
    bare_counters: set[str] = field(default_factory=set)
    """Counters of the older format whose name does not end in `_total`; the parser adds that to all of them."""


def read_families(answer: Answer, *, max_bytes: int, max_samples: int, late: Callable[[], bool]) -> Families:
    """All families of an answer, or `ScrapeFailed`. Gives up soon after it is `late`."""
    kind = answer.content_type.partition(";")[0].strip().lower() or _TEXT
    if kind not in (_OPENMETRICS, _TEXT):
        raise ScrapeFailed(
            "content_type",
            f"it answers {kind[:80]!r}, which is no metrics; {_TEXT} and {_OPENMETRICS} are. Is this its URL?",
        )
    body = _inflated(answer.body, max_bytes) if answer.gzipped else answer.body
    if not answer.delimited and kind == _TEXT and body and not body.endswith(b"\n"):
        raise ScrapeFailed("undecodable", "the answer breaks off in the middle of a line")
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise ScrapeFailed("undecodable", f"the answer is not UTF-8: {error.reason} at byte {error.start}") from None
    lines = _Lines(text, max_samples, late)
    families = Families()
    parse: Any = parse_openmetrics
    if kind == _TEXT:
        # In OpenMetrics no family has the ending, and every sample does.
        parse, families.bare_counters = parse_text, lines.bare_counters
    try:
        families.found = list(parse(lines))
    except ScrapeFailed:
        raise
    except Exception as error:  # whatever the parser trips over in a stranger's text
        name = "OpenMetrics" if kind == _OPENMETRICS else "Prometheus' text format"
        if text.lstrip()[:1] == "<":
            raise ScrapeFailed("undecodable", f"the answer says {kind} and is a page of HTML or XML") from None
        said = f"line {lines.number} ({lines.line.strip()[:80]!r}): {str(error)[:200] or 'not understood'}"
        raise ScrapeFailed(
            "undecodable", f"the answer is not {name}: {said}: {str(error)[:200] or 'not understood'}"
        ) from None
    families.samples = lines.samples
    return families


class _Lines:
    """The lines of a text as the parsers take them, counted on the way."""

    def __init__(self, text: str, max_samples: int, late: Callable[[], bool]) -> None:
        self._text = text
        self._max_samples = max_samples
        self._late = late
        self.number = 0
        self.line = ""
        self.samples = 0
        self.bare_counters: set[str] = set()

    def __iter__(self) -> Iterator[str]:
        for line in io.StringIO(self._text):
            self.number += 1
            self.line = line
            if len(line) > MAX_LINE:
                raise ScrapeFailed(
                    "undecodable", f"line {self.number} has {len(line)} characters; the limit is {MAX_LINE}"
                )
            if self.number % 1000 == 0 and self._late():
                raise ScrapeFailed("scrape_timeout", f"reading the answer took too long, at line {self.number}")
            if line.startswith("# TYPE "):
                words = line.split()
                if len(words) == 4 and words[3] == "counter" and not words[2].endswith("_total"):
                    self.bare_counters.add(words[2])
            elif not line.startswith("#") and not line.isspace():
                self.samples += 1
                if self.samples > self._max_samples:
                    raise ScrapeFailed(
                        "too_many_samples", f"it answers more than {self._max_samples} samples; max_samples allows more"
                    )
            yield line


def _inflated(wire: bytes, most: int) -> bytes:
    stream = zlib.decompressobj(31)
    chunks, size, rest = [], 0, wire
    try:
        while rest and not stream.eof:
            chunk = stream.decompress(rest, _STEP)
            rest = stream.unconsumed_tail
            size += len(chunk)
            if size > most:
                raise too_large(most)
            chunks.append(chunk)
    except zlib.error as error:
        raise ScrapeFailed("undecodable", f"the answer is not gzip: {error}") from None
    if not stream.eof:
        raise ScrapeFailed("undecodable", "the answer breaks off: its gzip has no end")
    return b"".join(chunks)


def too_large(most: int) -> ScrapeFailed:
    """The failure of an answer beyond `most` bytes."""
    return ScrapeFailed("too_large", f"the answer has more than {most // 2**20} MiB; max_body_mib allows more")
