"""Looks at this machine, a data directory and a server: what is wrong, and how to mend it."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import httpx

from tapetum_server._version import __version__
from tapetum_server.app.backups.shelf import Shelf
from tapetum_server.app.web import STATIC
from tapetum_server.catalog.catalog import Catalog
from tapetum_server.catalog.errors import CatalogError
from tapetum_server.store.directory import DataDirectory, owner_of
from tapetum_server.store.engine import StoreError
from tapetum_server.store.migrate import check
from tapetum_server.store.open import open_engine

_CHOOSE = "Choose another with --data, or give this user write access to it."
_LIKE_THIS = "Write it like http://127.0.0.1:4318, in --url or TAPETUM_URL."
_MAKE_A_KEY = "Make one: tapetum keys create --name NAME --scope read, and pass it as --key or TAPETUM_KEY."

_PROJECTS = 20
"""Of how many projects the scrape targets are looked at."""

_OLD_BACKUP_DAYS = 7
_GRPC_S = 3.0


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
    yield from _backups(data, url, key)


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
    path = path.expanduser().resolve()
    if not path.exists():
        yield Check("Data directory", "ok", f"{path} is not there yet; the first start makes it")
        path = next(p for p in path.parents if p.exists())
        if not os.access(path, os.W_OK | os.X_OK):
            yield Check("Permissions", "problem", f"this user may not write to {path}", _CHOOSE)
    elif not path.is_dir():
        yield Check("Data directory", "problem", f"{path} is a file", "Choose a directory with --data.")
    elif not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        yield Check("Data directory", "problem", f"this user may not read and write {path}", _CHOOSE)
    else:
        yield from _contents(path)
    yield from _disk(path)


def _contents(path: Path) -> Iterator[Check]:
    try:
        owner = owner_of(path)
    except OSError as error:
        yield Check("Data directory", "problem", f"{path} cannot be looked at: {error.strerror}", _CHOOSE)
        return
    yield Check("Data directory", "ok", f"{path} belongs to {owner}" if owner else f"{path} is free")
    try:
        if Catalog.check(path, version=__version__):
            yield Check("Catalog", "ok", "projects and keys can be read")
    except CatalogError as error:
        yield _explained("Catalog", error)
    if owner is None and (path / "store").is_dir():
        # The engine is not asked on the main thread, see `store.embedded`.
        with ThreadPoolExecutor(1) as worker:
            yield worker.submit(_store, path).result()


def _store(path: Path) -> Check:
    try:
        directory = DataDirectory(path)
        try:
            engine = open_engine(path)
            try:
                check(engine)
            finally:
                engine.close()
        finally:
            directory.release()
    except StoreError as error:
        return _explained("Store", error)
    return Check("Store", "ok", "the telemetry can be read")


def _explained(name: str, error: Exception) -> Check:
    """What went wrong and, from the message's second last sentence on, what to do."""
    text = str(error)
    found, stop, fix = text.partition(". If the disk") if ". If the disk" in text else text.partition(". ")
    return Check(name, "problem", found, (stop + fix).removeprefix(". "))


def _disk(path: Path) -> Iterator[Check]:
    try:
        usage = shutil.disk_usage(path)
    except OSError as error:
        yield Check("Disk", "problem", f"the disk of {path} cannot be looked at: {error.strerror}", _CHOOSE)
        return
    if not usage.total:
        yield Check("Disk", "problem", f"{path} is on no disk that could hold data", "Choose another with --data.")
        return
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
    wrong = _wrong_url(url)
    if wrong:
        yield Check("Server", "problem", f"{url!r} is not the address of a server: {wrong}", _LIKE_THIS)
        return
    try:
        ready = httpx.get(f"{url}/readyz", timeout=10)
    except httpx.TimeoutException:
        fix = "Look at its log and its load; if something else listens there, pass --url."
        yield Check("Server", "problem", f"{url} does not answer within 10 s", fix)
        return
    except httpx.TransportError as error:
        yield _unreachable(url, error)
        return
    if ready.status_code == 421:
        fix = f"Start it with --allowed-host {httpx.URL(url).host}, or pass the name it goes by as --url."
        yield Check("Server", "problem", f"tapetum at {url} does not go by that name", fix)
        return
    try:
        reason = ready.json()["reason"]
    except (ValueError, KeyError, TypeError):
        fix = "Choose another --port for tapetum and pass --url here."
        yield Check("Server", "problem", f"what answers at {url} is not tapetum", fix)
        return
    fix = "Free space on the store's disk, or lower retention; ingest goes on by itself." if reason else ""
    yield Check("Server", "problem" if reason else "ok", reason or f"{url} is ready", fix)
    yield from _access(url, key)


def _access(url: str, key: str | None) -> Iterator[Check]:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    try:
        info = httpx.get(f"{url}/api/v1/info", headers=headers, timeout=10)
        if info.status_code != 200:
            yield Check("Access", "problem", f"the key is refused ({info.status_code})", _MAKE_A_KEY)
            return
        facts = info.json()
        if key is None and "identity" not in facts:
            yield Check("Access", "warning", "the server wants a key, and none was given", _MAKE_A_KEY)
            return
        yield _version(facts["version"])
        yield from _grpc(url, facts.get("otlp_grpc"))
        yield from _targets(url, headers, facts.get("projects") or [])
    except (httpx.TransportError, ValueError, KeyError) as error:
        yield Check("Access", "problem", f"{url} is ready and does not answer: {error}", "Look at its log.")


def _version(server: str) -> Check:
    if server == __version__:
        return Check("Version", "ok", f"server {server}")
    return Check(
        "Version",
        "warning",
        f"the server is {server}, this command {__version__}",
        "Bring both to the same: pip install --upgrade tapetum, and restart what runs the older one.",
    )


def _grpc(url: str, said: str | None) -> Iterator[Check]:
    """Whether anybody listens where the server says that it takes OTLP/gRPC, seen from this machine."""
    if said is None:
        return
    port = httpx.URL(said).port or 4317
    # A server that listens everywhere says so; it is reached by the name that it was asked by.
    host = httpx.URL(url).host
    try:
        with socket.create_connection((host, port), _GRPC_S):
            pass
    except OSError as error:
        yield Check(
            "OTLP/gRPC",
            "warning",
            f"nothing can be connected to at {host}:{port}: {error.strerror or error}",
            "Let the port through where a firewall or a container closes it, or send to the HTTP port.",
        )
    else:
        yield Check("OTLP/gRPC", "ok", f"{host}:{port} is open")


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


def _backups(data: Path, url: str, key: str | None) -> Iterator[Check]:
    """Of the server, where it says; else of the data directory, where it holds any data."""
    headers = {"authorization": f"Bearer {key}"} if key else {}
    found: list[tuple[str, float]]
    try:
        answer = httpx.get(f"{url}/api/v1/backups", headers=headers, timeout=5)
        content = answer.json() if answer.status_code == 200 else None
        if content is None or content["elsewhere"]:
            return  # not this caller's to know, or not ours to make
        found = [(row["state"], row["age_s"]) for row in content["backups"]]
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError):
        if not (data / "store").exists():
            return
        found = [(b.state, time.time() - b.began_at.timestamp()) for b in Shelf(data / "backups").all()]
    incomplete = sum(1 for state, _ in found if state == "incomplete")
    ages = [age for state, age in found if state == "complete"]
    if not ages:
        left = f"none, and {incomplete} that was interrupted" if incomplete else "none"
        yield Check("Backup", "warning", left, "Make one: tapetum backup")
        return
    days = min(ages) / 86_400
    age = f"the last is {days:.0f} days old" if days >= 2 else f"the last is {days * 24:.0f} hours old"
    if days > _OLD_BACKUP_DAYS:
        yield Check("Backup", "warning", age, "Make one: tapetum backup")
    elif incomplete:
        yield Check("Backup", "warning", f"{age}; a later one was interrupted", "Make one: tapetum backup")
    else:
        yield Check("Backup", "ok", age)


def _wrong_url(url: str) -> str:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        return str(error)
    if parsed.scheme not in ("http", "https"):
        return "it does not start with http:// or https://"
    if not parsed.host:
        return "it names no host"
    if parsed.port is not None and not 0 < parsed.port < 65_536:
        return f"there is no port {parsed.port}"
    return ""


def _unreachable(url: str, error: httpx.TransportError) -> Check:
    parsed = httpx.URL(url)
    try:
        with socket.create_connection((parsed.host, parsed.port or (443 if parsed.scheme == "https" else 80)), 2):
            pass
    except socket.gaierror:
        return Check("Server", "problem", f"there is no host {parsed.host}", "Mend the name in --url or TAPETUM_URL.")
    except OSError:
        return Check("Server", "warning", f"nothing listens at {url}", "Start it: tapetum serve")
    if parsed.scheme == "https":
        fix = "Pass http:// where it has no certificate; add its certificate to SSL_CERT_FILE where it is your own."
        return Check("Server", "problem", f"what listens at {url} cannot be spoken to with TLS: {error}", fix)
    fix = "Stop it, or start tapetum with --port and pass --url here."
    return Check("Server", "problem", f"something else listens at {url}", fix)
