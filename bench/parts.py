"""What a data directory holds once its server has stopped: bytes of live parts, before and after merging them."""

from __future__ import annotations

from pathlib import Path

from bench.million import settled
from tapetum_server.store.directory import DataDirectory
from tapetum_server.store.engine import Engine
from tapetum_server.store.open import open_engine

TABLES = ("span_rows", "message_rows", "span_enrichments", "span_duplicates", "log_rows", "metric_rows")


def live_bytes(directory: Path) -> tuple[int, int]:
    """Bytes of all live parts when no merge runs any more, and when every partition is one part."""
    home = DataDirectory(directory)
    engine = open_engine(home.path)
    try:
        left_alone = _bytes_when_quiet(engine)
        for table in TABLES:
            engine.command(f"OPTIMIZE TABLE {engine.database}.{table} FINAL")
        return left_alone, _bytes_when_quiet(engine)
    finally:
        engine.close()
        home.release()


def _bytes_when_quiet(engine: Engine) -> int:
    settled(engine)
    tables = ", ".join(f"'{t}'" for t in TABLES)
    rows = engine.query(f"SELECT sum(bytes_on_disk) AS n FROM system.parts WHERE active AND table IN ({tables})")
    return int(rows.to_pylist()[0]["n"] or 0)
