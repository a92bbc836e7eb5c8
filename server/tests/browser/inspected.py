"""Projects with statistics of data sets, and with predictions, of which some are not as their schema says."""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import quote

from process.servers import RunningServer, eventually

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


WATCHED, ASKED = "watched", "team/credit 🎉"
INCOME_LOW = ":".join(quote(part, safe="") for part in (ASKED, "3", "schema", "income", "FLOAT_TYPE_SMALL_FLOAT"))
"""That finding, as an address has it."""
ASKED_SCHEMA = """
feature { name: "income" type: FLOAT float_domain { min: 7000 } }
feature { name: "age" type: INT int_domain { min: 18 max: 100 } }
feature { name: "channel" type: BYTES domain: "channel" }
feature { name: "outcome" type: INT presence { min_count: 1 } not_in_environment: "SERVING" }
string_domain { name: "channel" value: "web" value: "mobile" }
default_environment: "TRAINING" default_environment: "SERVING"
"""


def watch(server: RunningServer, project: str = WATCHED) -> None:
    """Send twelve predictions of a model with a schema: five incomes per month, two channels that nobody knows."""
    server.client.post("/api/v1/projects", json={"name": project})
    schema = {"kind": "model", "name": ASKED, "text": ASKED_SCHEMA, "message": "as trained", "after": 0}
    if server.client.post("/api/v1/data-schemas", params={"project": project}, json=schema).status_code != 201:
        return
    # All within one second: what falls into two steps of a chart is half of it in each.
    now = time.time_ns() // 10**9 * 1_000 - 1
    body = [
        {"model": ASKED, "version": "3", "prediction_id": f"w-{n}", "time": now - n, "output": "repaid", "score": n / 12,
         "features": {"income": 24_000 / (12 if n < 5 else 1), "age": 30 + n, "channel": ("web", "fax")[n > 9]}}
        for n in range(12)
    ]  # fmt: skip
    sent = server.client.post("/v1/predictions", json=body, headers={"x-tapetum-project": project})
    assert sent.json()["accepted"] == len(body), sent.text
    found = {"project": project, "from": "now-1h"}
    eventually(lambda: len(server.client.get("/api/v1/findings", params=found).json()["rows"]) == 2, "two findings")
