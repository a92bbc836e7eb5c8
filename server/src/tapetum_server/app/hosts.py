"""Which addresses may be open, and which Host and Origin headers are ours."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

_DEFAULT_PORTS = {"http": 80, "https": 443}


class KeysRequired(Exception):
    """The server would be reachable by others while nobody needs a key."""


def is_loopback(host: str) -> bool:
    """Whether only programs on this machine can reach a server bound to `host`."""
    address = _address(host)
    if address is not None:
        return address.is_loopback
    return host.lower().rstrip(".") == "localhost"


def require_keys_for(host: str, keys_exist: bool) -> None:
    """Refuse to start on an address that others can reach while there is no key.

    Raises `KeysRequired` with the command that makes one.
    """
    if is_loopback(host) or keys_exist:
        return
    raise KeysRequired(
        f"Tapetum does not start on {host or 'every address'} without a key: anybody who can reach it could read "
        "and write everything.\n"
        "Make a key, then start again:\n\n"
        "    tapetum keys create --name admin --scope admin\n\n"
        "Programs that only send need less: tapetum keys create --name my-app --scope ingest\n"
        "To stay on this machine, leave --host out (127.0.0.1)."
    )


class Hosts:
    """The names this server goes by.

    A page on evil.example can have its own name resolve to 127.0.0.1 and then read answers as
    same-origin (DNS rebinding). The Host header gives it away, because it carries the page's name.
    """

    def __init__(
        self,
        bind_host: str,
        *,
        keys_required: bool,
        allowed: Iterable[str] = (),
        origins: Iterable[str] = (),
    ) -> None:
        names = [name.strip().lower().rstrip(".") for name in allowed if name.strip()]
        # A page that rebinds to a server with keys holds no key and no cookie of it. Unless names are given,
        # any is fine there: `http://tapetum:4318` inside a cluster must work without settings.
        self._any = "*" in names or (keys_required and not names)
        self._names = {"localhost", *names, *([bind_host.lower()] if bind_host else [])}
        self._suffixes = (".localhost", *(name[1:] for name in names if name.startswith("*.")))
        self._origins = frozenset(origin.rstrip("/").lower() for origin in origins)
        self.allows = lru_cache(maxsize=256)(self._allows)

    def _allows(self, host_header: str) -> bool:
        """Whether a request with this Host header is meant for us."""
        split = _split(host_header)
        if split is None:
            return False
        if self._any:
            return True
        name = split[0].rstrip(".")
        # A number was not resolved from anybody's name, so it cannot have been rebound.
        return name in self._names or name.endswith(self._suffixes) or _address(name) is not None

    def is_ours(self, origin: str, host_header: str) -> bool:
        """Whether a page of this origin is our own UI, or one that was allowed."""
        if origin.rstrip("/").lower() in self._origins:
            return True
        scheme, separator, authority = origin.partition("://")
        default = _DEFAULT_PORTS.get(scheme.lower())
        theirs, here = _split(authority), _split(host_header)
        if not separator or default is None or theirs is None or here is None:
            return False
        # TLS may end at a proxy, so the scheme of the origin is not ours to compare.
        return theirs[0] == here[0] and (theirs[1] or default) == (here[1] or default)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _split(authority: str) -> tuple[str, int | None] | None:
    """Host and port of `host`, `host:port` or `[v6]:port`; `None` for what is neither."""
    host, port = authority.lower(), ""
    if host.startswith("["):
        host, bracket, rest = host.partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            return None
        host, port = host + bracket, rest[1:]
    elif ":" in host:
        host, _, port = host.partition(":")
    if not host or any(c in host for c in "/@?#\\ ,") or (port and not (port.isascii() and port.isdigit())):
        return None
    return host, int(port) if port else None
