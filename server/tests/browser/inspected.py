"""A project with the statistics of data sets: what was trained on, and what came with faults against its schema."""

from __future__ import annotations

from pathlib import Path

from process.servers import RunningServer

from tapetum_server.moving.tfdv.files import read_datasets
from tapetum_server.signals.feature_statistics_record import records_of

INSPECTED, FAULTS = "inspected", "census/faults 🎉"
TRAIN = "census/train"
TFDV = Path(__file__).parents[1] / "data" / "tfdv"
CENSUS = TFDV / "census"


def inspect(server: RunningServer, project: str = INSPECTED) -> None:
    """Send them; the schema of the faulty one too. Sent again the same."""
    named = {"x-tapetum-project": project}
    for name, file in ((TRAIN, "baseline"), (FAULTS, "window_faults")):
        (told,) = read_datasets(CENSUS / f"{file}.FeatureStats.pb")
        body = [{"dataset": name, **record} for record in records_of(told)]
        answer = server.client.post("/v1/feature_statistics", json=body, headers=named)
        assert answer.json() == {"accepted": len(body), "refused": []}, answer.text
    schema = {"kind": "dataset", "name": FAULTS, "text": (CENSUS / "schema.pbtxt").read_text()}
    kept = server.client.get("/api/v1/data-schemas", params={"project": project}).json()["rows"]
    if not kept:
        server.client.post("/api/v1/data-schemas", params={"project": project}, json=schema).raise_for_status()
