"""What two occurrences must have in common to be the same error."""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

from tapetum_server.processors.errors.stacktrace import Frame, Stack
from tapetum_server.processors.errors.template import template_of

FINGERPRINT_VERSION = 1
"""Of the rules below. It is part of every fingerprint: other rules make other groups, and never mix with these."""
OVERRIDES = ("error.fingerprint", "exception.fingerprint")
"""Attributes by which an application says itself which errors belong together."""


class Grouped(NamedTuple):
    """A fingerprint, where the error lies, and how much the record knows of it (0 to 3)."""

    fingerprint: str
    culprit: str
    knowledge: int


def by_override(value: str, culprit: str) -> Grouped:
    """The application said so."""
    return Grouped(_hash("said", value), culprit, 3)


def by_exception(type: str, message: str, stack: Stack | None, otherwise: str) -> Grouped:
    """An exception: by its type and the innermost call of the application's own code.

    One call, not all of them: the same exception passes through several spans, and each records only the calls
    below itself. Without a call of the application: by type, innermost call and message.
    """
    name = short_type(type)
    frame = culprit_of(stack)
    if stack is None or frame is None:
        return Grouped(_hash("exception", name, template_of(message)), otherwise, 0)
    root = root_type(stack)
    if frame.in_app:
        return Grouped(_hash("stack", name, root, frame.key), frame.key, 2)
    return Grouped(_hash("library", name, root, frame.key, template_of(message)), otherwise or frame.key, 1)


def by_span(service: str, span: str, type: str, message: str) -> Grouped:
    """A span that failed without an exception."""
    return Grouped(_hash("span", service, template_of(span), type, template_of(message)), span, 0)


def by_log(service: str, logger: str, message: str) -> Grouped:
    """A log record without an exception."""
    return Grouped(_hash("log", service, template_of(message)), logger, 0)


def short_type(type: str) -> str:
    """`Timeout` of `requests.exceptions.Timeout`: log handlers leave the module out, spans do not."""
    return re.split(r"[.:/]", type.strip())[-1].lstrip("*&")


def root_type(stack: Stack) -> str:
    """What the first of a chain of causes was, "" where nothing is said to be the cause."""
    root = ""
    for section in stack.sections[1:]:
        if not section.direct:
            break
        root = short_type(section.type)
    return root


def culprit_of(stack: Stack | None) -> Frame | None:
    """The innermost call of the application's own code, in the exception before its causes; else the innermost."""
    if stack is None:
        return None
    for section in stack.sections:
        for frame in section.frames:
            if frame.in_app:
                return frame
    return next((section.frames[0] for section in stack.sections if section.frames), None)


def _hash(*parts: str) -> str:
    said = "\0".join((str(FINGERPRINT_VERSION), *parts))
    return hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
