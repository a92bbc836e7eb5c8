"""`traffic`: the customers. They are no part of the system, so they send no telemetry of their own."""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import httpx

from tapetum_demo.chats import Conversation, conversations
from tapetum_demo.faults import LEAK
from tapetum_demo.leash import Leash
from tapetum_demo.population import CUSTOMERS, customers
from tapetum_demo.provider_script import REFUSAL
from tapetum_demo.visits import Visit, visits

MOST_AT_ONCE = 40
MOST_CHATS_AT_ONCE = 6


class Customers:
    """What customers know of each other: the latest application, and whether they are careless with secrets now."""

    latest_application = "unknown"
    careless = False


async def visit_web(client: httpx.AsyncClient, visit: Visit, known: Customers) -> None:
    """One customer applies, and may come back to look."""
    headers = {"content-type": "application/json"}
    body = json.dumps(visit.body)
    try:
        response = await client.post("/applications", content=body[:-7] if visit.kind == "not_json" else body,
                                     headers=headers)  # fmt: skip
        if response.status_code != 200:
            return
        known.latest_application = response.json()["application_id"]
        if visit.check_after_s is not None:
            await asyncio.sleep(visit.check_after_s)
            await client.get(f"/applications/{response.json()['application_id']}", headers=headers)
    except httpx.HTTPError:
        pass  # the customer shrugs; what failed is told by the services themselves


async def chat(client: httpx.AsyncClient, talk: Conversation, known: Customers) -> None:
    """One customer talks with the assistant, and may say how it was."""
    headers = {"x-session-id": talk.session_id}
    who = {"customer_id": talk.customer_id}
    turns = [talk.secrets, *talk.turns[1:]] if known.careless and talk.leaks else talk.turns
    try:
        for turn, pause_s in zip(turns, talk.pauses_s):
            await asyncio.sleep(pause_s)
            message = turn.replace("{application}", known.latest_application)
            response = await client.post("/chat", json={**who, "message": message}, headers=headers)
            if response.status_code != 200:
                return
            answer = response.json()
            if refused := answer["text"] == REFUSAL:
                break  # nobody goes on talking with somebody who does not help
        if talk.opinion == "honest":
            said = {"thumb": "down", "comment": "That did not help."} if refused else {"thumb": "up"}
            about = {"trace_id": answer["trace_id"], "span_id": answer["span_id"]}
            await client.post("/chat/feedback", json={**who, **about, **said}, headers=headers)
    except httpx.HTTPError:
        pass  # as above


async def keep_coming(
    schedule: Iterator[Visit] | Iterator[Conversation],
    go: Callable[[Any], Coroutine[Any, Any, None]],
    most_at_once: int,
    closed: asyncio.Event,
) -> None:
    """Follow a schedule until the doors close. Nobody waits for the one before."""
    opened = time.monotonic()
    under_way: set[asyncio.Task[None]] = set()
    for next_one in schedule:
        pause_s = opened + next_one.at_s - time.monotonic()
        try:
            async with asyncio.timeout(max(pause_s, 0.001)):
                await closed.wait()
            break
        except TimeoutError:
            pass
        # When the service is overwhelmed, customers turn away at the door instead of piling up here.
        if len(under_way) < most_at_once:
            task = asyncio.create_task(go(next_one))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
    for task in under_way:
        task.cancel()
    await asyncio.gather(*under_way, return_exceptions=True)


async def keep_visiting(url: str, seed: int, known: Customers, closed: asyncio.Event) -> None:
    """Apply and chat until the doors close."""
    people = customers(seed, CUSTOMERS)
    async with (
        httpx.AsyncClient(base_url=url, timeout=10.0) as client,
        httpx.AsyncClient(base_url=url, timeout=45.0) as patient,
    ):
        await asyncio.gather(
            keep_coming(visits(seed, people), lambda v: visit_web(client, v, known), MOST_AT_ONCE, closed),
            keep_coming(conversations(seed, people), lambda c: chat(patient, c, known), MOST_CHATS_AT_ONCE, closed),
        )


async def run(url: str, seed: int) -> None:
    """Be the customers until the parent lets go."""
    closed = asyncio.Event()
    loop = asyncio.get_running_loop()

    def release() -> None:
        loop.call_soon_threadsafe(closed.set)

    known = Customers()

    def leak(on: bool) -> None:
        known.careless = on

    leash = Leash(release, {LEAK.name: leak})
    leash.take()
    leash.announce({"ready": True})
    await keep_visiting(url, seed, known, closed)


def main() -> None:
    """Run until the parent lets go."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--web", required=True)
    arguments = parser.parse_args()
    asyncio.run(run(arguments.web, arguments.seed))


if __name__ == "__main__":
    main()
