"""What a token of each kind costs by the price list, worked out once per provider, model, day, tier and step.

Prices are those of `genai-prices` (MIT; data in its wheel, nothing is fetched). A call of its costs some fifty
microseconds, and prices are linear in tokens within a step of context length: so rates are kept.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

UNKNOWN_MODEL, UNKNOWN_TIER = "unknown_model", "unknown_tier"
_STANDARD = frozenset({"", "auto", "default", "standard", "standard_only", "on_demand", "none"})
_PROVIDERS = {
    "aws.bedrock": "aws", "bedrock": "aws", "amazon_bedrock": "aws", "azure.ai.openai": "azure",
    "az.ai.openai": "azure", "azure.ai.inference": "azure", "az.ai.inference": "azure", "azure_openai": "azure",
    "gcp.gemini": "google", "gcp.vertex_ai": "google", "gcp.gen_ai": "google", "gemini": "google",
    "google_genai": "google", "google_vertexai": "google", "vertex_ai": "google", "vertexai": "google",
    "x_ai": "x-ai", "xai": "x-ai", "mistral_ai": "mistral", "mistralai": "mistral", "moonshot": "moonshotai",
    "together_ai": "together", "fireworks_ai": "fireworks", "zhipu": "zhipuai", "z_ai": "zai", "codex": "openai",
}  # fmt: skip
"""OpenTelemetry's and others' names of providers → those of the price list."""
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
LAST_DAY = (datetime(9999, 12, 31, tzinfo=timezone.utc) - _EPOCH).days
_MILLION = 1_000_000
_LOADING = threading.Lock()


@dataclass(frozen=True, slots=True)
class Rates:
    """USD per token of each kind, per call, and per second where it is the time that is paid for."""

    call: float
    input: float
    cache_read: float
    cache_write: float
    output: float
    audio_input: float
    audio_output: float
    image_input: float
    version: str
    """Which price list and which of its models, or which override."""
    second: float | None = None


def load_prices() -> None:
    """Read the price list: a megabyte and a half of Python, not for the event loop."""
    with _LOADING:
        import genai_prices.data_snapshot

        genai_prices.data_snapshot.get_snapshot()


def listed_rates(provider: str, model: str, day: int, tier: str, input_tokens: int) -> Rates | str:
    """The list's rates for a call of that length of input, or why there are none. `day` counts from 1970."""
    rates = _rates(provider, model, day, tier, 0)
    if isinstance(rates, tuple):  # steps of the context's length: the same rates from one to the next
        passed = max((step for step in rates if input_tokens > step), default=0)
        rates = _rates(provider, model, day, tier, passed + 1)
    assert not isinstance(rates, tuple)
    return rates


def steps_of(provider: str, model: str, day: int, tier: str) -> tuple[int, ...]:
    """The lengths of input beyond which the list has other rates; none for most models."""
    rates = _rates(provider, model, day, tier, 0)
    return rates if isinstance(rates, tuple) else ()


def seller_of(provider: str) -> str:
    """The price list's name of a provider."""
    return _PROVIDERS.get(provider.lower(), provider.lower().replace("_", "-"))


@lru_cache(maxsize=20_000)
def _rates(provider: str, model: str, day: int, tier: str, length: int) -> Rates | str | tuple[int, ...]:
    """The rates of one day, or why there are none.

    Where they depend on the length of the input, its steps are answered first (`length` 0), and the rates of one
    length when they are asked for with it.
    """
    import genai_prices
    from genai_prices.types import TieredPrices

    at = _EPOCH + timedelta(days=day, hours=12)
    found = _find(provider, model)
    if found is None:
        return UNKNOWN_MODEL
    seller, entry = found
    context = _context(entry, tier)
    if context is None:
        return UNKNOWN_TIER
    prices = entry.get_prices(at, context or None)
    known = {name: value for name, value in vars(prices).items() if value is not None}
    if not known:
        return UNKNOWN_MODEL
    tiered = [value for value in known.values() if isinstance(value, TieredPrices)]
    if tiered and not length:
        return tuple(sorted({step.start for value in tiered for step in value.tiers}))

    def of(**tokens: int) -> float:
        usage = genai_prices.Usage(**tokens)
        return float(
            entry.calc_price(usage, seller, genai_request_timestamp=at, price_context=context or None).total_price
        )

    # A tier is a matter of the whole input: rates are asked for at this length.
    many = length or _MILLION
    call = of(input_tokens=0, output_tokens=0)
    plain = (of(input_tokens=many) - call) / many

    def part(name: str, otherwise: float) -> float:
        total = {"input_tokens": many} if not name.startswith("output") else {"input_tokens": length}
        out = {"output_tokens": _MILLION} if name.startswith("output") else {}
        count = _MILLION if name.startswith("output") else many
        try:
            less = call + (plain * length if out else 0.0)
            return (of(**{**total, **out, name: count}) - less) / count
        except (LookupError, ValueError, TypeError):
            return otherwise

    output = part("output_tokens", 0.0)
    version = (
        f"genai-prices {genai_prices.__version__} {seller.id}/{entry.id} {at:%Y-%m-%d}{f' {tier}' if context else ''}"
    )
    return Rates(
        call, plain, part("cache_read_tokens", plain), part("cache_write_tokens", plain), output,
        part("input_audio_tokens", plain), part("output_audio_tokens", output),
        part("input_image_tokens", plain), version,
    )  # fmt: skip


def _find(provider: str, model: str) -> tuple[Any, Any] | None:
    from genai_prices.data_snapshot import get_snapshot

    try:
        return get_snapshot().find_provider_model(model, None, seller_of(provider) or None, None)
    except LookupError:
        return None


def _context(entry: Any, tier: str) -> dict[str, str] | None:
    """What the price list wants to know of a tier; empty for the usual one, `None` where it has no price for it."""
    if tier in _STANDARD:
        return {}
    for variant in entry.price_variants or ():
        if tier in variant.when.values():
            return dict(variant.when)
    return None
