"""Which prompt spans are made under, in programs that use one prompt in many places at once."""

from __future__ import annotations

from contextvars import copy_context
from typing import Any

import pytest

from tapetum._prompts import Prompt, stamp


class Attributes(dict[str, Any]):
    """Takes what a span would."""

    set_attribute = dict.__setitem__


def named(context: Any) -> dict[str, Any]:
    """What a span that begins in this context is told."""
    attributes = Attributes()
    context.run(stamp, attributes)
    return attributes


@pytest.mark.covers("sdk-prompt")
def test_one_prompt_is_used_by_two_at_once_and_within_another() -> None:
    """A fetched prompt is one object for all threads: leaving it in one must not end it in the other."""
    greeting, outer = Prompt("greeting", "Hi", version=3, config={}), Prompt("outer", "Ho", version=1, config={})
    one, other = copy_context(), copy_context()
    one.run(outer.__enter__)
    for context in (one, other):
        context.run(greeting.__enter__)
    one.run(greeting.__exit__)
    assert named(other) == {"gen_ai.prompt.name": "greeting", "gen_ai.prompt.version": "3"}
    assert named(one) == {"gen_ai.prompt.name": "outer", "gen_ai.prompt.version": "1"}
    other.run(greeting.__exit__)
    assert named(other) == {}
