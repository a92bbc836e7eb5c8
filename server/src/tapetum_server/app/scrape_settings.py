"""The `scrape` list of the configuration file into targets; says which entry is wrong, and what is expected."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tapetum_server.app.settings_errors import SettingsError, unknown
from tapetum_server.receivers.prometheus.target import MAX_TARGETS, ScrapeTarget
from tapetum_server.signals.identity import PROJECT_NAME

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_Problem = str
"""What is wrong with a value, in words that follow its name, or ""."""


def read_targets(entries: Any, path: str) -> tuple[ScrapeTarget, ...]:
    """The targets of one file. Raises `SettingsError` naming `scrape[2].interval_s` (counted from 0)."""
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise SettingsError(f"{path}: scrape is a list of tables: begin each with [[scrape]].")
    if len(entries) > MAX_TARGETS:
        raise SettingsError(f"{path}: scrape has {len(entries)} targets; at most {MAX_TARGETS}.")
    targets: list[ScrapeTarget] = []
    known: dict[tuple[str, str, str], int] = {}
    for n, entry in enumerate(entries):
        target = _target(entry, f"{path}: scrape[{n}]")
        key = (target.project, target.job, target.name)
        if (other := known.setdefault(key, n)) != n:
            raise SettingsError(
                f"{path}: scrape[{n}] has job {target.job!r} and instance {target.name!r}, as scrape[{other}] has: "
                "nobody could tell their metrics apart. Give it another job or an instance of its own."
            )
        targets.append(target)
    return tuple(targets)


def _target(entry: Mapping[str, Any], where: str) -> ScrapeTarget:
    known = [field.name for field in fields(ScrapeTarget)]
    values: dict[str, Any] = {}
    for name, value in entry.items():
        if name not in known:
            raise unknown(f"{where} has no setting", name, known)
        if problem := _CHECKS[name](value):
            shown = "" if name in _SECRET else f" is {value!r};"
            raise SettingsError(f"{where}.{name}{shown} {problem}.")
        values[name] = _CONVERSIONS.get(name, lambda as_it_is: as_it_is)(value)
    for name in ("job", "url"):
        if name not in values:
            raise SettingsError(f"{where}.{name} is missing: every target has a job and a url.")
    target = ScrapeTarget(**values)
    if target.timeout_s > target.interval_s:
        raise SettingsError(
            f"{where}.timeout_s is {target.timeout_s:g}; expected at most interval_s, which is {target.interval_s:g}."
        )
    _check_secrets(target, where)
    return target


def _check_secrets(target: ScrapeTarget, where: str) -> None:
    """Two of what may be said in one way only."""
    token = [name for name in ("bearer_token", "bearer_token_file", "username") if getattr(target, name)]
    if "authorization" in {name.lower() for name in target.headers}:
        token.append("headers.authorization")
    if len(token) > 1:
        raise SettingsError(f"{where} has {' and '.join(token)}; only one of them can be sent.")
    if target.password and target.password_file:
        raise SettingsError(f"{where} has password and password_file; expected one of them.")
    if (target.password or target.password_file) and not target.username:
        raise SettingsError(f"{where} has a password and no username.")


def _text(value: Any) -> _Problem:
    if isinstance(value, str) and 0 < len(value) <= 1024 and value.isprintable():
        return ""
    return "expected a text of 1 to 1024 characters on one line"


def _url(value: Any) -> _Problem:
    if problem := _text(value):
        return problem
    try:
        parts = urlsplit(value)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        sound = False
    if not sound:
        return "expected an address such as http://127.0.0.1:8000/metrics"
    return "expected no user or password in it: they go into username and password" if "@" in parts.netloc else ""


def _project(value: Any) -> _Problem:
    if isinstance(value, str) and PROJECT_NAME.fullmatch(value):
        return ""
    return "expected 1 to 64 of A-Z a-z 0-9 . _ - that start with a letter or digit"


def _number(low: float, high: float, *, whole: bool = False) -> Callable[[Any], _Problem]:
    def check(value: Any) -> _Problem:
        sound = isinstance(value, int) or (isinstance(value, float) and not whole)
        if sound and not isinstance(value, bool) and low <= value <= high:
            return ""
        return f"expected {'a whole number' if whole else 'a number'} from {low:g} to {high:.12g}"

    return check


def _flag(value: Any) -> _Problem:
    return "" if isinstance(value, bool) else "expected true or false"


def _pairs(value: Any) -> _Problem:
    sound = isinstance(value, dict) and len(value) <= 64
    if sound and all(not _text(name) and not _text(text) for name, text in value.items()):
        return ""
    return "expected a table of at most 64 names and texts"


def _labels(value: Any) -> _Problem:
    if problem := _pairs(value):
        return problem
    taken = [name for name in ("job", "instance") if name in value]
    return f"expected no {taken[0]} in it: that is a setting of its own" if taken else ""


def _headers(value: Any) -> _Problem:
    if problem := _pairs(value):
        return problem
    wrong = [name for name, text in value.items() if not _HEADER.fullmatch(name) or not text.isascii()]
    return f"{wrong[0]!r} cannot be a header" if wrong else ""


def _patterns(value: Any) -> _Problem:
    if isinstance(value, list) and len(value) <= 200 and not any(map(_text, value)):
        return ""
    return "expected a list of at most 200 patterns, such as ['vllm:*']"


_CHECKS: Mapping[str, Callable[[Any], _Problem]] = {
    "job": _text, "url": _url, "instance": _text, "project": _project, "interval_s": _number(1, 86_400),
    "timeout_s": _number(0.1, 86_400), "labels": _labels, "honor_labels": _flag, "honor_timestamps": _flag,
    "openmetrics": _flag,
    "keep": _patterns, "drop": _patterns, "headers": _headers, "bearer_token": _text, "bearer_token_file": _text,
    "username": _text, "password": _text, "password_file": _text, "tls_ca": _text, "tls_insecure_skip_verify": _flag,
    "allow_link_local": _flag, "max_body_mib": _number(1, 256, whole=True),
    "max_samples": _number(1, 1_000_000, whole=True),
}  # fmt: skip
_SECRET = frozenset({"headers", "bearer_token", "username", "password"})
"""Never repeated in an error: it goes into logs."""


def _path(value: str) -> Path:
    return Path(value).expanduser()


_CONVERSIONS: Mapping[str, Callable[[Any], Any]] = {
    "keep": tuple, "drop": tuple, "bearer_token_file": _path, "password_file": _path, "tls_ca": _path,
}  # fmt: skip
