"""Looks at this machine, a data directory and a server: what is wrong, and how to mend it."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import httpx

from tapetum_server.app.web import STATIC
from tapetum_server.store.directory import DataDirectory
from tapetum_server.store.engine import StoreUnavailable

_PROJECTS = 20
"""Of how many projects the scrape targets are looked at."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `fix` says what to do when the outcome is not `ok`."""

    name: str
    outcome: Literal["ok", "warning", "problem"]
    found: str
    fix: str = ""


def diagnose(data: Path, url: str, key: str | None) -> Iterator[Check]:
    """All checks, as they are done."""
    yield from diagnose_place(data)
    yield from _server(url, key)


def diagnose_place(data: Path) -> Iterator[Check]:
    """The checks that need no server: this machine, and the data directory."""
    yield from _machine()
    yield from _data(data)


def _machine() -> Iterator[Check]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Check("Python", "ok", f"{version} on {platform.system()} {platform.machine()}")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    fix = "The embedded engine wants 2 GB; lower memory_gb in the settings." if memory < 2 else ""
    yield Check("Memory", "warning" if fix else "ok", f"{memory:.1f} GB", fix)
    try:
        from tapetum_server.store import embedded  # noqa: F401 - the import is what is checked
    except (ImportError, OSError) as error:
        yield Check("Engine", "problem", str(error), "pip install --force-reinstall chdb (Linux with glibc, or macOS)")
    else:
        yield Check("Engine", "ok", "the embedded engine loads")
    if (STATIC / "index.html").is_file():
        yield Check("Web UI", "ok", "built")
    else:
        yield Check("Web UI", "warning", "not in this installation", "Reinstall without TAPETUM_SKIP_UI.")


def _data(path: Path) -> Iterator[Check]:
    if not path.exists():
        yield Check("Data directory", "ok", f"{path} is not there yet; the first start makes it")
        path = next(p for p in path.resolve().parents if p.exists())
    else:
        try:
            DataDirectory(path).release()
            yield Check("Data directory", "ok", f"{path} is free")
        except StoreUnavailable as error:
            found, _, fix = str(error).partition(". ")
            owned = "belongs to" in found
            yield Check("Data directory", "ok" if owned else "problem", found, "" if owned else fix)
    usage = shutil.disk_usage(path)
    used = 100 * (1 - usage.free / (usage.used + usage.free))
    if used >= 90:
        fix = "Free space, or lower retention in Settings."
        yield Check(
            "Disk", "problem", f"{used:.0f} % full; ingest into this directory pauses at 90 % unless set otherwise", fix
        )
    elif used >= 80:
        yield Check(
            "Disk", "warning", f"{used:.0f} % full", "Ingest into this directory pauses at 90 % unless set otherwise."
        )
    else:
        yield Check("Disk", "ok", f"{used:.0f} % full, {usage.free / 1e9:.0f} GB free")


def _server(url: str, key: str | None) -> Iterator[Check]:
    try:
        ready = httpx.get(f"{url}/readyz", timeout=5)
    except httpx.TransportError:
        if _something_listens(url):
            fix = "Stop it, or start tapetum with --port and pass --url here."
            yield Check("Server", "problem", f"something else listens at {url}", fix)
        else:
            yield Check("Server", "warning", f"nothing listens at {url}", "Start it: tapetum serve")
        return
    try:
        reason = ready.json()["reason"]
    except (ValueError, KeyError, TypeError):
        fix = "Choose another --port for tapetum and pass --url here."
        yield Check("Server", "problem", f"what answers at {url} is not tapetum", fix)
        return
    yield Check("Server", "problem" if reason else "ok", reason or f"{url} is ready", "Free disk space." * bool(reason))
    headers = {"authorization": f"Bearer {key}"} if key else {}
    info = httpx.get(f"{url}/api/v1/info", headers=headers, timeout=5)
    if info.status_code != 200:
        fix = "Make one: tapetum keys create --name NAME --scope read"
        yield Check("Access", "problem", f"the key is refused ({info.status_code})", fix)
    else:
        yield Check("Version", "ok", f"server {info.json()['version']}")
        yield from _targets(url, headers, info.json().get("projects") or [])


def _targets(url: str, headers: dict[str, str], projects: list[str]) -> Iterator[Check]:
    """What the server scrapes, where it scrapes anything that this key may see."""
    found = []
    for project in projects[:_PROJECTS]:
        listed = httpx.get(f"{url}/api/v1/scrape_targets", params={"project": project}, headers=headers, timeout=5)
        if listed.status_code == 200:
            found += [(project, target) for target in listed.json()["targets"]]
    failing = [(project, target) for project, target in found if target["health"] == "down"]
    if failing:
        project, first = failing[0]
        yield Check(
            "Scrape targets",
            "warning",
            f"{len(failing)} of {len(found)} fail; {first['job']} at {first['url']}: {first['error']}",
            f"All of them: {url}/settings?tab=scrape&project={project}",
        )
    elif found:
        yield Check("Scrape targets", "ok", f"{len(found)}, none fails")


def _something_listens(url: str) -> bool:
    parsed = httpx.URL(url)
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex((parsed.host, parsed.port or 80)) == 0
