"""What models say and how right they are, at a glance: over all predictions, or of millions over one in so many.

A sample is told by the hash of a prediction's id, so a label is looked for among as few, and no join holds them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tapetum_server.query.filter_sql import conditions
from tapetum_server.query.performance import probability_sql
from tapetum_server.query.prediction_sources import PREDICTIONS
from tapetum_server.query.reader import Reader, rows_of
from tapetum_server.query.selection import Selection
from tapetum_server.query.statement import Parameters, Statement

SCORE_BINS = 20
CLASSES = 64
SIZES = 80
NOTHING = 255
LARGE_BLOCKS = "SETTINGS preferred_block_size_bytes = 16000000"
"""Of rows that are read whole for a few numbers: in the engine's blocks of a megabyte each costs a fifth more."""
_READ = ("time", "latency_ms", "score", "output", "output_label")
_DELAY = "if(labelled, dateDiff('millisecond', time, label_time) / 1000, NULL)"
_ANSWER = (
    "multiIf(output_label != '', toString(output_label), isNotNull(output), toString(assumeNotNull(output)), "
    "isNotNull(score), if(score > 0.5, '1', '0'), '')"
)
_BIN = (
    f"toUInt8(multiIf({probability_sql('score')}, least(floor(assumeNotNull(score) * {SCORE_BINS}), {SCORE_BINS - 1}),"
    f" output_label != '', {SCORE_BINS} + cityHash64(output_label) % {CLASSES},"
    f" ifNull(isFinite(output), 0), {SCORE_BINS + CLASSES} + if(output < 0, {SIZES}, 0)"
    f" + least(floor(log2(abs(assumeNotNull(output)) + 1) * 2), {SIZES - 1}), {NOTHING}))"
)
"""What a prediction said, coarsely: a twentieth of the way from 0 to 1, a class, or how large a number."""


@dataclass(frozen=True, slots=True)
class Glance:
    """A model's predictions in the window, or before it."""

    seen: int
    repeated: int
    """How many of them stand there twice, having been delivered twice."""
    labelled: int
    delay_p50_s: float | None
    delay_p95_s: float | None
    p50_ms: float | None
    p95_ms: float | None
    mean_score: float | None
    mean_output: float | None
    judged: int
    """With an answer and a label."""
    right: int
    """Of those, how many answers are the label's text."""
    label_kinds: int
    """Different labels that are words or whole numbers, at most 51."""
    off_rows: int
    """With a label and an output that are numbers; how far they are apart on average, and the variance of that."""
    off: float | None
    off_variance: float | None
    probable: int
    """With a score that is a probability; the mean chance that the likelier answer is right, by the score itself."""
    expected: float | None
    said: Sequence[int]
    """How often what was said, coarsely."""


def glance_statement(selection: Selection, start: int, models: Sequence[str], one_in: int, *, final: bool) -> Statement:
    """(model, whether before the window, measures…); with `one_in` 1 over all predictions.

    With `final`, every prediction once; without, one that was delivered twice may count twice, and is `repeated`.
    """
    parameters = Parameters()
    where = [*conditions(selection, parameters), f"model IN {parameters.texts(models)}"]
    labels = [f"project = {parameters.text(selection.project)}", f"model IN {parameters.texts(models)}"]
    if one_in > 1:
        sampled = f"cityHash64(prediction_id) % {int(one_in)} = 0"
        where, labels = [*where, sampled], [*labels, sampled]
    condition, of_labels = " AND ".join(where), " AND ".join(labels)
    columns = f"model, prediction_id, {', '.join(_READ)}"
    rows = f"SELECT {columns} FROM {PREDICTIONS.relation(columns, condition, final=final)} WHERE {condition}"
    # FINAL over the labels would merge all of them before any is left out.
    latest = f"""SELECT model, prediction_id, argMax((label, label_value, time), said) AS t_label
        FROM label_rows{" FINAL" * final} WHERE {of_labels} GROUP BY model, prediction_id"""
    truth = f"""SELECT model, prediction_id, t_label.1 AS label, t_label.2 AS label_value, t_label.3 AS label_time,
        true AS labelled FROM ({latest})"""
    off = "abs(output - label_value)"
    return Statement(
        f"""SELECT toString(model) AS model, time < {parameters.moment(start)} AS earlier, count() AS seen,
    count() - uniqExact(prediction_id, toDate32(time)) AS repeated, countIf(labelled) AS labelled_count,
    quantiles(0.5, 0.95)({_DELAY}) AS delays,
    quantiles(0.5, 0.95)(latency_ms) AS latencies, avgIf(score, isFinite(score)) AS mean_score,
    avgIf(output, isFinite(output)) AS mean_output, countIf(labelled AND answer != '') AS judged,
    countIf(labelled AND answer = toString(label)) AS right,
    uniqUpTo(50)(if(labelled AND label != '', toString(label), NULL)) AS label_kinds,
    countIf(labelled AND isFinite({off})) AS off_rows, avgIf({off}, labelled AND isFinite({off})) AS off,
    varSampIf({off}, labelled AND isFinite({off})) AS off_variance, countIf({probability_sql("score")}) AS probable,
    avgIf(greatest(score, 1 - score), {probability_sql("score")}) AS expected,
    countResample(0, {NOTHING}, 1)(bin) AS said
FROM (
    SELECT *, {_ANSWER} AS answer, {_BIN} AS bin
    FROM ({rows}) AS rows
    LEFT JOIN ({truth}) AS labels USING (model, prediction_id)
)
GROUP BY model, earlier
{LARGE_BLOCKS}""",
        parameters.values,
    )


async def model_glances(
    reader: Reader, selection: Selection, start: int, models: Sequence[str], one_in: int, *, final: bool
) -> dict[tuple[str, bool], Glance]:
    """By model, and whether before the window."""
    if not models:
        return {}
    found = {}
    for row in rows_of(await reader.query(*glance_statement(selection, start, models, one_in, final=final))):
        (delay_p50, delay_p95), (p50, p95) = row["delays"], row["latencies"]
        found[row["model"], bool(row["earlier"])] = Glance(
            row["seen"], row["repeated"], row["labelled_count"], _finite(delay_p50), _finite(delay_p95), _finite(p50),
            _finite(p95), _finite(row["mean_score"]), _finite(row["mean_output"]), row["judged"], row["right"],
            row["label_kinds"], row["off_rows"], _finite(row["off"]), _finite(row["off_variance"]), row["probable"],
            _finite(row["expected"]), row["said"],
        )  # fmt: skip
    return found


def _finite(value: float | None) -> float | None:
    return None if value is None or value != value else float(value)
