"""What holds locks or threads is made anew in a forked child, where they are as the fork happened to find them."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from typing import Any

Method = Callable[[], None]
_renewals: list[weakref.WeakMethod[Method]] = []
_pauses: list[tuple[weakref.WeakMethod[Method], weakref.WeakMethod[Method]]] = []


def renew_in_child(method: Method) -> None:
    """Call this bound method in every forked child, before anything else runs there, while its owner lives.

    Those who registered first are called first.
    """
    _renewals[:] = [known for known in _renewals if known() is not None]
    _renewals.append(weakref.WeakMethod(method))


def pause_for_fork(pause: Method, resume: Method) -> None:
    """Call `pause` before every fork, and `resume` after it in the parent, while their owner lives."""
    _pauses[:] = [known for known in _pauses if known[0]() is not None]
    _pauses.append((weakref.WeakMethod(pause), weakref.WeakMethod(resume)))


def _call_all(methods: list[weakref.WeakMethod[Method]]) -> None:
    for known in methods:
        method: Any = known()
        if method is not None:
            method()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=lambda: _call_all([pause for pause, _ in _pauses]),
        after_in_parent=lambda: _call_all([resume for _, resume in _pauses]),
        after_in_child=lambda: _call_all(list(_renewals)),
    )
