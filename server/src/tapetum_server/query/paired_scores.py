"""Two models' scores of the same rows, counted by distinct (label, score, score)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tapetum_server.detectors.performance.paired import PairedCounts, paired_counts
from tapetum_server.query.errors import QueryError
from tapetum_server.query.frames import TIMEOUT_S, Frame
from tapetum_server.query.performance import label_sql, number_sql
from tapetum_server.query.reader import Reader
from tapetum_server.query.statement import Parameters, Statement

MAX_DISTINCT = 3_000_000


@dataclass(frozen=True, slots=True)
class PairedColumns:
    """Which columns hold what."""

    champion: str
    challenger: str
    label: str = ""
    """"" where no label is known: the two can still be compared with each other."""
    positive: str = ""


def pairs_statement(frame: Frame, columns: PairedColumns) -> Statement:
    """Rows by (label, champion's score, challenger's score); rows that one of the two did not score are left out."""
    parameters = Parameters()
    label = label_sql(frame, columns.label, columns.positive, parameters) if columns.label else "NULL"
    one, other = number_sql(frame, columns.champion, "score"), number_sql(frame, columns.challenger, "score")
    return Statement(
        f"""SELECT toFloat64(ifNull(t_label, nan)) AS t_truth, t_one, t_other, count() AS n
FROM (SELECT {label} AS t_label, ifNull({one}, nan) AS t_one, ifNull({other}, nan) AS t_other FROM {frame})
WHERE isFinite(t_one) AND isFinite(t_other)
GROUP BY t_truth, t_one, t_other LIMIT {MAX_DISTINCT + 1}""",
        {**frame.parameters, **parameters.values},
    )


async def paired_scores(reader: Reader, frame: Frame, columns: PairedColumns) -> PairedCounts:
    """Raises `QueryError` where no row was scored by both."""
    answer = await reader.query(*pairs_statement(frame, columns), timeout_s=TIMEOUT_S)
    labels, one, other, rows = (np.asarray(column, np.float64) for column in answer.columns)
    if not len(rows):
        raise QueryError(f"no row has both {columns.champion!r} and {columns.challenger!r}", code="no_rows")
    if len(rows) > MAX_DISTINCT:
        raise QueryError(f"there are more than {MAX_DISTINCT:,} distinct pairs of scores", hint="Compare fewer rows.")
    return paired_counts(labels, one, other, rows)
