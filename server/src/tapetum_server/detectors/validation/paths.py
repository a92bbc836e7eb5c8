"""Where a feature lies: the steps to it, and how TFDV writes them as one text."""

from __future__ import annotations

import re

Path = tuple[str, ...]
_PLAIN = re.compile(r"\([^()]*\)|[^().']+")
_STEP = re.compile(r"'(?:''|[^'])*'|\([^()]*\)|[^()'.]+")


def path_text(path: Path) -> str:
    """`a.b`; a step with dots, brackets or quotes stands in quotes, its own ones doubled."""
    return ".".join(step if _PLAIN.fullmatch(step) else "'" + step.replace("'", "''") + "'" for step in path)


def path_of(text: str) -> Path:
    """The steps of a written path. A text that is none is taken for the name of one feature."""
    steps, at = [], 0
    while at < len(text):
        step = _STEP.match(text, at)
        if step is None or (step.end() < len(text) and text[step.end()] != "."):
            return (text,)
        written = step[0]
        steps.append(written[1:-1].replace("''", "'") if written.startswith("'") else written)
        at = step.end() + 1
    return tuple(steps) or (text,)
