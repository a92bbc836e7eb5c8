"""Who really answered a model call, from what the emitter calls its provider, the model and the address."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

import tomllib

_TABLE = tomllib.loads((resources.files("tapetum_server.processors") / "providers.toml").read_text("utf-8"))
_FRAMEWORKS = frozenset(name.lower() for name in _TABLE["frameworks"])
_DOTTED = frozenset(_TABLE["dotted"])
_MODELS = sorted(_TABLE["models"].items(), key=lambda pair: -len(pair[0]))
_HOSTS: dict[str, str] = _TABLE["hosts"]
_PREFIXES = frozenset({*_TABLE["models"].values(), "azure", "bedrock", "vertex_ai", "groq", "together_ai", "ollama"})


@lru_cache(maxsize=4096)
def provider_of(said: str, model: str, host: str) -> str:
    """The provider of a call. Empty where neither the name said, nor the host, nor the model tells."""
    name = said.strip()
    if name and name not in _DOTTED:
        name = name.split(".", 1)[0] if name.lower() not in _FRAMEWORKS else ""
        if name.lower() in _FRAMEWORKS:
            name = ""
    if name:
        return name
    host = host.split("://", 1)[-1].split("/", 1)[0].split(":", 1)[0].lower()
    for end, provider in _HOSTS.items():
        if host == end or host.endswith("." + end):
            return provider
    before, slash, after = model.partition("/")
    if slash and before in _PREFIXES:
        return before
    plain = (after if slash and before != "models" else model).lower()
    return next((provider for prefix, provider in _MODELS if plain.startswith(prefix)), "")


@lru_cache(maxsize=4096)
def without_provider(model: str, provider: str) -> str:
    """`openai/gpt-4o-mini` of provider openai is gpt-4o-mini; any other model name stays as it is."""
    before, slash, after = model.partition("/")
    return after if slash and before == provider and "/" not in after else model
