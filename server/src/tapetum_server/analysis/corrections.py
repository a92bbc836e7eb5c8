"""What an answer should have been, as people wrote it, beside what it was."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from typing_extensions import TypedDict

from tapetum_server.analysis.dataset_drafts import draft_of_span
from tapetum_server.analysis.differences import Piece, by_words
from tapetum_server.query.reader import Reader
from tapetum_server.query.span_corrections import MAX_CORRECTIONS, corrections_of
from tapetum_server.query.time_range import format_time

MAX_COMPARED_CHARACTERS = 200_000
"""Longer texts are shown without their difference."""


class Correction(TypedDict):
    """One person's word on what should have come out."""

    evaluation_id: str
    name: str
    """`correction` of reviewers; any evaluation can say an expected output."""
    evaluator: str
    source: str
    updated_at: str
    expected_output: str
    comment: str
    difference: list[Piece] | None
    """From the output to it; `None` where they are too long to compare."""


class Corrections(TypedDict):
    """The corrections of one span."""

    output: str
    """What came out, as a reviewer would write it."""
    rows: list[Correction]
    """Reviewers' first, the latest first: the first one is the expected output of a saved item."""


async def corrections(reader: Reader, *, project: str, trace_id: str, span_id: str) -> Corrections:
    """What people say that the answer of a span should have been, and in which words it is otherwise."""
    draft, rows = await asyncio.gather(
        draft_of_span(reader, project=project, trace_id=trace_id, span_id=span_id),
        corrections_of(reader, project=project, trace_id=trace_id, span_id=span_id, limit=MAX_CORRECTIONS),
    )
    return await asyncio.to_thread(_report, said_in(draft["output"]), rows)


def _report(output: str, rows: list[dict[str, Any]]) -> Corrections:
    return Corrections(
        output=output,
        rows=[
            Correction(
                evaluation_id=row["evaluation_id"],
                name=row["name"],
                evaluator=row["evaluator"],
                source=row["source"],
                updated_at=format_time(row["updated_ns"]),
                expected_output=row["expected_output"],
                comment=row["comment"],
                difference=_difference(output, row["expected_output"]),
            )
            for row in rows
        ],
    )


def _difference(output: str, expected: str) -> list[Piece] | None:
    if len(output) + len(expected) > MAX_COMPARED_CHARACTERS:
        return None
    return by_words(output, expected)


def said_in(output: Any) -> str:
    """An output as text: of messages what they say, of other values their JSON."""
    if isinstance(output, str):
        return output
    if output is None:
        return ""
    if isinstance(output, list):
        parts = [part for message in output if isinstance(message, dict) for part in message.get("parts") or ()]
        texts = [part["content"] for part in parts if isinstance(part, dict) and part.get("type") == "text"]
        if texts:
            return "\n".join(texts)
    return json.dumps(output, ensure_ascii=False, indent=2)
