"""Findings, as questions see them: one row per finding and window."""

from __future__ import annotations

from dataclasses import replace

from tapetum_server.query.sources import Field, Searched, Source

FINDINGS = Source(
    table="finding_rows",
    time="last_seen",
    plain=(
        "project", "detector", "subject_type", "subject", "version", "feature", "slice", "type", "window_start",
        "window_end", "value", "threshold", "severity", "short", "evidence", "offending", "rows", "examples",
        "first_seen", "last_seen", "schema_version", "found_at", "rows_filter",
    ),
    computed={"model": "if(finding_rows.subject_type = 'model', toString(finding_rows.subject), '')"},
    fields={
        **dict.fromkeys(
            ("detector", "subject_type", "subject", "model", "version", "feature", "slice", "type", "severity",
             "evidence"),
            Field(),
        ),
        **dict.fromkeys(("rows", "examples", "schema_version"), Field("number")),
        **dict.fromkeys(("value", "threshold"), Field("number", nullable=True)),
        **dict.fromkeys(("window_start", "window_end", "first_seen", "last_seen", "found_at"), Field("time")),
    },
    promoted={},
    keyed=False,
    searched=(Searched("evidence"), Searched("feature"), Searched("type")),
    only="type != '' AND NOT withdrawn",
    default_facets=("type", "feature", "severity", "model", "version", "detector"),
)  # fmt: skip
"""The severities of findings are TFDV's words, and no levels of logs. A filter names fields and nothing else."""

LOOKS = replace(FINDINGS, only="type = ''")
"""That windows were looked at, whatever was found."""
