"""Two versions' predictions of the same request, paired by what both name it: a trace, an id, a tag, a feature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tapetum_server.query.frames import TIMEOUT_S, Frame, FrameColumn
from tapetum_server.query.performance import label_sql, number_sql
from tapetum_server.query.prediction_frames import LABEL, OUTPUT_LABEL, PREDICTION, SCORE
from tapetum_server.query.reader import Reader, first_row, rows_of
from tapetum_server.query.statement import Parameters, Statement

TRACE = "trace_id"
MAX_TAGS = 6
"""Tags that are tried as names of a request."""
MAX_ROWS = 500_000
"""Predictions of one version beyond which only one in so many requests is paired."""
MAX_CELLS = 10_000
MAX_FLIPS = 200


@dataclass(frozen=True, slots=True)
class Answers:
    """What the two are held against each other by."""

    kind: str
    """`score`: called positive above one half; `class`: by a word; `bit`: an output of 0 or 1; `number`."""
    label: str
    """The column of labels; "" where none has come."""
    positive: str = ""
    negative: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What requests may be paired by: in how many predictions it stands, and how often apart."""

    name: str
    rows: int
    said: int
    distinct: int


@dataclass(frozen=True, slots=True)
class FlippedPair:
    """One request that the two answered otherwise."""

    key: str
    champion_id: str
    challenger_id: str
    champion: str
    challenger: str
    champion_score: float | None
    challenger_score: float | None
    truth: str


def candidates_of(frame: Frame) -> list[str]:
    """What may name a request: its trace, the prediction's id (over several days), tags."""
    tags = [column.name for column in frame.columns if column.name.startswith("tags.")]
    return [TRACE, "prediction_id", *tags[:MAX_TAGS]]


def key_sql(frame: Frame, by: str) -> str:
    """The text of the key in each row, "" where it has none."""
    return "trace_id" if by == TRACE else f"ifNull(CAST({frame.column(by).sql}, 'Nullable(String)'), '')"


def keys_statement(frame: Frame, names: Sequence[str]) -> Statement:
    """One row: rows, and of each key how many have it, and how many distinct ones there are."""
    keys = [key_sql(frame, name) for name in names]
    said = ", ".join(f"countIf(({key}) != '')" for key in keys)
    distinct = ", ".join(f"uniqIf({key}, ({key}) != '')" for key in keys)
    return Statement(
        f"SELECT count() AS t_rows, [{said}] AS t_said, [{distinct}] AS t_distinct\nFROM {frame}",
        dict(frame.parameters),
    )


async def key_candidates(reader: Reader, frame: Frame, names: Sequence[str]) -> list[Candidate]:
    """Of each name, how well it tells requests apart."""
    found = first_row(await reader.query(*keys_statement(frame, names), timeout_s=TIMEOUT_S)) or {}
    return [
        Candidate(name, found["t_rows"], said, distinct)
        for name, said, distinct in zip(names, found["t_said"], found["t_distinct"])
    ]


def overlap_statement(champion: Frame, challenger: Frame, by: str) -> Statement:
    """How many keys both have."""
    sides = [f"(SELECT DISTINCT {key_sql(f, by)} AS t_key FROM {f} AND t_key != '')" for f in (champion, challenger)]
    return Statement(
        f"SELECT count() AS t_pairs FROM {sides[0]} AS one\nINNER JOIN {sides[1]} AS other USING (t_key)",
        {**champion.parameters, **challenger.parameters},
    )


async def overlap(reader: Reader, champion: Frame, challenger: Frame, by: str) -> int:
    """How many requests both have answered."""
    row = first_row(await reader.query(*overlap_statement(champion, challenger, by), timeout_s=TIMEOUT_S)) or {}
    return int(row["t_pairs"])


def paired_frame(champion: Frame, challenger: Frame, by: str, answers: Answers, one_in: int = 1) -> Frame:
    """One row for each request that both answered, with the last answer of each."""
    parameters = Parameters("pair_")
    one = _side(champion, by, answers, one_in, parameters)
    other = _side(challenger, by, answers, one_in, parameters)
    # A label that names one of the two predictions is right for the other, too.
    relation = f"""(SELECT t_key AS pair_key, t_one.1 AS one_id, t_one.2 AS one_answer, t_one.3 AS one_score,
    t_one.4 AS one_output, t_other.1 AS other_id, t_other.2 AS other_answer, t_other.3 AS other_score,
    t_other.4 AS other_output, if(t_one.5 != '', t_one.5, t_other.5) AS truth, ifNull(t_one.6, t_other.6) AS label_value
FROM (SELECT t_key, t_row AS t_one FROM ({one})) AS one
INNER JOIN (SELECT t_key, t_row AS t_other FROM ({other})) AS other USING (t_key))"""
    numbers = ("one_score", "one_output", "other_score", "other_output", "label_value")
    texts = ("pair_key", "one_id", "one_answer", "other_id", "other_answer", "truth")
    columns = [FrameColumn(name, "numeric", name) for name in numbers]
    columns += [FrameColumn(name, "categorical", f"CAST({name}, 'Nullable(String)')") for name in texts]
    known = "multiIf(truth = 'yes', 1, truth = 'no', 0, NULL)"
    columns.append(FrameColumn("positive", "numeric", f"CAST({known}, 'Nullable(Float64)')"))
    both = {**champion.parameters, **challenger.parameters, **parameters.values}
    return Frame(relation, tuple(columns), parameters=both, order="pair_key")


def _side(frame: Frame, by: str, answers: Answers, one_in: int, parameters: Parameters) -> str:
    key = key_sql(frame, by)
    sampled = f" AND cityHash64(t_key) % {int(one_in)} = 0" if one_in > 1 else ""
    answer, truth = _answer(frame, answers), _truth(frame, answers, parameters)
    value = frame.column("label_value").sql
    return f"""SELECT {key} AS t_key,
    argMax((prediction_id, {answer}, score, output, {truth}, {value}), time) AS t_row
FROM {frame} AND t_key != ''{sampled}
GROUP BY t_key"""


def _answer(frame: Frame, answers: Answers) -> str:
    if answers.kind == "score":
        score = number_sql(frame, SCORE, "score")
        return f"multiIf(NOT isFinite(ifNull({score}, nan)), '', {score} > 0.5, 'yes', 'no')"
    if answers.kind == "bit":
        output = number_sql(frame, PREDICTION, "output")
        return f"multiIf(isNull({output}), '', {output} = 1, 'yes', 'no')"
    return f"ifNull({frame.column(OUTPUT_LABEL).sql}, '')" if answers.kind == "class" else "''"


def _truth(frame: Frame, answers: Answers, parameters: Parameters) -> str:
    if not answers.label or answers.kind == "number":
        return "''"
    if answers.kind == "class":
        return f"ifNull({frame.column(LABEL).sql}, '')"
    label = label_sql(frame, answers.label, answers.positive, parameters)
    return f"multiIf(isNull({label}), '', {label} = 1, 'yes', 'no')"


def cells_statement(pairs: Frame) -> Statement:
    """(right class, champion's, challenger's, rows), the most frequent first; an unknown right class is empty."""
    return Statement(
        f"""SELECT truth, one_answer, other_answer, count() AS n
FROM {pairs} AND one_answer != '' AND other_answer != ''
GROUP BY truth, one_answer, other_answer
ORDER BY n DESC, truth, one_answer, other_answer LIMIT {MAX_CELLS}""",
        dict(pairs.parameters),
    )


async def answer_cells(reader: Reader, pairs: Frame) -> list[tuple[str, str, str, int]]:
    """What rows are, and what each of the two called them."""
    answer = await reader.query(*cells_statement(pairs), timeout_s=TIMEOUT_S)
    return [(str(a), str(b), str(c), int(n)) for a, b, c, n in zip(*answer.columns)]


def errors_statement(pairs: Frame) -> Statement:
    """One row: means of the errors of predicted numbers, and the variance of their differences."""
    e = "abs(one_output - label_value) AS e_one, abs(other_output - label_value) AS e_other"
    return Statement(
        f"""SELECT count() AS pairs, countIf(known) AS labelled, avg(abs(other_output - one_output)) AS apart,
    avgIf(e_one, known) AS one_absolute, avgIf(e_other, known) AS other_absolute,
    varSampIf(e_other - e_one, known) AS absolute
FROM (SELECT one_output, other_output, {e}, ifNull(isFinite(label_value), 0) AS known FROM {pairs}
    AND ifNull(isFinite(one_output) AND isFinite(other_output), 0))""",
        dict(pairs.parameters),
    )


async def number_errors(reader: Reader, pairs: Frame) -> dict[str, Any]:
    """How far off the two are on the same rows."""
    return first_row(await reader.query(*errors_statement(pairs), timeout_s=TIMEOUT_S)) or {}


def flips_statement(
    pairs: Frame, *, champion: str = "", challenger: str = "", right: str = "", limit: int = 50
) -> Statement:
    """Requests that the two answered otherwise: `right` is `fixed`, `broken` or "" for all of them."""
    parameters = Parameters("flip_")
    where = ["one_answer != ''", "other_answer != ''", "one_answer != other_answer"]
    where += [f"one_answer = {parameters.text(champion)}"] if champion else []
    where += [f"other_answer = {parameters.text(challenger)}"] if challenger else []
    where += {"fixed": ["other_answer = truth"], "broken": ["one_answer = truth"]}.get(right, [])
    return Statement(
        f"""SELECT pair_key AS key, one_id AS champion_id, other_id AS challenger_id, one_answer AS champion,
    other_answer AS challenger, one_score AS champion_score, other_score AS challenger_score, truth
FROM {pairs} AND {" AND ".join(where)}
ORDER BY abs(ifNull(one_score - other_score, 0)) DESC, pair_key LIMIT {int(limit)}""",
        {**pairs.parameters, **parameters.values},
    )


async def flipped_pairs(
    reader: Reader, pairs: Frame, *, champion: str = "", challenger: str = "", right: str = "", limit: int = 50
) -> list[FlippedPair]:
    """Some of them, those whose scores lie furthest apart first."""
    statement = flips_statement(pairs, champion=champion, challenger=challenger, right=right, limit=limit)
    return [FlippedPair(**row) for row in rows_of(await reader.query(*statement, timeout_s=TIMEOUT_S))]
