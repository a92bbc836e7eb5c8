"""The demo's faults: what can be broken by hand, and the switch of each. Only where the server runs as the demo."""

from __future__ import annotations

import asyncio
from typing import Protocol, cast

from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from tapetum_server.api.dependencies import Admin, Reader
from tapetum_server.api.errors import ApiError
from tapetum_server.api.questions import answer, router_of

router = router_of("demo")


class DemoFault(TypedDict):
    """One thing that can be broken by hand."""

    name: str
    service: str
    cause: str
    effects: list[str]
    """What is to be seen, nearest to the cause first."""
    on: bool


class DemoFaultList(TypedDict):
    """All of them."""

    rows: list[DemoFault]


class FaultSwitch(BaseModel):
    """What to do."""

    model_config = ConfigDict(extra="forbid")

    on: bool


class DemoWorld(Protocol):
    """The demo's world, as far as its faults go. Every method may block, and raises `DemoFailed`."""

    def faults(self) -> list[DemoFault]:
        """Each fault and whether it is on."""
        ...

    def switch(self, name: str, *, on: bool) -> None:
        """Switch one; raises `UnknownDemoFault` where there is none of this name."""
        ...


class DemoFailed(Exception):
    """The world does not answer, or could not do it."""


class UnknownDemoFault(Exception):
    """No fault has this name; the message says which there are."""


@router.get("/demo/faults", response_model=DemoFaultList)
async def list_demo_faults(request: Request, caller: Reader) -> Response:
    """What can be broken by hand in the demo, and what is."""
    world = _world(request)
    return answer(DemoFaultList(rows=await _asked(world)))


@router.put("/demo/faults/{name}", response_model=DemoFaultList)
async def switch_demo_fault(request: Request, caller: Admin, name: str, wanted: FaultSwitch) -> Response:
    """Switch one fault on or off; answers when the demo's service has done it."""
    world = _world(request)
    try:
        await asyncio.to_thread(world.switch, name, on=wanted.on)
    except UnknownDemoFault as error:
        raise ApiError("unknown_fault", str(error), 404, field="name") from error
    except DemoFailed as error:
        raise _failed(error) from error
    return answer(DemoFaultList(rows=await _asked(world)))


def _world(request: Request) -> DemoWorld:
    world = cast("DemoWorld | None", request.app.state.demo)
    if world is None:
        raise ApiError(
            "no_demo", "This server does not run as the demo.", 404,
            hint="tapetum demo starts one, with faults to switch.",
        )  # fmt: skip
    return world


async def _asked(world: DemoWorld) -> list[DemoFault]:
    try:
        return await asyncio.to_thread(world.faults)
    except DemoFailed as error:
        raise _failed(error) from error


def _failed(error: DemoFailed) -> ApiError:
    return ApiError("demo_unavailable", str(error), 503, hint="It takes a few seconds to start; then try again.")
