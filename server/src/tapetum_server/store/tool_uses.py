"""Uses of tools within each other: one that several layers report, as an agent and both sides of MCP do.

The outermost span is the use: it has the agent, and the whole of the time. One within is another report of it if
nothing but plain spans and reports of the same use are between, and if another library, or the other side of the
connection, wrote it: what calls itself is used again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tapetum_server.store.nesting import MAX_DEPTH, Ids, Nesting, SpanKey
from tapetum_server.store.recent import Recent

CAPACITY = 100_000
_OF_A_SERVER = "mcp__"
"""How agents begin the names of tools of MCP servers: `mcp__SERVER__TOOL`."""


@dataclass(slots=True)
class Use:
    """A span of kind tool."""

    ids: Ids
    parent: str
    name: str
    call_id: str
    side: tuple[str, str]
    """Who wrote the span: the instrumentation scope and the span's kind, such as client."""


class ToolUses:
    """The uses seen last. Bounded: the oldest goes first."""

    def __init__(self, nesting: Nesting) -> None:
        self._nesting = nesting
        self._uses: Recent[SpanKey, Use] = Recent(CAPACITY)
        self._waiting: Recent[SpanKey, dict[str, Use]] = Recent(CAPACITY)

    def keep(self, project: str, use: Use) -> None:
        """Remember a use."""
        self._uses.put((project, *use.ids), use)

    def around(self, project: str, use: Use) -> Iterator[tuple[Use, Use]]:
        """(report that is not counted, the one that is) for `use` and what is around it."""
        return self._climb(project, use, use.parent)

    @property
    def waits(self) -> bool:
        """Whether any use waits for what is around it."""
        return bool(self._waiting)

    def arrived(self, project: str, ids: Ids) -> Iterator[tuple[Use, Use]]:
        """The same for uses that waited for this span to say what is around them."""
        waiting = self._waiting.get((project, *ids))
        if waiting:
            uses = list(waiting.values())
            waiting.clear()
            for use in uses:
                yield from self._climb(project, use, ids[1])

    def _climb(self, project: str, use: Use, at: str) -> Iterator[tuple[Use, Use]]:
        for _ in range(MAX_DEPTH):
            if not at:
                return
            span = project, use.ids[0], at
            outer = self._uses.get(span)
            if outer is None:
                parent = self._nesting.plain_parent(span)
                if parent is None:
                    self._wait(span, use)
                    return
                at = parent
            elif not _is_one(use, outer):
                return
            elif outer.name or not use.name:
                yield use, outer
                return
            else:  # a client that does not name what it calls
                yield outer, use
                at = outer.parent

    def _wait(self, span: SpanKey, use: Use) -> None:
        waiting = self._waiting.get(span)
        if waiting is None:
            waiting = {}
            self._waiting.put(span, waiting)
        waiting[use.ids[1]] = use


def _is_one(inner: Use, outer: Use) -> bool:
    if inner.side == outer.side or (inner.call_id and outer.call_id and inner.call_id != outer.call_id):
        return False
    if not inner.name or not outer.name or inner.name == outer.name:
        return True
    return outer.name.startswith(_OF_A_SERVER) and outer.name.endswith(f"__{inner.name}")
