"""`tapetum monitors mute`, `enable`, `test` and their like: one change to one monitor."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from tapetum_server.cli.asking import DEFAULT_URL, Key, Project, Url, check, errors, fail, get, plain, server
from tapetum_server.cli.durations import duration
from tapetum_server.cli.monitors import Which, find

_LOOK_EVERY_S = 0.3


def mute(
    which: Which,
    for_: Annotated[str, typer.Option("--for", help="How long: 30m, 4h, 2d.")] = "1h",
    until: Annotated[
        str | None, typer.Option(help="Until this time instead: 2026-11-23T10:00:00Z.", show_default="not used")
    ] = None,
    project: Project = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Tell nobody for a while. What is still wrong after it is told then."""
    end = datetime.now(UTC) + duration(for_) if until is None else _moment(until)
    _change(which, {"muted_until": end.isoformat()}, f"muted until {end:%Y-%m-%d %H:%M:%S} UTC", project, url, key)


def unmute(which: Which, project: Project = None, url: Url = DEFAULT_URL, key: Key = None) -> None:
    """End the silence."""
    _change(which, {"muted_until": None}, "no longer muted", project, url, key)


def enable(which: Which, project: Project = None, url: Url = DEFAULT_URL, key: Key = None) -> None:
    """Look again."""
    _change(which, {"enabled": True}, "enabled", project, url, key)


def disable(which: Which, project: Project = None, url: Url = DEFAULT_URL, key: Key = None) -> None:
    """Look no more; what is wrong is taken back."""
    _change(which, {"enabled": False}, "disabled", project, url, key)


def delete(
    which: Which,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    project: Project = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Delete a monitor. Its history stays."""
    with server(url, key) as client:
        row = find(client, project, which)
        if not yes:
            typer.confirm(f"Delete {plain(row['name'])!r}?", abort=True, err=True)
        check(client.delete(f"/monitors/{row['id']}"))
    _said(row, "deleted")


def send_test(
    which: Which,
    wait_s: Annotated[float, typer.Option(min=0, max=600, help="How long to wait for the receiver's answer.")] = 15,
    project: Project = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Send a test notification and say what came of it. Exits with 1 unless the receiver took it."""
    with server(url, key) as client:
        row = find(client, project, which)
        sent = client.post(f"/monitors/{row['id']}/test")
        check(sent)
        delivery_id = sent.json()["delivery_id"]
        end = time.monotonic() + wait_s
        while True:
            rows = get(client, f"/monitors/{row['id']}/deliveries", {})["rows"]
            delivery = next((one for one in rows if one["id"] == delivery_id), None)
            if delivery is not None and (delivery["attempts"] or delivery["status"] != "waiting"):
                break
            if time.monotonic() >= end:
                fail(f"The test was not tried within {wait_s:g} s.", f"See: tapetum monitors show {which!r}")
            time.sleep(_LOOK_EVERY_S)
    if delivery["status"] == "delivered":
        _said(row, f"told: {delivery['outcome']}")
        return
    again = " It is tried again." if delivery["status"] == "waiting" else ""
    fail(f"The receiver did not take it: {delivery['outcome']}.{again}", "Is the webhook's address right?")


def _change(which: str, change: dict[str, Any], said: str, project: str | None, url: str, key: str | None) -> None:
    with server(url, key) as client:
        row = find(client, project, which)
        check(client.patch(f"/monitors/{row['id']}", json=change))
    _said(row, said)


def _said(row: dict[str, Any], said: str) -> None:
    errors.print(plain(f"{row['name']}: {said}."), style="dim", highlight=False, markup=False)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a time; expected such as 2026-11-23T10:00:00Z.") from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment <= datetime.now(UTC):
        raise typer.BadParameter(f"{text} is past.")
    return moment
