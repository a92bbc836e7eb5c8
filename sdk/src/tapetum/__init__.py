"""Send traces, logs and metrics to Tapetum from any Python program.

    import tapetum

    tapetum.init(service="my-app")

Importing this package costs nothing: what a name needs is loaded when it is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tapetum._version import __version__

if TYPE_CHECKING:
    from tapetum._api import change, dataset, evaluation, feedback, flush, init, model, prompt, shutdown, stats
    from tapetum._llm import llm
    from tapetum._observe import observe, span
    from tapetum._session import session, set_session, set_user, user

__all__ = [
    "__version__",
    "change",
    "dataset",
    "evaluation",
    "feedback",
    "flush",
    "init",
    "llm",
    "model",
    "observe",
    "prompt",
    "session",
    "set_session",
    "set_user",
    "shutdown",
    "span",
    "stats",
    "user",
]

_HOMES = {
    **dict.fromkeys(
        ("change", "dataset", "evaluation", "feedback", "flush", "init", "model", "prompt", "shutdown", "stats"),
        "tapetum._api",
    ),
    **dict.fromkeys(("observe", "span"), "tapetum._observe"),
    "llm": "tapetum._llm",
    **dict.fromkeys(("session", "set_session", "set_user", "user"), "tapetum._session"),
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'tapetum' has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
