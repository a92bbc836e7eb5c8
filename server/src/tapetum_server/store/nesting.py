"""Calls with the same usage within each other: one call that two layers of a program report."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tapetum_server.store.recent import Recent

if TYPE_CHECKING:
    from tapetum_server.store.claims import Call

Ids = tuple[str, str]
"""(trace id, span id)"""
SpanKey = tuple[str, str, str]
"""(project, trace id, span id)"""
Usage = tuple[int | None, int]
CAPACITY = 200_000
PLAIN_CAPACITY = 100_000
MAX_DEPTH = 8
"""Spans between two reports of one call: an instrumentor's, a framework's, a retry's, not more."""
_FORM = re.compile("[A-Za-z]{2,}(?=[-_])|")
"""How providers begin their ids: `chatcmpl-`, `msg_`, `resp_`."""
MAX_TWINS = 64
"""Calls of one trace with the same usage that are compared."""


class Nesting:
    """Who is whose parent, and which calls used the same.

    Bounded: the oldest goes first. Spans of no particular kind, such as the requests between an application and the
    gateway that both report a call, are many: they have a place of their own and push no model's span out.
    """

    def __init__(self) -> None:
        self._parents: Recent[SpanKey, str] = Recent(CAPACITY)
        self._plain: Recent[SpanKey, str] = Recent(PLAIN_CAPACITY)
        self._calls: Recent[tuple[str, str, Usage], list[Call]] = Recent(CAPACITY)
        self._alike: Recent[tuple[str, str], set[Usage]] = Recent(CAPACITY)

    def saw(self, project: str, ids: Ids, parent: str, plain: bool = False) -> None:
        """Remember a span's parent."""
        if not parent:
            return
        (self._plain if plain else self._parents).put((project, *ids), parent)

    def plain_parent(self, span: SpanKey) -> str | None:
        """The parent of a span of no particular kind; None for another one, and where it is not known."""
        return self._plain.get(span)

    def keep(self, project: str, call: Call) -> None:
        """Remember a call that owns usage."""
        if call.usage[0] is None or call.usage == (0, 0):
            return
        for usage in call.readings():
            key = project, call.ids[0], usage
            calls = self._calls.get(key)
            if calls is None:
                self._calls.put(key, [call])
            elif len(calls) < MAX_TWINS and all(known.ids != call.ids for known in calls):
                calls.append(call)
                if len(calls) == 2:
                    self._seen_alike((project, call.ids[0]), usage)

    def _seen_alike(self, trace: tuple[str, str], usage: Usage) -> None:
        usages = self._alike.get(trace)
        if usages is None:
            self._alike.put(trace, {usage})
        else:
            usages.add(usage)

    def late_twins(self, project: str, trace: str) -> list[tuple[Call, Call]]:
        """(inner, outer) of calls that a span between them, arrived after both, shows to be one."""
        found = []
        for usage in self._alike.get((project, trace)) or ():
            calls = {call.ids[1]: call for call in self._calls.get((project, trace, usage)) or ()}
            for inner in calls.values():
                for above in self._above(project, trace, inner.ids[1]):
                    outer = calls.get(above)
                    if outer is not None and outer is not inner and _may_be_one(inner, outer):
                        found.append((inner, outer))
                        break
        return found

    def forget(self, project: str, call: Call) -> None:
        """A call that turned out to be another's is compared no more."""
        for usage in call.readings():
            calls = self._calls.get((project, call.ids[0], usage))
            if calls is not None:
                calls[:] = [known for known in calls if known.ids != call.ids]

    def twin(self, project: str, me: Call) -> Call | None:
        """A call around `me`, or within it, that used the same and may be the same."""
        trace = me.ids[0]
        for usage in me.readings():
            for other in self._calls.get((project, trace, usage)) or ():
                if other.ids == me.ids or not _may_be_one(me, other):
                    continue
                if self._is_within(project, trace, me.ids[1], other.ids[1]):
                    return other
                if self._is_within(project, trace, other.ids[1], me.ids[1]):
                    return other
        return None

    def _is_within(self, project: str, trace: str, inner: str, outer: str) -> bool:
        return outer in self._above(project, trace, inner)

    def _above(self, project: str, trace: str, at: str) -> Iterator[str]:
        """The spans around one, the nearest first."""
        for _ in range(MAX_DEPTH):
            span = project, trace, at
            parent = self._parents.get(span) or self._plain.get(span)
            if not parent:
                return
            at = parent
            yield at


def _may_be_one(one: Call, other: Call) -> bool:
    """Two response ids of one form are two calls; so are two models, unless one is the dated name of the other.

    A gateway gives an answer an id of its own, in the form of the provider that it stands in for.
    """
    if one.response_id != other.response_id and _form(one.response_id) == _form(other.response_id) is not None:
        return False
    if one.usage != other.usage and not one.says_less_than(other) and not other.says_less_than(one):
        return False
    return not one.model or not other.model or one.model.startswith(other.model) or other.model.startswith(one.model)


def _form(response_id: str) -> str | None:
    found = _FORM.match(response_id) if response_id else None
    return found[0] if found else None
