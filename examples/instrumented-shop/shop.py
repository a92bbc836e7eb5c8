"""A shop front: answers with stock that another service knows, and with advice of a language model.

`tapetum.init` is all that it says to Tapetum. The rest is the ecosystem's own instrumentation: FastAPI, httpx,
requests and OpenAI's client.
"""

from __future__ import annotations

import logging
import os

import httpx
import requests
from fastapi import FastAPI
from openai import OpenAI
from openinference.instrumentation.openai import OpenAIInstrumentor
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor

import tapetum

logging.basicConfig(level=logging.INFO)
logger = logging.getLogger("shop")

tapetum.init(service="shop", version="1.0")
HTTPXClientInstrumentor().instrument()
RequestsInstrumentor().instrument()
OpenAIInstrumentor().instrument()

STOCK = os.environ.get("STOCK_URL", "http://127.0.0.1:8001")
model = OpenAI(api_key=os.environ.get("OPENAI_API_KEY", "none"), max_retries=0)  # OPENAI_BASE_URL says where

app = FastAPI(title="shop")
FastAPIInstrumentor.instrument_app(app)


@app.get("/items/{sku}")
async def item(sku: str) -> dict[str, object]:
    """What there is of an item."""
    async with httpx.AsyncClient(base_url=STOCK, timeout=10) as client:
        answer = await client.get(f"/stock/{sku}")
    if answer.status_code == 404:
        logger.warning("nobody knows %s", sku)
        return {"sku": sku, "left": 0}
    left = answer.json()["left"]
    logger.info("%d of %s left", left, sku, extra={"shop.sku": sku})
    return {"sku": sku, "left": left}


@app.get("/advice/{sku}")
def advice(sku: str) -> dict[str, object]:
    """What to do with an item."""
    return {"sku": sku, "advice": recommend(sku)}


@tapetum.observe(kind="agent")
def recommend(sku: str) -> str:
    """Ask the stock, then a model."""
    left = requests.get(f"{STOCK}/stock/{sku}", timeout=10).json()["left"]
    answer = model.chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": f"I have {left} of {sku}. What shall I cook?"}]
    )
    return answer.choices[0].message.content or ""
