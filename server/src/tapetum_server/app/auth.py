"""Decides who is calling, the same way for HTTP and gRPC, and keeps everybody else out."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from starlette.types import ASGIApp, Receive, Scope, Send

from tapetum_server.api.dependencies import NOBODY, SESSION_COOKIE
from tapetum_server.app.hosts import Hosts, is_loopback
from tapetum_server.app.refusals import Refusal, answer
from tapetum_server.app.security_headers import SecurityHeaders
from tapetum_server.catalog.catalog import Catalog
from tapetum_server.signals.identity import LOOPBACK, Identity

PROJECT_HEADER = "x-tapetum-project"

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_NO_KEY_NEEDED = frozenset({"/healthz", "/readyz"})
_PRIVATE_PREFIXES = ("/api/", "/v1/", "/k/", "/mcp", "/loki/", "/apis/")
"""Below these every method needs a key. Elsewhere reads reach only the UI's files, which are no secret."""
_PRIVATE_PATHS = frozenset({"/api", "/metrics"})
_INGEST_PREFIXES = ("/v1/", "/api/public/otel/v1/", "/loki/api/v1/push", "/api/v1/write")
_SESSION_DOOR = "/api/v1/session"
_INFO_DOOR = "/api/v1/info"
_WANTED = frozenset(
    {
        b"host",
        b"authorization",
        b"cookie",
        b"origin",
        b"content-type",
        b"sec-fetch-site",
        b"sec-fetch-mode",
        PROJECT_HEADER.encode(),
    }
)
_COOKIE_START = f"{SESSION_COOKIE}="

Means = Literal["bearer", "path", "basic", "cookie", "open", "nothing"]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and by what means we know."""

    identity: Identity
    means: Means

    @property
    def ambient(self) -> bool:
        """Whether a browser would send the same on behalf of any page, so that the page must be checked."""
        return self.means not in ("bearer", "path")


_NOBODY = Caller(NOBODY, "nothing")
_OPEN = Caller(LOOPBACK, "open")


class Access:
    """Turns what a caller shows into an identity.

    Open means that a caller who shows nothing is an admin; only for a server that nobody but
    this machine can reach. A key that is shown and wrong is refused even then, so that a typing
    mistake is found on the first day and not on the day keys become required.
    """

    def __init__(self, catalog: Catalog, *, keys_required: bool) -> None:
        self._catalog = catalog
        self.keys_required = keys_required

    async def of_request(self, authorization: str | None, path_key: str | None, cookie: str | None) -> Caller:
        """The caller of an HTTP request. Raises `Refusal` for a key that opens nothing."""
        if path_key is not None:
            return Caller(_only_ingest(await self._key(path_key)), "path")
        if authorization is not None:
            token, means = _token_of(authorization)
            return Caller(await self._key(token), means)
        if cookie is not None:
            session = _session_of(cookie)
            if session is not None:
                # Cookies do not know ports: one that we do not know may be another server's on this machine,
                # so unlike a wrong key it counts as none.
                identity = await self._session(session)
                if identity is not None:
                    return Caller(identity, "cookie")
        return _NOBODY if self.keys_required else _OPEN

    def identify(self, metadata: Mapping[str, str], peer: str) -> tuple[Identity, str | None]:
        """The sender of a gRPC call and the project its metadata name.

        Raises `Refusal` (a `PermissionError` with `grpc_code`). From memory, but for a key that
        another process made a moment ago, which costs one query.
        """
        authorization = metadata.get("authorization")
        if authorization is not None:
            token, _ = _token_of(authorization)
            key = self._catalog.keys.verify(token) or self._catalog.keys.look_up(token)
            if key is None:
                raise _invalid_key()
            identity = key.identity
        elif self.keys_required or not _is_local_peer(peer):
            raise _key_needed()
        else:
            identity = LOOPBACK
        _demand_ingest(identity)
        return identity, metadata.get(PROJECT_HEADER) or None

    async def _key(self, token: str) -> Identity:
        keys = self._catalog.keys
        key = keys.verify(token)
        if key is None and keys.worth_a_look(token):
            key = await asyncio.to_thread(keys.look_up, token)
        if key is None:
            raise _invalid_key()
        return key.identity

    async def _session(self, token: str) -> Identity | None:
        sessions = self._catalog.sessions
        key = sessions.verify(token)
        if key is None and sessions.worth_a_look(token):
            key = await asyncio.to_thread(sessions.look_up, token)
        return None if key is None else key.identity


class AccessMiddleware:
    """ASGI middleware: nothing behind it runs for a caller who is not let in.

    In order: the key leaves the path before anything can log it; the Host must be ours; the
    caller is found; a page of another origin may not act for them; a door that needs a key gets
    one. Then `scope["state"]` has `identity`, `project` and `root_path`.
    """

    def __init__(self, app: ASGIApp, access: Access, hosts: Hosts, *, root_path: str = "") -> None:
        self._app = app
        self._access = access
        self._hosts = hosts
        self._root_path = f"/{root_path.strip('/')}" if root_path.strip("/") else ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request in, or answer why not."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            # No door speaks WebSocket, and a handshake would pass by the checks below.
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        path_key = self._take_path(scope)
        door = scope["path"][len(self._root_path) :]
        headers: dict[bytes, str] = {}
        try:
            _read_headers(scope, headers)
            if path_key is not None and not door.startswith("/v1/"):
                raise Refusal("not_found", "A key in the path opens /k/KEY/v1/… only.", 404)
            await self._let_in(scope, door, headers, path_key)
        except Refusal as refusal:
            await answer(refusal, door, headers.get(b"content-type", "").encode("latin-1"), scope, send)
            return
        await self._app(scope, receive, send)

    async def _let_in(self, scope: Scope, door: str, headers: Mapping[bytes, str], path_key: str | None) -> None:
        method: str = scope["method"]
        host = headers.get(b"host", "")
        # A browser cannot leave Host out, so a request without one is no page's.
        if host and not self._hosts.allows(host):
            shown = host if len(host) <= 80 else f"{host[:80]}…"
            raise Refusal(
                "host_not_allowed",
                f"This server does not go by the name {shown!r}.",
                421,
                hint="Start it with --allowed-host NAME if it should.",
            )
        caller = await self._access.of_request(headers.get(b"authorization"), path_key, headers.get(b"cookie"))
        if caller.ambient:
            self._check_page(method, door, caller, headers, host)
        if caller.identity is NOBODY and not _is_public(method, door):
            raise _key_needed()
        if door.startswith(_INGEST_PREFIXES) and method not in _SAFE_METHODS:
            _demand_ingest(caller.identity)
        state = scope.setdefault("state", {})
        state["identity"] = caller.identity
        state["project"] = headers.get(PROJECT_HEADER.encode()) or None
        state["root_path"] = self._root_path

    def _take_path(self, scope: Scope) -> str | None:
        """Settle the path under the root path and take the key out of it.

        The scope is changed in place: the server's access log reads this very dictionary later.
        """
        root, path = self._root_path, scope["path"]
        inside = path == root or path.startswith(f"{root}/") if root else False
        # A proxy may or may not cut off the prefix it serves us under; both arrive here.
        door = (path[len(root) :] or "/") if inside else path
        key = None
        if door.startswith("/k/"):
            key, _, rest = door[3:].partition("/")
            door = f"/{rest}" if rest.startswith("v1/") else "/k/"
        if root or key is not None:
            scope["path"] = root + door
            scope["raw_path"] = quote(scope["path"]).encode()
            scope["root_path"] = root
        return key

    def _check_page(self, method: str, door: str, caller: Caller, headers: Mapping[bytes, str], host: str) -> None:
        """Raise unless the page behind the request, if there is one, is our own."""
        origin, site = headers.get(b"origin"), headers.get(b"sec-fetch-site")
        foreign = site in ("cross-site", "same-site")  # same site includes other ports of this machine
        if method not in _SAFE_METHODS:
            if origin is not None:
                foreign = not self._hosts.is_ours(origin, host)
            elif caller.means == "cookie" and site != "same-origin":
                # Browsers name the origin of every such request; without it we cannot tell whose it is.
                foreign = True
        elif caller.means == "nothing" or not _is_private(door) or headers.get(b"sec-fetch-mode") == "navigate":
            # Following a link to us is fine. A page elsewhere cannot read other answers, but could time them.
            return
        if foreign:
            raise Refusal(
                "origin_not_allowed",
                f"A page of {origin!r} may not do this." if origin else "A page of another origin may not do this.",
                403,
                hint="Start the server with --allowed-origin URL, or send the key as 'Authorization: Bearer tpt_…'.",
            )


def guard(app: ASGIApp, access: Access, hosts: Hosts, *, root_path: str = "") -> ASGIApp:
    """`app` behind the access checks, with security headers on every answer, refusals included."""
    return SecurityHeaders(AccessMiddleware(app, access, hosts, root_path=root_path))


def _read_headers(scope: Scope, headers: dict[bytes, str]) -> None:
    for name, value in scope["headers"]:
        if name not in _WANTED:
            continue
        if name in headers:
            if name == b"cookie":
                headers[name] += "; " + value.decode("latin-1")
                continue
            # Two of these mean that somebody on the way reads another one than we do.
            raise Refusal("duplicate_header", f"The header {name.decode()} came twice.", 400)
        headers[name] = value.decode("latin-1").strip()


def _is_private(door: str) -> bool:
    return door.startswith(_PRIVATE_PREFIXES) or door in _PRIVATE_PATHS


def _is_public(method: str, door: str) -> bool:
    if method not in ("GET", "HEAD"):
        return door == _SESSION_DOOR and method in ("POST", "DELETE")
    return door in _NO_KEY_NEEDED or door == _INFO_DOOR or not _is_private(door)


def _token_of(authorization: str) -> tuple[str, Literal["bearer", "basic"]]:
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip(), "bearer"
    if scheme.lower() == "basic":
        try:
            decoded = base64.b64decode(rest.strip(), validate=True).decode("latin-1")
        except (binascii.Error, ValueError):
            raise _invalid_key() from None
        return decoded.partition(":")[2], "basic"
    raise _invalid_key()


def _session_of(cookie: str) -> str | None:
    for part in cookie.split(";"):
        part = part.strip()
        if part.startswith(_COOKIE_START):
            return part[len(_COOKIE_START) :]
    return None


def _only_ingest(identity: Identity) -> Identity:
    """A key in a path may have been seen by every proxy on the way: it opens ingest and nothing else."""
    _demand_ingest(identity)
    return Identity(name=identity.name, scopes=frozenset({"ingest"}), project=identity.project)


def _demand_ingest(identity: Identity) -> None:
    if not identity.may("ingest"):
        raise Refusal(
            "forbidden",
            f"The key {identity.name!r} may not send telemetry.",
            403,
            hint="Make a key for it: tapetum keys create --name NAME --scope ingest",
        )


def _is_local_peer(peer: str) -> bool:
    """Whether a gRPC peer (`ipv4:127.0.0.1:5000`, `ipv6:%5B::1%5D:5000`, `unix:…`) is on this machine."""
    family, _, address = peer.partition(":")
    if family == "unix":
        return True
    host = address.replace("%5B", "[").replace("%5D", "]").rpartition(":")[0]
    return family in ("ipv4", "ipv6") and is_loopback(host)


def _key_needed() -> Refusal:
    return Refusal(
        "unauthenticated",
        "This needs a key.",
        401,
        hint="Send it as 'Authorization: Bearer tpt_…'. Make one on the server: tapetum keys create.",
    )


def _invalid_key() -> Refusal:
    return Refusal(
        "invalid_key",
        "This key is unknown, revoked or expired.",
        401,
        hint="A key starts with tpt_ and goes into 'Authorization: Bearer KEY'. On the server: tapetum keys list.",
    )
