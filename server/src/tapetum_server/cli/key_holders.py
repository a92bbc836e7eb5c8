"""Where `tapetum keys` works: on a data directory's catalog, or through a running server."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, cast

from tapetum_server import __version__

KeyRow = dict[str, Any]
"""One key, as `GET /api/v1/keys` has it."""


class KeyCommandError(Exception):
    """What to tell the person at the terminal."""


class KeyHolder(Protocol):
    """Something that holds keys. Rows are those of the HTTP API."""

    def create(self, name: str, scopes: Sequence[str], project: str | None, expires_at: datetime | None) -> KeyRow:
        """Make a key; the row has it under `key`, this once."""
        ...

    def all(self) -> list[KeyRow]:
        """Every key, revoked and expired ones too."""
        ...

    def revoke(self, key_id: str) -> None:
        """Make a key useless."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


class CatalogKeys:
    """The keys of a data directory. A server that runs on it learns of changes within seconds."""

    def __init__(self, data_dir: Path, catalog_url: str | None) -> None:
        from tapetum_server.catalog.catalog import Catalog
        from tapetum_server.catalog.errors import CatalogError

        self._error = CatalogError
        try:
            self._catalog = Catalog.open(data_dir, version=__version__, url=catalog_url)
        except CatalogError as error:
            raise KeyCommandError(str(error)) from error

    def create(self, name: str, scopes: Sequence[str], project: str | None, expires_at: datetime | None) -> KeyRow:
        """Make a key; the row has it under `key`, this once."""
        try:
            made, token = self._catalog.keys.create(name, scopes, project=project, expires_at=expires_at)
        except self._error as error:
            raise KeyCommandError(str(error)) from error
        return _row(made) | {"key": token}

    def all(self) -> list[KeyRow]:
        """Every key, revoked and expired ones too."""
        return [_row(key) for key in self._catalog.keys.all()]

    def revoke(self, key_id: str) -> None:
        """Make a key useless."""
        try:
            self._catalog.keys.revoke(key_id)
        except self._error as error:
            raise KeyCommandError(str(error)) from error

    def close(self) -> None:
        """Close the catalog."""
        self._catalog.close()


class ServerKeys:
    """The keys of a running server, over its HTTP API."""

    def __init__(self, url: str, key: str | None) -> None:
        import httpx

        self._url = url.rstrip("/")
        headers = {"authorization": f"Bearer {key}"} if key else {}
        self._client = httpx.Client(base_url=f"{self._url}/api/v1", headers=headers, timeout=30)

    def create(self, name: str, scopes: Sequence[str], project: str | None, expires_at: datetime | None) -> KeyRow:
        """Make a key; the row has it under `key`, this once."""
        body = {"name": name, "scopes": list(scopes), "project": project}
        if expires_at is not None:
            body["expires_at"] = expires_at.isoformat()
        return cast(KeyRow, self._ask("POST", "/keys", body))

    def all(self) -> list[KeyRow]:
        """Every key, revoked and expired ones too."""
        return cast(list[KeyRow], self._ask("GET", "/keys")["keys"])

    def revoke(self, key_id: str) -> None:
        """Make a key useless."""
        self._ask("DELETE", f"/keys/{key_id}")

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        import httpx

        try:
            answer = self._client.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise KeyCommandError(
                f"No Tapetum answers at {self._url}: {error}. Is it running? Without --url this works on the data "
                "directory itself."
            ) from error
        if answer.is_success:
            return answer.json() if answer.content else None
        try:
            detail = answer.json()["error"]
            message = " ".join(part for part in (detail["message"], detail.get("hint")) if part)
        except (ValueError, KeyError, TypeError):
            message = f"{self._url} answered {answer.status_code}, and not as Tapetum does. Is the URL right?"
        raise KeyCommandError(message)


def _row(key: Any) -> KeyRow:
    return {
        "id": key.id,
        "name": key.name,
        "prefix": key.prefix,
        "scopes": list(key.scopes),
        "project": key.project,
        "created_at": _iso(key.created_at),
        "last_used_at": _iso(key.last_used_at),
        "expires_at": _iso(key.expires_at),
        "revoked_at": _iso(key.revoked_at),
    }


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
