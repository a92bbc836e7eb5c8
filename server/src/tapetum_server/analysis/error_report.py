"""One error as a report: how it goes, its stack trace as frames, and what was changed when it began."""

from __future__ import annotations

from typing_extensions import TypedDict

from tapetum_server.processors.errors.stacktrace import Stack, parse_stack, shortened
from tapetum_server.query.changes import Change, list_changes
from tapetum_server.query.error_detail import ErrorDetail, get_error
from tapetum_server.query.filter import Filter
from tapetum_server.query.reader import Reader
from tapetum_server.query.time_range import SECOND, TimeRange, parse_moment

CHANGES_BEFORE_S, CHANGES_AFTER_S = 3_600, 60
"""How long before its first occurrence a change may have been that an error is shown beside. A minute after, for
clocks that disagree."""
MAX_CHANGES = 10
MAX_FRAMES = 200


class ErrorFrame(TypedDict):
    """One call of a stack trace. `code` is its line of source, where the language says it."""

    function: str
    file: str
    line: int
    in_app: bool
    code: str


class ErrorSection(TypedDict):
    """One exception of a chain, its calls innermost first."""

    type: str
    message: str
    frames: list[ErrorFrame]
    more: int
    """Calls that are not shown."""
    cause: bool
    """Whether it is the cause of the exception before it, and not only what was being handled."""


class ErrorReport(ErrorDetail):
    """One error, ready to be read."""

    language: str
    """Of the stack trace; "" where it could not be read."""
    sections: list[ErrorSection]
    changes: list[Change]
    """What was changed in its services shortly before it was first seen, the newest first."""


async def error_report(
    reader: Reader, *, project: str, time_range: TimeRange, filter: Filter, fingerprint: str
) -> ErrorReport:
    """The report on one error. Raises `NotFound` where it has no occurrence within the range and the filter."""
    detail = await get_error(reader, project=project, time_range=time_range, filter=filter, fingerprint=fingerprint)
    first = parse_moment(detail["first_seen"], 0)
    around = TimeRange(first - CHANGES_BEFORE_S * SECOND, first + CHANGES_AFTER_S * SECOND)
    changes = await list_changes(
        reader, project=project, time_range=around, subjects=detail["services"], limit=MAX_CHANGES
    )
    stack = parse_stack(shortened(detail["stacktrace"])) if detail["stacktrace"] else None
    return ErrorReport(
        **detail,
        language=stack.language if stack else "",
        sections=_sections(stack) if stack else [],
        changes=changes["rows"],
    )


def _sections(stack: Stack) -> list[ErrorSection]:
    return [
        ErrorSection(
            type=section.type,
            message=section.message,
            frames=[
                ErrorFrame(
                    function=frame.function, file=frame.file, line=frame.line, in_app=frame.in_app, code=frame.code
                )
                for frame in section.frames[:MAX_FRAMES]
            ],
            more=max(0, len(section.frames) - MAX_FRAMES),
            cause=section.direct,
        )
        for section in stack.sections
    ]
