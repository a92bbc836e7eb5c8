"""A server in this process, with a thread that asks it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

from tapetum_server.app.server import Server
from tapetum_server.app.settings import Settings


def asked(directory: Path, ask: Callable[[Server], None]) -> None:
    """Serve this directory on any port until `ask` has ended. Raises what it raises."""
    server = Server(Settings(data=directory, port=0, grpc_port=-1))
    opener = threading.Thread(target=server.open)
    opener.start()
    opener.join()
    failed: list[BaseException] = []

    def asking() -> None:
        try:
            ask(server)
        except BaseException as error:
            failed.append(error)
        finally:
            server.stop()

    try:
        asyncio.run(server.serve(lambda: threading.Thread(target=asking).start()))
    finally:
        server.close()
    if failed:
        raise failed[0]
