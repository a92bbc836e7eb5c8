"""What predictions and their labels say: classes, numbers, yes or no. Decides which metrics there are."""

from __future__ import annotations

from dataclasses import dataclass

from tapetum_server.query.frames import TIMEOUT_S, Frame
from tapetum_server.query.performance import probability_sql
from tapetum_server.query.prediction_frames import LABEL, LABEL_VALUE, OUTPUT_LABEL, PREDICTION, SCORE
from tapetum_server.query.reader import Reader, first_row, tuples_of
from tapetum_server.query.statement import Statement

MAX_WORDS = 50
"""Classes beyond which words are no classes."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How many rows say what."""

    rows: int
    labelled: int
    words: tuple[str, ...]
    """Labels that are words, or whole numbers; at most `MAX_WORDS` + 1 of them."""
    numbers: int
    """Rows whose label is a number, and how many of those are 0 or 1."""
    bits: int
    scored: int
    """Rows with a score, and how many of those are probabilities."""
    probable: int
    outputs: int
    """Rows whose output is a number, and how many of those are 0 or 1."""
    output_bits: int
    called: tuple[tuple[str, float | None], ...]
    """Classes that were called, with their mean score; the most frequent first, at most `MAX_WORDS` + 1."""


def outcomes_statement(frame: Frame) -> Statement:
    """One row: how many rows say what."""
    label, value, score, output, known = (
        frame.column(name).sql for name in (LABEL, LABEL_VALUE, SCORE, PREDICTION, "labelled")
    )  # fmt: skip
    return Statement(
        f"""SELECT count() AS t_rows, countIf(ifNull({known}, false)) AS t_labelled,
    groupUniqArrayIf({MAX_WORDS + 1})(ifNull({label}, ''), isNotNull({label})) AS t_words,
    countIf(isNotNull({value})) AS t_numbers, countIf({value} IN (0, 1)) AS t_bits,
    countIf(isNotNull({score})) AS t_scored, countIf({probability_sql(score)}) AS t_probable,
    countIf(isNotNull({output})) AS t_outputs, countIf({output} IN (0, 1)) AS t_output_bits
FROM {frame}""",
        dict(frame.parameters),
    )


def called_statement(frame: Frame) -> Statement:
    """(class that was called, its mean score), the most frequent first."""
    called, score = frame.column(OUTPUT_LABEL).sql, frame.column(SCORE).sql
    return Statement(
        f"""SELECT assumeNotNull({called}) AS t_called, avgIf({score}, {probability_sql(score)}) AS t_mean
FROM {frame} AND isNotNull({called})
GROUP BY t_called ORDER BY count() DESC, t_called LIMIT {MAX_WORDS + 1}""",
        dict(frame.parameters),
    )


async def outcomes(reader: Reader, frame: Frame) -> Outcomes:
    """What the rows say; the frame has labels."""
    row = first_row(await reader.query(*outcomes_statement(frame), timeout_s=TIMEOUT_S)) or {}
    called = tuples_of(await reader.query(*called_statement(frame), timeout_s=TIMEOUT_S))
    return Outcomes(
        row["t_rows"], row["t_labelled"], tuple(sorted(row["t_words"])), row["t_numbers"], row["t_bits"],
        row["t_scored"], row["t_probable"], row["t_outputs"], row["t_output_bits"],
        tuple((word, None if mean is None or mean != mean else float(mean)) for word, mean in called),
    )  # fmt: skip
