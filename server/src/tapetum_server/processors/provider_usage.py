"""The usage object of any provider or client library, in one vocabulary.

Instrumentors often hand on what the provider answered, as JSON. The shapes differ in names, and in whether
the input count holds the cached tokens: here `input_tokens` is always the total, cache and audio its subsets.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

_INPUT = ("prompt_tokens", "input_tokens", "prompt_token_count", "promptTokenCount", "inputTokens")
_OUTPUT = ("completion_tokens", "output_tokens", "outputTokens")
_CANDIDATES = ("candidates_token_count", "candidatesTokenCount")
_TOTAL = ("total_tokens", "totalTokens")
_CACHE_READ = (
    "prompt_tokens_details.cached_tokens", "input_tokens_details.cached_tokens", "input_token_details.cache_read",
    "input_token_details.cached_tokens",
    "cache_read_input_tokens", "cacheReadInputTokens", "cached_content_token_count", "cachedContentTokenCount",
    "cachedInputTokens", "prompt_cache_hit_tokens", "cache_read_tokens", "input_cached_tokens", "input_cache_read",
    "cached_tokens",
)  # fmt: skip
_CACHE_WRITE = (
    "prompt_tokens_details.cache_write_tokens", "input_token_details.cache_creation", "cache_creation_input_tokens",
    "cacheWriteInputTokens", "cache_write_input_tokens", "input_cache_creation", "cache_creation_tokens",
    "cache_write_tokens", "input_cache_write",
)  # fmt: skip
_REASONING = (
    "completion_tokens_details.reasoning_tokens", "output_tokens_details.reasoning_tokens",
    "output_token_details.reasoning", "output_token_details.reasoning_tokens",
    "thoughts_token_count", "thoughtsTokenCount", "reasoningTokens",
    "output_reasoning_tokens", "output_reasoning", "reasoning_tokens",
)  # fmt: skip
_AUDIO_IN = (
    "prompt_tokens_details.audio_tokens", "input_token_details.audio", "input_token_details.audio_tokens",
    "input_audio", "input_audio_tokens",
)  # fmt: skip
_AUDIO_OUT = (
    "completion_tokens_details.audio_tokens", "output_token_details.audio", "output_token_details.audio_tokens",
    "output_audio", "output_audio_tokens",
)  # fmt: skip
# Google counts each modality in a list of its own.
_MODALITIES_IN = ("promptTokensDetails", "prompt_tokens_details")
_MODALITIES_OUT = ("candidatesTokensDetails", "candidates_tokens_details")
# Providers whose input count leaves cached tokens out, told by the names only they use.
_EXCLUSIVE = ("cache_read_input_tokens", "cache_creation_input_tokens", "cacheReadInputTokens", "cacheWriteInputTokens")

UNREADABLE = -(1 << 62)
"""A count that is no number. Another source's counts instead, where there is one; else it is flagged."""
_NOT_SAID = frozenset({"", "none", "null", "nan", "undefined", "n/a"})
"""Texts that emitters write where they have no count."""


def text_count(text: str) -> float | None:
    """The number in a text; `UNREADABLE` where it says something else, None where it says nothing."""
    try:
        return float(text)
    except ValueError:
        return None if text.strip().lower() in _NOT_SAID else UNREADABLE


def member(value: Any, path: Sequence[str]) -> Any:
    """The member of nested maps and lists at `path`; a number picks from a list. None where there is none."""
    for step in path:
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and step.lstrip("-").isdecimal() and -len(value) <= int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def usage_of(said: Mapping[str, Any]) -> dict[str, Any]:
    """Canonical counts (`input_tokens`, `cache_read_tokens`, …) of a usage object; what it does not say is left out."""
    found = {
        "cache_read_tokens": _one(said, _CACHE_READ),
        "cache_write_tokens": _one(said, _CACHE_WRITE),
        "reasoning_tokens": _one(said, _REASONING),
        "audio_input_tokens": _one(said, _AUDIO_IN, _MODALITIES_IN),
        "audio_output_tokens": _one(said, _AUDIO_OUT, _MODALITIES_OUT),
    }
    tokens_in, tokens_out, total = _one(said, _INPUT), _one(said, _OUTPUT), _one(said, _TOTAL)
    candidates = _one(said, _CANDIDATES)
    if tokens_out is None and candidates is not None:
        tokens_out = _sum([candidates, found["reasoning_tokens"] or 0])
    exclusive = "prompt_tokens" not in said and any(name in said for name in _EXCLUSIVE)
    # The total decides where it is said: some report the same names with the cache included.
    if tokens_in is not None and exclusive and total != tokens_in + (tokens_out or 0):
        tokens_in = _sum([tokens_in, found["cache_read_tokens"] or 0, found["cache_write_tokens"] or 0])
    if tokens_in is None and tokens_out is None:
        tokens_in, tokens_out = _buckets(said, "input"), _buckets(said, "output")
    found |= {"input_tokens": tokens_in, "output_tokens": tokens_out}
    return {name: count for name, count in found.items() if count is not None}


def _buckets(said: Mapping[str, Any], side: str) -> int | None:
    """The sum of `input` and every `input_…`: buckets that exclude each other."""
    counts = [_count(n) for name, n in said.items() if name == side or name.startswith(side + "_")]
    known = [n for n in counts if n is not None]
    return _sum(known) if known else None


def _sum(counts: Sequence[int]) -> int:
    """What counts come to; of one that cannot be nothing is hidden behind the others."""
    return min(counts) if min(counts) < 0 else sum(counts)


def _one(said: Mapping[str, Any], names: Sequence[str], modalities: Sequence[str] = ()) -> int | None:
    unreadable = None
    for name in names:
        found = _count(said.get(name) if "." not in name else member(said, name.split(".")))
        if found == UNREADABLE:
            unreadable = found
        elif found is not None:
            return found
    for name in modalities:
        for each in said[name] if isinstance(said.get(name), list) else ():
            if isinstance(each, Mapping) and str(each.get("modality")).upper().endswith("AUDIO"):
                return _count(each.get("tokenCount", each.get("token_count")))
    return unreadable


def _count(value: Any) -> int | None:
    """A number of tokens, also as text; as it was sent, whether it can be or not."""
    if isinstance(value, str):
        value = text_count(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return int(value)
    return None
