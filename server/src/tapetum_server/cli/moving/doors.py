"""Sending what was found through the doors that live telemetry comes through, and counting what became of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from tapetum_server.cli.patience import Patience
from tapetum_server.moving.found import Evaluation, Item, Prompt, Skipped, Span
from tapetum_server.moving.index import Index
from tapetum_server.moving.otlp import encoded, request_of, size_of

_MOST_SPANS, _MOST_EVALUATIONS = 1_000, 1_000
_MOST_BYTES = 4 << 20
"""Of one request: a larger span goes alone."""
_EVALUATION_BYTES = 3 << 20
"""The door takes 4 MiB of evaluations at once."""
_OF_ITS_CONTENT = (400, 413)
"""A request that is refused whole for something in it is sent in halves, until the one that is wrong is alone."""
_WORDS = 300
"""Characters of a reason."""
_NAMED = 200
"""Skipped and refused records that are named; the rest is counted."""


class Doors:
    """Takes items, sends them in batches, and counts. Without a client, a dry run, it only counts."""

    def __init__(self, client: httpx.Client | None, index: Index, tool: str, say: Callable[[str, str], None]) -> None:
        self._client = client
        self._index = index
        self._tool = tool
        self._say = say
        self._patience = Patience(str(client.base_url)) if client is not None else None
        self._spans: list[Span] = []
        self._evaluations: list[Evaluation] = []
        self._span_bytes = self._evaluation_bytes = 0
        self.totals = {"traces": 0, "spans": 0, "evaluations": 0, "prompt_versions": 0, "already_there": 0,
                       "refused": 0, "skipped": 0}  # fmt: skip
        self.why: list[dict[str, str]] = []

    def take(self, item: Item) -> None:
        """Send an item, soon."""
        match item:
            case Span():
                size = size_of(item)
                if self._spans and self._span_bytes + size > _MOST_BYTES:
                    self._send_spans()
                self._spans.append(item)
                self._span_bytes += size
                if len(self._spans) >= _MOST_SPANS:
                    self._send_spans()
            case Evaluation():
                size = len(encoded(item.fields))
                if self._evaluations and self._evaluation_bytes + size > _EVALUATION_BYTES:
                    self._send_evaluations()
                self._evaluations.append(item)
                self._evaluation_bytes += size
                if len(self._evaluations) >= _MOST_EVALUATIONS:
                    self._send_evaluations()
            case Prompt():
                self._index.keep_prompt(item)
            case Skipped():
                self.skipped(item)

    def flush(self) -> None:
        """Send what waits."""
        self._send_spans()
        self._send_evaluations()

    def skipped(self, item: Skipped) -> None:
        """Count a record that is left out, and say why."""
        self.totals["skipped"] += 1
        self._name(item.place, item.why, "yellow")

    def refused(self, place: str, why: str, count: int = 1) -> None:
        """Count records that the server did not take."""
        self.totals["refused"] += count
        self._name(place, why, "red")

    def note(self, what: str) -> None:
        """Say something that is good to know."""
        self._say(what, "")

    def words(self, answer: httpx.Response | None) -> str:
        """What a server that did not take something said."""
        return _words(answer)

    def post(self, path: str, body: bytes, **query: str) -> httpx.Response | None:
        """The answer to a request, `None` where none came."""
        assert self._client is not None
        assert self._patience is not None
        client = self._client
        return self._patience.ask(
            lambda: client.post(path, content=body, params=query, headers={"content-type": "application/json"}), _reason
        )

    def _name(self, place: str, why: str, style: str) -> None:
        why = why if len(why) <= _WORDS else why[:_WORDS] + "…"
        if len(self.why) < _NAMED:
            self.why.append({"place": place, "why": why})
            self._say(f"{place}: {why}", style)
        elif len(self.why) == _NAMED:
            self.why.append({"place": "", "why": "and more"})
            self._say(f"More than {_NAMED}: the others are counted only.", style)

    def _send_spans(self) -> None:
        sent, self._spans, self._span_bytes = self._spans, [], 0
        if sent:
            self._put_spans(sent)

    def _put_spans(self, sent: list[Span]) -> None:
        count = len(sent)
        if self._client is not None:
            answer = self.post("/v1/traces", request_of(sent, self._tool))
            where = f"{sent[0].place} to {sent[-1].place}" if count > 1 else sent[0].place
            if answer is not None and answer.status_code in _OF_ITS_CONTENT and count > 1:
                self._put_spans(sent[: count // 2])
                self._put_spans(sent[count // 2 :])
                return
            if answer is None or answer.status_code != 200:
                self.refused(where, _words(answer), count)
                return
            partial = answer.json().get("partialSuccess") or {}
            if rejected := int(partial.get("rejectedSpans") or 0):
                self.refused(where, str(partial.get("errorMessage", "")), rejected)
                count -= rejected
        self.totals["spans"] += count
        if count:
            self.totals["traces"] += self._index.sent_traces({span.trace_id for span in sent})

    def _send_evaluations(self) -> None:
        sent, self._evaluations, self._evaluation_bytes = self._evaluations, [], 0
        if sent:
            self._put_evaluations(sent)

    def _put_evaluations(self, sent: list[Evaluation]) -> None:
        count = len(sent)
        if self._client is None:
            self.totals["evaluations"] += count
            return
        answer = self.post("/v1/evaluations", encoded([one.fields for one in sent]))
        if answer is not None and answer.status_code in _OF_ITS_CONTENT and count > 1:
            self._put_evaluations(sent[: count // 2])
            self._put_evaluations(sent[count // 2 :])
            return
        if answer is None or answer.status_code != 200:
            self.refused(sent[0].place, _words(answer), count)
            return
        told: dict[str, Any] = answer.json()
        self.totals["evaluations"] += told["accepted"]
        for one in told["refused"]:
            at = one["index"]
            self.refused(sent[at].place if isinstance(at, int) else sent[0].place, one["message"])


def _words(answer: httpx.Response | None) -> str:
    return "the server did not answer" if answer is None else f"{answer.status_code} {_reason(answer)}"


def _reason(answer: httpx.Response) -> str:
    try:
        told = answer.json()
        error = told.get("error", told)
        return str(error.get("message", error))
    except (ValueError, AttributeError):
        return " ".join(answer.text.split())[:300]
