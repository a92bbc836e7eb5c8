"""`tapetum validate`: data or statistics against a schema, for people and for CI; no server is needed."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import orjson
import typer
from rich.table import Table
from rich.text import Text

from tapetum_server._version import __version__
from tapetum_server.analysis.words import counted
from tapetum_server.cli.asking import one_line, plain, print_table, say

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0 import schema_pb2

    from tapetum_server.analysis.validation.files import Asked
    from tapetum_server.detectors.validation.findings import Reason, Validation


class Form(StrEnum):
    """What a validation is written as."""

    table = "table"
    json = "json"
    junit = "junit"
    sarif = "sarif"
    pbtxt = "pbtxt"
    pb = "pb"


class FailOn(StrEnum):
    """From which severity a validation fails."""

    error = "error"
    warning = "warning"


_Data = Annotated[
    Path,
    typer.Argument(metavar="DATA", help="Parquet, CSV, TSV, Arrow or JSON lines; or statistics that TFDV wrote."),
]
_STATISTICS = "Data or statistics"


def validate(
    data: _Data,
    schema: Annotated[Path, typer.Option("--schema", "-s", help="A schema of TFDV: schema.pbtxt.")],
    previous: Annotated[Path | None, typer.Option(help=f"{_STATISTICS} of an earlier span: drift.")] = None,
    serving: Annotated[Path | None, typer.Option(help=f"{_STATISTICS} of serving: skew.")] = None,
    previous_version: Annotated[
        Path | None, typer.Option(help=f"{_STATISTICS} of an earlier version of this span: number of examples.")
    ] = None,
    environment: Annotated[
        str | None, typer.Option("--environment", "-e", help="One of the schema's environments.")
    ] = None,
    slice_name: Annotated[str, typer.Option("--slice", help="Of statistics, this slice.")] = "",
    checks: Annotated[Path | None, typer.Option(help="Checks of one's own: TFDV's CustomValidationConfig.")] = None,
    severity: Annotated[
        list[str] | None, typer.Option(metavar="TYPE=WARNING", help="Severity of an anomaly type; several times.")
    ] = None,
    fail_on: Annotated[FailOn, typer.Option(help="From which severity the command fails.")] = FailOn.error,
    shift: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Fail where a feature moved further, by our own distance.",
                     show_default="tell from 0.02, and do not fail"),
    ] = None,
    all_types: Annotated[
        bool, typer.Option("--all-types", help="Give the narrower names too that TFDV gives no more.")
    ] = False,
    form: Annotated[
        Form | None, typer.Option("--format", help="What to write.", show_default="by the file's name, else table")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file, replaced if it is there.")] = None,
) -> None:  # fmt: skip
    """Hold data against a schema. Leaves with 0 where all is well, 1 where not, 2 where it cannot be told."""
    # Here, because TFDV's messages and the engine take a second to load, and --help need not wait for them.
    from tapetum_server.analysis.validation.files import Asked, validate_files
    from tapetum_server.analysis.validation.record import passes
    from tapetum_server.detectors.validation.shift import DEFAULT_THRESHOLD
    from tapetum_server.query.errors import QueryError

    form = form or _by_name(output)
    if form is Form.table and output is not None:
        refuse("A table is for reading, and not for a file.", "Choose --format json, junit, sarif, pbtxt or pb.")
    severities = dict(_pair(text) for text in severity or ())
    asked = Asked(
        data=data, schema=schema, previous=previous, serving=serving, version=previous_version,
        environment=environment, slice=slice_name, checks=checks, precise=all_types,
        severities=severities,  # type: ignore[arg-type]
        shift_threshold=DEFAULT_THRESHOLD if shift is None else shift,
    )  # fmt: skip
    try:
        found, read = validate_files(asked)
    except QueryError as error:
        refuse(f"{error}.", error.hint)
    bad = "WARNING" if fail_on is FailOn.warning else "ERROR"
    passed = passes(found, bad, shifts=shift is not None)  # type: ignore[arg-type]
    if form is Form.table:
        _show(found, data, passed, bool(previous or serving))
    else:
        _write(_written(form, found, read, asked, bad, passed, shift is not None), output)
    raise typer.Exit(0 if passed else 1)


def refuse(message: str, hint: str | None) -> NoReturn:
    """Say why it cannot be told, and leave with 2: a pipeline must not take that for bad data."""
    say(message, "red")
    if hint:
        say(hint)
    raise typer.Exit(2)


def _by_name(output: Path | None) -> Form:
    endings = {".json": Form.json, ".xml": Form.junit, ".sarif": Form.sarif, ".pbtxt": Form.pbtxt, ".pb": Form.pb}
    return endings.get(output.suffix.lower(), Form.json) if output else Form.table


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    if not value:
        refuse(f"--severity takes TYPE=WARNING or TYPE=ERROR, and not {text!r}.", None)
    return name.strip(), value.strip().upper()


def _written(
    form: Form, found: Validation, schema: schema_pb2.Schema, asked: Asked, bad: str, passed: bool, shifts: bool
) -> bytes:
    from tapetum_server.analysis.validation.ci import junit, sarif
    from tapetum_server.analysis.validation.record import record_of

    if form is Form.junit:
        return junit(found, data=asked.data.name, fail_on=bad, shifts=shifts)  # type: ignore[arg-type]
    if form is Form.sarif:
        text = asked.schema.read_text(errors="replace") if asked.schema.is_file() else ""
        result = sarif(found, schema=asked.schema.as_posix(), schema_text=text, version=__version__, shifts=shifts)
        return orjson.dumps(result, option=orjson.OPT_INDENT_2) + b"\n"
    if form is Form.json:
        return orjson.dumps(record_of(found, passed), option=orjson.OPT_INDENT_2) + b"\n"
    from google.protobuf import text_format

    from tapetum_server.detectors.validation.messages import anomalies_message

    message = anomalies_message(found, schema)
    if form is Form.pbtxt:
        return str(text_format.MessageToString(message, as_utf8=True)).encode()
    return bytes(message.SerializeToString())


def _write(content: bytes, output: Path | None) -> None:
    if output is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        refuse(f"{output} cannot be written: {error.strerror}.", None)


def _show(found: Validation, data: Path, passed: bool, compared: bool) -> None:
    from tapetum_server.analysis.validation.ci import DATASET, shift_words
    from tapetum_server.detectors.validation.paths import path_text

    rows: list[tuple[str, Reason]] = [(DATASET, reason) for reason in found.dataset]
    rows += [(path_text(one.path), reason) for one in found.anomalies for reason in one.reasons]
    if rows:
        table = Table(box=None, header_style="bold", pad_edge=False)
        for name in ("severity", "feature", "type", "what"):
            table.add_column(name, no_wrap=name in ("severity", "type"))
        for name, reason in rows:
            style = "red" if reason.severity == "ERROR" else "yellow"
            table.add_row(Text(reason.severity, style=style), Text(one_line(name, 40)), reason.type,
                          Text(one_line(reason.description, 400)))  # fmt: skip
        print_table(table)
    for shift in sorted(found.shifts, key=lambda shift: -shift.value):
        if shift.high:
            print(f"{one_line(path_text(shift.path), 40)}  {shift_words(shift)}")
    features = len({name for name, _reason in rows} - {DATASET})
    told = (
        f"{counted(len(rows), 'reason')} in {counted(features, 'feature')}" if rows else
        "as the schema says" + ("" if compared else "; nothing was compared: name earlier data with --previous")
    )  # fmt: skip
    examples = f"{found.examples:,.0f} examples, {counted(len(found.features), 'feature')}"
    print(f"{'passed' if passed else 'FAILED'}  {plain(data.name)}: {examples}; {told}.")
