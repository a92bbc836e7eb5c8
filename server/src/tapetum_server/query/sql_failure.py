"""The engine's error about a user's SQL, in words about the user's SQL."""

from __future__ import annotations

import re

from tapetum_server.query.gate import CTE_PREFIX

_HINTS = {
    47: "GET /api/v1/sql/schema lists the views and their columns.",
    60: "GET /api/v1/sql/schema lists the views and their columns.",
    46: "GET /api/v1/sql/schema lists the functions.",
    159: "The query took too long. Ask about a shorter time range, or filter by service or name first.",
    241: "The query needs too much memory. Select fewer columns, a shorter time range, or aggregate.",
    396: "Put a lower LIMIT on it, aggregate, or export it as Parquet, which may hold more.",
    394: "The query was cancelled.",
}
_SHOWN = 2_000


def explain_failure(message: str, code: int, database: str | None) -> tuple[str, str | None]:
    """The message without what is ours in it (the rewritten text, prefixes, versions), and what to do next."""
    text = re.sub(r"^\s*Code: \d+\.\s*", "", message)
    text = re.sub(r"^DB::Exception:\s*", "", text)
    text = re.split(r"\.? In scope |: [Ww]hile executing |Stack trace:", text, maxsplit=1)[0]
    text = re.sub(r"\s*\(version [^)]*\)", "", text)
    text = re.sub(r"\s*\([A-Z][A-Z0-9_]+\)\s*\.?\s*$", "", text)
    text = text.replace(CTE_PREFIX, "")
    if database:
        text = text.replace(f"`{database}`.", "").replace(f"{database}.", "")
    text = text.strip().rstrip(".")
    if len(text) > _SHOWN:
        text = text[:_SHOWN] + "…"
    return f"{text}.", _HINTS.get(code)
