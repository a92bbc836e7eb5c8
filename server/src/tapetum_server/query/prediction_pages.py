"""Which predictions a page shows: found by the few columns that say so, and only they are read whole.

What passes the filter is looked for without FINAL, which would read every column of every row to tell rows that replace
each other. So some of what is found may have been replaced by a row that does not pass, or has another place: what is
found is asked about again with FINAL, and where too few are left, all rows are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tapetum_server.query.cursor import Cursor
from tapetum_server.query.filter_sql import conditions
from tapetum_server.query.prediction_sources import PREDICTIONS
from tapetum_server.query.reader import Reader, rows_of, tuples_of
from tapetum_server.query.selection import Selection
from tapetum_server.query.statement import Parameters, Statement
from tapetum_server.query.time_range import MAX_TIME, UNITS

SPARE = 8
"""Rows that are found beyond those that are wanted, for what has been replaced."""
DELIVERED = 3
"""As often a prediction may have been delivered until too few are found."""
KEYS_FIRST = "SETTINGS optimize_move_to_prewhere_if_final = 1"
"""Conditions on a table's key hold for all rows that replace each other: the rest is read where they do."""

Place = tuple[int | float, str, str]
"""Time or score, model, prediction id."""
Shown = Callable[[Sequence[str]], tuple[str, str]]
"""Of a statement's conditions, the columns of a page and what they are read from."""


async def page_rows(
    reader: Reader, selection: Selection, sort: str, limit: int, after: Cursor | None, shown: Shown
) -> list[dict[str, Any]]:  # fmt: skip
    """The first so many rows of a page, in their order."""
    found = list(tuples_of(await reader.query(*found_statement(selection, sort, limit, after))))
    if not found:
        return []
    places: dict[tuple[Place, int], None] = dict.fromkeys(
        ((by, model, prediction_id), time_ns) for by, model, prediction_id, time_ns in found
    )
    among = list(places)[: limit + SPARE]
    whole = len(found) < DELIVERED * (limit + SPARE) and len(among) == len(places)
    rows = rows_of(await reader.query(*page_statement(selection, sort, limit, after, shown, among, whole=whole)))
    if len(rows) < limit and not whole:
        rows = rows_of(await reader.query(*page_statement(selection, sort, limit, after, shown)))
    return rows


def found_statement(selection: Selection, sort: str, limit: int, after: Cursor | None) -> Statement:
    """(Time or score, model, prediction id, time) of rows that pass, where one may be there more than once."""
    parameters = Parameters()
    condition = " AND ".join(_conditions(selection, sort, after, parameters))
    by = "score" if sort.endswith("score") else "toUnixTimestamp64Nano(time)"
    columns = f"{by}, model, prediction_id, toUnixTimestamp64Nano(time) AS time_ns"
    return Statement(
        f"""SELECT {columns}
FROM {PREDICTIONS.relation(columns, condition, final=False)}
WHERE {condition}
ORDER BY {_order(sort)}
LIMIT {DELIVERED * (limit + SPARE)}""",
        parameters.values,
    )


def page_statement(
    selection: Selection,
    sort: str,
    limit: int,
    after: Cursor | None,
    shown: Shown,
    among: Sequence[tuple[Place, int]] = (),
    *,
    whole: bool = False,
) -> Statement:
    """The page, of all predictions or `among` these, no further than the last of them unless they are the `whole`."""
    parameters = Parameters()
    where = _conditions(selection, sort, after, parameters)
    if among:
        day = UNITS["d"]
        first, last = (of(time_ns for _, time_ns in among) // day * day for of in (min, max))
        # By whole days, which are partitions: of rows that replace each other all are read.
        where += [
            named([place[1] for place, _ in among], [place[2] for place, _ in among], parameters),
            f"time >= {parameters.moment(first)}", parameters.before("time", min(last + day, MAX_TIME + 1)),
        ]  # fmt: skip
        if not whole:
            where.append(_beside(sort, among[-1][0], ">=" if sort.startswith("-") else "<=", parameters))
    columns, relation = shown(where)
    return Statement(
        f"""SELECT {columns}
FROM {relation}
WHERE {" AND ".join(where)}
ORDER BY {_order(sort)}
LIMIT {limit}
{KEYS_FIRST}""",
        parameters.values,
    )


def named(models: Sequence[str], prediction_ids: Sequence[str], parameters: Parameters) -> str:
    """Condition that a row is of one of these predictions, in the order of the tables; of one model, or as many."""
    if len(set(models)) == 1:
        return f"model = {parameters.text(models[0])} AND prediction_id IN {parameters.texts(prediction_ids)}"
    pairs = f"arrayZip({parameters.texts(models)}, {parameters.texts(prediction_ids)})"
    return f"(model, prediction_id) IN {pairs}"


def _conditions(selection: Selection, sort: str, after: Cursor | None, parameters: Parameters) -> list[str]:
    where = conditions(selection, parameters)
    if sort.endswith("score"):
        where.append("isNotNull(score) AND NOT isNaN(score)")
    if after is not None:
        value, *names = after.place
        assert not isinstance(value, str)
        place = value, str(names[0]), str(names[1])
        where.append(_beside(sort, place, "<" if sort.startswith("-") else ">", parameters))
    return where


def _beside(sort: str, place: Place, compared: str, parameters: Parameters) -> str:
    """Condition that a row stands before or behind a place."""
    by, value = "time", parameters.moment(int(place[0]))
    if sort.endswith("score"):
        by, value = "score", parameters.number(place[0])
    names = ", ".join(parameters.text(part) for part in place[1:])
    return f"({by}, model, prediction_id) {compared} ({value}, {names})"


def _order(sort: str) -> str:
    direction = "DESC" if sort.startswith("-") else "ASC"
    return ", ".join(f"{column} {direction}" for column in (sort.removeprefix("-"), "model", "prediction_id"))
