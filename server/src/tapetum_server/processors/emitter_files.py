"""The emitters' tables, read once: `emitters/NAME.toml` says where each emitter keeps each canonical field.

Adding an emitter is adding a file, a fixture (`server/tests/data/emitters/NAME.json`) and its line in the docs.
What a table may say is in `docs/emitters.md`. A table that says anything else is refused at start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

import tomllib

TEXTS = (
    "operation", "provider", "request_model", "response_model", "response_id", "session_id", "user_id", "agent",
    "graph_node", "tool", "tool_call_id", "prompt_name", "prompt_version", "input", "output", "error_type", "server",
)  # fmt: skip
TOKENS = (
    "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens",
    "audio_input_tokens", "audio_output_tokens", "image_input_tokens",
)  # fmt: skip
DURATIONS = ("ttft_ms", "time_per_output_token_ms")
FIELDS: Mapping[str, tuple[str, ...]] = {
    "text": TEXTS,
    "tokens": TOKENS,
    "seconds": DURATIONS,
    "milliseconds": DURATIONS,
    "moment": ("ttft_ms",),
    "money": ("reported_cost_usd",),
    "finish": ("finish_reason",),
    "flag": ("streaming",),
    # For readers of one span, which take these from its attributes: they are not columns.
    "content": ("system", "tool_definitions", "documents", "embeddings"),
}
"""Which fields each section of a table may fill."""
_SECTIONS = {
    *FIELDS, "title", "order", "docs", "recognise", "kind", "names", "usage", "messages", "events", "logs", "spans",
    "nothing", "only", "first",
}  # fmt: skip
_LOG_SECTIONS = {*FIELDS, "events", "joins", "anyone", "usage"}


@dataclass(frozen=True, slots=True)
class FactRule:
    """What some log records, or spans, of an emitter say about another span."""

    events: tuple[str, ...]
    joins: str
    """`span`: the span whose ids the record carries. `usage`: the span of the same session, model and counts.
    `response`: the span with the same response id."""
    anyone: bool = False
    """Whether records so named mean the same whoever sends them."""
    fields: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    usage: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Emitter:
    """One file of `emitters/`."""

    name: str
    title: str
    order: int
    scopes: tuple[str, ...]
    """Scope names, or their beginnings where one ends in `*`."""
    keys: tuple[str, ...]
    """Attribute keys, any of which shows this emitter, or their beginnings where one ends in `*`."""
    docs: str
    kinds: Mapping[str, Mapping[str, str]]
    """Attribute source → its values → kind."""
    names: Mapping[str, str]
    """Span name (or beginning, with `*`) → kind."""
    fields: Mapping[str, Mapping[str, tuple[str, ...]]]
    """Section → field → sources, the preferred first."""
    usage: Mapping[str, Any]
    messages: Mapping[str, tuple[str, ...]]
    events: Mapping[str, tuple[str, ...]]
    logs: tuple[FactRule, ...]
    spans: tuple[FactRule, ...]
    """What spans of this emitter say about others."""
    nothing: frozenset[str]
    """Texts that mean that there is no value."""
    only: tuple[str, ...]
    """Fields of which this emitter's word is the last: what others read under their names means something else here."""
    first: tuple[str, ...]
    """Fields of which this emitter's word stands above everybody's, whatever its order."""

    def recognises(self, scope: str, keys: Mapping[str, Any] | frozenset[str] | set[str]) -> bool:
        """Whether a span or record of this scope with these attribute keys is this emitter's."""
        if any(scope == s if s[-1] != "*" else scope.startswith(s[:-1]) for s in self.scopes):
            return True
        for key in self.keys:
            if key[-1] != "*":
                if key in keys:
                    return True
            elif any(k.startswith(key[:-1]) for k in keys):
                return True
        return not self.scopes and not self.keys


@cache
def emitters() -> tuple[Emitter, ...]:
    """All emitters, in the order in which their say counts. Raises `ValueError` for a table that is wrong."""
    folder = resources.files("tapetum_server.processors") / "emitters"
    found = [_emitter(f.name.removesuffix(".toml"), tomllib.loads(f.read_text("utf-8")))
             for f in folder.iterdir() if f.name.endswith(".toml")]  # fmt: skip
    return tuple(sorted(found, key=lambda e: (e.order, e.name)))


def content_sources(field_name: str) -> tuple[str, ...]:
    """Every source of `input`, `output`, `system`, `tool_definitions`, `documents` or `embeddings`, of all emitters."""
    sections = ("text", "content")
    return tuple(
        dict.fromkeys(s for e in emitters() for x in sections for s in e.fields.get(x, {}).get(field_name, ()))
    )


def _emitter(name: str, table: dict[str, Any]) -> Emitter:
    if wrong := set(table) - _SECTIONS:
        raise ValueError(f"emitters/{name}.toml: unknown section {sorted(wrong)}; known are {sorted(_SECTIONS)}")
    recognise = table.get("recognise", {})
    return Emitter(
        name=name,
        title=table["title"],
        order=table["order"],
        docs=table.get("docs", ""),
        scopes=tuple(recognise.get("scopes", ())),
        keys=tuple(recognise.get("keys", ())),
        kinds={source: {k.lower(): v for k, v in kinds.items()} for source, kinds in table.get("kind", {}).items()},
        names=table.get("names", {}),
        fields=_fields(name, table),
        usage=table.get("usage", {}),
        messages={k: tuple(v) for k, v in table.get("messages", {}).items()},
        events={k: tuple(v) for k, v in table.get("events", {}).items()},
        logs=tuple(_rule(name, rule) for rule in table.get("logs", ())),
        spans=tuple(_rule(name, rule) for rule in table.get("spans", ())),
        nothing=frozenset(table.get("nothing", ())),
        only=tuple(table.get("only", ())),
        first=tuple(table.get("first", ())),
    )


def _rule(name: str, rule: dict[str, Any]) -> FactRule:
    if wrong := set(rule) - _LOG_SECTIONS:
        raise ValueError(
            f"emitters/{name}.toml: unknown {sorted(wrong)} in logs or spans; known are {sorted(_LOG_SECTIONS)}"
        )
    return FactRule(
        tuple(rule.get("events", ())), rule.get("joins", "span"), rule.get("anyone", False), _fields(name, rule),
        rule.get("usage", {}),
    )  # fmt: skip


def _fields(name: str, table: dict[str, Any]) -> dict[str, dict[str, tuple[str, ...]]]:
    out: dict[str, dict[str, tuple[str, ...]]] = {}
    for section, known in FIELDS.items():
        for target, sources in table.get(section, {}).items():
            if target not in known:
                raise ValueError(f"emitters/{name}.toml: [{section}] has no field {target!r}; it has {list(known)}")
            out.setdefault(section, {})[target] = (sources,) if isinstance(sources, str) else tuple(sources)
    return out
