"""Tells a trace's spans as one conversation: each message once, each tool's call with its result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from tapetum_server.analysis.conversation.entries import Entry, ToolUse
from tapetum_server.analysis.conversation.history import key_of, keys_of
from tapetum_server.analysis.conversation.shown import Room
from tapetum_server.processors.messages.message import Message, Part
from tapetum_server.processors.messages.span_content import SpanContent

MAX_TEXT = 16_384
MAX_ENTRIES = 2_000
Row = Mapping[str, Any]


class Teller:
    """Spans in, in the order that makes sense of them; entries out."""

    def __init__(self, start_ns: int) -> None:
        self._start_ns = start_ns
        self._room = Room(MAX_TEXT)
        self._threads: list[Counter[bytes]] = []
        self._open: list[Entry] = []
        self._said: set[str] = set()
        self.entries: list[Entry] = []
        self.truncated = False

    def model_call(self, row: Row, content: SpanContent, agent: str) -> None:
        """What a call adds to the history that it goes on from, and its answer."""
        keys, answers = keys_of(content.input), keys_of(content.output)
        known = self._thread_of(content.input, keys)
        counts: Counter[bytes] = Counter()
        for message, key in zip(content.input, keys):
            counts[key] += 1
            if counts[key] > known[key]:
                known[key] = counts[key]
                self._message(message, row, agent, row["start_ns"])
        for message, key in zip(content.output, answers):
            counts[key] += 1
            if counts[key] > known[key]:
                known[key] = counts[key]
                self._message(message, row, agent, end_of(row), answer=True)
        if row["status"] == "error":
            self.error(row, agent)

    def _thread_of(self, messages: list[Message], keys: list[bytes]) -> Counter[bytes]:
        """The history with most of these messages in it; a new one where there is none. A shared system prompt
        alone makes no common history."""
        own = {key for message, key in zip(messages, keys) if message["role"] != "system"}
        best = max(self._threads, key=lambda known: sum(key in known for key in own), default=None)
        if best is None or not any(key in best for key in own):
            best = Counter()
            self._threads.append(best)
        return best

    def aside(self, messages: list[Message], row: Row, agent: str, at_ns: int) -> None:
        """Words of an agent's span or of a log record, unless somebody said them already."""
        for message in messages:
            parts = [part for part in message["parts"] if part["type"] in ("text", "reasoning", "uri", "file", "blob")]
            if parts and not all(_words(part) in self._said for part in parts):
                self._message(Message(role=message["role"], parts=parts), row, agent, at_ns)

    def tool_span(self, row: Row, content: SpanContent, agent: str) -> None:
        """A tool's own span: where the call that a model made was really done."""
        call = content.input[0]["parts"][0]
        entry = self._call_of(call)
        if entry is None:
            entry = self._call(call, row, agent, row["start_ns"])
        entry["span_id"], entry["duration_ms"], entry["agent"] = row["span_id"], row["duration_ms"], agent
        if content.output and entry["tool"] and not entry["tool"]["answered"]:
            self._answer(entry, content.output[0]["parts"][0])
        if row["status"] == "error" and entry["tool"]:
            entry["tool"]["failed"] = True
            _fail(entry, row)

    def _call_of(self, call: Part) -> Entry | None:
        """The call that a model made and that no tool's span has yet: by its id, else by name and arguments."""
        free = [(entry, entry["tool"]) for entry in self.entries if entry["tool"] and entry["duration_ms"] is None]
        if call.get("id"):
            return next((entry for entry, tool in free if tool and tool["id"] == call["id"]), None)
        same = [(entry, tool) for entry, tool in free if tool and tool["name"] == call.get("name")]
        exact = [entry for entry, tool in same if tool["arguments"] == call.get("arguments")]
        return next(iter(exact or [entry for entry, _tool in same]), None)

    def retrieval(self, row: Row, content: SpanContent, agent: str) -> None:
        """What was looked for, and what was found."""
        entry = self._entry("retrieval", row, agent, row["start_ns"])
        entry["parts"] = [part for message in content.input for part in self._room.parts(message)]
        for document in content.documents:
            text, whole = self._room.text(document["content"])
            entry["documents"].append({**document, "content": text if whole is None else text + "…"})

    def error(self, row: Row, agent: str) -> None:
        """Something failed."""
        _fail(self._entry("error", row, agent, end_of(row)), row)

    def _message(self, message: Message, row: Row, agent: str, at_ns: int, answer: bool = False) -> None:
        plain: list[Part] = []
        calls: list[Part] = []
        for part in message["parts"]:
            if part["type"] == "tool_call_response":
                self._response(part, row, agent, at_ns)
            else:
                (calls if part["type"] == "tool_call" else plain).append(part)
        used = answer
        if plain:
            entry = self._entry("message", row, agent, at_ns, used)
            entry["role"], used = message["role"], False
            entry["parts"] = [self._room.part(part) for part in plain]
            entry["finish_reason"] = message.get("finish_reason", "")
            self._said.update(map(_words, plain))
        for call in calls:
            self._call(call, row, agent, at_ns, used)
            used = False

    def _call(self, call: Part, row: Row, agent: str, at_ns: int, used: bool = False) -> Entry:
        entry = self._entry("tool", row, agent, at_ns, used)
        entry["duration_ms"] = None
        arguments, cut = self._room.value(call.get("arguments"))
        entry["tool"] = ToolUse(
            id=call.get("id", ""),
            name=call.get("name", ""),
            arguments=arguments,
            arguments_truncated_from=cut,
            answered=False,
            response=None,
            response_truncated_from=None,
            failed=False,
        )
        self._open.append(entry)
        return entry

    def _response(self, part: Part, row: Row, agent: str, at_ns: int) -> None:
        waiting = [(entry, entry["tool"]) for entry in self._open if entry["tool"]]
        if part.get("id") and any(tool["id"] for _entry, tool in waiting):
            fitting = [entry for entry, tool in waiting if tool["id"] == part["id"]]
        else:
            named = [entry for entry, tool in waiting if tool["name"] == part.get("name")]
            fitting = named or [entry for entry, _tool in waiting]
        entry = next(iter(fitting), None)
        if entry is None:
            call = Part(type="tool_call", name=part.get("name", ""), id=part.get("id", ""), arguments=None)
            entry = self._call(call, row, agent, at_ns)
        self._answer(entry, part)

    def _answer(self, entry: Entry, part: Part) -> None:
        if entry["tool"] is None:
            return
        response, cut = self._room.value(part.get("response"))
        entry["tool"]["answered"] = True
        entry["tool"]["response"], entry["tool"]["response_truncated_from"] = response, cut
        entry["tool"]["failed"] = entry["tool"]["failed"] or part.get("is_error", False)
        self._open = [one for one in self._open if one is not entry]

    def _entry(self, kind: Any, row: Row, agent: str, at_ns: int, used: bool = False) -> Entry:
        """`used`: it carries what the call cost. One call may say several things and has cost once."""
        entry = Entry(
            type=kind, role="", parts=[], tool=None, documents=[], error="", error_type="",
            at_ns=max(at_ns - self._start_ns, 0),
            span_id=row["span_id"], agent=agent, model=row["model"] if used else "",
            duration_ms=row["duration_ms"] if used or kind == "retrieval" else None,
            input_tokens=row["input_tokens"] if used else None, output_tokens=row["output_tokens"] if used else None,
            cost_usd=row["cost_usd"] if used else None, finish_reason="",
        )  # fmt: skip
        if len(self.entries) < MAX_ENTRIES:
            self.entries.append(entry)
        else:
            self.truncated = True
        return entry


def end_of(row: Row) -> int:
    """When a span ended; its start where it still runs."""
    return int(row["start_ns"] + (row["duration_ms"] or 0) * 1e6)


def _words(part: Part) -> str:
    said = part.get("content") or part.get("uri") or part.get("file_id")
    return said.strip() if said else key_of(Message(role="", parts=[part])).hex()


def _fail(entry: Entry, row: Row) -> None:
    entry["error_type"] = row["error_type"][:MAX_TEXT]
    said = row["status_message"] or ("" if row["error_type"] else "failed, and did not say why")
    entry["error"] = said[:MAX_TEXT]
