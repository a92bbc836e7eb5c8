"""Prompts from the registry: fetched, kept for a while, and named on the spans that use them."""

from __future__ import annotations

import http.client
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, NamedTuple, Union
from urllib.parse import urlencode

from tapetum import _asking, semconv
from tapetum._fork import renew_in_child

_VARIABLE = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_.]*)\s*\}\}")
Template = Union[str, Sequence[Mapping[str, str]]]


class Wanted(NamedTuple):
    """Which prompt, and whom to ask for it."""

    endpoint: str
    headers: tuple[tuple[str, str], ...]
    name: str
    version: int | None
    label: str


_using: ContextVar[tuple[Any, ...]] = ContextVar("tapetum_prompt", default=())
"""The prompts whose `with` this context is in, the innermost last. One prompt serves many threads at once."""


class Prompt:
    """One version of a prompt: its text or chat messages, and what stands beside them.

    As a context manager it names itself on every span that begins inside, whoever makes it, so that calls, costs and
    errors are counted by version: `with tapetum.prompt("greeting") as prompt: client.chat(prompt.text(name="Ada"))`.
    """

    def __init__(
        self, name: str, prompt: Template, *, version: int | None, config: Mapping[str, Any], labels: Sequence[str] = ()
    ) -> None:
        self.name = name
        self.template = prompt
        self.version = version
        """`None` for a fallback: no version of the registry."""
        self.config = dict(config)
        self.labels = tuple(labels)

    @property
    def is_fallback(self) -> bool:
        """Whether the registry could not be asked, and this is what the caller gave instead."""
        return self.version is None

    @property
    def variables(self) -> list[str]:
        """The names that stand as `{{name}}`, in the order of their first use."""
        texts = [self.template] if isinstance(self.template, str) else [str(m["content"]) for m in self.template]
        return list(dict.fromkeys(name for text in texts for name in _VARIABLE.findall(text)))

    def text(self, **variables: Any) -> str:
        """The text with its variables filled in. Raises `KeyError` for one that is not given, and `TypeError` for a
        chat prompt."""
        if not isinstance(self.template, str):
            raise TypeError(f"the prompt {self.name!r} has chat messages: use .messages()")
        return _filled(self.template, variables, self.name)

    def messages(self, **variables: Any) -> list[dict[str, Any]]:
        """Chat messages with their variables filled in; a text becomes one user message.

        A placeholder is replaced by the list of messages that the variable of its name holds. Raises `KeyError` for a
        variable that is not given.
        """
        if isinstance(self.template, str):
            return [{"role": "user", "content": _filled(self.template, variables, self.name)}]
        made: list[dict[str, Any]] = []
        for message in self.template:
            if message["role"] == "placeholder":
                made.extend(variables[message["content"]])
            else:
                made.append({"role": message["role"], "content": _filled(message["content"], variables, self.name)})
        return made

    def __enter__(self) -> Prompt:
        _using.set((*_using.get(), self))
        return self

    def __exit__(self, *_: object) -> None:
        _using.set(_using.get()[:-1])

    def __repr__(self) -> str:
        return f"Prompt({self.name!r}, version={self.version})"


def stamp(span: Any) -> None:
    """Name the prompt in use on a span that begins."""
    if using := _using.get():
        prompt = using[-1]
        span.set_attribute(semconv.GEN_AI_PROMPT_NAME, prompt.name)
        if prompt.version is not None:
            span.set_attribute(semconv.GEN_AI_PROMPT_VERSION, str(prompt.version))


class _Kept(NamedTuple):
    prompt: Prompt
    at: float


class Registry:
    """Prompts that were fetched lately. Safe to use from several threads."""

    def __init__(self, get: Callable[[Wanted, float], Prompt]) -> None:
        self._get = get
        self._lock = threading.Lock()
        self._kept: dict[Wanted, _Kept] = {}
        self._refreshing: set[Wanted] = set()
        renew_in_child(self._renew)

    def _renew(self) -> None:
        self._lock = threading.Lock()
        self._refreshing = set()

    def find(self, wanted: Wanted, *, fallback: Template | None, cache_s: float, timeout_s: float) -> Prompt:
        """The prompt: from memory while it is fresh, from memory with a fetch behind it when old, else fetched."""
        kept = self._kept.get(wanted)
        if kept is not None and cache_s > 0:
            if time.monotonic() - kept.at > cache_s:
                self._refresh(wanted, timeout_s)
            return kept.prompt
        try:
            return self._fetch(wanted, timeout_s)
        except (OSError, http.client.HTTPException, LookupError, ValueError) as error:
            if kept is not None:
                return kept.prompt
            if fallback is not None:
                return Prompt(wanted.name, fallback, version=None, config={})
            raise LookupError(
                f"the prompt {wanted.name!r} was not fetched, and no fallback was given: {error}"
            ) from error

    def _fetch(self, wanted: Wanted, timeout_s: float) -> Prompt:
        prompt = self._get(wanted, timeout_s)
        self._kept[wanted] = _Kept(prompt, time.monotonic())
        return prompt

    def _refresh(self, wanted: Wanted, timeout_s: float) -> None:
        with self._lock:
            if wanted in self._refreshing:
                return
            self._refreshing.add(wanted)

        def refresh() -> None:
            try:
                self._fetch(wanted, timeout_s)
            except (OSError, http.client.HTTPException, LookupError, ValueError):
                # The old one holds; the next call after another `cache_s` tries again.
                self._kept[wanted] = self._kept[wanted]._replace(at=time.monotonic())
            finally:
                self._refreshing.discard(wanted)

        threading.Thread(target=refresh, name="tapetum-prompt", daemon=True).start()

    def forget(self) -> None:
        """Fetch everything anew."""
        self._kept.clear()


def fetch(wanted: Wanted, timeout_s: float) -> Prompt:
    """One GET of the registry. Raises `LookupError` with the server's words, `OSError` where it does not answer."""
    which = {"label": wanted.label} if wanted.version is None else {"version": wanted.version}
    asked = urlencode({"name": wanted.name, **which})
    said = _asking.get(wanted.endpoint, f"/api/v1/prompts/version?{asked}", dict(wanted.headers), timeout_s)
    return Prompt(said["name"], said["prompt"], version=said["version"], config=said["config"], labels=said["labels"])


registry = Registry(fetch)


def _filled(text: str, variables: Mapping[str, Any], name: str) -> str:
    def value(match: re.Match[str]) -> str:
        if match[1] not in variables:
            raise KeyError(f"the prompt {name!r} has a variable {match[1]!r}, which was not given")
        return str(variables[match[1]])

    return _VARIABLE.sub(value, text)
