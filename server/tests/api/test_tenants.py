"""A project never sees another's data, whatever it asks, through any route there is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from asked_routes import HOSTILE, SPAN, TELEMETRY, THEIRS, TRACE, Asking
from asked_world import (
    NOW,
    ROUTES,
    SECOND,
    World,
    log_batch,
    metric_batch,
    span_batch,
)
from fastapi.dependencies.models import Dependant
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tapetum_server.catalog.deliveries import NewDelivery
from tapetum_server.processors.errors.find import find_errors
from tapetum_server.receivers.records.reading import FEATURE_STATISTICS, LABELS, PREDICTIONS, read_records
from tapetum_server.signals.alerts import AlertBatch
from tapetum_server.signals.changes import ChangeBatch
from tapetum_server.signals.evaluations import Evaluation, EvaluationBatch
from tapetum_server.signals.findings import Finding, FindingBatch
from tapetum_server.signals.identity import Identity
from tapetum_server.signals.metrics import Metric

OURS = Identity(name="key-of-a", scopes=frozenset({"admin"}), project="a")
ELSEWHERE = {
    "tail_logs": "test_live.py: a viewer only ever joins its own project",
    "tail_spans": "test_live.py: a viewer only ever joins its own project",
    "info": "below: names of projects", "list_projects": "below: names of projects", "list_keys": "below: keys",
    "create_project": "test_auth_api.py", "change_project": "test_auth_api.py", "create_key": "test_auth_api.py",
    "revoke_key": "test_auth_api.py", "open_session": "test_auth_api.py", "close_session": "test_auth_api.py",
    "create_monitor": "below: monitors", "change_monitor": "below: monitors", "delete_monitor": "below: monitors",
    "test_monitor": "below: monitors",
    **dict.fromkeys(
        ("list_dashboards", "create_dashboard", "get_dashboard", "change_dashboard", "delete_dashboard",
         "export_dashboard", "list_views", "create_view", "delete_view"),
        "test_dashboards.py: two projects, one key",
    ),
    **dict.fromkeys(
        ("list_prompts", "create_prompt_version", "delete_prompt", "get_prompt", "list_prompt_versions",
         "move_prompt_label", "remove_prompt_label", "compare_prompt_versions"),
        "process/test_prompts.py: two projects, one key",
    ),
    **dict.fromkeys(
        ("list_datasets", "change_dataset", "delete_dataset", "list_dataset_versions", "list_dataset_items",
         "get_dataset_item", "compare_dataset_versions", "export_dataset", "get_dataset_draft", "get_prediction_draft"),
        "process/test_datasets.py: two projects, one key",
    ),
    **dict.fromkeys(
        ("list_data_schemas", "create_data_schema_version", "delete_data_schema", "get_data_schema",
         "list_data_schema_versions", "compare_data_schema_versions", "validate_against_data_schema",
         "accept_into_data_schema", "infer_data_schema", "validate_predictions", "accept_predictions"),
        "process/test_data_schemas.py: two projects, one key",
    ),
    **dict.fromkeys(
        ("list_prices", "put_price", "delete_price", "get_listed_price", "reprice_calls"),
        "process/test_prices.py: who may set whose price",
    ),
    **dict.fromkeys(
        ("get_redaction", "set_redaction", "clear_redaction", "try_redaction", "get_redaction_counts"),
        "process/test_redaction.py: rules and counts of one project beside those of others",
    ),
    **dict.fromkeys(("claim_review", "release_review"), "process/test_review.py: a claim is of its project"),
    **dict.fromkeys(
        ("list_scores", "define_score", "delete_score"),
        "process/test_scores.py: defined in one project, unknown in another",
    ),
    **dict.fromkeys(
        ("list_backups", "create_backup", "download_backup", "delete_backup"),
        "test_backup.py: for admins of every project only",
    ),
    **dict.fromkeys(
        ("get_model_performance", "get_model_worst_slices", "get_model_performance_estimate", "get_model_evaluations"),
        "analysis/test_model_performance.py: a model of the same name in another project is another",
    ),
    **dict.fromkeys(
        ("get_model_chosen_slices", "get_prediction_context"), "analysis/test_model_slices.py: a model of the same name in another project is another"
    ),
    **dict.fromkeys(
        ("compare_model_versions", "get_model_flips"),
        "analysis/test_version_comparison.py: a model of the same name in another project is another",
    ),
    **dict.fromkeys(
        ("get_model_embeddings", "compare_embedding_selection", "get_model_drift_together"),
        "test_model_embeddings.py: a model of the same name in another project is another",
    ),
    "get_outside": "test_wrong_clock.py: what is late in one project is not told in another",
    "get_storage": "test_storage.py: a caller of one project sees that one",
    "get_server": "test_health.py: only for an admin of every project",
    "list_demo_faults": "only the demo has any", "switch_demo_fault": "only the demo has any",
    "list_scrape_targets": "process/test_scraping.py: a project sees its own targets",
    "cancel_sql": "test_sql.py", "sql_schema": "the same for everybody",
}  # fmt: skip


@pytest.mark.covers("project-isolation")
def test_every_route_is_held_to_this() -> None:
    """A new route fails here until somebody says how its tenants are kept apart."""
    assert {route.name for route in ROUTES} == TELEMETRY.keys() | ELSEWHERE.keys()


@pytest.fixture(scope="module")
def tenants(engine_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    world = World(engine_home, tmp_path_factory.mktemp("catalog"), OURS)
    for project, word, offset in (("a", "ours", 0), ("b", THEIRS, 1)):
        # The same ids on both sides: identity is within a project.
        world.keep(
            span_batch(
                *({"trace": t, "span": s, "at": t + offset, "name": f"{word} call", "service": word,
                   "status_message": word, "attributes": {f"{word}.key": f"{word} value"},
                   "resource": {"host.name": word},
                   "canonical": {"kind": "llm", "model": f"{word}-model", "session_id": word, "input_tokens": 5,
                                 "usage_counted": True, "input": f"{word} secret " * 20, "cost_usd": 1.0,
                                 "prompt_name": word}}
                  for t in (1, 2) for s in (1, 2)),
                project=project,
            ),
            log_batch(*({"at": i, "body": f"{word} secret", "service": word, "trace": 1, "span": 1, "event_name": word,
                         "attributes": {f"{word}.key": word}, "resource": {"host.name": word}} for i in range(3)),
                      project=project),
            metric_batch(Metric("temperature", "gauge", "C", word), {"at": 1, "value": 41.5, "attributes": {f"{word}.key": word}},
                         project=project, resource={"service.name": word, "host.name": word}),
            metric_batch(Metric("latency", "histogram", "ms", temporality=1),
                         {"at": 1, "since": 0, "attributes": {f"{word}.key": word},
                          "buckets": dict(count=2, sum=5.0, bucket_counts=(1, 1), explicit_bounds=(2.0,))},
                         project=project, resource={"service.name": word}),
            metric_batch(Metric("system.cpu.utilization", "gauge"), {"at": 1, "value": 1}, project=project,
                         resource={"service.name": word, "host.name": word}),
        )  # fmt: skip
        failed = span_batch(
            {"trace": 9, "span": 9, "service": word, "name": word, "status": 2, "status_message": word,
             "attributes": {f"{word}.key": word}, "resource": {"service.version": word, "host.name": word},
             "canonical": {"user_id": word, "kind": "tool", "tool": word}},
            project=project,
        )  # fmt: skip
        find_errors(failed)
        running = span_batch(
            {"trace": 8, "span": 8, "seconds": None, "service": word, "name": word, "attributes": {f"{word}.key": word}},
            project=project,
        )  # fmt: skip
        # A group of the same fingerprint on both sides, and one of each side's own.
        both = log_batch(
            {"at": 1, "severity_number": 17, "body": "both failed", "resource": {"host.name": word}}, project=project
        )
        find_errors(both)
        world.keep(failed, both, running)
        world.engine.command(
            "INSERT INTO ingest_rows (time, project, sender, signal, outcome, reason, count) VALUES "
            f"({NOW // SECOND - 60}, '{project}', '{word}', 'traces', 'refused', '{word}', 7)"
        )
        definition = {"query": {"kind": "logs", "q": f"service:{word}"}, "condition": {"op": ">", "limit": 0}}
        made = world.catalog.monitors.create(
            project, word, definition=orjson.dumps(definition).decode(), webhook='{"url": "http://x"}', enabled=True,
            muted_until=None, first_in_s=0,
        )  # fmt: skip
        world.catalog.deliveries.add(made.id, NewDelivery(event="test", body=orjson.dumps({"text": word}).decode()))
        alert = AlertBatch(project, "test", [f"{word}-1"], [NOW - SECOND], [made.id], [word], ["info"], [{word: word}],
                           ["ok"], ["firing"], [1.0], [0.0], [word])  # fmt: skip
        change = ChangeBatch(
            project, "test", [NOW - SECOND], ["config"], [word], [word], [word], [word], [{word: word}]
        )
        evaluations = EvaluationBatch(project, "test")
        evaluations.append(
            Evaluation(word, "span", SPAN, time_unix_nano=NOW - SECOND, trace_id=TRACE, span_id=SPAN, score=1.0, label=word,
                       comment=word, expected_output=word, evaluator=word, attributes={f"{word}.key": word})
        )  # fmt: skip
        # Both projects have a prediction of these names, and only the other one's has a label.
        said = [
            {"model": name, "version": word, "prediction_id": name, "time": (NOW - SECOND) // 10**6, "output": word,
             "features": {f"{word}.key": word, "n": 1}, "tags": {word: word}, "trace_id": TRACE, "source": word}
            for name in sorted({"ours", word})
        ]  # fmt: skip
        labels = [{"model": "ours", "prediction_id": "ours", "label": word}] if word == THEIRS else []
        window = {"window_start": (NOW - 60 * SECOND) // 10**6, "window_end": NOW // 10**6}
        counted = [{"dataset": word, "feature": word, "kind": "categorical", "type": "STRING", "rows": 1,
                    "present": 1, "missing": 0, "unique": 1, "top_values": [word], "top_frequencies": [1], **window}]  # fmt: skip
        kinds = ((PREDICTIONS, said), (LABELS, labels), (FEATURE_STATISTICS, counted))
        records = [
            read_records(kind, orjson.dumps(given), "application/json", project, "test") for kind, given in kinds
        ]
        assert [read.refused for read in records] == [[], [], []]
        found = Finding(
            subject_type="model", subject="ours", version=word, window_start=NOW - 300 * SECOND, window_end=NOW,
            detector="schema", feature=word, type="INT_TYPE_BIG_INT", severity="ERROR", short=word, evidence=word,
            offending=[word], rows=1, examples=1, first_seen=NOW - SECOND, last_seen=NOW - SECOND, rows_filter=word,
        )  # fmt: skip
        look = replace(found, feature="", type="", offending=[], rows_filter="")
        findings = FindingBatch(project, "test", [found, look])
        world.keep(alert, change, evaluations, findings, *(read.batch for read in records))
    yield Asking(world)
    world.close()


# What runs is told without its project's words; test_running.py and process/test_sdk.py have what it says.
@pytest.mark.parametrize("operation", sorted(TELEMETRY.keys() - {"get_running_spans"}))
def test_a_project_finds_its_own(tenants: Asking, operation: str) -> None:
    """Otherwise the other tests would pass on silence."""
    answers = [answer for answer in TELEMETRY[operation](tenants, "", None) if answer.status_code == 200]
    assert answers
    telling = ("ours", '"errors":1', '"count":2', '"total":1', '"known":2', "counts", '"calls":4', '"ids":1')
    assert any(word in answer.text for answer in answers for word in telling)


def _takes_a_filter(operation: str) -> bool:
    """Whether a route reads `q`, in its address or in what its body says."""
    (route,) = [route for route in ROUTES if route.name == operation]
    return "POST" in route.methods or "q" in _parameters(route.dependant)


def _parameters(dependant: Dependant) -> set[str]:
    own = {parameter.alias for parameter in dependant.query_params}
    return own.union(*map(_parameters, dependant.dependencies))


@pytest.mark.covers("project-isolation")
@pytest.mark.parametrize("operation", TELEMETRY)
def test_no_question_brings_another_projects_data(tenants: Asking, operation: str) -> None:
    # What has no filter is asked once in its own project by name and once without, not once for every filter.
    for q in HOSTILE if _takes_a_filter(operation) else ("", "project:b"):
        # Naming one's own project and naming none are the same.
        for answer in TELEMETRY[operation](tenants, q, "a" if len(q) % 2 else None):
            assert answer.status_code in (200, 400, 404, 422), (q, answer.text)
            if answer.status_code == 200:
                # A facet or a label may repeat the key that was asked for, words the question; never a value.
                told = re.sub(r'"condition_text":"(\\.|[^"\\])*"', "", answer.text)
                assert THEIRS not in told.replace(f"{THEIRS}.key", ""), q


@pytest.mark.parametrize("operation", TELEMETRY)
@pytest.mark.parametrize("project", ["b", "nowhere"])
def test_another_project_is_as_unknown_as_none(tenants: Asking, operation: str, project: str) -> None:
    for answer in TELEMETRY[operation](tenants, "", project):
        if answer.status_code == 422:
            continue  # a parameter was missing; nothing was asked
        assert answer.status_code == 404, answer.text
        assert answer.json()["error"]["code"] == "project_not_found"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["list_traces", "list_spans", "list_logs", "get_span_facets", "get_metric_catalog"]),
    st.text(alphabet=f"ab:*,-\"'\\)(= {THEIRS[:4]}\n{{}}", max_size=30),
)
def test_no_text_at_all_does(tenants: Asking, operation: str, q: str) -> None:
    answer = next(iter(TELEMETRY[operation](tenants, q, None)))
    assert answer.status_code in (200, 400)
    assert THEIRS not in answer.text


def test_names_of_other_projects_and_keys_stay_unknown(tenants: Asking) -> None:
    catalog = tenants.world.catalog
    catalog.keys.create(f"{THEIRS}-key", ["read"], project="b")
    for path in ("/info", "/projects", "/keys"):
        answer = tenants.world.client.get(f"/v1{path}")
        assert answer.status_code == 200
        assert THEIRS not in answer.text
        assert '"b"' not in answer.text


def test_cursors_of_one_project_open_nothing_of_another(tenants: Asking) -> None:
    """A cursor is a place in an order, not a right."""
    cursor = tenants.get("/spans", "", None, limit=1).json()["next_cursor"]
    answer = tenants.get("/spans", "", None, limit=1, cursor=cursor)
    assert answer.status_code == 200
    assert THEIRS not in answer.text


@pytest.mark.covers("project-isolation")
def test_monitors_of_another_project_cannot_be_touched(tenants: Asking) -> None:
    client = tenants.world.client
    (theirs,) = tenants.world.catalog.monitors.all("b")
    for answer in (
        client.patch(f"/v1/monitors/{theirs.id}", json={"enabled": False}),
        client.delete(f"/v1/monitors/{theirs.id}"),
        client.post(f"/v1/monitors/{theirs.id}/test"),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "monitor_not_found")
    body = {"name": "mine", "project": "b", "query": {"kind": "logs"}, "condition": {"op": ">", "limit": 0}}
    assert client.post("/v1/monitors", json=body).status_code == 404
    assert tenants.world.catalog.monitors.all("b") == [theirs]
