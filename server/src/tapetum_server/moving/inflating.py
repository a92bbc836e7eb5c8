"""Opening files that may be gzipped: what commands that read files share."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any


@contextmanager
def opened(file: Path) -> Iterator[tuple[io.BufferedReader[Any], IO[bytes]]]:
    """The content of a file, inflated, and the file itself, whose position says how far it is read."""
    with file.open("rb") as raw:
        if raw.peek(2)[:2] == b"\x1f\x8b":
            with gzip.open(raw) as content, io.BufferedReader(content) as buffered:
                yield buffered, raw
        else:
            yield raw, raw
