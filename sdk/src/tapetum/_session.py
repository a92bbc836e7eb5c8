"""Which session and which user the spans made from here on belong to."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from opentelemetry import trace

from tapetum import semconv
from tapetum._guard import faults, never_raise

_Said = tuple[int, str]
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


def _say(variable: ContextVar[_Said | None], key: str, value: str) -> None:
    with never_raise(faults, 1):
        span = trace.get_current_span()
        variable.set((span.get_span_context().trace_id, str(value)))
        span.set_attribute(key, str(value))


def stamp(span: Any) -> None:
    """Give a span that begins what was said."""
    trace_id = span.get_span_context().trace_id
    for variable, key in _KEYS:
        said = variable.get()
        if said is not None and said[0] in (0, trace_id):
            span.set_attribute(key, said[1])
