"""Feature statistics that a server keeps, as `tapetum stats` shows and writes them."""

from __future__ import annotations

from tapetum_server.cli.asking import get, server
from tapetum_server.receivers.records.feature_statistics import feature_of
from tapetum_server.signals.feature_statistics import ALL_ROWS, DatasetStatistics


def stored_statistics(
    *,
    dataset: str,
    model: str,
    version: str | None,
    slice_name: str,
    start: str,
    end: str,
    project: str | None,
    url: str,
    key: str | None,
) -> DatasetStatistics:
    """Of a data set, or of a model over the windows in the time. Leaves in the server's words where there are none."""
    query = {
        "dataset": dataset, "model": model, "version": version, "slice": slice_name or ALL_ROWS, "from": start,
        "to": end, "project": project,
    }  # fmt: skip
    with server(url, key) as client:
        found = get(client, "/feature_statistics/features", query)
    features = tuple(feature_of(record) for record in found["features"])
    return DatasetStatistics(slice=found["slice"], rows=found["rows"], features=features)
