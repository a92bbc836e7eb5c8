"""Where webhooks and scrapes may go: out, to this network, to this machine, never to what answers with secrets."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from dataclasses import dataclass

import httpx

_METADATA = tuple(
    ipaddress.ip_network(net)
    for net in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32", "100.100.100.200/32", "192.0.0.192/32")
)
"""Link-local addresses and those at which clouds hand out a machine's credentials."""


class RefusedAddress(Exception):
    """Nothing must go there."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A URL whose host is an address that was looked at, and the name it had."""

    url: httpx.URL
    others: tuple[httpx.URL, ...]
    """The same at the name's other addresses, for when nobody answers at the first."""
    host: str
    """For the `Host` header."""
    name: str
    """For the certificate."""


async def destination(url: str, *, allow_link_local: bool, setting: str) -> Destination:
    """Resolve and check the host of `url`. What was checked is what is then connected to: a name that
    resolves to something else a moment later changes nothing. Raises `RefusedAddress`, which names the
    `setting` that allows it, or `OSError`."""
    parsed = httpx.URL(url)
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise RefusedAddress(f"{url[:80]!r} is no http or https address")
    port = parsed.port or (443 if parsed.scheme == "https" else 80)
    found = await asyncio.get_running_loop().getaddrinfo(parsed.host, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    if not allow_link_local:
        for address in addresses:
            check_address(address, setting)
    first, *others = [parsed.copy_with(host=address) for address in dict.fromkeys(addresses)]
    return Destination(first, tuple(others), parsed.netloc.decode("ascii"), parsed.host)


def check_address(address: str, setting: str) -> None:
    """Raise `RefusedAddress` for link-local, metadata, multicast and unspecified addresses."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(ip, "ipv4_mapped", None)
    ip = mapped or ip
    if ip.is_link_local or ip.is_multicast or ip.is_unspecified or any(ip in net for net in _METADATA):
        raise RefusedAddress(f"{address} is a link-local, metadata or multicast address; {setting} allows it")
