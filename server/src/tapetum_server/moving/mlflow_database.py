"""MLflow's database, `mlflow.db`: traces with spans and assessments, and the prompts of its registry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tapetum_server.moving.databases import Database
from tapetum_server.moving.found import Fields, Row, Skipped
from tapetum_server.moving.mlflow import prompt_of_model
from tapetum_server.moving.values import json_value, structured

_TRACES = """
SELECT t.request_id, t.experiment_id, t.client_request_id, e.name AS experiment
FROM trace_info t LEFT JOIN experiments e ON e.experiment_id = t.experiment_id ORDER BY t.timestamp_ms, t.request_id
"""


def mlflow_rows(database: Database) -> Iterator[Row | Skipped]:
    """The records, in the shape of `trace.to_json()` and of `load_prompt`."""
    if "trace_info" not in database.tables:
        yield Skipped(database.name, "is no database of MLflow with traces")
        return
    for trace in database.ask(_TRACES):
        yield _trace(database, trace)
    if "registered_models" in database.tables:
        yield from _prompts(database)


def _trace(database: Database, trace: Fields) -> Row | Skipped:
    own = trace["request_id"]
    place = f"{database.name} trace {own}"

    def pairs(table: str) -> dict[str, Any]:
        found = database.ask(f"SELECT key, value FROM {table} WHERE request_id = ?", own)
        return {row["key"]: row["value"] for row in found}

    spans: list[Any] = []
    if "spans" in database.tables:
        found = database.ask("SELECT content FROM spans WHERE trace_id = ? ORDER BY start_time_unix_nano, span_id", own)
        spans = [structured(row["content"]) for row in found]
    if not spans:
        return Skipped(place, "its spans are not in the database but in the artifacts: give their traces.json")
    info: Fields = {
        "trace_id": own, "experiment_id": trace["experiment_id"], "client_request_id": trace["client_request_id"],
        "experiment_name": trace["experiment"], "tags": pairs("trace_tags"),
        "trace_metadata": pairs("trace_request_metadata"),
        "assessments": list(_assessments(database, own)),
    }  # fmt: skip
    return Row(place, {"info": info, "data": {"spans": spans}})


def _assessments(database: Database, trace: str) -> Iterator[Fields]:
    if "assessments" not in database.tables:
        return
    for row in database.ask("SELECT * FROM assessments WHERE trace_id = ? ORDER BY created_timestamp", trace):
        said: Fields = {
            "assessment_id": row["assessment_id"], "assessment_name": row["name"], "span_id": row["span_id"],
            "source": {"source_type": row["source_type"], "source_id": row["source_id"]},
            "create_time_ms": row["created_timestamp"], "rationale": row["rationale"], "valid": row["valid"] != 0,
            "metadata": row["assessment_metadata"],
        }  # fmt: skip
        value = json_value(row["value"])
        if row["assessment_type"] == "expectation":
            said["expectation"] = {"value": value}
        else:
            said["feedback"] = {"value": value, "error": row["error"]}
        yield said


def _prompts(database: Database) -> Iterator[Row | Skipped]:
    models = database.ask(
        "SELECT m.name, m.description FROM registered_models m JOIN registered_model_tags t ON t.name = m.name "
        "WHERE t.key = 'mlflow.prompt.is_prompt' AND lower(t.value) = 'true' ORDER BY m.name"
    )
    for model in models:
        versions = database.ask(
            "SELECT name, version, description FROM model_versions WHERE name = ? ORDER BY version", model["name"]
        )
        for said in versions:
            at = (said["name"], said["version"])
            said["tags"] = list(
                database.ask("SELECT key, value FROM model_version_tags WHERE name = ? AND version = ?", *at)
            )
            said["aliases"] = [
                row["alias"] for row in
                database.ask("SELECT alias FROM registered_model_aliases WHERE name = ? AND version = ?", *at)
            ]  # fmt: skip
            yield Row(f"{database.name} prompt {at[0]} {at[1]}", prompt_of_model(said))
