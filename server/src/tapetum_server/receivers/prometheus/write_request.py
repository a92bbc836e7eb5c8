"""The bytes of a remote write into series, whichever version they are in, each series by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from google.protobuf.message import DecodeError

from tapetum_server.receivers.prometheus.write_schema import V1, V2

MAX_POINTS = 100_000
"""Samples, histograms and exemplars in one request: as many as may wait to be written."""
MAX_LABELS = 128
MAX_LABEL_BYTES = 4096
TYPES = ("unknown", "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset")
"""Both versions' numbers, by position."""


class Undecodable(ValueError):
    """The request as a whole cannot be read; nothing of it was kept. `reason` is what is counted."""

    def __init__(self, message: str, reason: str = "undecodable", status: int = 400) -> None:
        super().__init__(message)
        self.reason = reason
        self.status = status


class Refused(ValueError):
    """One series cannot be kept."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Exemplar(NamedTuple):
    """A measurement beside a series."""

    labels: dict[str, str]
    value: float
    timestamp: int


@dataclass(slots=True)
class WrittenSeries:
    """One series of a request. Messages of samples and histograms are the schema's; times are milliseconds."""

    name: str
    labels: dict[str, str]
    samples: Sequence[Any]
    histograms: Sequence[Any]
    exemplars: list[Exemplar]
    type: str = "unknown"
    unit: str = ""
    help: str = ""
    created: int = 0


class Metadata(NamedTuple):
    """What version 1.0 says about a metric, in a request of its own."""

    name: str
    help: str


Found = WrittenSeries | Metadata | tuple[Refused, int]
"""A refusal comes with how many points were in the series."""


def read_v1(body: bytes) -> Iterator[Found]:
    """`prometheus.WriteRequest`."""
    request = _parse(V1["Request"], body, "a prometheus.WriteRequest")
    budget = _Budget()
    for raw in request.timeseries:
        message = _series(V1["Series"], raw)
        if isinstance(message, tuple):
            yield message
            continue
        count = budget.take(message)
        try:
            labels = _labels([(pair.name, pair.value) for pair in message.labels])
            exemplars = [_exemplar([(pair.name, pair.value) for pair in e.labels], e) for e in message.exemplars]
            yield WrittenSeries(labels.pop("__name__"), labels, message.samples, message.histograms, exemplars)
        except Refused as refused:
            yield refused, count
    for raw in request.metadata:
        try:
            said = V1["Metadata"].FromString(raw)
            yield Metadata(said.name.decode()[:MAX_LABEL_BYTES], said.help.decode()[:MAX_LABEL_BYTES])
        except (DecodeError, UnicodeDecodeError):
            yield Refused("malformed", "metadata cannot be decoded"), 0


def read_v2(body: bytes) -> Iterator[Found]:
    """`io.prometheus.write.v2.Request`, whose texts stand once, in `symbols`."""
    request = _parse(V2["Request"], body, "an io.prometheus.write.v2.Request")
    symbols: Sequence[bytes] = request.symbols
    if symbols and symbols[0]:
        raise Undecodable("the first of the symbols is not empty")
    budget = _Budget()
    for raw in request.timeseries:
        message = _series(V2["Series"], raw)
        if isinstance(message, tuple):
            yield message
            continue
        count = budget.take(message)
        try:
            labels = _labels(_looked_up(symbols, message.labels_refs))
            exemplars = [_exemplar(_looked_up(symbols, e.labels_refs), e) for e in message.exemplars]
            about = message.metadata
            yield WrittenSeries(
                labels.pop("__name__"), labels, message.samples, message.histograms, exemplars,
                type=TYPES[about.type] if 0 <= about.type < len(TYPES) else "unknown",
                unit=_symbol(symbols, about.unit_ref), help=_symbol(symbols, about.help_ref),
                created=message.created_timestamp,
            )  # fmt: skip
        except Refused as refused:
            yield refused, count


class _Budget:
    def __init__(self) -> None:
        self._left = MAX_POINTS

    def take(self, message: Any) -> int:
        count = len(message.samples) + len(message.histograms) + len(message.exemplars)
        self._left -= count
        if self._left < 0:
            raise Undecodable(f"a request holds at most {MAX_POINTS} points: send smaller batches", "too_large", 413)
        return count


def _parse(kind: Any, body: bytes, what: str) -> Any:
    try:
        return kind.FromString(body)
    except DecodeError as error:
        raise Undecodable(f"the body is not {what}: {error}") from None


def _series(kind: Any, raw: bytes) -> Any:
    try:
        return kind.FromString(raw)
    except DecodeError as error:
        return Refused("malformed", f"a series cannot be decoded: {error}"), 1


def _looked_up(symbols: Sequence[bytes], refs: Sequence[int]) -> list[tuple[bytes, bytes]]:
    if len(refs) % 2:
        raise Refused("malformed", "a series has a label without a value")
    if refs and max(refs) >= len(symbols):
        raise Refused("malformed", f"a series refers to symbol {max(refs)} of {len(symbols)}")
    return [(symbols[name], symbols[value]) for name, value in zip(refs[::2], refs[1::2])]


def _symbol(symbols: Sequence[bytes], ref: int) -> str:
    if ref >= len(symbols):
        raise Refused("malformed", f"a series refers to symbol {ref} of {len(symbols)}")
    return symbols[ref][:MAX_LABEL_BYTES].decode(errors="replace")


def _labels(pairs: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """A series' labels with its name among them."""
    labels = _texts(pairs)
    if not labels.get("__name__"):
        raise Refused("invalid_label", "a series has no name (the label __name__)")
    return labels


def _exemplar(pairs: Sequence[tuple[bytes, bytes]], message: Any) -> Exemplar:
    return Exemplar(_texts(pairs), message.value, message.timestamp)


def _texts(pairs: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    if len(pairs) > MAX_LABELS:
        raise Refused("too_many_labels", f"a series has {len(pairs)} labels; the limit is {MAX_LABELS}")
    labels: dict[str, str] = {}
    for raw_name, raw_value in pairs:
        if len(raw_name) > MAX_LABEL_BYTES or len(raw_value) > MAX_LABEL_BYTES:
            raise Refused("label_too_long", f"a label is longer than {MAX_LABEL_BYTES} bytes")
        try:
            name, value = raw_name.decode(), raw_value.decode()
        except UnicodeDecodeError:
            raise Refused("invalid_label", f"the label {raw_name[:40]!r} is not UTF-8") from None
        if not name or not name.isprintable():
            raise Refused("invalid_label", f"{name[:40]!r} is no name of a label")
        if name in labels:
            raise Refused("invalid_label", f"a series has the label {name[:40]!r} twice")
        labels[name] = value
    return labels
