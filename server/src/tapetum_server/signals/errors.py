"""Errors found in spans and log records, to be grouped by fingerprint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tapetum_server.signals.attributes import AttributeValue

ErrorSource = Literal["span", "log"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorOccurrence:
    """One error that one record of a batch tells of. Several records may tell of the same one."""

    index: int
    """Which record of the batch."""
    source: ErrorSource
    identity: str
    """Records with the same identity tell of one occurrence; "" is the record's own."""
    rank: int
    """Of several records that tell of one occurrence the one of the highest rank is kept."""
    time_unix_nano: int
    fingerprint: str
    fingerprint_version: int
    type: str
    message: str
    template: str
    """The message with its numbers, ids, paths and quoted texts replaced."""
    culprit: str
    """Where: the function, the span's name or the logger."""
    handled: bool
    """Whether the program is known to have gone on."""
    severity: str
    stacktrace: str
    user_id: str
    attributes: dict[str, AttributeValue]
    counted: bool = True
    """False for what is no error itself: an exception that explains why spans of its trace and service failed."""
