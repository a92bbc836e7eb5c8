"""Sending feature statistics of data sets to a server: what `tapetum stats` and `tapetum import tfdv` share."""

from __future__ import annotations

from collections.abc import Iterable

from tapetum_server.cli.record_sending import IntoProject, SendKey, send_records
from tapetum_server.signals.feature_statistics import DatasetStatistics
from tapetum_server.signals.feature_statistics_record import records_of

__all__ = ["IntoProject", "SendKey", "keep_statistics"]


def keep_statistics(
    named: Iterable[tuple[str, DatasetStatistics]], *, project: str | None, url: str, key: str | None
) -> int:
    """Send the statistics of data sets by their names; how many were kept. Says what the server refuses, and leaves."""
    records = (
        {"dataset": name, "position": position, **record}
        for name, dataset in named
        for position, record in enumerate(records_of(dataset))
    )
    return send_records("/v1/feature_statistics", records, project=project, url=url, key=key)
