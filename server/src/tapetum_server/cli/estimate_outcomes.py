"""The answer of `tapetum estimate --outcomes`: what a window will turn out to be, whatever its scores say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rich.table import Table

from tapetum_server.cli.asking import fail, one_line, print_json, print_table, say
from tapetum_server.cli.own_files import number, plain_values

if TYPE_CHECKING:
    from tapetum_server.analysis.performance.by_outcome import OutcomeReport
    from tapetum_server.analysis.performance.estimated import EstimateQuestion
    from tapetum_server.detectors.estimation.outcome_verdicts import ExpectedVersion
    from tapetum_server.query.frames import Frame
    from tapetum_server.query.reader import Reader


async def outcomes_of_files(
    reader: Reader, baseline: Frame, window: Frame, question: EstimateQuestion
) -> OutcomeReport:
    """Raises `QueryError`, and `MissingExtra` without scikit-learn."""
    from tapetum_server.analysis.performance.by_outcome import estimate_by_outcome

    periods = question.chunks.periods
    known = {column.name for column in window.columns}
    others = {question.label, question.score, question.prediction, periods.column if periods else ""}
    features = question.features or tuple(
        column.name for column in baseline.columns
        if column.kind in ("numeric", "boolean", "categorical") and column.name in known - others
    )  # fmt: skip
    return await estimate_by_outcome(reader, baseline, window, replace(question, features=features))


def show_outcomes(report: OutcomeReport, wanted: tuple[str, ...], *, as_json: bool) -> None:
    """As a table and words, or as JSON."""
    if report.why:
        fail(report.why, "Give a baseline with more labels, or features that say more.")
    ((_, window),) = report.versions
    slices = [_said(one, report) for one in window.slices]
    if as_json:
        print_json([
            {
                "method": "Outcome regression", "learned": report.learned, **plain_values(report.quality),
                **plain_values(replace(window, slices=())), "slices": slices, "chunks": plain_values(report.chunks),
                "doubts": plain_values((*report.doubts, *window.doubts)), "notes": list(report.notes),
            }
        ])  # fmt: skip
        return
    assert report.quality is not None
    print(
        f"Outcome regression, learned from {report.learned:,} labels; of labels kept out, the area under the ROC curve "
        f"is {report.quality.auc:.2f}. Bands are three standard errors wide."
    )
    table = chunk_table(wanted)
    for chunk in report.chunks:
        for name in wanted:
            if name not in chunk.metrics:
                fail(f"There is no estimate of {name!r}.", f"There are: {', '.join(chunk.metrics)}.")
        cells = [
            f"{number(one.value)} ±{number(one.value - one.lower, 2)}" for one in (chunk.metrics[n] for n in wanted)
        ]
        table.add_row(chunk.key, f"{chunk.rows:,}", *cells, "not reliable here" if chunk.doubts else "")
    print_table(table)
    print(_verdict(window))
    for told in slices:
        print("  " + one_line(f"where {told['slice']}: {told['value']:.1%} right, not {told['other']:.1%}", 300))
    for doubt in (*report.doubts, *window.doubts):
        print(f"Estimate not reliable here: {one_line(doubt.message, 300)}")
    for note in report.notes:
        say(note, "dim")


def chunk_table(metrics: Sequence[str]) -> Table:
    """An empty one: a row per chunk, a column per metric, and one for what is to be said of the chunk."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("chunk")
    table.add_column("rows", justify="right")
    for name in metrics:
        table.add_column(name.replace("_", " "), justify="right")
    table.add_column("")
    return table


def _verdict(window: ExpectedVersion) -> str:
    value = window.metrics["accuracy"]
    # There is none where nothing else is known to have called such rows.
    earlier = (
        "" if math.isnan(window.earlier)
        else f", {window.earlier:.1%} if what called the baseline had called the same rows"
    )  # fmt: skip
    return (
        f"The window: {window.verdict}. {value.value:.1%} right expected ({value.lower:.1%} to {value.upper:.1%})"
        f"{earlier}; its scores promise {window.promised:.1%}, its features allow {window.attainable:.1%}."
    )


def _said(one: Any, report: OutcomeReport) -> dict[str, Any]:
    from tapetum_server.analysis.performance.outcomes_of_model import said_slice

    return dict(said_slice(one, report.used))
