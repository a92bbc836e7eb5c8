"""`tapetum stats`: what the values of each feature are like, of a file without a server, or as a server keeps them."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import orjson
import typer

from tapetum_server.analysis.words import counted
from tapetum_server.cli.asking import DEFAULT_URL, From, To, Url, fail, say
from tapetum_server.cli.statistics_keeping import IntoProject, SendKey, keep_statistics
from tapetum_server.cli.stats_stored import stored_statistics
from tapetum_server.cli.stats_tables import print_statistics
from tapetum_server.signals.feature_statistics import DatasetStatistics
from tapetum_server.signals.feature_statistics_record import records_of


class Form(StrEnum):
    """What statistics are written as."""

    table = "table"
    json = "json"
    pbtxt = "pbtxt"
    pb = "pb"
    tfrecord = "tfrecord"


_BY_ENDING = {".json": Form.json, ".jsonl": Form.json, ".pbtxt": Form.pbtxt, ".pb": Form.pb, ".tfrecord": Form.tfrecord}


def stats(
    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]", help="Parquet, CSV, TSV, Arrow or JSON lines; or statistics that TFDV wrote.",
            show_default="with --dataset or --model those that the server keeps",
        ),
    ] = None,
    slice_by: Annotated[
        str,
        typer.Option(
            "--slice", metavar="COLUMN",
            help="Also for the rows of each value of this column. Of what the server keeps: the slice of this name.",
        ),
    ] = "",
    slices: Annotated[int, typer.Option(min=1, max=1_000, help="With --slice: the most frequent values.")] = 50,
    weight: Annotated[
        str, typer.Option("--weight", metavar="COLUMN", help="A numeric column that says how often a row counts.")
    ] = "",
    columns: Annotated[
        list[str] | None, typer.Option("--column", "-c", help="This column alone; may be said again.")
    ] = None,
    form: Annotated[
        Form | None, typer.Option("--format", help="What to write.", show_default="by the file's name, else table")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file, which must not be there yet.")
    ] = None,
    keep: Annotated[
        str, typer.Option("--keep", metavar="NAME", help="Also keep them in the server, as a data set of this name.")
    ] = "",
    dataset: Annotated[str, typer.Option("--dataset", help="Of this data set, as the server keeps them.")] = "",
    model: Annotated[str, typer.Option("--model", help="Of this model's predictions, as the server keeps them.")] = "",
    version: Annotated[
        str | None, typer.Option("--version", help="With --model: of this version.", show_default="all together")
    ] = None,
    from_: From = "now-7d",
    to: To = "now",
    project: IntoProject = None,
    url: Url = DEFAULT_URL,
    key: SendKey = None,
) -> None:  # fmt: skip
    """Show statistics of every column of a file: counts, missing, moments, quantiles, histograms, frequent values."""
    # Here, because the engine takes a second to load, and --help need not wait for it.
    from tapetum_server.analysis.feature_statistics.files import file_statistics
    from tapetum_server.query.errors import QueryError

    form = form or (_BY_ENDING.get(output.suffix.lower(), Form.table) if output else Form.table)
    if form is Form.table and output is not None:
        fail(f"A table is for reading, and {output} is a file.", "Choose --format json, pbtxt, pb or tfrecord.")
    if form in (Form.pb, Form.tfrecord) and output is None and sys.stdout.isatty():
        fail(f"{form} is not for a terminal to show.", "Name a file with -o, or send it on with a pipe.")
    if (path is not None) + bool(dataset) + bool(model) != 1:
        fail(
            "Statistics are of a file, of a data set or of a model.", "Name one: FILE, --dataset NAME or --model NAME."
        )
    if path is None:
        if weight or columns or keep:
            fail("What is kept is neither weighed anew nor kept again.", "Leave --weight, --column and --keep out.")
        found = [
            stored_statistics(
                dataset=dataset, model=model, version=version, slice_name=slice_by, start=from_, end=to,
                project=project, url=url, key=key,
            )
        ]  # fmt: skip
    else:
        try:
            found = file_statistics(
                path, slice_by=slice_by, most_slices=slices, weight=weight, columns=tuple(columns or ())
            )  # fmt: skip
        except QueryError as error:
            fail(f"{error}.", error.hint)
    if keep:
        kept = keep_statistics([(keep, one) for one in found], project=project, url=url, key=key)
        say(f"Kept statistics of {counted(kept, 'feature')} as {keep}.", "dim")
    if form is Form.table:
        for one in found:
            print_statistics(one, path.name if path else dataset or model, weight)
        return
    content = _written(found, form)
    if output is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    try:
        with output.open("xb") as file:
            file.write(content)
    except OSError as error:
        fail(f"{output} cannot be written: {error.strerror}.", None)


def _written(found: list[DatasetStatistics], form: Form) -> bytes:
    if form is Form.json:
        return b"".join(orjson.dumps(record) + b"\n" for dataset in found for record in records_of(dataset))
    from tapetum_server.moving.tfdv.files import Unreadable, written

    try:
        return written(found, form.value)
    except Unreadable as error:
        fail(f"{error}.", "Ask about fewer columns or slices.")
