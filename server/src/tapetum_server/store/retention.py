"""How long rows stay: the retention column that every table's TTL reads."""

from __future__ import annotations

from tapetum_server.store.engine import Engine

_TABLES = {
    "traces": "span_rows",
    "logs": "log_rows",
    "metrics": "metric_rows",
    "predictions": "prediction_rows",
    "labels": "label_rows",
}
SIGNALS = tuple(_TABLES)
_ERROR_SOURCES = {"traces": "span", "logs": "log"}
"""An error stays as long as the record that told of it."""


def restamp(engine: Engine, project: str, signal: str, days: int) -> None:
    """Give the rows that are there a new retention, in the background of the engine.

    Rows that are past it go with the next merges. Texts that kept spans refer to live as long.
    """
    literal = "'" + project.replace("\\", "\\\\").replace("'", "\\'") + "'"
    engine.command(
        f"ALTER TABLE {engine.database}.{_TABLES[signal]} UPDATE retention_days = {int(days)} "
        f"WHERE project = {literal} AND retention_days != {int(days)}"
    )
    if source := _ERROR_SOURCES.get(signal):
        engine.command(
            f"ALTER TABLE {engine.database}.error_rows UPDATE retention_days = {int(days)} "
            f"WHERE project = {literal} AND source = '{source}' AND retention_days != {int(days)}"
        )
    if signal == "traces":
        # What is said of spans stays as long as they.
        engine.command(
            f"ALTER TABLE {engine.database}.evaluation_rows UPDATE retention_days = {int(days)} "
            f"WHERE project = {literal} AND retention_days != {int(days)}"
        )
        for table in ("message_rows", "span_duplicates", "span_enrichments"):
            engine.command(
                f"ALTER TABLE {engine.database}.{table} UPDATE expires_at = now() + toIntervalDay({int(days) + 2}) "
                f"WHERE project = {literal} AND expires_at < now() + toIntervalDay({int(days) + 2})"
            )
