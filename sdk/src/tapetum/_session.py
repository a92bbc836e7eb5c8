"""Which session and which user the spans and log records made from here on belong to."""

from __future__ import annotations

from contextvars import ContextVar
from types import TracebackType
from typing import Any, NamedTuple

from opentelemetry import trace

from tapetum import semconv
from tapetum._guard import faults, never_raise


class _Said(NamedTuple):
    """What was said last, above what was said before: a stack that every thread and task has of its own.

    No token of a context variable does this: a generator may be closed in another context than it was begun in, and
    two of them need not end in the order in which they began.
    """

    trace_id: int
    """For which trace it holds; 0 for all."""
    value: str
    owner: object
    """The block that ends it; `None` where `set_session` or `set_user` said it."""
    before: _Said | None


_session: ContextVar[_Said | None] = ContextVar("tapetum_session", default=None)
_user: ContextVar[_Said | None] = ContextVar("tapetum_user", default=None)
_KEYS = ((_session, semconv.SESSION_ID), (_user, semconv.USER_ID))


def set_session(session: str) -> None:
    """Say which session (a conversation, a visit) the current span and those made after it belong to.

    Inside a trace it holds for that trace, in this thread or task and what it starts, so that a worker which
    serves another request next does not carry it over. Outside of any it holds for every trace that follows.
    """
    _say(_session, semconv.SESSION_ID, session)


def set_user(user: str) -> None:
    """Say which user the current span and those made after it belong to; it holds as long as `set_session`."""
    _say(_user, semconv.USER_ID, user)


class _Block:
    """Names something on all that begins inside, in this thread or task and what it starts."""

    _variable: ContextVar[_Said | None]

    def __init__(self, id: str) -> None:
        self._id = id

    def __enter__(self) -> str:
        """Give the id."""
        with never_raise(faults, 1):
            self._variable.set(_Said(0, str(self._id), self, self._variable.get()))
        return self._id

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        with never_raise(faults, 1):
            self._variable.set(_without(self._variable.get(), self))

    async def __aenter__(self) -> str:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, tb)


class session(_Block):
    """Every span and log record that begins inside belongs to this session (a conversation, a visit).

        with tapetum.session("s-1"), tapetum.user("ada"):
            agent.run("What is left?")

    Whoever makes the spans: `observe`, other people's instrumentation, frameworks. `with` and `async with`; blocks
    may be nested, and the innermost counts. What names a session of its own keeps it.
    """

    _variable = _session


class user(_Block):
    """Every span and log record that begins inside belongs to this user; as `tapetum.session`."""

    _variable = _user


def _without(said: _Said | None, owner: object) -> _Said | None:
    """The stack as if this block had never said anything."""
    above: list[_Said] = []
    found = said
    while found is not None and found.owner is not owner:
        above.append(found)
        found = found.before
    if found is None:
        return said  # a generator that is closed in another context
    rest = found.before
    if above and above[-1].owner is None:
        above.pop()  # what `set_session` said inside ends with the block
    for one in reversed(above):
        rest = one._replace(before=rest)
    return rest


def _say(variable: ContextVar[_Said | None], key: str, value: str) -> None:
    with never_raise(faults, 1):
        span = trace.get_current_span()
        before = variable.get()
        if before is not None and before.owner is None:
            before = before.before  # said again: it takes its place, so that nothing grows
        variable.set(_Said(span.get_span_context().trace_id, str(value), None, before))
        span.set_attribute(key, str(value))


def current(trace_id: int) -> dict[str, str]:
    """Attributes that name the session and the user, for what is made in this trace now."""
    found: dict[str, str] = {}
    for variable, key in _KEYS:
        said = variable.get()
        while said is not None and said.trace_id not in (0, trace_id):
            said = said.before
        if said is not None:
            found[key] = said.value
    return found


def stamp(span: Any) -> None:
    """Give a span that begins what was said, unless it says so itself."""
    found = current(span.get_span_context().trace_id)
    if found:
        own = getattr(span, "attributes", None) or {}
        span.set_attributes({key: value for key, value in found.items() if key not in own})


def stamp_log(record: Any) -> None:
    """Give a log record what was said, unless it says so itself."""
    found = current(record.trace_id or 0)
    if found:
        own = record.attributes or {}
        for key in own.keys() & found.keys():
            del found[key]
        if hasattr(own, "__setitem__"):
            for key, value in found.items():
                own[key] = value
        else:
            record.attributes = {**own, **found}
