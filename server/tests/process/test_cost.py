"""What calls cost, against the price list asked directly, and through a real server's door."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import genai_prices
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from process.servers import RunningServer

from tapetum_server.processors.cost import PRICED, charge
from tapetum_server.processors.price_book import PriceBook, day_of
from tapetum_server.processors.rates import UNKNOWN_MODEL, UNKNOWN_TIER


def at(day: str) -> tuple[int, datetime]:
    moment = datetime.fromisoformat(f"{day}T12:00:00+00:00").astimezone(timezone.utc)
    return int(moment.timestamp()) * 10**9, moment


def cost_of(
    provider: str, model: str, start: int, tier: str, inputs: int, outputs: int, read: int = 0, write: int = 0,
    audio_in: int = 0, audio_out: int = 0, image_in: int = 0,
) -> tuple[float | None, str, str]:  # fmt: skip
    """(USD, price version, status) by the price list alone."""
    rates = PriceBook().rates(provider, model, "", day_of(start), tier, inputs)
    if isinstance(rates, str):
        return None, "", rates
    return charge(rates, inputs, outputs, read, write, audio_in, audio_out, image_in), rates.version, PRICED


MODELS = [
    ("openai", "openai", "gpt-4o-mini"), ("openai", "openai", "gpt-4o-mini-2024-07-18"), ("openai", "openai", "gpt-5.2"),
    ("openai", "openai", "text-embedding-3-small"), ("anthropic", "anthropic", "claude-sonnet-4-5"),
    ("anthropic", "anthropic", "claude-opus-4-5"), ("gcp.gemini", "google", "gemini-2.5-pro"),
    ("aws.bedrock", "aws", "anthropic.claude-3-5-sonnet-20241022-v2:0"), ("mistral_ai", "mistral", "mistral-large-latest"),
    ("groq", "groq", "llama-3.3-70b-versatile"), ("xai", "x-ai", "grok-4"), ("deepseek", "deepseek", "deepseek-chat"),
]  # fmt: skip


@pytest.mark.covers("cost-priced")
@pytest.mark.parametrize(("said", "seller", "model"), MODELS)
@pytest.mark.parametrize("day", ["2025-03-01", "2026-11-01"])
@pytest.mark.parametrize("tokens", [(1000, 10, 0, 0), (1000, 200, 400, 100), (200_000, 50, 0, 0), (200_001, 50, 9, 9)])
def test_every_model_costs_what_the_price_list_says(
    said: str, seller: str, model: str, day: str, tokens: tuple[int, int, int, int]
) -> None:
    start, moment = at(day)
    inputs, outputs, read, write = tokens
    usage = genai_prices.Usage(
        input_tokens=inputs, output_tokens=outputs, cache_read_tokens=read, cache_write_tokens=write
    )
    wanted = genai_prices.calc_price(usage, model, provider_id=seller, genai_request_timestamp=moment).total_price
    cost, version, status = cost_of(said, model, start, "", *tokens)
    assert status == PRICED
    assert cost == pytest.approx(float(wanted), rel=1e-9)
    assert version.startswith(f"genai-prices {genai_prices.__version__} {seller}/")
    assert version.endswith(day)


@pytest.mark.covers("cost-priced")
def test_a_tier_has_its_own_price_and_an_unknown_one_has_none() -> None:
    start, moment = at("2026-11-01")
    plain, flex = (cost_of("openai", "gpt-5.2", start, tier, 1000, 100)[0] for tier in ("default", "flex"))
    usage = genai_prices.Usage(input_tokens=1000, output_tokens=100)
    wanted = genai_prices.calc_price(
        usage, "gpt-5.2", provider_id="openai", genai_request_timestamp=moment, price_context={"service_tier": "flex"}
    )
    assert flex == pytest.approx(float(wanted.total_price))
    assert plain is not None
    assert flex < plain
    assert cost_of("openai", "gpt-4o-mini", start, "gold", 1000, 100) == (None, "", UNKNOWN_TIER)


@pytest.mark.covers("cost-priced", "cost-media")
@pytest.mark.parametrize(
    ("provider", "seller", "model"),
    [("openai", "openai", "gpt-realtime"),
     ("gcp.gemini", "google", "gemini-3.1-flash-live-preview"), ("gcp.gemini", "google", "gemini-2.5-flash")],
)  # fmt: skip
def test_sounds_and_images_cost_what_the_price_list_says(provider: str, seller: str, model: str) -> None:
    start, moment = at("2026-11-01")
    usage = genai_prices.Usage(
        input_tokens=1000, output_tokens=200, input_audio_tokens=300, output_audio_tokens=150, input_image_tokens=250
    )
    wanted = genai_prices.calc_price(usage, model, provider_id=seller, genai_request_timestamp=moment).total_price
    cost, _, _ = cost_of(provider, model, start, "", 1000, 200, 0, 0, 300, 150, 250)
    assert cost == pytest.approx(float(wanted))
    assert cost != pytest.approx(cost_of(provider, model, start, "", 1000, 200)[0])


@pytest.mark.covers("cost-priced")
def test_by_hand() -> None:
    """$0.15 a million input tokens, half of that cached, $0.60 output."""
    cost, _, _ = cost_of("openai", "gpt-4o-mini", at("2026-11-01")[0], "", 1_000_000, 500_000, 200_000)
    assert cost == pytest.approx(0.8 * 0.15 + 0.2 * 0.075 + 0.5 * 0.60)


@pytest.mark.covers("cost-unknown")
@pytest.mark.parametrize(
    ("provider", "model"), [("", "zzz"), ("openai", "zzz-9"), ("nobody", "gpt-4o-mini"), ("openai", "")]
)
def test_what_is_not_in_the_list_has_no_price(provider: str, model: str) -> None:
    assert cost_of(provider, model, at("2026-11-01")[0], "", 10, 10) == (None, "", UNKNOWN_MODEL)


@pytest.mark.covers("cost-priced")
@given(
    st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**10), st.integers(0, 10**10),
    st.integers(0, 10**10), st.integers(0, 2**64 - 1),
)  # fmt: skip
@settings(deadline=None)
def test_no_counts_make_a_price_negative_or_bill_cached_tokens_twice(
    inputs: int, outputs: int, read: int, write: int, audio: int, start: int
) -> None:
    cost, _, status = cost_of("openai", "gpt-4o-mini", start, "", inputs, outputs, read, write, audio, audio, audio)
    uncached, _, _ = cost_of("openai", "gpt-4o-mini", start, "", inputs, outputs)
    assert status == PRICED
    assert cost is not None
    assert uncached is not None
    assert 0 <= cost <= uncached + 1e-9


def span(number: int, at_ns: int, attributes: dict[str, Any], parent: str = "") -> dict[str, Any]:
    def value(one: Any) -> dict[str, Any]:
        return {"intValue": str(one)} if isinstance(one, int) else {"stringValue": one}

    return {
        "traceId": "c" * 32, "spanId": f"{number:016x}", "parentSpanId": parent, "name": f"s{number}",
        "startTimeUnixNano": str(at_ns + number), "endTimeUnixNano": str(at_ns + number + 10**6),
        "attributes": [{"key": key, "value": value(one)} for key, one in attributes.items()],
    }  # fmt: skip


@pytest.mark.covers("cost-priced", "cost-unknown")
def test_through_the_door_leaves_are_priced_and_what_is_unknown_says_so(
    shared_server: RunningServer, project: str
) -> None:
    usage = {"gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 10}
    chat = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o-mini"}
    start, _ = at("2026-11-01")
    spans = [
        span(1, start, {"gen_ai.operation.name": "invoke_agent", **usage}),
        span(2, start, chat | usage | {"gen_ai.response.id": "a"}, f"{1:016x}"),
        span(3, start, chat | usage | {"gen_ai.response.id": "b", "gen_ai.request.model": "my-own-7b"}, f"{1:016x}"),
        span(4, start, chat | {"gen_ai.usage.input_tokens": 5, "gen_ai.response.id": "c"}, f"{1:016x}"),
        span(5, start, chat | usage | {"gen_ai.response.id": "d", "openai.request.service_tier": "gold"}, f"{1:016x}"),
        span(6, start, chat | usage | {"gen_ai.response.id": "a"}, f"{1:016x}"),
    ]
    body = {"resourceSpans": [{"resource": {}, "scopeSpans": [{"spans": spans}]}]}
    headers = {"content-type": "application/json"}
    sent = shared_server.send("traces", json.dumps(body).encode(), project=project, headers=headers)
    assert sent.status_code == 200, sent.text
    rows = shared_server.rows(
        "SELECT name, cost_usd, cost_status, usage_counted FROM spans WHERE project = {p:String} ORDER BY name",
        p=project,
    )
    assert [(name, cost, status) for name, cost, status, _ in rows] == [
        ("s1", None, ""), ("s2", pytest.approx(0.000156), "priced"), ("s3", None, "unknown_model"),
        ("s4", None, "no_usage"), ("s5", None, "unknown_tier"), ("s6", pytest.approx(0.000156), "priced"),
    ]  # fmt: skip
    ((total,),) = shared_server.rows("SELECT cost_usd FROM traces WHERE project = {p:String}", p=project)
    assert total == pytest.approx(0.000156), "the call that was reported twice costs once"
