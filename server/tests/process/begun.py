"""Data directories as a first start leaves them, before anything arrived: most of a first start is migrating.

What tells one directory from another is not in them: its owner, its keys, when its projects were made.
"""

from __future__ import annotations

import functools
import os
import tempfile
from pathlib import Path

from process.forked import forks

CATALOG, STORE = "catalog.sqlite", "store"
_asked = [0]


def begin(data: Path) -> None:
    """Put a store, and a catalog unless somebody made a key, where `data` is not yet a data directory.

    Not for the first of this process, which a start makes for less than making what to copy costs.
    """
    there = data.exists(), (data / CATALOG).exists(), (data / STORE).exists()
    if there not in ((False, False, False), (True, True, False)):
        return
    _asked[0] += 1
    if _asked[0] == 1:
        return
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path, content in _begun():
        at = f"{data}/{path}"
        if content is None:
            os.mkdir(at, 0o700)
        elif isinstance(content, str):
            os.symlink(content, at)
        elif path != CATALOG or not there[1]:
            file = os.open(at, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            os.write(file, content)
            os.close(file)


@functools.cache
def _begun() -> list[tuple[str, bytes | str | None]]:
    """What is in such a directory, each folder (None) before what is in it. Links lead to other places in it."""
    with tempfile.TemporaryDirectory(prefix="tapetum-begun-") as home:
        # In a process of its own: the engine allows one directory in each.
        making = forks.Process(target=_make, args=(Path(home),), daemon=True)
        making.start()
        making.join(120)
        assert making.exitcode == 0, f"a migrated data directory could not be made: {making.exitcode}"
        found: list[tuple[str, bytes | str | None]] = []
        for path in sorted(Path(home).rglob("*")):
            link = os.readlink(path) if path.is_symlink() else ""
            assert not link.startswith("/"), f"{path} leads out of the directory"
            content = link or (None if path.is_dir() else path.read_bytes())
            found.append((str(path.relative_to(home)), content))
    return found


def _make(data: Path) -> None:
    from tapetum_server._version import __version__
    from tapetum_server.catalog.database import Database, url_of
    from tapetum_server.store.migrate import migrate
    from tapetum_server.store.open import open_engine

    catalog = Database(url_of(data))
    catalog.migrate(__version__)
    catalog.close()
    engine = open_engine(data)
    migrate(engine)
    engine.close()
    (data / STORE / "engine.xml").unlink()
