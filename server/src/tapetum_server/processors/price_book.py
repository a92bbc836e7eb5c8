"""The prices that people set: which of them is a call's, and what a token or second costs by it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date

from tapetum_server.processors.rates import LAST_DAY, UNKNOWN_MODEL, Rates, listed_rates, seller_of
from tapetum_server.signals.prices import PriceRule, sorted_rules

_MANY = 20_000
_FIRST_DAY = date(1970, 1, 1).toordinal()
_MILLION = 1e6
_DAY_NANOS = 86_400 * 10**9


class PriceBook:
    """What one project's calls cost: its own prices, those of all projects, then the price list. Never changes."""

    def __init__(self, rules: Iterable[PriceRule] = ()) -> None:
        self._rules = [(rule, _matches(rule), _rates_of(rule)) for rule in sorted_rules(rules)]
        self._found: dict[tuple[str, str, int], Rates | None] = {}

    def rates(
        self, provider: str, model: str, request_model: str, day: int, tier: str = "", input_tokens: int = 0
    ) -> Rates | str:
        """What a call costs, or why nobody knows: by the model that answered, else by the one that was asked for.

        `day` counts from 1970; `tier` is as the provider says it (`flex`, `priority`, `batch`).
        """
        day = min(day, LAST_DAY)
        other = request_model if request_model != model else ""
        if self._rules:
            own = self._own(provider, model, day) or (self._own(provider, other, day) if other else None)
            if own is not None:
                return own
        found = listed_rates(provider, model, day, tier, input_tokens) if model else UNKNOWN_MODEL
        if found == UNKNOWN_MODEL and other:
            found = listed_rates(provider, other, day, tier, input_tokens)
        return found

    def is_own(self, provider: str, model: str, request_model: str, day: int) -> bool:
        """Whether an override prices the call."""
        return any(self._own(provider, name, day) is not None for name in (model, request_model))

    def _own(self, provider: str, model: str, day: int) -> Rates | None:
        key = (provider, model, day)
        try:
            return self._found[key]
        except KeyError:
            pass
        if len(self._found) >= _MANY:
            self._found.clear()
        found = next(
            (
                rates
                for rule, matches, rates in self._rules
                if matches(provider, model)
                and (rule.valid_from is None or day >= rule.valid_from.toordinal() - _FIRST_DAY)
            ),
            None,
        )
        self._found[key] = found
        return found


def day_of(time_unix_nano: int) -> int:
    """The day of a moment, in UTC, counted from 1970."""
    return min(time_unix_nano // _DAY_NANOS, LAST_DAY)


def _matches(rule: PriceRule) -> Callable[[str, str], bool]:
    """Whether the rule is about a provider's model. `openai/gpt-4o` is a name of OpenAI's gpt-4o, as in LiteLLM."""
    pattern = re.compile(re.escape(rule.model.lower()).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)
    wanted = rule.provider.lower()

    def matches(provider: str, model: str) -> bool:
        if not model:
            return False
        names = {provider.lower(), seller_of(provider)}
        if wanted and wanted not in names:
            return False
        said = model.lower()
        return any(pattern.fullmatch(name) for name in (said, *(f"{name}/{said}" for name in names if name)))

    return matches


def _rates_of(rule: PriceRule) -> Rates:
    which = f"override {rule.id[:8]} {f'{rule.provider}/' if rule.provider else ''}{rule.model}"
    if rule.hourly_usd is not None:
        version = f"{which}: {rule.hourly_usd:g} USD/h × {rule.accelerators:g}"
        return Rates(0, 0, 0, 0, 0, 0, 0, 0, version, second=rule.hourly_usd * rule.accelerators / 3600)

    def per_token(price: float | None, otherwise: float = 0.0) -> float:
        return otherwise if price is None else price / _MILLION

    fresh, output = per_token(rule.input_usd), per_token(rule.output_usd)
    return Rates(
        0,
        fresh,
        per_token(rule.cache_read_usd, fresh),
        per_token(rule.cache_write_usd, fresh),
        output,
        per_token(rule.audio_input_usd, fresh),
        per_token(rule.audio_output_usd, output),
        per_token(rule.image_input_usd, fresh),
        f"{which}: {rule.input_usd or 0:g} in, {rule.output_usd or 0:g} out, USD per million",
    )
