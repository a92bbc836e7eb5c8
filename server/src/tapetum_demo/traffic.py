"""`traffic`: the customers. They are no part of the system, so they send no telemetry of their own."""

from __future__ import annotations

import argparse
import asyncio
import json
import time

import httpx

from tapetum_demo.leash import Leash
from tapetum_demo.population import CUSTOMERS, customers
from tapetum_demo.visits import Visit, visits

MOST_AT_ONCE = 40


async def visit_web(client: httpx.AsyncClient, visit: Visit) -> None:
    """One customer applies, and may come back to look."""
    headers = {"x-session-id": visit.session_id, "content-type": "application/json"}
    body = json.dumps(visit.body)
    try:
        response = await client.post("/applications", content=body[:-7] if visit.kind == "not_json" else body,
                                     headers=headers)  # fmt: skip
        if visit.check_after_s is not None and response.status_code == 200:
            await asyncio.sleep(visit.check_after_s)
            await client.get(f"/applications/{response.json()['application_id']}", headers=headers)
    except httpx.HTTPError:
        pass  # the customer shrugs; what failed is told by the services themselves


async def keep_visiting(url: str, seed: int, closed: asyncio.Event) -> None:
    """Follow the schedule until the doors close. Nobody waits for the one before."""
    opened = time.monotonic()
    under_way: set[asyncio.Task[None]] = set()
    async with httpx.AsyncClient(base_url=url, timeout=10.0) as client:
        for visit in visits(seed, customers(seed, CUSTOMERS)):
            pause_s = opened + visit.at_s - time.monotonic()
            try:
                await asyncio.wait_for(closed.wait(), timeout=max(pause_s, 0.001))
                break
            except TimeoutError:
                pass
            # When the service is overwhelmed, customers turn away at the door instead of piling up here.
            if len(under_way) < MOST_AT_ONCE:
                task = asyncio.create_task(visit_web(client, visit))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


async def run(url: str, seed: int) -> None:
    """Be the customers until the parent lets go."""
    closed = asyncio.Event()
    loop = asyncio.get_running_loop()

    def release() -> None:
        loop.call_soon_threadsafe(closed.set)

    leash = Leash(release)
    leash.take()
    leash.announce({"ready": True})
    await keep_visiting(url, seed, closed)


def main() -> None:
    """Run until the parent lets go."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--web", required=True)
    arguments = parser.parse_args()
    asyncio.run(run(arguments.web, arguments.seed))


if __name__ == "__main__":
    main()
