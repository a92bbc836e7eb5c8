"""No log of a real server ever holds a key."""

from __future__ import annotations

import asyncio
import logging
import socket
from pathlib import Path

import httpx
import pytest
import uvicorn
from guarded_app import guarded

from tapetum_server.app.upkeep import keep_catalog
from tapetum_server.catalog.catalog import Catalog


@pytest.mark.parametrize("root_path", ["", "/obs"])
def test_no_log_line_of_a_real_server_holds_a_key(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, root_path: str
) -> None:
    """uvicorn logs the path of every request; a key in the path has left it by then."""
    catalog = Catalog.open(tmp_path, version="0.1.0")
    _, good = catalog.keys.create("kserve", ["ingest"])
    bad = "tpt_" + "z" * 43
    doors = [
        "/k/{}/v1/traces", "/k/{}/v1/traces?x=1", "/k/{}/api/v1/keys", "/k/{}", "/k/{}/", "/k/{}//v1/traces",
        "/%6b/{}/v1/traces", "/k/{}/v1/%2e%2e/x",
    ]  # fmt: skip

    async def visit() -> list[int]:
        app = guarded(catalog, root_path=root_path)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            server = uvicorn.Server(uvicorn.Config(app, log_config=None, log_level="debug", lifespan="off"))
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            base = f"http://127.0.0.1:{listening.getsockname()[1]}"
            async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=120) as client:
                answers = [
                    await client.post(root_path + door.format(key), headers={"authorization": f"Bearer {key}"})
                    for key in (good, bad)
                    for door in doors
                ]
            server.should_exit = True
            await serving
        return [answer.status_code for answer in answers]

    caplog.set_level(logging.WARNING, logger="httpx")
    caplog.set_level(logging.WARNING, logger="httpcore")
    for name in ("uvicorn", "uvicorn.access", "uvicorn.error", "uvicorn.asgi"):
        caplog.set_level(logging.DEBUG, logger=name)
    codes = asyncio.run(visit())
    catalog.close()

    assert codes.count(200) >= 3
    access_lines = [r.getMessage() for r in caplog.records if r.name == "uvicorn.access"]
    assert len(access_lines) == len(codes)
    assert good not in caplog.text
    assert bad not in caplog.text


def test_upkeep_outlives_a_catalog_that_is_away(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    catalog = Catalog.open(tmp_path, version="0.1.0")
    tries = 0
    enough = asyncio.Event()
    loop: asyncio.AbstractEventLoop

    def upkeep() -> None:
        nonlocal tries
        tries += 1
        if tries in (2, 3):
            raise OSError("database is away")
        if tries > 4:
            loop.call_soon_threadsafe(enough.set)

    catalog.upkeep = upkeep  # type: ignore[method-assign]

    async def run() -> None:
        nonlocal loop
        loop = asyncio.get_running_loop()
        keeping = asyncio.create_task(keep_catalog(catalog, every_s=0))
        await enough.wait()
        keeping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await keeping

    asyncio.run(run())
    catalog.close()
    assert caplog.text.count("database is away") == 1
