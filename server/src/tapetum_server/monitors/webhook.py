"""Notifications to one HTTP address: bounded, signed, tried again, and given up aloud."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import random
import time
from collections import Counter
from dataclasses import dataclass

import httpx
import orjson

from tapetum_server._version import __version__
from tapetum_server.catalog.catalog import Catalog
from tapetum_server.catalog.deliveries import DueDelivery, Room, receiver_of
from tapetum_server.outbound.addresses import RefusedAddress, destination
from tapetum_server.outbound.connecting import ask, nobody

logger = logging.getLogger("tapetum.monitors")
ATTEMPT_S = 10.0
"""How long one attempt may take, from the name's look-up to the answer."""
FIRST_RETRY_S = 2.0
LONGEST_RETRY_S = 120.0
AT_ONCE = 8
AT_ONCE_TO_ONE = 2
"""Of them to one receiver: one that does not answer must not keep the others' waiting."""
LOOK_EVERY_S = 1.0
_LEASE_S = ATTEMPT_S * 2


@dataclass(frozen=True, slots=True)
class WebhookLimits:
    """What `tapetum serve` was told about notifications."""

    give_up_s: float = 3_600.0
    allow_link_local: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of trying once."""

    delivered: bool
    outcome: str
    final: bool = False
    """Trying again would meet the same."""


class Deliverer:
    """Takes notifications from the catalog's queue and sends them, until stopped. Evaluation never waits for it."""

    def __init__(self, catalog: Catalog, limits: WebhookLimits) -> None:
        self._catalog = catalog
        self._limits = limits

    async def run(self) -> None:
        """Deliver what is due, again and again, until cancelled."""
        failing = False
        busy: dict[asyncio.Task[None], str] = {}
        # No proxy of the environment: the address that was checked is the one that is connected to.
        async with httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=ATTEMPT_S) as client:
            try:
                while True:
                    free = AT_ONCE - len(busy)
                    try:
                        if free:
                            room = Room(free, AT_ONCE_TO_ONE, Counter(busy.values()))
                            due = await asyncio.to_thread(self._catalog.deliveries.lease_due, _LEASE_S, room)
                            for item in due:
                                task = asyncio.create_task(self._deliver(client, item))
                                busy[task] = receiver_of(item.webhook)
                                task.add_done_callback(busy.pop)
                        failing = False
                    except Exception as error:
                        if not failing:
                            logger.warning("Notifications wait, the catalog cannot be reached: %s", error)
                        failing = True
                    if busy:  # a place that becomes free is taken at once
                        await asyncio.wait(busy, timeout=LOOK_EVERY_S, return_when=asyncio.FIRST_COMPLETED)
                    else:
                        await asyncio.sleep(LOOK_EVERY_S)
            finally:
                for task in busy:
                    task.cancel()
                await asyncio.gather(*busy, return_exceptions=True)

    async def _deliver(self, client: httpx.AsyncClient, item: DueDelivery) -> None:
        delivery = item.delivery
        attempt = await send(client, item, allow_link_local=self._limits.allow_link_local)
        again = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2**delivery.attempts) * random.uniform(0.8, 1.2)
        status, outcome = "waiting", attempt.outcome
        if attempt.delivered:
            status = "delivered"
        elif attempt.final or time.time() + again - delivery.created_at > self._limits.give_up_s:
            status = "given_up"
            logger.warning("A notification of monitor %s is given up: %s", delivery.monitor_id, outcome)
        await asyncio.to_thread(
            self._catalog.deliveries.tried, delivery.id, status=status, outcome=outcome, again_in_s=again
        )


async def send(client: httpx.AsyncClient, item: DueDelivery, *, allow_link_local: bool) -> Attempt:
    """Try once. Never raises but for cancellation."""
    webhook = orjson.loads(item.webhook) if item.webhook else {}
    if not webhook.get("url"):
        return Attempt(False, "the monitor has no webhook any more", final=True)
    body = item.delivery.body.encode()
    try:
        async with asyncio.timeout(ATTEMPT_S):
            to = await destination(
                webhook["url"], allow_link_local=allow_link_local, setting="webhook_allow_link_local"
            )
            headers = {
                **{name.lower(): value for name, value in webhook.get("headers", {}).items()},
                "content-type": "application/json",
                "user-agent": f"tapetum/{__version__}",
                "x-tapetum-delivery": item.delivery.id,
            }
            if webhook.get("secret"):
                headers["x-tapetum-signature"] = signature(webhook["secret"], body, int(time.time()))
            answer = await ask(client, "POST", to, headers=headers, within_s=ATTEMPT_S, content=body)
            # The answer's body is not read: nobody needs it, and it may not end.
            await answer.aclose()
    except RefusedAddress as error:
        return Attempt(False, str(error), final=True)
    except (TimeoutError, httpx.ConnectTimeout):
        return Attempt(False, f"no answer within {ATTEMPT_S:g} s")
    except httpx.ConnectError as error:
        return Attempt(False, nobody(error, webhook["url"]))
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
        return Attempt(False, str(error) or type(error).__name__)
    if 200 <= answer.status_code < 300:
        return Attempt(True, f"answered {answer.status_code}")
    if 300 <= answer.status_code < 400:
        return Attempt(False, f"answered {answer.status_code}: redirects are not followed", final=True)
    return Attempt(False, f"answered {answer.status_code}")


def signature(secret: str, body: bytes, at: int) -> str:
    """`t=SECONDS,v1=HEX`: HMAC-SHA256 of `SECONDS.BODY`, so that a receiver can tell a replay."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={digest.hexdigest()}"
