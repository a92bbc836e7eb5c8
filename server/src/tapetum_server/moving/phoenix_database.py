"""Phoenix's database, `phoenix.db`: spans with their cost, annotations of every kind, prompts with versions."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from tapetum_server.moving.databases import Database
from tapetum_server.moving.found import Row, Skipped

_SPANS = """
SELECT t.trace_id, s.span_id, s.parent_id, s.name, s.span_kind, s.start_time, s.end_time, s.attributes, s.events,
       s.status_code, s.status_message, p.name AS project, {cost} AS cost
FROM spans s JOIN traces t ON t.id = s.trace_rowid JOIN projects p ON p.id = t.project_rowid {join}
ORDER BY s.id
"""
_ABOUT = (
    ("SpanAnnotation", "span_annotations", "JOIN spans o ON o.id = a.span_rowid JOIN traces t ON t.id = o.trace_rowid",
     "t.trace_id, o.span_id"),
    ("DocumentAnnotation", "document_annotations",
     "JOIN spans o ON o.id = a.span_rowid JOIN traces t ON t.id = o.trace_rowid",
     "t.trace_id, o.span_id, a.document_position"),
    ("TraceAnnotation", "trace_annotations", "JOIN traces o ON o.id = a.trace_rowid", "o.trace_id"),
    ("ProjectSessionAnnotation", "project_session_annotations",
     "JOIN project_sessions o ON o.id = a.project_session_id", "o.session_id"),
)  # fmt: skip
_ANNOTATIONS = """
SELECT a.id, a.name, a.label, a.score, a.explanation, a.metadata, a.annotator_kind, a.created_at, a.identifier,
       {user} AS user_name, {columns}
FROM {table} a {join} ORDER BY a.id
"""
_PROMPTS = """
SELECT v.id, p.name, p.description AS prompt_description, v.description, v.template_type, v.template_format, v.template,
       v.invocation_parameters, v.tools, v.response_format, v.model_provider, v.model_name,
       row_number() OVER (PARTITION BY p.id ORDER BY v.id) AS version,
       (SELECT group_concat(t.name, char(10)) FROM prompt_version_tags t WHERE t.prompt_version_id = v.id) AS tags
FROM prompt_versions v JOIN prompts p ON p.id = v.prompt_id ORDER BY v.id
"""


def phoenix_rows(database: Database) -> Iterator[Row | Skipped]:
    """The records, in the shape of Phoenix's REST API."""
    if not {"spans", "traces", "projects"} <= database.tables:
        yield Skipped(database.name, "is no database of Phoenix")
        return
    has_costs = "span_costs" in database.tables
    statement = _SPANS.format(
        cost="c.total_cost" if has_costs else "NULL",
        join="LEFT JOIN span_costs c ON c.span_rowid = s.id" if has_costs else "",
    )
    for said in database.ask(statement):
        if said["project"] == "default":
            del said["project"]
        if (cost := said.pop("cost")) is not None:
            said["attributes.llm.cost.total"] = cost
        yield Row(f"{database.name} span {said['span_id']}", said)
    user = "(SELECT u.username FROM users u WHERE u.id = a.user_id)" if "users" in database.tables else "NULL"
    for called, table, join, columns in _ABOUT:
        if table in database.tables:
            for said in database.ask(_ANNOTATIONS.format(table=table, join=join, columns=columns, user=user)):
                # The id that the API gives, so that both ways of exporting name the same annotation.
                said["id"] = base64.b64encode(f"{called}:{said['id']}".encode()).decode()
                yield Row(f"{database.name} {table} {said['name']}", said)
    if "prompt_versions" in database.tables:
        for said in database.ask(_PROMPTS):
            said["labels"] = (said.pop("tags") or "").splitlines()
            yield Row(f"{database.name} prompt {said['name']} {said['version']}", said)
