"""How to ask every route that answers with telemetry: what tests of all of them share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl

from asked_world import World, span_id, trace_id
from httpx import Response

from tapetum_server.query.exports import EXPORT_KINDS

THEIRS = "zanzibar"
"""In every text that belongs to the other project."""

TRACE, SPAN = trace_id(1), span_id(1)
HOSTILE = (
    "", THEIRS, f"service:{THEIRS} {THEIRS}.key:*", "project:b", "attributes.project:b", "x:\"') OR project = 'b' --\"",
    "-service:none", "host.name:* model:*", f'-"{THEIRS} secret" input:*',
)  # fmt: skip


class Asking:
    """Ways to ask one operation: each gets a filter, and asks in a project."""

    def __init__(self, world: World) -> None:
        self.world = world

    def get(self, path: str, q: str, project: str | None, **query: Any) -> Response:
        named = {"project": project} if project else {}
        params = {"q": q, "from": "all", **query, **named}
        return self.world.client.get(f"/v1{path}", params={k: v for k, v in params.items() if v is not None})

    def post(self, path: str, project: str | None, **body: Any) -> Response:
        return self.world.client.post(f"/v1{path}", json={**body, **({"project": project} if project else {})})


Ways = Callable[[Asking, str, str | None], Iterator[Response]]


def reads(path: str, **choices: tuple[Any, ...]) -> Ways:
    """Asks a GET route with every filter, and with every value of each parameter: each of these with every third filter.

    What `path` says after a "?" is asked every time.
    """
    path, _, always = path.partition("?")
    given = dict(parse_qsl(always))
    values = [(name, value) for name in choices for value in choices[name]]

    def ways(ask: Asking, q: str, project: str | None) -> Iterator[Response]:
        yield ask.get(path, q, project, **given)
        for number, (name, value) in enumerate(values):
            if not q or (HOSTILE.index(q) + number) % 3 == 0:
                yield ask.get(path, q, project, **{**given, name: value})

    return ways


def _log_ids(ask: Asking) -> list[tuple[str, str]]:
    """Of both projects: the other's must be as unknown as one that was never there."""
    rows = ask.world.sql("SELECT lower(hex(log_id)) AS id, toString(time) AS time FROM log_rows ORDER BY project, time")
    return [(row["id"], row["time"]) for row in rows]


def _log(ask: Asking, q: str, project: str | None) -> Iterator[Response]:
    for log_id, time in _log_ids(ask):
        yield ask.get(f"/logs/{log_id}", q, project)
        yield ask.get(f"/logs/{log_id}", q, project, time=time)


def _log_value(ask: Asking, q: str, project: str | None) -> Iterator[Response]:
    for log_id, _ in _log_ids(ask):
        for field in ("body", f"attributes.{THEIRS}.key", "attributes.ours.key", "resource.host.name"):
            yield ask.get(f"/logs/{log_id}/value", q, project, field=field)


def _error(ask: Asking, q: str, project: str | None) -> Iterator[Response]:
    """Of both projects: the other's must be as unknown as one that was never there."""
    for row in ask.world.sql("SELECT DISTINCT toString(fingerprint) AS print FROM error_rows"):
        yield ask.get(f"/errors/{row['print']}", q, project)


def _metric(ask: Asking, q: str, project: str | None) -> Iterator[Response]:
    for name in ("temperature", "latency"):
        for aggregation in ("avg", "increase", "quantile"):
            yield ask.post(
                "/metrics/query", project, **{"from": "all"}, name=name, q=q, aggregation=aggregation,
                group_by=["service", f"{THEIRS}.key", "host.name"],
            )  # fmt: skip


def _saved(ask: Asking, q: str, project: str | None) -> Iterator[Response]:
    groups = ["service", f"{THEIRS}.key", "host.name"]
    filtered = (
        {"kind": "metric", "name": "temperature", "q": q, "group_by": groups},
        {"kind": "spans", "q": q, "group_by": groups, "measure": "p95_ms"},
        {"kind": "logs", "q": q, "group_by": groups},
        {"kind": "evaluations", "q": q, "group_by": ["name", "evaluator", f"{THEIRS}.key"]},
        {"kind": "predictions", "q": q, "group_by": ["model", f"{THEIRS}.key"], "measure": "label_coverage"},
        {"kind": "findings", "q": q, "group_by": ["model", "feature"], "measure": "rows"},
    )
    plain = (
        {"kind": "sql", "query": "SELECT * FROM spans"},
        {"kind": "sql", "query": "SELECT time, service, count() FROM logs GROUP BY 1, 2"},
    )
    for query in filtered if q else filtered + plain:
        yield ask.post("/query", project, query=query, **{"from": "all"})


def _sql(ask: Asking, q: str, project: str | None) -> Iterator[Response]:
    if q:
        return  # a filter is no part of SQL; test_gate_tenants.py tries hostile SQL
    for view in ("spans", "traces", "logs", "metrics", "ingest", "alerts", "changes", "errors", "evaluations",
                 "predictions", "labels", "findings"):  # fmt: skip
        yield ask.post("/sql", project, query=f"SELECT * FROM {view}")


def _export(ask: Asking, q: str, project: str | None) -> Iterator[Response]:
    for what in EXPORT_KINDS:
        if not q or what in ("spans", "traces", "logs", "metrics", "evaluations", "predictions"):
            yield ask.get(f"/export/{what}", q, project, format="ndjson")
    yield ask.get("/export/spans", q, project, format="csv")


def _preview(ask: Asking, q: str, project: str | None) -> Iterator[Response]:
    for kind in ("spans", "logs"):
        query = {"kind": kind, "q": q, "group_by": ["service", f"{THEIRS}.key"]}
        condition = {"op": ">", "limit": 0}
        yield ask.post("/monitors/preview", project, definition={"query": query, "condition": condition})


def _prediction(ask: Asking, q: str, project: str | None) -> Iterator[Response]:
    for name in ("ours", THEIRS):
        yield ask.get("/predictions/detail", q, project, model=name, prediction_id=name)


def _model_drift(ask: Asking, q: str, project: str | None) -> Iterator[Response]:
    for model in ("ours", THEIRS):
        yield ask.get("/models/drift", q, project, model=model, baseline_from="all")


def _pair_of_traces(path: str, **spans: str) -> Ways:
    def ways(ask: Asking, q: str, project: str | None) -> Iterator[Response]:
        yield ask.get(path, q, project, a=TRACE, b=trace_id(2), **spans)

    return ways


def _one_monitor(path: str = "", **query: Any) -> Ways:
    """Asks for both projects' monitors by their ids, which nobody should know."""

    def ways(ask: Asking, q: str, project: str | None) -> Iterator[Response]:
        for name in (project, "a", "b"):
            for monitor in ask.world.catalog.monitors.all(name or "a"):
                if project not in (None, "a"):
                    yield ask.get("/monitors", q, project)
                else:
                    yield ask.get(f"/monitors/{monitor.id}{path}", q, project, **query)

    return ways


def _distances(ask: Asking, q: str, project: str | None) -> Iterator[Response]:
    """From one's own data set to that of others, and the other way round."""
    for dataset, base in (("ours", "ours"), ("ours", THEIRS), (THEIRS, "ours"), (THEIRS, THEIRS)):
        yield ask.get("/feature_statistics/distances", q, project, dataset=dataset, base_dataset=base)


KEYS = ("service,name", f"{THEIRS}.key,host.name", "input,session_id")
TELEMETRY: dict[str, Ways] = {
    "list_priced_models": reads("/prices/models"),
    "list_traces": reads("/traces", sort=("start_time", "-cost_usd")),
    "get_trace": reads(f"/traces/{TRACE}", limit=(1,)),
    "get_running_spans": reads(f"/traces/{trace_id(8)}/running"),
    "get_span": reads(f"/traces/{TRACE}/spans/{SPAN}"),
    "get_span_value": reads(
        f"/traces/{TRACE}/spans/{SPAN}/value", field=("input", f"attributes.{THEIRS}.key", "resource.host.name")
    ),
    "get_span_conversation": reads(f"/traces/{TRACE}/spans/{SPAN}/conversation"),
    "get_trace_conversation": reads(f"/traces/{TRACE}/conversation"),
    "get_agent_graph": reads(f"/traces/{TRACE}/graph"),
    "get_trace_logs": reads(f"/traces/{TRACE}/logs"),
    "get_trace_resources": reads(f"/traces/{TRACE}/resources", span=(SPAN,)),
    "compare": _pair_of_traces("/traces/compare"),
    "compare_spans": _pair_of_traces("/traces/compare/spans", span_a=SPAN, span_b=SPAN),
    "get_trace_peers": reads(f"/traces/{TRACE}/peers"),
    "list_spans": reads("/spans", sort=("start_time", "-duration_ms")),
    "get_span_histogram": reads("/spans/histogram"),
    "get_span_heatmap": reads("/spans/heatmap"),
    "get_span_facets": reads("/spans/facets", keys=KEYS),
    "list_logs": reads("/logs", sort=("time",)),
    "get_log": _log,
    "get_log_value": _log_value,
    "get_log_histogram": reads("/logs/histogram"),
    "get_log_facets": reads("/logs/facets", keys=KEYS),
    "get_metric_catalog": reads("/metrics/catalog"),
    "get_metric_facets": reads("/metrics/facets", keys=KEYS),
    "run_query": _saved,
    "query_metric": _metric,
    "list_prompt_usage": reads("/prompts/usage", name=(THEIRS,)),
    "list_services": reads("/services"),
    "get_service_map": reads("/services/map"),
    "get_service": reads("/services/detail", service=("ours", THEIRS)),
    "get_llm_overview": reads("/llm", compare=(False,)),
    "get_llm_groups": reads("/llm/by", by=(f"{THEIRS}.key", "session_id,user_id", "model"), sort=("-tokens",)),
    "get_llm_tools": reads("/llm/tools"),
    "list_sessions": reads("/sessions", sort=("-cost_usd",)),
    "get_session_histogram": reads("/sessions/histogram"),
    "get_session": reads("/sessions/detail", session=("ours", THEIRS)),
    "get_session_turns": reads("/sessions/turns", session=("ours", THEIRS)),
    "list_users": reads("/users", sort=("-cost_usd",)),
    "get_user_histogram": reads("/users/histogram"),
    "get_user": reads("/users/detail", user=("ours", THEIRS)),
    "list_monitors": reads("/monitors"),
    "get_monitor": _one_monitor(),
    "preview_monitor": _one_monitor("/preview", **{"from": None}),  # it looks at 31 days at most
    "preview_new_monitor": _preview,
    "list_deliveries": _one_monitor("/deliveries"),
    "list_alerts": reads("/alerts"),
    "list_errors": reads("/errors", sort=("-count", "-first_seen", "-users")),
    "get_error_histogram": reads("/errors/histogram"),
    "get_error_facets": reads("/errors/facets", keys=KEYS),
    "get_error": _error,
    "list_evaluations": reads("/evaluations", sort=("time", "score"), span_key=("model",)),
    "get_evaluation_distribution": reads("/evaluations/distribution", name=("ours", THEIRS)),
    "get_evaluation_summary": reads("/evaluations/summary", group_by=("model", "evaluator", f"{THEIRS}.key")),
    "get_evaluation_facets": reads("/evaluations/facets", keys=("name,label", f"{THEIRS}.key,evaluator")),
    "get_trace_evaluations": reads(f"/traces/{TRACE}/evaluations"),
    "list_predictions": reads("/predictions", sort=("time", "score")),
    "get_prediction": _prediction,
    "get_prediction_facets": reads("/predictions/facets", keys=("model,label", f"{THEIRS}.key,version")),
    "get_trace_predictions": reads(f"/traces/{TRACE}/predictions"),
    "list_models": reads("/models"),
    "get_model": reads("/models/detail", model=("ours", THEIRS)),
    "get_model_drift": _model_drift,
    "list_feature_statistics": reads("/feature_statistics"),
    "get_feature_statistics": reads("/feature_statistics/features", dataset=("ours", THEIRS)),
    "get_feature_statistics_file": reads("/feature_statistics/file", dataset=("ours", THEIRS)),
    "get_feature_distances": _distances,
    "list_findings": reads("/findings"),
    "get_finding_histogram": reads("/findings/histogram"),
    "get_finding_facets": reads("/findings/facets", keys=("feature,type",)),
    "get_review_queue": reads("/review/queue", what=("trace", "session"), low_score=("tone",)),
    "list_session_evaluations": reads("/sessions/evaluations", session=("ours", THEIRS)),
    "get_span_corrections": reads(f"/traces/{TRACE}/spans/{SPAN}/corrections"),
    "get_session_evaluations": reads("/sessions/ours/evaluations"),
    "list_changes": reads("/changes", kind=("deploy", "config"), subject=(THEIRS,)),
    "get_ingest": reads("/ingest"),
    "get_health": reads("/health"),
    "run_sql": _sql,
    "export_rows": _export,
}
"""Routes that answer with telemetry, and how to ask them."""
