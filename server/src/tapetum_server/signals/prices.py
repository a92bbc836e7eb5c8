"""Prices that people set themselves: of which models, since when, for tokens or by the hour."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

TOKEN_PRICES = (
    "input_usd", "output_usd", "cache_read_usd", "cache_write_usd", "audio_input_usd", "audio_output_usd",
    "image_input_usd",
)  # fmt: skip
"""USD per million tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRule:
    """One price that comes before the price list's. It is per million tokens, or per hour of a machine."""

    id: str
    project: str
    """`""` is every project."""
    provider: str
    """`""` is any."""
    model: str
    """A name, in which `*` stands for any text and `?` for one character; upper and lower case are the same."""
    valid_from: date | None
    """The first day, in UTC, of calls that it prices; `None` is every day."""
    input_usd: float | None = None
    output_usd: float | None = None
    cache_read_usd: float | None = None
    """As all other input where it is `None`; so are the next one and that of images."""
    cache_write_usd: float | None = None
    audio_input_usd: float | None = None
    audio_output_usd: float | None = None
    """As all other output where it is `None`."""
    image_input_usd: float | None = None
    hourly_usd: float | None = None
    """What an hour of one machine or accelerator costs that does nothing but this call."""
    accelerators: float = 1.0
    """How many of them a call occupies; a part of one where calls share it."""


def problem_of(rule: PriceRule) -> tuple[str, str] | None:
    """What makes no price of `rule`: the field and a sentence; `None` where it is one."""
    tokens = [name for name in TOKEN_PRICES if getattr(rule, name) is not None]
    if rule.hourly_usd is not None:
        if tokens:
            return tokens[0], f"A price is by the hour or for tokens: leave out hourly_usd or {', '.join(tokens)}."
        return None
    for name in ("input_usd", "output_usd"):
        if getattr(rule, name) is None:
            return name, (
                f"{name} is missing: what a million tokens cost, 0 where they are free "
                "(output of an embedding). Or give hourly_usd for a machine of your own."
            )
    return None


def sorted_rules(rules: Iterable[PriceRule]) -> list[PriceRule]:
    """The rules, of which the first that fits a call is the one that prices it.

    A project's own before those of all projects, a model's name before a pattern, a longer pattern before a shorter
    one, with a provider before without, the newest day before older ones.
    """
    return sorted(
        rules,
        key=lambda rule: (
            not rule.project,
            "*" in rule.model or "?" in rule.model,
            -len(rule.model),
            rule.model.lower(),
            not rule.provider,
            rule.provider.lower(),
            -(rule.valid_from or date.min).toordinal(),
            rule.id,
        ),
    )
