"""`init(instrument=[…])`: other people's instrumentation, switched on by name where it is installed.

A package says what it instruments by entry points. Two packages for one library would report each call twice, so
one of them is taken: OpenInference's first, since it tells most of a conversation.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import logging
import sys
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, NamedTuple

logger = logging.getLogger("tapetum")

_GROUPS = ("openinference_instrumentor", "opentelemetry_instrumentor")
_PREFIXES = ("openinference-instrumentation-", "opentelemetry-instrumentation-")
_ALIASES = {
    "langgraph": "langchain", "llamaindex": "llama-index", "google-generativeai": "google-genai",
    "gemini": "google-genai",
    "botocore": "bedrock", "boto3": "bedrock", "mistral": "mistralai", "agents": "openai-agents", "adk": "google-adk",
}  # fmt: skip
_OPENINFERENCE = frozenset({
    "agno", "anthropic", "autogen-agentchat", "bedrock", "beeai", "claude-agent-sdk", "cohere", "crewai", "dspy",
    "google-adk", "google-genai", "groq", "guardrails", "haystack", "instructor", "langchain", "litellm", "llama-index",
    "mcp", "mistralai", "ollama", "openai", "openai-agents", "portkey", "smolagents", "together", "vertexai",
})  # fmt: skip
"""What OpenInference has a package for, so that an error can name it."""
_OURS = {
    "logging": "tapetum.init sends the lines of logging itself",
    "system-metrics": "tapetum.init measures the process itself",
}
_NATIVE: Mapping[str, tuple[str, str]] = {"pydantic-ai": ("pydantic_ai", "pydantic_ai.Agent.instrument_all")}
"""Libraries that instrument themselves: the module, and what is called with True or False."""


class Instrument(NamedTuple):
    """One library that was switched on."""

    name: str
    package: str
    switch_off: Callable[[], Any]


class _Package(NamedTuple):
    name: str
    """Of the library."""
    package: str
    entry: EntryPoint


def switch_on(wanted: Iterable[str]) -> list[Instrument]:
    """Instrument these libraries; with `all` every one that has a package. What cannot be is logged."""
    installed = _installed()
    names = list(dict.fromkeys(canonical(name) for name in wanted))
    everything = "all" in names
    if everything:
        found = (name for name in (*installed, *_NATIVE) if name not in _OURS)
        names = [*dict.fromkeys((*(name for name in names if name != "all"), *found))]
    done: list[Instrument] = []
    for name in names:
        try:
            one = _native(name, quiet=everything) if name in _NATIVE else _by_package(name, installed, everything)
        except Exception as error:  # somebody else's code: the others go on
            logger.error("%s is not instrumented: %s: %s", name, type(error).__name__, error)
            continue
        if one is not None:
            done.append(one)
    if done:
        logger.info("Instrumented %s.", ", ".join(f"{one.name} ({one.package})" for one in done))
    return done


def switch_off(done: Iterable[Instrument]) -> None:
    """Leave the libraries as they were."""
    for one in done:
        try:
            one.switch_off()
        except Exception as error:  # somebody else's code: the others go on
            logger.warning("%s stays instrumented: %s: %s", one.name, type(error).__name__, error)


def canonical(name: str) -> str:
    """One spelling of a library's name: `llama_index`, `LlamaIndex` and `llama-index` are one."""
    word = name.strip().lower().replace("_", "-").replace(".", "-")
    return _ALIASES.get(word, word)


def _installed() -> dict[str, list[_Package]]:
    """Packages by library, the one that is taken first."""
    found: dict[tuple[str, str], _Package] = {}
    for group in _GROUPS:
        for entry in entry_points(group=group):
            package = entry.dist.name if entry.dist is not None else entry.module
            found.setdefault((entry.value, package), _Package(_library(entry, package), package, entry))
    by_library: dict[str, list[_Package]] = {}
    for one in sorted(found.values(), key=lambda one: (not one.package.startswith("openinference"), one.package)):
        by_library.setdefault(one.name, []).append(one)
    return by_library


def _library(entry: EntryPoint, package: str) -> str:
    """The entry point's name; that of the package where several of one package's would share it."""
    name = canonical(entry.name)
    for prefix in _PREFIXES:
        if package.startswith(prefix):
            of_package = canonical(package[len(prefix) :].removesuffix("-v2"))
            return of_package if of_package in _OPENINFERENCE else name
    return name


def _by_package(name: str, installed: Mapping[str, list[_Package]], quiet: bool) -> Instrument | None:
    packages = installed.get(name)
    if name in _OURS:
        logger.warning("%s needs no instrumentation: %s.", name, _OURS[name])
        return None
    if not packages:
        logger.error("%s", _missing(name, installed))
        return None
    if active := next((one for one in packages if _is_active(one)), None):
        logger.warning("%s is instrumented already, by %s: it stays as it is.", name, active.package)
        return None
    conflicts: list[str] = []
    for chosen in packages:
        instrumentor = chosen.entry.load()()
        if not (conflict := _conflict(instrumentor)):
            break
        conflicts.append(f"{chosen.package}: {conflict}")
    else:
        # With `all`, an installed package for a library that is not there is nobody's mistake.
        (logger.debug if quiet else logger.error)("%s is not instrumented: %s", name, "; ".join(conflicts))
        return None
    if others := [one.package for one in packages if one is not chosen]:
        logger.warning(
            "%s is instrumented by %s, and not also by %s: that would tell each call twice.",
            name, chosen.package, ", ".join(others),
        )  # fmt: skip
    instrumentor.instrument()
    return Instrument(name, chosen.package, instrumentor.uninstrument)


def _conflict(instrumentor: Any) -> str:
    """What an instrumentor misses; empty where it can work."""
    check = getattr(instrumentor, "_check_dependency_conflicts", None)
    conflict = check() if check is not None else None
    return str(conflict) if conflict is not None else ""


def _is_active(package: _Package) -> bool:
    """Whether somebody has switched it on before; what nobody has imported was not."""
    module = sys.modules.get(package.entry.module)
    kind = getattr(module, package.entry.attr, None)
    return kind is not None and bool(getattr(kind(), "is_instrumented_by_opentelemetry", False))


def _native(name: str, *, quiet: bool) -> Instrument | None:
    module, path = _NATIVE[name]
    if importlib.util.find_spec(module) is None:
        if not quiet:
            logger.error("%s is not installed, so there is nothing to instrument: pip install %s", name, name)
        return None
    home, _, attribute = path.rpartition(".")
    owner_module, _, owner = home.rpartition(".")
    switch = getattr(getattr(importlib.import_module(owner_module), owner), attribute)
    switch(True)
    return Instrument(name, f"{name} itself", lambda: switch(False))


def _missing(name: str, installed: Mapping[str, list[_Package]]) -> str:
    known = sorted({*installed, *_OPENINFERENCE, *_NATIVE} - _OURS.keys())
    if name in _OPENINFERENCE:
        todo = f"pip install openinference-instrumentation-{name}"
    elif near := difflib.get_close_matches(name, known, 1):
        todo = f"did you mean {near[0]!r}"
    else:
        todo = "it needs one with an entry point opentelemetry_instrumentor or openinference_instrumentor"
    there = ", ".join(sorted(installed.keys() - _OURS.keys())) or "nothing"
    return f"{name} is not instrumented: no package for it is installed; {todo}. Installed are those for: {there}."
