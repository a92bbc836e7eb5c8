"""Files of monitors: read, checked as far as one can without a server, and with what is secret filled in."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomllib

MAX_BYTES = 4_000_000
_SHAPE = 'Expected {"monitors": [{"name": …, "query": …}, …]}; in TOML [[monitors]] tables.'
_OF_THE_SERVER = {
    "project": "Say it with --project.",
    "muted_until": "Silences are not kept in files: tapetum monitors mute NAME.",
    "id": "Monitors of files are known by their names.",
}


class FileRefused(Exception):
    """A file is no file of monitors."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One monitor of a file."""

    name: str
    definition: dict[str, Any]
    enabled: bool | None
    """`None` where the file does not say."""
    says_webhook: bool
    webhook: dict[str, Any] | None
    """`None` takes one away."""

    @property
    def has_secrets(self) -> bool:
        """Whether its webhook holds what the server never shows, so that nobody can tell whether it changed."""
        return self.webhook is not None and bool(self.webhook.get("secret") or self.webhook.get("headers"))

    def rest(self) -> dict[str, Any]:
        """What is said of a new monitor besides name and definition."""
        said: dict[str, Any] = {} if self.enabled is None else {"enabled": self.enabled}
        return said | ({"webhook": self.webhook} if self.webhook is not None else {})


def entries_of(files: Sequence[str]) -> list[Entry]:
    """The monitors of all files. Raises `FileRefused`, before anything is done."""
    found: dict[str, str] = {}
    entries = []
    for file in files:
        for number, item in enumerate(_items(file), 1):
            entry = _entry(item, f"{file}, monitor {number}")
            if entry.name in found:
                raise FileRefused(f"{entry.name!r} is twice: in {found[entry.name]} and in {file}.")
            found[entry.name] = file
            entries.append(entry)
    return entries


def _items(file: str) -> list[Any]:
    try:
        raw = sys.stdin.buffer.read(MAX_BYTES + 1) if file == "-" else _bytes(Path(file))
    except OSError as error:
        raise FileRefused(f"{file} cannot be read: {error.strerror}.") from error
    if len(raw) > MAX_BYTES:
        raise FileRefused(f"{file} is larger than {MAX_BYTES // 1_000_000} MB.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileRefused(f"{file} is not UTF-8: byte {error.start} is wrong.") from error
    content = _parsed(file, text)
    if isinstance(content, dict) and "monitors" in content:
        if unknown := sorted(content.keys() - {"monitors"}):
            raise FileRefused(f"{file}: nothing is called {unknown[0]!r} beside monitors.", _SHAPE)
        content = content["monitors"]
    elif isinstance(content, dict):
        content = [content]
    if not isinstance(content, list):
        raise FileRefused(f"{file} holds no monitors.", _SHAPE)
    return content


def _bytes(path: Path) -> bytes:
    with path.open("rb") as opened:
        return opened.read(MAX_BYTES + 1)


def _parsed(file: str, text: str) -> Any:
    if not file.endswith(".toml"):
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            if file != "-":
                raise FileRefused(f"{file} is not JSON: {error}.", "A file of TOML is called so: NAME.toml.") from error
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        kinds = "neither JSON nor TOML" if file == "-" else "not TOML"
        raise FileRefused(f"{file} is {kinds}: {error}.") from error


def _entry(item: Any, where: str) -> Entry:
    if not isinstance(item, dict):
        raise FileRefused(f"{where} is no object.", _SHAPE)
    name = item.get("name")
    if not isinstance(name, str) or not name.strip():
        raise FileRefused(f"{where} has no name.", "A monitor of a file is known by its name.")
    where = f"{where}, {name!r}"
    for field, hint in _OF_THE_SERVER.items():
        if field in item:
            raise FileRefused(f"{where}: {field} has no place in a file.", hint)
    enabled = item.get("enabled")
    if not (enabled is None or isinstance(enabled, bool)):
        raise FileRefused(f"{where}: enabled is true or false, not {enabled!r}.")
    outside = ("name", "enabled", "webhook")
    return Entry(
        name=name.strip(),
        definition={field: value for field, value in item.items() if field not in outside},
        enabled=enabled,
        says_webhook="webhook" in item,
        webhook=_webhook(item.get("webhook"), where),
    )


def _webhook(said: Any, where: str) -> dict[str, Any] | None:
    # TOML has no null: false takes a webhook away there.
    if said is None or said is False:
        return None
    if not isinstance(said, dict) or not isinstance(said.get("url"), str):
        raise FileRefused(f"{where}: webhook has no url.", 'Such as {"url": "env:CHAT_HOOK"}; false takes it away.')
    headers = said.get("headers", {})
    if not isinstance(headers, dict):
        raise FileRefused(f"{where}: webhook.headers is no object.")
    filled = {field: _filled(value, f"{where}: webhook.{field}") for field, value in said.items()}
    if "headers" in said:
        filled["headers"] = {
            name: _filled(value, f"{where}: webhook.headers.{name}") for name, value in headers.items()
        }
    return filled


def _filled(value: Any, where: str) -> Any:
    """`env:NAME` from the environment: what is secret has no place in git."""
    if not isinstance(value, str) or not value.startswith("env:"):
        return value
    name = value.removeprefix("env:")
    if name not in os.environ:
        raise FileRefused(f"{where} is in the environment variable {name}, which is not set.")
    return os.environ[name]
