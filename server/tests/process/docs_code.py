"""Code that the documentation shows, for tests to run."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).resolve().parents[3] / "docs"


def blocks(page: str, language: str) -> list[str]:
    """The code of a page in one language."""
    return re.findall(rf"```{language}\n(.+?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)
