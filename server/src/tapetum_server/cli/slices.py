"""`tapetum slices`: the slices where a model is worst."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from tapetum_server.cli.asking import AsJson, fail, one_line, print_json, print_table
from tapetum_server.cli.evaluate import DataFile
from tapetum_server.cli.own_files import asked_of_files, number, plain_values

if TYPE_CHECKING:
    from tapetum_server.analysis.performance.worst import SlicesReport
    from tapetum_server.query.reader import Reader

_LOSSES = ("wrong", "absolute", "squared", "log")


def slices(
    data: DataFile,
    label: Annotated[str, typer.Option("--label", help="Column of the labels.")],
    prediction: Annotated[str, typer.Option("--prediction", help="Column of the score, class or number predicted.")],
    loss: Annotated[str, typer.Option("--loss", help="What an error is: wrong, absolute, squared or log.")] = "wrong",
    positive: Annotated[str, typer.Option("--positive", help="The label that counts as positive.")] = "",
    threshold: Annotated[float, typer.Option("--threshold", help="Above it a row is called positive.")] = 0.5,
    feature: Annotated[
        list[str] | None, typer.Option("--feature", help="A column to slice by; repeatable.", show_default="all")
    ] = None,
    leave_out: Annotated[
        list[str] | None, typer.Option("--leave-out", help="A column not to slice by, as an id; repeatable.")
    ] = None,
    top: Annotated[int, typer.Option("--top", min=1, max=100, help="Slices to find.")] = 10,
    literals: Annotated[int, typer.Option("--literals", min=1, max=3, help="Features that may tell a slice.")] = 3,
    min_rows: Annotated[
        int | None, typer.Option("--min-rows", min=1, help="Rows of a slice.", show_default="1 % of all, at least 32")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find the slices where errors are clearly more frequent than elsewhere."""
    from tapetum_server.analysis.performance.worst import find_worst
    from tapetum_server.query.frames import file_frame
    from tapetum_server.query.slices import ErrorColumns

    if loss not in _LOSSES:
        fail(f"There is no loss {loss!r}.", f"Known are {', '.join(_LOSSES)}.")
    columns = ErrorColumns(label, prediction, loss, positive, threshold)  # type: ignore[arg-type]

    async def asked(reader: Reader) -> SlicesReport:
        frame = await file_frame(reader, Path(data))
        return await find_worst(
            reader, frame, columns, features=feature or (), leave_out=leave_out or (), top=top, min_rows=min_rows,
            literals=literals,
        )  # fmt: skip

    report = asked_of_files(asked)
    if as_json:
        print_json([plain_values(report)])
    else:
        _show(report)


def _show(report: SlicesReport) -> None:
    print(f"{report.rows:,} rows, mean error {number(report.error)}; {report.looked_at:,} slices looked at.")
    if not report.slices:
        print("No slice is worse than the rest by more than chance.")
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name, justify in (("slice", "left"), ("rows", "right"), ("of all", "right"), ("error", "right"),
                          ("times average", "right"), ("errors too many", "right"), ("p", "right")):  # fmt: skip
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    for each in report.slices:
        table.add_row(
            Text(one_line(each.slice, 120)), f"{each.rows:,}", f"{each.support:.1%}", number(each.error),
            f"{each.lift:.2f}", number(each.excess), f"{each.p_value:.1g}",
        )  # fmt: skip
    print_table(table)
