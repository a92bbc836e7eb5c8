"""`tapetum challenge`: two models on the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from tapetum_server.cli.asking import AsJson, print_json, print_table
from tapetum_server.cli.evaluate import DataFile
from tapetum_server.cli.own_files import asked_of_files, number, plain_values

if TYPE_CHECKING:
    from tapetum_server.analysis.performance.versions import ChallengeReport
    from tapetum_server.query.reader import Reader


def challenge(
    data: DataFile,
    champion: Annotated[str, typer.Option("--champion", help="Column of the scores of the model in use.")],
    challenger: Annotated[str, typer.Option("--challenger", help="Column of the scores of the other model.")],
    label: Annotated[str, typer.Option("--label", help="Column of the labels.", show_default="flips alone")] = "",
    positive: Annotated[str, typer.Option("--positive", help="The label that counts as positive.")] = "",
    threshold: Annotated[float, typer.Option("--threshold", help="Above it a row is called positive.")] = 0.5,
    as_json: AsJson = False,
) -> None:
    """Compare two models on the same rows: what they call otherwise, and whether one is better than by chance."""
    from tapetum_server.analysis.performance.versions import challenge as report_on
    from tapetum_server.query.frames import file_frame
    from tapetum_server.query.paired_scores import PairedColumns

    async def asked(reader: Reader) -> ChallengeReport:
        frame = await file_frame(reader, data)
        return await report_on(reader, frame, PairedColumns(champion, challenger, label, positive), threshold)

    report = asked_of_files(asked)
    if as_json:
        print_json([plain_values(report)])
    else:
        _show(report)


def _show(report: ChallengeReport) -> None:
    flips = report.flips
    print(
        f"{report.rows:,} rows, {report.labelled:,} with a label. Called otherwise by the two: "
        f"{flips.symmetric_flip_rate:.2%} (to positive {flips.neg_to_pos_flip_rate:.2%}, "
        f"to negative {flips.pos_to_neg_flip_rate:.2%})."
    )
    if not report.differences:
        print("Too few labels to say which of the two is better.")
        return
    print(f"The challenger mends {flips.fixed:,.0f} mistakes of the champion and makes {flips.broken:,.0f} new ones.")
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("metric")
    for name in ("champion", "challenger", "difference", "95 %", "p"):
        table.add_column(name, justify="right")
    table.add_column("test")
    for each in report.differences:
        table.add_row(
            each.metric.replace("_", " "), number(each.champion), number(each.challenger), number(each.difference),
            f"[{number(each.lower)}, {number(each.upper)}]", f"{each.p_value:.2g}", each.method.replace("_", " "),
        )  # fmt: skip
    print_table(table)
