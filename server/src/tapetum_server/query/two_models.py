"""A candidate's and a baseline's scores of the same rows: brought together from two tables, and what is summed of them.

Rows of two tables are the same by a column that both have, or by their place. What has no partner is refused: to leave
it out would compare the models on rows that nobody chose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tapetum_server.query.class_scores import Scores
from tapetum_server.query.errors import QueryError
from tapetum_server.query.frames import TIMEOUT_S, Frame, FrameColumn, identifier
from tapetum_server.query.performance import number_sql
from tapetum_server.query.reader import Reader, first_row
from tapetum_server.query.row_sums import RowSums
from tapetum_server.query.statement import Parameters, Statement

_SMALLEST = "1e-7"
"""TFMA's: scores below do not differ."""
_LISTS = ("numeric_list", "categorical_list", "other")
HINT = "Name the column that says which row is which in both: --pair-by."


@dataclass(frozen=True, slots=True)
class TwoModels:
    """Rows with the scores of both."""

    frame: Frame
    candidate: Scores
    """Class, and the column of its score; of one score a row the class is ""."""
    baseline: Scores
    """Of the same classes in the same order."""
    weight: str = ""


def two_models_sums(models: TwoModels, thresholds: Sequence[float]) -> RowSums:
    """What the metrics of two models are made of, with the flips at each threshold. Raises `QueryError`."""
    parameters = Parameters("at_")
    new, old = (
        f"[{', '.join(f'ifNull({number_sql(models.frame, name, what)}, nan)' for _, name in scores)}]"
        for scores, what in ((models.candidate, "score"), (models.baseline, "score"))
    )
    values = {
        "t_news": new, "t_olds": old, "t_new": "t_news[1]", "t_old": "t_olds[1]",
        "t_lengths": "sqrt(arraySum(x -> x * x, t_news)) * sqrt(arraySum(x -> x * x, t_olds))",
    }  # fmt: skip
    sums = {
        "rows": "t_n", "weight": "t_w", "cosine": "t_n * arraySum((x, y) -> x * y, t_news, t_olds) / t_lengths",
        "zeros": "t_n * (t_lengths = 0)",
    }  # fmt: skip
    if len(models.candidate) == 1:
        apart, together = "2 * abs(t_old - t_new)", "abs(t_old + t_new)"
        same = f"{apart} < {_SMALLEST} AND {together} < {_SMALLEST}"
        sums["difference"] = f"t_w * if({same}, 0, {apart} / {together})"
        sums["opposites"] = f"t_n * (NOT ({same}) AND {together} = 0)"
    for place, threshold in enumerate(thresholds):
        limit = parameters.number(threshold)
        for name, was, now in (
            ("neg_to_neg", "<=", "<="), ("neg_to_pos", "<=", ">"), ("pos_to_neg", ">", "<="), ("pos_to_pos", ">", ">"),
        ):  # fmt: skip
            sums[f"{name}_{place}"] = f"t_w * (t_old {was} {limit} AND t_new {now} {limit})"
    usable = "arrayAll(x -> isFinite(x), t_news) AND arrayAll(x -> isFinite(x), t_olds)"
    return RowSums(values, sums, usable, models.weight, parameters.values)


async def joined(
    reader: Reader, frame: Frame, baseline: Frame, names: Sequence[str], *, by: str = "",
    labels: tuple[str, str] = ("", ""),
) -> tuple[Frame, tuple[str, ...]]:  # fmt: skip
    """The rows of `frame` with these columns of the same rows of `baseline`, and what they are called there.

    `labels` are the columns of the label in both, "" for none: of rows that are paired by their place, they must agree.
    Raises `QueryError` for what cannot be paired.
    """
    baseline = _renamed(baseline)
    await (_check_keys(reader, frame, baseline, by) if by else _check_places(reader, frame, baseline))
    wanted = [*names, *([labels[1]] if not by and all(labels) else [])]
    told = tuple(f"t_baseline_{place}" for place in range(len(wanted)))
    both = _joined(frame, baseline, by, {alias: baseline.column(name) for alias, name in zip(told, wanted)})
    if len(wanted) > len(names):
        await _check_labels(reader, both, labels[0], told[-1])
    return both, told[: len(names)]


def _joined(frame: Frame, baseline: Frame, by: str, columns: dict[str, FrameColumn]) -> Frame:
    mine, theirs = (key_sql(one, by) for one in (frame, baseline))
    row = f", {frame.order} AS t_row" if frame.order else ""
    added = ", ".join(f"{column.sql} AS {alias}" for alias, column in columns.items())
    relation = f"""(SELECT * FROM (SELECT *{row}, {mine} AS t_key FROM {frame}) AS t_data
INNER JOIN (SELECT {theirs} AS t_key, {added} FROM {baseline}) AS t_baseline USING (t_key))"""
    found = tuple(replace(column, name=alias, sql=alias, cell=None) for alias, column in columns.items())
    return Frame(
        relation, (*frame.columns, *found), parameters={**frame.parameters, **baseline.parameters},
        order="t_row" if frame.order else "",
    )  # fmt: skip


def key_sql(frame: Frame, by: str) -> str:
    """Expression of what a row is paired by; without a column, its place."""
    if not by:
        return f"toInt64(ifNull({frame.order}, 0))"
    column = frame.column(by)
    if column.kind in _LISTS:
        raise QueryError(f"rows cannot be paired by {by!r}, which holds {column.kind.replace('_', ' ')}s")
    # As it is written: a long whole number is no Float64.
    return f"ifNull(CAST({identifier(by) if column.integer else column.sql}, 'Nullable(String)'), '')"


def keys_statement(frame: Frame, baseline: Frame, by: str) -> Statement:
    """One row: keys that are missing, there more than once, and on one side alone, with some of them."""
    sides = "\nUNION ALL ".join(
        f"SELECT {key_sql(one, by)} AS t_key, {side} AS t_side FROM {one}" for side, one in enumerate((frame, baseline))
    )

    def some(name: str, condition: str) -> str:
        sample = f"arraySort(groupArraySampleIf(3, 1)(t_key, {condition}))"
        return f"countIf({condition}) AS t_{name}, {sample} AS t_some_{name}"

    return Statement(
        f"""SELECT sumIf(t_data + t_base, t_key = '') AS t_missing,
    {some("twice", "t_key != '' AND (t_data > 1 OR t_base > 1)")},
    {some("new", "t_key != '' AND t_base = 0")},
    {some("old", "t_key != '' AND t_data = 0")}
FROM (SELECT t_key, countIf(t_side = 0) AS t_data, countIf(t_side = 1) AS t_base FROM ({sides}) GROUP BY t_key)""",
        {**frame.parameters, **baseline.parameters},
    )


async def _check_keys(reader: Reader, frame: Frame, baseline: Frame, by: str) -> None:
    found = first_row(await reader.query(*keys_statement(frame, baseline, by), timeout_s=TIMEOUT_S)) or {}
    if found["t_missing"]:
        _unpaired(f"{found['t_missing']:,} rows have no {by!r}", "Fill it in, or pair by another column.")
    for name, said in (
        ("twice", "stand in more than one row of a file"), ("new", "have no row in the baseline's file"),
        ("old", "have a row in the baseline's file alone"),
    ):  # fmt: skip
        many, some = found[f"t_{name}"], found[f"t_some_{name}"]
        if many:
            listed = ", ".join(map(repr, some)) + (", …" if many > len(some) else "")
            _unpaired(f"{many:,} values of {by!r} {said}: {listed}", "Both files must hold the same rows, each once.")


async def _check_places(reader: Reader, frame: Frame, baseline: Frame) -> None:
    if not (frame.numbered and baseline.numbered):
        _unpaired("they have no places", HINT)
    counts = [f"(SELECT count() FROM {one})" for one in (frame, baseline)]
    sql, both = f"SELECT {counts[0]} AS t_data, {counts[1]} AS t_base", {**frame.parameters, **baseline.parameters}
    found = first_row(await reader.query(sql, both, timeout_s=TIMEOUT_S)) or {}
    if found["t_data"] != found["t_base"]:
        _unpaired(f"the data has {found['t_data']:,} rows, the baseline's file {found['t_base']:,}", HINT)


async def _check_labels(reader: Reader, both: Frame, label: str, old: str) -> None:
    """Rows of the same place that are not the same would make two models of one kind look far apart."""
    one, other = both.column(label), both.column(old)
    if one.kind in _LISTS or other.kind in _LISTS:
        return
    numbers = one.kind in ("numeric", "boolean") and other.kind in ("numeric", "boolean")
    texts = [f"CAST({each.sql}, 'Nullable({'Float64' if numbers else 'String'})')" for each in (one, other)]
    known = " AND ".join(f"isNotNull({text})" + (f" AND NOT isNaN({text})" if numbers else "") for text in texts)
    apart = f"ifNull({known} AND {texts[0]} != {texts[1]}, false)"
    sql = f"SELECT countIf({apart}) AS t_apart, minIf(t_row, {apart}) AS t_first FROM {both}"
    found = first_row(await reader.query(sql, dict(both.parameters), timeout_s=TIMEOUT_S)) or {}
    if found["t_apart"]:
        _unpaired(f"{found['t_apart']:,} have another label there, the first in row {found['t_first'] + 1:,}", HINT)


def _unpaired(said: str, hint: str) -> None:
    raise QueryError(f"rows of the two files cannot be paired: {said}", code="not_paired", hint=hint)


def _renamed(frame: Frame) -> Frame:
    """The same rows, with placeholders that another frame has not."""

    def other(sql: str) -> str:
        return sql.replace("{frame_", "{frame_baseline_")

    return replace(
        frame, relation=other(frame.relation), where=other(frame.where), order=other(frame.order),
        columns=tuple(replace(column, sql=other(column.sql)) for column in frame.columns),
        parameters={name.replace("frame_", "frame_baseline_", 1): value for name, value in frame.parameters.items()},
    )  # fmt: skip
