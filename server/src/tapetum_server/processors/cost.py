"""What a model call costs: tokens times the provider's price of that day, in USD.

Prices are those of `genai-prices` (MIT; data in its wheel, nothing is fetched). A call of its costs some fifty
microseconds, and prices are linear in tokens within a step of context length: the rates of a provider, model, day,
tier and step are worked out once and kept.

What is not known is NULL and says why, never 0. Cached tokens are a part of the input (OTel), and are billed once, at
their own rate.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

from tapetum_server.signals.attributes import AttributeValue
from tapetum_server.signals.consumer import Batch, Consumer, Receipt
from tapetum_server.signals.spans import Canonical, SpanBatch

PRICED, UNKNOWN_MODEL, UNKNOWN_TIER, NO_USAGE = "priced", "unknown_model", "unknown_tier", "no_usage"
_TIER_KEYS = (
    "gen_ai.openai.response.service_tier", "openai.response.service_tier", "gen_ai.response.service_tier",
    "gen_ai.openai.request.service_tier", "openai.request.service_tier", "gen_ai.request.service_tier",
)  # fmt: skip
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
_DAY = 86_400 * 10**9
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_LAST_DAY = (datetime(9999, 12, 31, tzinfo=timezone.utc) - _EPOCH).days
_MILLION = 1_000_000
_LOADING = threading.Lock()


@dataclass(frozen=True, slots=True)
class Rates:
    """USD per token of each kind, and per call."""

    call: float
    input: float
    cache_read: float
    cache_write: float
    output: float
    audio_input: float
    audio_output: float
    version: str
    """Which price list and which of its models."""


class PriceCalls:
    """A `signals.Consumer` that adds what calls cost, and hands every batch on."""

    def __init__(self, following: Consumer) -> None:
        self._following = following
        self._loaded = False

    async def consume(self, batch: Batch) -> Receipt:
        """See `signals.Consumer`."""
        if isinstance(batch, SpanBatch):
            if not self._loaded and any(fields.usage_counted for fields in batch.canonical):
                # The list is a megabyte and a half of Python: not on the event loop.
                await asyncio.to_thread(_load)
                self._loaded = True
            price(batch)
        return await self._following.consume(batch)


def _load() -> None:
    with _LOADING:
        import genai_prices.data_snapshot

        genai_prices.data_snapshot.get_snapshot()


def price(batch: SpanBatch) -> None:
    """Fill `cost_usd`, `cost_status` and `price_version` of the calls whose usage counts."""
    canonical = batch.canonical
    for i, fields in enumerate(canonical):
        if fields.usage_counted:
            canonical[i] = _priced(fields, batch.attributes[i], batch.start_time_unix_nano[i])


def _priced(fields: Canonical, attributes: Mapping[str, AttributeValue], start: int) -> Canonical:
    if fields.input_tokens is None or (fields.output_tokens is None and fields.kind == "llm"):
        return fields._replace(cost_status=NO_USAGE)
    tier = _tier(attributes)
    cost, version, status = cost_of(
        fields.provider, fields.model, start, tier, fields.input_tokens, fields.output_tokens or 0,
        fields.cache_read_tokens or 0, fields.cache_write_tokens or 0, fields.audio_input_tokens or 0,
        fields.audio_output_tokens or 0,
    )  # fmt: skip
    if status == UNKNOWN_MODEL and fields.request_model and fields.request_model != fields.model:
        cost, version, status = cost_of(
            fields.provider, fields.request_model, start, tier, fields.input_tokens, fields.output_tokens or 0,
            fields.cache_read_tokens or 0, fields.cache_write_tokens or 0, fields.audio_input_tokens or 0,
            fields.audio_output_tokens or 0,
        )  # fmt: skip
    return fields._replace(cost_usd=cost, cost_status=status, price_version=version)


def cost_of(
    provider: str, model: str, start: int, tier: str, input_tokens: int, output_tokens: int, cache_read: int = 0,
    cache_write: int = 0, audio_input: int = 0, audio_output: int = 0,
) -> tuple[float | None, str, str]:  # fmt: skip
    """(USD or None, price version, status) of one call.

    `input_tokens` is the total, of which cached and audio tokens are a part; `output_tokens` likewise. `start` is in
    nanoseconds since 1970, `tier` as the provider says it (`flex`, `priority`, `batch`).
    """
    if not model:
        return None, "", UNKNOWN_MODEL
    rates = _rates(provider, model, min(start // _DAY, _LAST_DAY), tier, 0)
    if isinstance(rates, tuple):  # steps of the context's length: the same rates from one to the next
        passed = max((step for step in rates if input_tokens > step), default=0)
        rates = _rates(provider, model, min(start // _DAY, _LAST_DAY), tier, passed + 1)
    if not isinstance(rates, Rates):
        return None, "", str(rates)
    # What cannot be is the sender's mistake (usage_flags has it) and must not make a negative price.
    cache_read = min(cache_read, input_tokens)
    cache_write = min(cache_write, input_tokens - cache_read)
    audio_input = min(audio_input, input_tokens - cache_read - cache_write)
    audio_output = min(audio_output, output_tokens)
    cost = (
        rates.call
        + (input_tokens - cache_read - cache_write - audio_input) * rates.input
        + cache_read * rates.cache_read
        + cache_write * rates.cache_write
        + audio_input * rates.audio_input
        + (output_tokens - audio_output) * rates.output
        + audio_output * rates.audio_output
    )
    return cost, rates.version, PRICED


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
        part("input_audio_tokens", plain), part("output_audio_tokens", output), version,
    )  # fmt: skip


def _find(provider: str, model: str) -> tuple[Any, Any] | None:
    from genai_prices.data_snapshot import get_snapshot

    snapshot = get_snapshot()
    seller = _PROVIDERS.get(provider.lower(), provider.lower().replace("_", "-")) or None
    try:
        return snapshot.find_provider_model(model, None, seller, None)
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


def _tier(attributes: Mapping[str, AttributeValue]) -> str:
    for key in _TIER_KEYS:
        if key in attributes:
            said = attributes[key]
            return said.lower() if isinstance(said, str) else ""
    return ""


def forget_rates() -> None:
    """Look every price up anew."""
    _rates.cache_clear()
