"""One session: what it came to, and its traces replayed as turns of a conversation."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import TypedDict

from tapetum_server.analysis.running_report import NamedRunningSpan, running_by_trace
from tapetum_server.processors.messages.reading import read_messages
from tapetum_server.query.errors import NotFound
from tapetum_server.query.filter import Filter
from tapetum_server.query.reader import Reader
from tapetum_server.query.selection import Selection
from tapetum_server.query.session_turns import Turn, TurnSort, session_turns
from tapetum_server.query.sessions import SessionRow, Whose, summaries
from tapetum_server.query.sources import SPANS
from tapetum_server.query.time_range import TimeRange
from tapetum_server.query.traces import TraceRow
from tapetum_server.signals.scores import ScoreDefinition

MAX_SHOWN = 4_000
"""Characters of one text of a turn; the trace has all."""


class SessionTurn(TypedDict):
    """One trace of a session: what was asked last, and what was answered in the end."""

    trace: TraceRow
    asked: str
    answered: str
    cut: bool
    """Whether more was said than is here."""
    running: list[NamedRunningSpan]
    """Of a trace that has not ended: what it waits for, the worst first."""


class SessionTurns(TypedDict):
    """Some turns, and where the next ones begin."""

    rows: list[SessionTurn]
    next_cursor: str | None


async def session_report(
    reader: Reader,
    whose: Whose,
    *,
    project: str,
    id: str,
    time_range: TimeRange,
    definitions: Sequence[ScoreDefinition] = (),
) -> SessionRow:
    """What one session or user came to. Raises `NotFound` where no span names it."""
    selection = Selection(SPANS, project, time_range, Filter())
    found = (await summaries(reader, selection, whose, [id], definitions)).get(id)
    if found is None:
        what = "session" if whose == "session_id" else "user"
        raise NotFound(
            f"project {project!r} has no {what} {id[:80]!r} in this time",
            hint=f"It may be past its retention, or of another project. tapetum {what}s lists those there are."
            if what == "session"
            else "Look at a longer time.",
        )
    return found


async def replay(
    reader: Reader,
    *,
    project: str,
    session: str,
    sort: TurnSort,
    failed: bool,
    limit: int,
    cursor: str | None,
    now_ns: int,
) -> SessionTurns:
    """A page of the session's turns."""
    turns, following = await session_turns(
        reader, project=project, session=session, sort=sort, failed=failed, limit=limit, cursor=cursor
    )
    running = await running_by_trace(reader, project=project, traces=[turn.trace for turn in turns], now_ns=now_ns)
    return SessionTurns(
        rows=[_turn(turn, running.get(turn.trace["trace_id"], [])) for turn in turns], next_cursor=following
    )


def _turn(turn: Turn, running: list[NamedRunningSpan]) -> SessionTurn:
    asked = said_last(turn.root.input or turn.first_call.input, "user")
    answered = said_last(turn.root.output or turn.last_call.output, "assistant")
    return SessionTurn(
        trace=turn.trace,
        asked=asked[:MAX_SHOWN],
        answered=answered[:MAX_SHOWN],
        cut=max(len(asked), len(answered)) > MAX_SHOWN,
        running=running,
    )


def said_last(payload: str, role: str) -> str:
    """The text of the last message of this role, whatever library wrote it; of what is no message, all of it.

    Where it says nothing but asks for tools, as in a turn that still waits for one, these.
    """
    messages = read_messages(payload, role).messages
    for message in reversed(messages):
        said = [part["content"] for part in message["parts"] if part["type"] == "text" and part.get("content")]
        if message["role"] == role and said:
            return "\n".join(said)
    calls = [part for message in messages if message["role"] == role for part in message["parts"]]
    tools = list(dict.fromkeys(str(part.get("name") or "a tool") for part in calls if part["type"] == "tool_call"))
    return f"asks for {', '.join(tools)}" if tools else payload
