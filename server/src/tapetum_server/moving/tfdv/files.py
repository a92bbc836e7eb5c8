"""TFDV's files: `FeatureStats.pb`, text format (`.pbtxt`) and TFRecord (`stats_tfrecord`, shards), read and written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from google.protobuf import text_format
from google.protobuf.message import DecodeError, EncodeError
from tensorflow_metadata.proto.v0 import statistics_pb2 as tfdv

from tapetum_server.moving.tfdv.reading import datasets_of
from tapetum_server.moving.tfdv.records import BrokenRecord, framed, records_of
from tapetum_server.moving.tfdv.writing import statistics_list
from tapetum_server.signals.feature_statistics import DatasetStatistics

MAX_BYTES = 512 << 20
"""Of one file, which is read whole."""
NAMES = ("FeatureStats.pb", "stats_tfrecord")
"""How TFX calls statistics within a directory."""


class Unreadable(ValueError):
    """A file is not what its name promises; the message says why, and what is expected."""


def found_in(path: Path) -> list[Path]:
    """The files of statistics that `path` is, or holds at any depth: TFX writes one per split."""
    if path.is_file():
        return [path]
    return sorted(file for name in NAMES for file in path.rglob(name) if file.is_file())


def read_datasets(path: Path) -> list[DatasetStatistics]:
    """Every slice in the file, whose content says how it is written. Raises `Unreadable`."""
    return datasets_of(read_message(path))


def read_message(path: Path) -> tfdv.DatasetFeatureStatisticsList:
    """The file as TFDV's message. Raises `Unreadable`."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise Unreadable(f"{path} has {path.stat().st_size} bytes; at most {MAX_BYTES}")
        content = path.read_bytes()
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror or error}") from error
    if not content:
        raise Unreadable(f"{path} is empty")
    if path.suffix in (".pbtxt", ".textproto"):
        return _text(path, content)
    return _records(path, content) or _binary(path, content)


def _text(path: Path, content: bytes) -> tfdv.DatasetFeatureStatisticsList:
    try:
        return text_format.Parse(content.decode(), tfdv.DatasetFeatureStatisticsList(), allow_unknown_field=True)
    except (UnicodeDecodeError, text_format.ParseError) as error:
        raise Unreadable(f"{path} is no text of DatasetFeatureStatisticsList: {error}") from error


def _records(path: Path, content: bytes) -> tfdv.DatasetFeatureStatisticsList | None:
    """All records of a TFRecord file as one message; `None` where it is none."""
    try:
        records = list(records_of(content))
    except BrokenRecord as error:
        if error.index or error.framed:
            raise Unreadable(f"{path} breaks off: {error}") from error
        return None
    found = tfdv.DatasetFeatureStatisticsList()
    for record in records:
        found.MergeFrom(_binary(path, record))
    return found


def _binary(path: Path, content: bytes) -> tfdv.DatasetFeatureStatisticsList:
    try:
        found = tfdv.DatasetFeatureStatisticsList.FromString(content)
    except DecodeError as error:
        raise Unreadable(
            f"{path} is no DatasetFeatureStatisticsList: {error}. Read are FeatureStats.pb, .pbtxt and TFRecord."
        ) from error
    if not found.datasets:
        raise Unreadable(f"{path} holds no statistics. Read are FeatureStats.pb, .pbtxt and TFRecord.")
    return found


def written(datasets: Iterable[DatasetStatistics], form: str) -> bytes:
    """All slices as `pb`, `pbtxt` or `tfrecord`, as TFDV reads them. Raises `Unreadable` for what is too large."""
    found = statistics_list(datasets)
    if form == "pbtxt":
        return text_format.MessageToString(found).encode()
    try:
        content: bytes = found.SerializeToString()
    except (EncodeError, ValueError) as error:
        raise Unreadable(f"the statistics are too large for one message: {error}") from error
    return framed(content) if form == "tfrecord" else content


def split_of(path: Path, among: Sequence[Path]) -> str:
    """What the file is called among others: the split of TFX's directory `Split-train`, else its own name."""
    for part in reversed(path.parts[:-1]):
        if part.startswith("Split-"):
            return part.removeprefix("Split-")
    return "" if len(among) == 1 else path.parent.name
