"""The SQL that really runs, for a reviewer to read, and that the engine accepts it.

A changed statement fails here. Read the difference as you would read code, then write it down
with TAPETUM_SNAPSHOTS=write.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from asked_world import NOW, SECOND, START, World

from tapetum_server.detectors.validation.concerns import Concern
from tapetum_server.query import (
    alerts,
    arrivals,
    attributions,
    changes,
    concerned_rows,
    conversation,
    edge_rows,
    engine_state,
    error_detail,
    error_groups,
    error_windows,
    evaluation_distribution,
    evaluation_summary,
    evaluations,
    exemplars,
    exports,
    facets,
    findings,
    heartbeats,
    histograms,
    host_shares,
    kept_windows,
    labels,
    leaks,
    live_windows,
    llm_groups,
    llm_overview,
    llm_tools,
    logs,
    metric_statements,
    metrics,
    model_findings,
    model_glance,
    model_volumes,
    models,
    outside,
    prediction_checks,
    prediction_frames,
    prediction_pages,
    predictions,
    priced_models,
    prompt_usage,
    record_series,
    redactions,
    repricing,
    resource_metrics,
    review_queue,
    service_map,
    service_windows,
    services,
    session_turns,
    session_verdicts,
    sessions,
    span_corrections,
    spans,
    state_rows,
    statistics_windows,
    storage,
    stored_statistics,
    tool_agents,
    trace_peers,
    traces,
    window_days,
)
from tapetum_server.query.cursor import Cursor
from tapetum_server.query.filter import parse_filter
from tapetum_server.query.finding_sources import FINDINGS
from tapetum_server.query.frames import Frame, FrameColumn
from tapetum_server.query.live_windows import LiveWindow
from tapetum_server.query.prediction_sources import LABELS, LABELS_BESIDE, PREDICTIONS
from tapetum_server.query.selection import Selection, Whereabouts
from tapetum_server.query.sources import ERRORS, EVALUATIONS, LOGS, METRICS, SPANS
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import TimeRange, steps_of
from tapetum_server.query.trace_spans import spans_of_statement, told_statement
from tapetum_server.signals.scores import ScoreDefinition, ScoreLabel

SNAPSHOTS = Path(__file__).parent / "statements"
HOUR = TimeRange(NOW - 3_600 * SECOND, NOW)
PLACES = {
    "http.route": Whereabouts(frozenset({"."}), False),
    "gen_ai.request.model": Whereabouts(frozenset({".", "C"}), False),
    "host.name": Whereabouts(frozenset(), True),
}
PRICES = repricing.DayPrices(
    [200_000],
    {7: (repricing.PricedAs("", "list", (0.0, 1.0, 0.5, 1.25, 2.0, 1.0, 2.0, 1.0, -1.0)),) * 2,
     9: (repricing.PricedAs("unknown_model", "", repricing.NO_RATES),) * 2},
)  # fmt: skip
Q = "-service:web,api name:GET* duration_ms:>=250ms http.route:/ask gen_ai.request.model:m host.name:h"


def selection(source: object, q: str = "") -> Selection:
    return Selection(source, "default", HOUR, parse_filter(q), PLACES)  # type: ignore[arg-type]


def question(type_name: str, *, group_by: tuple[str, ...] = ()) -> metric_statements.MetricQuestion:
    some = Selection(METRICS, "default", TimeRange(None, NOW), parse_filter("http.route:/ask"), PLACES)
    steps = steps_of(START, NOW, at_most=60)
    return metric_statements.MetricQuestion(some, "latency", type_name, "s", steps, group_by)


STEPS = steps_of(NOW - 3_600 * SECOND, NOW, at_most=60)
AFTER = traces.Place(START, "0" * 32)


def export_rows(kind: exports.ExportKind, of: Selection | None) -> Statement:
    plan = exports.ExportPlan(kind, of, "default", [(HOUR, 100)], 200, 100)
    return exports.rows_statement(plan, HOUR, 100, ["*"])


SCORES = (
    ScoreDefinition(name="correctness", kind="numeric", direction="higher", threshold=0.5),
    ScoreDefinition(name="toxicity", kind="numeric", direction="lower", threshold=0.1),
    ScoreDefinition(
        name="tone",
        kind="categorical",
        labels=(ScoreLabel(label="kind", passes=True), ScoreLabel(label="rude", passes=False)),
    ),
)


def summary(value: str, of_span: str | None, definitions: tuple[ScoreDefinition, ...] = ()) -> Statement:
    parameters = Parameters()
    condition = f"project = {parameters.text('default')} AND name = {parameters.text('correctness')}"
    return evaluation_summary.summary_statement(condition, value, of_span, "default", parameters, definitions)


OF_MODEL = "model:m -label:yes age:>30 job:clerk,cl* features.member:true tags.region:* flagged:false words"


def layouts(statement: Callable[[str, str, Parameters], Statement]) -> Statement:
    parameters = Parameters("frame_")
    condition = f"project = {parameters.text('default')} AND model = {parameters.text('m')}"
    return statement(f"prediction_rows FINAL {LABELS_BESIDE.join}", condition, parameters)


INCOME = kept_windows.Subject(model="income", version="3")
WINDOW = kept_windows.Window("3", "All Examples", 1_793_491_200 * 10**9, 1_793_494_800 * 10**9, 7)


def fractions(relation: str, condition: str, parameters: Parameters) -> Statement:
    column = FrameColumn("age", "numeric", "numeric['age']")
    frame = Frame(relation, (column,), where=condition, parameters=parameters.values)
    return prediction_checks.fractions_statement(
        prediction_checks.within(frame, HOUR.start or 0, HOUR.end or 0), [column]
    )


def versions(relation: str, condition: str, parameters: Parameters) -> Statement:
    return prediction_checks.versions_statement(Frame(relation, (), where=condition, parameters=parameters.values))


def concerned(relation: str, condition: str, parameters: Parameters) -> Statement:
    frame = Frame(relation, (), where=condition, parameters=parameters.values)
    number, text = (
        FrameColumn("age", "numeric", "numeric['age']"),
        FrameColumn("job", "categorical", "categorical['job']"),
    )
    words = FrameColumn("tags", "categorical_list", "text_lists['tags']")
    asked = [
        (number, Concern("above", 120.0)), (number, Concern("nan")), (number, Concern("fraction")),
        (text, Concern("outside", values=("clerk",))), (text, Concern("missing")), (text, Concern("no_number")),
        (words, Concern("longer", 2.0)), (words, Concern("within", values=("a",))), (None, Concern("every")),
    ]  # fmt: skip
    return concerned_rows.concerned_statement(frame, asked)


STATEMENTS: dict[str, Callable[[], Statement]] = {
    "storage_of_projects": lambda: storage.stored_statement("traces", ["default"]),
    "storage_arrivals": lambda: storage.arrivals_statement(["default"], NOW),
    "export_spans": lambda: export_rows("spans", selection(SPANS, "http.route:/ask")),
    "export_logs_of_all": lambda: export_rows("logs", selection(LOGS)),
    "export_errors": lambda: export_rows("errors", selection(ERRORS, "service:web")),
    "export_traces": lambda: export_rows("traces", selection(SPANS, "status:error")),
    "export_findings": lambda: export_rows("findings", selection(FINDINGS, "feature:age")),
    "export_ingest": lambda: export_rows("ingest", None),
    "export_metrics_counts": lambda: exports.counts_statement(
        "metrics", selection(METRICS, "http.route:/ask"), "default", HOUR
    ),
    "export_changes_counts": lambda: exports.counts_statement("changes", None, "default", HOUR),
    "export_traces_counts": lambda: exports.counts_statement("traces", selection(SPANS), "default", HOUR),
    "services": lambda: services.services_statement(selection(SPANS, "http.route:/ask"), STEPS),
    "services_busiest": lambda: services.busiest_statement(selection(SPANS), STEPS, 200),
    "service_operations": lambda: services.operations_statement(selection(SPANS), "web", "requests"),
    "service_versions": lambda: services.versions_statement(selection(SPANS), "web", "spans"),
    "service_map": lambda: service_map.edges_statement(selection(SPANS, "service:web")),
    "outside": lambda: outside.outside_statement(
        replace(selection(SPANS, "service:web"), time_range=TimeRange(NOW, None))
    ),
    "statistics_subjects": lambda: stored_statistics.subjects_statement("default"),
    "statistics_windows": lambda: kept_windows.windows_statement(
        "default",
        [
            kept_windows.Asked(INCOME, HOUR, ("All Examples",)),
            kept_windows.Asked(kept_windows.Subject(dataset="census"), HOUR),
        ],
        [[(20_758, 20_758)], [window_days.EVERY_DAY]],
    ),
    "statistics_windows_of_days": lambda: kept_windows.windows_statement(
        "default", [kept_windows.Asked(INCOME, HOUR, ("All Examples",))], [[(20_700, 20_700), (20_710, 20_758)]]
    ),
    "statistics_features": lambda: stored_statistics.features_statement(
        "default", [(INCOME, WINDOW), (INCOME, WINDOW._replace(key=8))]
    ),
    "statistics_states": lambda: state_rows.states_statement("default", INCOME, [WINDOW]),
    "any_label": lambda: labels.any_label_statement("default", "income"),
    "statistics_edges": lambda: edge_rows.edges_statement(
        "default", "income", [edge_rows.Edge(START, NOW, "3"), edge_rows.Edge(None, None)], 1_000
    ),
    "statistics_due_hours": lambda: statistics_windows.due_hours_statement("default", START, NOW),
    "statistics_due_days": lambda: statistics_windows.due_sums_statement("default", "day", NOW),
    "statistics_due_five_days": lambda: statistics_windows.due_sums_statement("default", "days", NOW),
    "statistics_due_quarters": lambda: statistics_windows.due_sums_statement("default", "quarter", NOW),
    "changes": lambda: changes.changes_statement("default", HOUR, ["shop"], ["deploy"], 500),
    "health_errors": lambda: error_windows.windows_statement(selection(ERRORS), STEPS, 6),
    "running_places": lambda: heartbeats.places_statement("default", HOUR, ["0" * 32], START),
    "running_spans": lambda: heartbeats.running_statement(
        "default", [heartbeats.Place(START, "0" * 32, "1" * 16), heartbeats.Place(NOW, "2" * 32, "3" * 16)]
    ),
    "prompt_usage": lambda: prompt_usage.usage_statement(selection(SPANS, "service:web"), "greet"),
    "errors": lambda: error_groups.groups_statement(
        selection(ERRORS, "-service:web,api type:GET* http.route:/ask host.name:h"),
        "-last_seen",
        51,
        error_groups.Place(START, "0" * 16),
    ),
    "errors_trends": lambda: error_groups.trends_statement(selection(ERRORS, "service:web"), STEPS, ["a", "b"]),
    "errors_histogram": lambda: error_groups.histogram_statement(selection(ERRORS, "word"), STEPS, START),
    "error_trend": lambda: error_detail.trend_statement(selection(ERRORS), STEPS),
    "error_shares": lambda: error_detail.shares_statement(selection(ERRORS)),
    "error_examples": lambda: error_detail.examples_statement(selection(ERRORS), 25),
    "error_newest": lambda: error_detail.newest_statement(selection(ERRORS)),
    "evaluations": lambda: evaluations.evaluations_statement(
        selection(EVALUATIONS, "-source:code score:<0.5 http.route:/ask word"),
        "-time",
        51,
        Cursor("-time", HOUR, (5, "a")),
    ),
    "evaluations_of_trace": lambda: evaluations.of_trace_statement("default", "a", 1_001),
    **{
        f"review_queue_{what}": lambda what=what: review_queue.queue_statement(
            selection(SPANS, "kind:llm"), review_queue.Wanted(what, "tone", 10, "grounded", 0.5), "unreviewed", 200
        )
        for what in ("span", "trace", "session")
    },
    "review_progress": lambda: review_queue.progress_statement(
        selection(SPANS), review_queue.Wanted("span", "", 1, "", 0.5)
    ),
    "span_corrections": lambda: span_corrections.corrections_statement("default", "a", "b", 50),
    "evaluations_of_session": lambda: evaluations.of_session_statement("default", "s", 1_001),
    "session_verdicts": lambda: session_verdicts.verdicts_statement(selection(SPANS), "session_id", ["a", "b"], SCORES),
    "user_verdicts": lambda: session_verdicts.verdicts_statement(selection(SPANS), "user_id", ["a"]),
    "evaluations_summary": lambda: summary("''", None),
    "evaluations_summary_defined": lambda: summary("''", None, SCORES),
    "evaluations_of_a_model": lambda: evaluations.evaluations_statement(
        selection(EVALUATIONS, "name:correctness"), "score", 51, None, evaluations.OfSpan("model", "small")
    ),
    "evaluations_score_ends_and_labels": lambda: evaluation_distribution.ends_and_labels_statement(
        selection(EVALUATIONS), "correctness"
    ),
    "evaluations_score_values": lambda: evaluation_distribution.values_statement(selection(EVALUATIONS), "correctness"),
    "evaluations_score_bins": lambda: evaluation_distribution.bins_statement(
        selection(EVALUATIONS), "correctness", 0, 1
    ),
    "evaluations_by_model": lambda: summary("''", evaluation_summary.SPAN_KEYS["model"]),
    "evaluations_series": lambda: record_series.series_statement(
        selection(EVALUATIONS, "source:llm"), STEPS, "pass_rate", ["name"], None
    ),
    "predictions": lambda: prediction_pages.page_statement(
        selection(PREDICTIONS, OF_MODEL), "-time", 51, None, predictions.list_columns
    ),
    "predictions_found": lambda: prediction_pages.found_statement(selection(PREDICTIONS, OF_MODEL), "-time", 51, None),
    "predictions_by_score_after": lambda: prediction_pages.page_statement(
        selection(PREDICTIONS),
        "score",
        51,
        Cursor("score", HOUR, (0.5, "m", "p")),
        predictions.list_columns,
        [((0.6, "m", "p"), START), ((0.7, "n", "q"), START)],
    ),
    "prediction": lambda: predictions.prediction_statement("default", "m", "p"),
    "prediction_labels_of_many": lambda: predictions.labels_statement("default", ["m", "n"], ["p", "p"]),
    "prediction_labels": lambda: predictions.labels_statement("default", ["m"], ["p"]),
    "predictions_of_trace": lambda: predictions.of_trace_statement("default", "a" * 32, 201),
    "prediction_facets": lambda: facets.facets_statement(
        selection(PREDICTIONS, OF_MODEL), ["model", "label", "age", "tags.region"], 11
    ),
    "prediction_keys": lambda: facets.attribute_keys_statement(selection(PREDICTIONS, "model:m")),
    "model_volumes": lambda: model_volumes.volumes_statement(
        selection(PREDICTIONS, "labelled:true"), START, STEPS, final=True
    ),
    "model_volumes_of_many": lambda: model_volumes.volumes_statement(selection(PREDICTIONS), START, STEPS, final=False),
    "model_glances": lambda: model_glance.glance_statement(selection(PREDICTIONS), START, ["m"], 1, final=True),
    "model_glances_of_many": lambda: model_glance.glance_statement(
        selection(PREDICTIONS), START, ["m"], 40, final=False
    ),
    "model_findings": lambda: model_findings.model_findings_statement("default", HOUR, ["m"]),
    "model_detail": lambda: models.detail_statement(selection(PREDICTIONS), STEPS, "m", ["1"]),
    "model_versions_seen": lambda: models.seen_statement(selection(PREDICTIONS), "m"),
    "model_attributions": lambda: attributions.any_attribution_statement("default", "m", HOUR),
    "model_vectors": lambda: models.vectors_statement(selection(PREDICTIONS), "m"),
    "prediction_fractions": lambda: layouts(fractions),
    "prediction_versions": lambda: layouts(versions),
    "prediction_layouts": lambda: layouts(prediction_frames.layouts_statement),
    "prediction_names": lambda: layouts(partial(prediction_frames.names_statement, layouts=1)),
    "export_predictions": lambda: export_rows("predictions", selection(PREDICTIONS, OF_MODEL)),
    "export_labels": lambda: export_rows("labels", selection(LABELS, "model:m")),
    "export_evaluations": lambda: export_rows("evaluations", selection(EVALUATIONS, "name:correctness")),
    "findings": lambda: findings.findings_statement(selection(FINDINGS, "model:m severity:ERROR"), 101),
    "findings_looked": lambda: findings.looked_statement(selection(FINDINGS, "model:m severity:ERROR")),
    "findings_histogram": lambda: findings.histogram_statement(selection(FINDINGS, "model:m feature:age"), STEPS),
    "findings_due": lambda: live_windows.due_statement("default", ["m", "n"], [1, 2], START, NOW),
    "findings_before": lambda: live_windows.found_statement("default", LiveWindow("m", "1", START, 5, START)),
    "findings_rows": lambda: layouts(concerned),
    "findings_series": lambda: record_series.series_statement(
        selection(FINDINGS, "model:m"), STEPS, "rows", ["feature"], None
    ),
    "predictions_series": lambda: record_series.series_statement(
        selection(PREDICTIONS, OF_MODEL), STEPS, "label_coverage", ["region"], None
    ),
    "alerts": lambda: alerts.alerts_statement("default", HOUR, "m1", 100),
    "traces_newest": lambda: traces.window_statement(selection(SPANS), "-start_time", 67, 2_000, None),
    "traces_filtered_after": lambda: traces.window_statement(selection(SPANS, Q), "start_time", 67, 2_000, AFTER),
    "traces_by_cost": lambda: traces.ranked_statement(selection(SPANS, "status:error"), "-cost_usd", 51, AFTER),
    "traces_summaries": lambda: traces.summaries_statement("default", ["a", "b"], HOUR),
    "traces_of_a_session": lambda: traces.window_statement(
        selection(SPANS, "session_id:a"), "-start_time", 67, None, None
    ),
    "traces_summaries_apart": lambda: traces.summaries_statement("default", ["a", "b"], apart=True),
    "trace_spans": lambda: spans_of_statement("default", "a", 50_001, None),
    "trace_spans_told": lambda: told_statement("default", "a", 50_000, Cursor("trace", HOUR, (START, "b"))),
    "conversation_span": lambda: conversation.content_statement("default", "a", span_id="b", limit=1),
    "conversation_earlier": lambda: conversation.content_statement(
        "default", "a", kinds=("llm",), before=conversation.Place(START, "b"), agent="", service="web", limit=6
    ),
    "conversation_page": lambda: conversation.content_statement(
        "default", "a", kinds=("llm", "tool"), after=conversation.Place(START, "b"), limit=250
    ),
    "conversation_logs": lambda: conversation.spoken_logs_statement("default", "a", ["gen_ai.choice"], "b"),
    "trace_shape": lambda: conversation.shape_statement("default", "a", 50_001),
    "trace_heartbeats": lambda: heartbeats.heartbeats_statement("default", "a"),
    "trace_root": lambda: trace_peers.root_statement("default", "a"),
    "trace_peers": lambda: trace_peers.peers_statement("default", "a", "GET /", "web", START),
    "spans_text": lambda: spans.spans_statement(selection(SPANS, '"two words" -not'), "-start_time", 51, None),
    "spans_after": lambda: spans.spans_statement(
        selection(SPANS, Q), "-duration_ms", 51, Cursor("-duration_ms", HOUR, (5, "a", "b"))
    ),
    "spans_histogram": lambda: histograms.span_histogram_statement(selection(SPANS), STEPS),
    "spans_series": lambda: record_series.series_statement(
        selection(SPANS, "status:error"), STEPS, "p95_ms", ["service", "http.route"], ["web\x1f/"]
    ),
    "spans_largest_series": lambda: record_series.largest_statement(selection(SPANS), ["service", "http.route"], 101),
    "errors_new_series": lambda: record_series.series_statement(
        selection(ERRORS, "service:web"), STEPS, "new_groups", ["version"], None
    ),
    "logs_series": lambda: record_series.series_statement(selection(LOGS), STEPS, "rate", [], None),
    "spans_heatmap": lambda: histograms.heatmap_statement(selection(SPANS), STEPS),
    "spans_facets": lambda: facets.facets_statement(selection(SPANS, "status:error"), ["service", "http.route"], 11),
    "spans_attribute_keys": lambda: facets.attribute_keys_statement(selection(SPANS)),
    "logs_page": lambda: logs.logs_statement(
        selection(LOGS, "severity:>=warn refused"), "-time", 101, Cursor("-time", HOUR, (START, "0" * 32))
    ),
    "logs_record": lambda: logs.record_statement("body, attr_shape", "default", "0" * 32, START),
    "logs_histogram": lambda: histograms.log_histogram_statement(selection(LOGS), STEPS),
    "metrics_catalog": lambda: metrics.catalog_statement(selection(METRICS)),
    "metric_average": lambda: metric_statements.values_statement(
        question("gauge", group_by=("http.route",)), "avg", 0.5
    ),
    "metric_increase_by_bucket": lambda: metric_statements.increases_statement(
        replace(question("sum", group_by=("service",)), apart=("le",))
    ),
    "metric_increase": lambda: metric_statements.increases_statement(question("sum", group_by=("service",))),
    "metric_increase_of_machine": lambda: metric_statements.increases_statement(
        replace(question("sum", group_by=("service",)), name="system.disk.io")
    ),
    "metric_buckets": lambda: metric_statements.buckets_statement(question("histogram", group_by=("service",))),
    "metric_extremes": lambda: metric_statements.extremes_statement(question("histogram"), "max"),
    "metric_exemplars": lambda: exemplars.exemplars_statement(question("histogram", group_by=("service",))),
    "metric_exponential": lambda: metric_statements.exponential_statement(question("exponential_histogram")),
    "trace_place": lambda: resource_metrics.place_statement("default", "a", "b"),
    "resource_metrics": lambda: resource_metrics.resource_metrics_statement(
        selection(METRICS),
        {
            ("system.cpu.time",): [(("host.name", "h"),), (("host.id", "i"),)],
            ("process.cpu.time", "process.memory.usage"): [(("service.name", "s"), ("service.instance.id", "i"))],
        },
    ),
    "spans_spend_series": lambda: record_series.series_statement(
        selection(SPANS, "status:error"), STEPS, "cost_usd", ["model"], None
    ),
    "llm_overview": lambda: llm_overview.overview_statement(
        selection(SPANS, "http.route:/ask -user_id:web"), STEPS, True
    ),
    "priced_models": lambda: priced_models.models_statement(selection(SPANS)),
    "reprice_days": lambda: repricing.days_statement("default", HOUR),
    "reprice_combinations": lambda: repricing.combinations_statement("default", HOUR),
    "reprice_report": lambda: repricing.repriced_statement("default", HOUR, PRICES),
    "llm_groups": lambda: llm_groups.groups_statement(
        selection(SPANS, "agent:web"), ["model", "http.route"], "-cost_usd", 50
    ),
    "llm_groups_of_the_trace": lambda: llm_groups.groups_statement(selection(SPANS), ["user_id"], "-tokens", 50),
    "llm_group_trends": lambda: llm_groups.group_trends_statement(
        selection(SPANS), ["session_id", "model"], STEPS, [("web", "")]
    ),
    "llm_groups_by_tool": lambda: llm_groups.groups_statement(
        selection(SPANS, "-tool:web"), ["tool", "agent"], "-cost_usd", 50
    ),
    "llm_groups_repeated": lambda: llm_groups.repeated_statement(selection(SPANS)),
    "llm_tools": lambda: llm_tools.tools_statement(selection(SPANS, "service:web")),
    "llm_tools_agents": lambda: tool_agents.agents_around_statement("default", ["t1", "t2"]),
    "sessions_last_seen": lambda: sessions.places_statement(
        selection(SPANS, "service:web"), "session_id", "-last_seen", 51, sessions.Place(START, 7)
    ),
    "users_by_cost": lambda: sessions.places_statement(selection(SPANS), "user_id", "-cost_usd", 51, None),
    "sessions_summaries": lambda: sessions.summaries_statement(selection(SPANS), "session_id", ["a", "b"]),
    "sessions_histogram": lambda: sessions.session_histogram_statement(selection(SPANS), "session_id", STEPS),
    "session_turns": lambda: session_turns.turns_statement("default", "a", "start_time", True, 21, (START, "0" * 32)),
    "session_turn_spans": lambda: session_turns.chosen_statement("default", ["a", "b"]),
    "session_turn_texts": lambda: session_turns.said_statement("default", [("a", "b")]),
    **{
        f"redactions_{name}": partial(lambda at: redactions.redactions_statements("default", STEPS)[at], at)
        for at, name in enumerate(("rules", "places"))
    },
    "health_windows": lambda: service_windows.windows_statement(selection(SPANS), STEPS),
    "health_traffic": lambda: service_windows.traffic_statement(selection(SPANS), STEPS, START),
    "health_spoken": lambda: arrivals.spoken_statement("default", HOUR),
    "health_lag": lambda: arrivals.lag_statement("default", HOUR),
    "health_leaks": lambda: leaks.leaks_statement("default", HOUR, START, ["jwt", "private_key"]),
    "health_hosts": lambda: host_shares.host_shares_statement(selection(METRICS)),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_is_the_one_that_was_reviewed_and_runs(asked: World, name: str) -> None:
    sql, parameters = STATEMENTS[name]()
    path = SNAPSHOTS / f"{name}.sql"
    if os.environ.get("TAPETUM_SNAPSHOTS") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(sql + "\n")
    assert path.read_text() == sql + "\n"
    asked.sql(sql, **parameters)
    (bound,) = (name for name, value in parameters.items() if value in ("default", ["default"]))
    # Every read of a table of ours is narrowed to the project; labels are those of predictions of the same project.
    assert "USING (project, " in LABELS_BESIDE.join
    read = sql.replace(LABELS_BESIDE.join, "")
    assert sql.count(f"project = {{{bound}:String}}") >= read.count("_rows FINAL") + sql.count("FROM message_rows")


OF_THE_ENGINE = {"engine_tables": engine_state.TABLES_SQL, "engine_work": engine_state.WORK_SQL}
"""About the store as a whole, which has no project: only what is shown to those who may see every one."""


@pytest.mark.parametrize("name", OF_THE_ENGINE)
def test_a_statement_about_the_engine_reads_only_the_engines_own_tables(asked: World, name: str) -> None:
    sql = OF_THE_ENGINE[name]
    path = SNAPSHOTS / f"{name}.sql"
    if os.environ.get("TAPETUM_SNAPSHOTS") == "write":
        path.write_text(sql + "\n")
    assert path.read_text() == sql + "\n"
    assert "_rows" not in sql
    assert asked.sql(sql)


def test_no_snapshot_outlives_its_statement() -> None:
    assert {path.stem for path in SNAPSHOTS.glob("*.sql")} == set(STATEMENTS) | set(OF_THE_ENGINE)


@pytest.mark.parametrize("name", STATEMENTS)
def test_no_value_is_ever_part_of_the_text(name: str) -> None:
    """What a person typed is bound, keys too."""
    sql, _ = STATEMENTS[name]()
    for typed in ("/ask", "http.route", "host.name", "GET", "two words", "refused", "'web'"):
        assert typed not in sql
