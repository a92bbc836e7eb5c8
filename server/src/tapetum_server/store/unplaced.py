"""What records say of calls whose span has not come yet: they name no span, but the provider's response id."""

from __future__ import annotations

from tapetum_server.signals.span_facts import SpanFacts

MAX_CALLS = 1_000
MAX_LETTERS = 1 << 24
_BY_RESPONSE = "response|"


def response_id_of(said: SpanFacts) -> str:
    """The response id by which a record names its call; "" where it names it by something else."""
    return (
        said.span_id.removeprefix(_BY_RESPONSE) if not said.trace_id and said.span_id.startswith(_BY_RESPONSE) else ""
    )


class Unplaced:
    """What waits for its span. Bounded in calls and in letters: the oldest goes first, and stays a log record."""

    def __init__(self) -> None:
        self._facts: dict[tuple[str, str], dict[str, SpanFacts]] = {}
        self._letters = 0

    def keep(self, project: str, response_id: str, said: SpanFacts) -> None:
        """Wait for the span of this call."""
        of_the_call = self._facts.setdefault((project, response_id), {})
        if (before := of_the_call.get(said.record)) is not None:
            self._letters -= _letters(before)
        of_the_call[said.record] = said
        self._letters += _letters(said)
        while len(self._facts) > MAX_CALLS or self._letters > MAX_LETTERS:
            self.take(*next(iter(self._facts)))

    def take(self, project: str, response_id: str) -> list[SpanFacts]:
        """What waited for the span of this call."""
        found = list(self._facts.pop((project, response_id), {}).values())
        self._letters -= sum(map(_letters, found))
        return found


def _letters(said: SpanFacts) -> int:
    return len(said.input) + len(said.output)
