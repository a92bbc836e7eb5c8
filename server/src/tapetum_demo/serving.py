"""One service on a socket that the parent opened, until the parent lets go."""

from __future__ import annotations

import argparse
import logging
import socket
from collections.abc import Mapping

import uvicorn
from fastapi import FastAPI

from tapetum_demo.leash import Leash, Order


def service_arguments(*, needs: tuple[str, ...] = ()) -> argparse.Namespace:
    """What every service is told: its socket, the seed, and for each name in `needs` a --NAME option."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--fd", type=int, required=True, help="a listening socket")
    parser.add_argument("--seed", type=int, required=True)
    for name in needs:
        parser.add_argument(f"--{name}", required=True)
    return parser.parse_args()


class _AnnouncingServer(uvicorn.Server):
    """Tells the parent when it is ready to answer."""

    leash: Leash

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self.leash.announce({"ready": True})


def serve(app: FastAPI, *, fd: int, orders: Mapping[str, Order] | None = None) -> None:
    """Answer requests until the parent lets go."""
    # The parent binds and listens before it starts anybody, so addresses are known and early callers only wait.
    listener = socket.socket(fileno=fd)
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=2)
    server = _AnnouncingServer(config)

    def release() -> None:
        server.should_exit = True

    server.leash = Leash(release, orders)
    server.leash.take()
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    server.run(sockets=[listener])
