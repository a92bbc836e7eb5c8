"""What is said of sessions or users: of themselves, of their traces, and of the responses in them, whenever."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from typing_extensions import TypedDict

from tapetum_server.query.evaluation_verdict import verdict_sql
from tapetum_server.query.reader import Reader, rows_of
from tapetum_server.query.selection import Selection
from tapetum_server.query.sources import EVALUATIONS, SPANS
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.signals.scores import ScoreDefinition

_COMMENT_CHARACTERS = 300


class SessionVerdicts(TypedDict):
    """The evaluations of one session or user."""

    count: int
    judged: int
    """Those that can pass, by their threshold or by what is defined of their score."""
    passed: int
    up: int
    """Thumbs, as the label."""
    down: int
    last_comment: str
    """What a person added last."""


NOTHING_SAID = SessionVerdicts(count=0, judged=0, passed=0, up=0, down=0, last_comment="")


async def session_verdicts(
    reader: Reader,
    selection: Selection,
    whose: Literal["session_id", "user_id"],
    ids: Sequence[str],
    definitions: Sequence[ScoreDefinition] = (),
) -> dict[str, SessionVerdicts]:
    """By id, those of which anything is said."""
    if not ids:
        return {}
    found = rows_of(await reader.query(*verdicts_statement(selection, whose, ids, definitions)))
    return {
        row["id"]: SessionVerdicts(
            count=row["evaluations"], judged=row["judged"], passed=row["passed"], up=row["up"], down=row["down"],
            last_comment=row["last_comment"],
        )
        for row in found
    }  # fmt: skip


def verdicts_statement(
    selection: Selection, whose: str, ids: Sequence[str], definitions: Sequence[ScoreDefinition] = ()
) -> Statement:
    """One row per id of which something is said."""
    parameters = Parameters()
    bounds, wanted = selection.bounds(parameters), parameters.texts(ids)
    verdict = verdict_sql(definitions, parameters)
    # Traces within the range, and what is said of them whenever.
    named = f"{' AND '.join(bounds)} AND {whose} IN {wanted}"

    # Few evaluations name a response alone. Where none does, the engine reads no span for it.
    alone = f"{bounds[0]} AND trace_id = '' AND response_id != ''"
    any_alone = f"(SELECT count() FROM {EVALUATIONS.table} WHERE {alone}) > 0"

    def of_spans(column: str) -> str:
        return f"{named} AND {column} != ''" + (f" AND {any_alone}" if column == "response_id" else "")

    def by(column: str) -> str:
        columns = f"{column}, groupUniqArray({whose}) AS ids"
        of = of_spans(column)
        return f"SELECT {columns} FROM {SPANS.relation(columns, of)} WHERE {of} GROUP BY {column}"

    def any_of(column: str) -> str:
        of = of_spans(column)
        return f"SELECT {column} FROM {SPANS.relation(column, of)} WHERE {of}"

    told = "name, score, threshold, label, comment, time, target_type, target_id, trace_id, response_id"
    about = f"trace_id IN ({any_of('trace_id')}) OR (trace_id = '' AND response_id IN ({any_of('response_id')}))"
    own = "[]"
    if whose == "session_id":
        about += f" OR (target_type = 'session' AND target_id IN {wanted})"
        own = "if(target_type = 'session', [target_id], [])"
    condition = f"{bounds[0]} AND ({about})"
    sql = f"""SELECT id, toInt64(count()) AS evaluations, toInt64(countIf(isNotNull(verdict))) AS judged,
    toInt64(countIf(ifNull(verdict, 0))) AS passed, toInt64(countIf(label = 'up')) AS up,
    toInt64(countIf(label = 'down')) AS down,
    argMaxIf(substringUTF8(comment, 1, {_COMMENT_CHARACTERS}), time, comment != '') AS last_comment
FROM (
    SELECT label, comment, time, {verdict} AS verdict, arrayDistinct(arrayConcat(t.ids, r.ids, {own})) AS ids
    FROM (SELECT {told} FROM {EVALUATIONS.relation(told, condition)} WHERE {condition}) AS said
    LEFT JOIN ({by("trace_id")}) AS t ON said.trace_id = t.trace_id
    LEFT JOIN ({by("response_id")}) AS r ON said.response_id = r.response_id
) ARRAY JOIN ids AS id
WHERE has({wanted}, id)
GROUP BY id"""
    return Statement(sql, parameters.values)
