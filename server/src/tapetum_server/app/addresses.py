"""Takes the ports and reads the certificate, before anything slow begins; says what is in the way."""

from __future__ import annotations

import errno
import socket
import ssl
from pathlib import Path


class CannotStart(Exception):
    """Something is in the way; the message says what, and what to do about it."""


def listen(host: str, port: int, option: str) -> socket.socket:
    """A listening socket. Raises `CannotStart` naming `option`, which chooses another port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise cannot_listen(host, port, option, error) from error
    return listener


def cannot_listen(host: str, port: int, option: str, error: OSError) -> CannotStart:
    """The error for an address that could not be had."""
    if error.errno == errno.EADDRINUSE or "in use" in str(error).lower():
        return CannotStart(
            f"Port {port} on {host} is taken by another process (another tapetum, or an OpenTelemetry Collector?). "
            f"Stop it, or choose another with {option}."
        )
    return CannotStart(
        f"Cannot listen on {host}:{port}: {error.strerror or error}. Choose another address with --host or {option}."
    )


def check_certificate(cert: Path | None, key: Path | None) -> None:
    """Raise `CannotStart` unless `cert` and `key` are a pair that TLS can start with, or both absent."""
    if cert is None or key is None:
        return
    for option, path in (("--tls-cert", cert), ("--tls-key", key)):
        try:
            path.read_bytes()
        except OSError as error:
            raise CannotStart(f"The file of {option}, {path}, cannot be read: {error.strerror}.") from error
    try:
        # Without a password of our own, OpenSSL would ask the terminal for one and wait.
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(cert, key, password=lambda: "")
    except (ssl.SSLError, ValueError) as error:
        raise CannotStart(
            f"TLS cannot start with {cert} and {key}: {error}. Expected a certificate (--tls-cert) and its private "
            "key without a password (--tls-key), both PEM."
        ) from error
