"""`tapetum estimate`: how good predictions will turn out to be, before their labels are known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from tapetum_server.cli.asking import AsJson, fail, one_line, print_json, print_table, say
from tapetum_server.cli.durations import duration
from tapetum_server.cli.estimate_outcomes import chunk_table, outcomes_of_files, show_outcomes
from tapetum_server.cli.own_files import asked_of_files, number, plain_values

if TYPE_CHECKING:
    from tapetum_server.analysis.performance.by_outcome import OutcomeReport
    from tapetum_server.analysis.performance.estimated import EstimateReport
    from tapetum_server.detectors.performance.costs import CostMatrix
    from tapetum_server.query.reader import Reader

_SHOWN = {
    "binary": ("roc_auc", "accuracy", "f1", "precision", "recall"),
    "multiclass": ("accuracy", "roc_auc", "f1", "precision", "recall"),
    "regression": ("mae", "rmse", "mape"),
}


def estimate(
    baseline: Annotated[Path, typer.Argument(metavar="BASELINE", help="Predictions with labels, to learn from.")],
    window: Annotated[Path, typer.Argument(metavar="WINDOW", help="Predictions whose labels are not known yet.")],
    label: Annotated[str, typer.Option("--label", help="Column of the labels in the baseline.")],
    score: Annotated[
        str,
        typer.Option("--score", help="Column of the probability (PREFIX_* for one per class), or of the number."),
    ],
    prediction: Annotated[
        str,
        typer.Option("--prediction", help="Column of the class that was called.", show_default="above the threshold"),
    ] = "",
    task: Annotated[str, typer.Option("--task", help="binary, multiclass or regression.")] = "binary",
    positive: Annotated[str, typer.Option("--positive", help="The label that counts as positive.")] = "",
    threshold: Annotated[float, typer.Option("--threshold", help="Above it a row is called positive.")] = 0.5,
    chunk_size: Annotated[int, typer.Option("--chunk-size", min=1, help="Rows of a chunk, as they arrived.")] = 5_000,
    time: Annotated[str, typer.Option("--time", help="Column of the time: chunks by time instead.")] = "",
    every: Annotated[str, typer.Option("--every", help="With --time, how long a chunk is: 1h, 1d, 7d.")] = "1d",
    metric: Annotated[list[str] | None, typer.Option("--metric", help="A metric to show; repeatable.")] = None,
    value: Annotated[
        str,
        typer.Option("--value", help="Worth of a true and a false positive, a true and a false negative."),
    ] = "",
    weighted: Annotated[
        bool, typer.Option("--weighted", help="Weigh the baseline as the window's features are mixed.")
    ] = False,
    feature: Annotated[list[str] | None, typer.Option("--feature", help="A feature to learn from; repeatable.")] = None,
    outcomes: Annotated[
        bool,
        typer.Option("--outcomes", help="Learn what comes true from features: shows a window whose model turned bad."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Estimate metrics of chunks without labels: CBPE for classes, DLE for numbers, or by what came true."""
    from tapetum_server.analysis.performance.estimated import EstimateQuestion
    from tapetum_server.analysis.performance.estimating import estimate as report_on
    from tapetum_server.detectors.estimation.dle import MissingExtra
    from tapetum_server.query.estimates import Chunks
    from tapetum_server.query.frames import file_frame
    from tapetum_server.query.performance import Periods

    if task not in _SHOWN:
        fail(f"There is no task {task!r}.", f"Known are {', '.join(_SHOWN)}.")
    if weighted and not feature:
        fail("--weighted needs the features that may have shifted.", "Add --feature NAME.")
    if outcomes and (task != "binary" or weighted):
        fail("--outcomes is for answers of yes or no, and weighs nothing.", "Leave --task and --weighted out.")
    question = EstimateQuestion(
        label=label, score=score, prediction=prediction, positive=positive, threshold=threshold,
        chunks=Chunks(chunk_size, Periods(time, int(duration(every).total_seconds())) if time else None),
        costs=_costs(value),
        features=tuple(feature or ()), weighted=weighted,
    )  # fmt: skip

    async def asked(reader: Reader) -> EstimateReport:
        old, new = await file_frame(reader, baseline), await file_frame(reader, window)
        return await report_on(reader, old, new, question, task)  # type: ignore[arg-type]

    async def by_outcomes(reader: Reader) -> OutcomeReport:
        old, new = await file_frame(reader, baseline), await file_frame(reader, window)
        return await outcomes_of_files(reader, old, new, question)

    try:
        if outcomes:
            expected = asked_of_files(by_outcomes)
            return show_outcomes(expected, tuple(metric or _SHOWN[task]), as_json=as_json)
        report = asked_of_files(asked)
    except MissingExtra as error:
        fail(f"{error}.", "Install it with: pip install 'tapetum[analysis]'")
    wanted = tuple(metric or _SHOWN[task])
    known = report.chunks[0].metrics
    for name in wanted:
        if name not in known:
            fail(f"There is no estimate of {name!r}.", f"There are: {', '.join(known)}.")
    if as_json:
        print_json([plain_values(report)])
    else:
        _show(report, wanted)


def _costs(text: str) -> CostMatrix | None:
    from tapetum_server.detectors.performance.costs import CostMatrix

    if not text:
        return None
    try:
        one, two, three, four = (float(each) for each in text.split(","))
        return CostMatrix(one, two, three, four)
    except ValueError:
        fail(f"{text!r} is not four numbers.", "Such as: --value 5,-2,0,-9")


def _show(report: EstimateReport, wanted: tuple[str, ...]) -> None:
    how = ", calibrated" if report.calibrated else ""
    print(f"{report.method}{how}, learned from {report.baseline_rows:,} rows. Bands are three standard errors wide.")
    table = chunk_table(wanted)
    for chunk in report.chunks:
        cells = []
        for name in wanted:
            each = chunk.metrics[name]
            text = f"{number(each.value)} ±{number(each.value - each.lower, 2)}"
            if each.realized == each.realized:
                text += f" (was {number(each.realized)})"
            cells.append(Text(text, style="red" if each.alert else ""))
        outside = [name for name in wanted if chunk.metrics[name].alert]
        said = [f"outside of the baseline's range: {', '.join(outside)}"] if outside else []
        if chunk.doubts or report.doubts:
            said.append("not reliable here")
        table.add_row(chunk.key, f"{chunk.rows:,}", *cells, "; ".join(said))
    print_table(table)
    for doubt in report.doubts:
        print(f"Estimate not reliable here: {doubt.message}")
    for chunk in report.chunks:
        for doubt in chunk.doubts:
            print(f"Estimate not reliable in {chunk.key}: {one_line(doubt.message, 300)}")
    for note in report.notes:
        say(note, "dim")
