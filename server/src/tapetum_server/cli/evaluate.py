"""`tapetum evaluate`: predictions against an EvalConfig, for people and for CI."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from tapetum_server.cli.asking import DEFAULT_URL, AsJson, Url, fail, one_line, print_json, print_table, say
from tapetum_server.cli.durations import duration
from tapetum_server.cli.own_files import asked_of_files, number, plain_values
from tapetum_server.cli.record_sending import IntoProject, SendKey, send_records

if TYPE_CHECKING:
    from tapetum_server.analysis.performance.eval_config import EvalConfig
    from tapetum_server.analysis.performance.evaluated import EvaluationReport
    from tapetum_server.query.reader import Reader

MAX_COLUMNS = 8
DataFile = Annotated[
    Path, typer.Argument(metavar="DATA", help="Predictions with labels: Parquet, CSV, TSV, Arrow or NDJSON.")
]


def evaluate(
    data: DataFile,
    config: Annotated[Path, typer.Option("--config", help="A TFMA EvalConfig: JSON, or text format.")],
    baseline: Annotated[
        Path | None,
        typer.Option("--baseline", help="The baseline's predictions, for thresholds of change.", show_default="none"),
    ] = None,
    pair_by: Annotated[
        str,
        typer.Option(
            "--pair-by",
            help="Column that says which row of --baseline is which, for metrics of two models.",
            show_default="the order of rows",
        ),
    ] = "",
    attributions: Annotated[
        str, typer.Option("--attributions", help="What columns of attributions begin with: shap_.")
    ] = "attributions.",
    task: Annotated[
        str,
        typer.Option(
            "--task",
            help="binary, multiclass, multilabel, regression or ranking.",
            show_default="as labels and metrics say",
        ),
    ] = "",
    positive: Annotated[str, typer.Option("--positive", help="The label that counts as positive.")] = "",
    time: Annotated[str, typer.Option("--time", help="Column of the time: metrics of all rows by period, too.")] = "",
    every: Annotated[str, typer.Option("--every", help="With --time, how long a period is: 1h, 1d, 7d.")] = "1d",
    gaps: Annotated[bool, typer.Option("--gaps", help="Show how differently groups are treated.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="Slices to show.")] = 40,
    keep: Annotated[
        str,
        typer.Option(
            "--keep",
            metavar="MODEL",
            help="Also keep the results in the server, as this model's; of several, each as a version by its name.",
        ),
    ] = "",
    version: Annotated[str, typer.Option("--version", help="With --keep: of this version of the model.")] = "",
    as_json: AsJson = False,
    project: IntoProject = None,
    url: Url = DEFAULT_URL,
    key: SendKey = None,
) -> None:
    """Measure predictions, hold them against thresholds, and bless them (exit 0) or not (exit 1).

    Of several models in the configuration, each is blessed by itself; exit code 0 is for all of them.
    """
    from tapetum_server.analysis.performance.attributed import with_features
    from tapetum_server.analysis.performance.config_reading import read_configs
    from tapetum_server.analysis.performance.eval_config import ConfigError
    from tapetum_server.analysis.performance.evaluation import evaluate_each
    from tapetum_server.analysis.performance.metric_names import METRICS
    from tapetum_server.query.frames import file_frame
    from tapetum_server.query.performance import Periods

    if version and not keep:
        fail("A version is of a model that is kept.", "Add --keep MODEL.")
    if task and task not in METRICS:
        fail(f"There is no task {task!r}.", f"Known are {', '.join(METRICS)}.")
    try:
        wanted = read_configs(config.read_text(encoding="utf-8"))
    except OSError as error:
        fail(f"{config} cannot be read: {error.strerror}.", None)
    except UnicodeDecodeError:
        fail(f"{config} is no text.", "An EvalConfig is JSON or text format.")
    except ConfigError as error:
        fail(f"{config}: {error}.", error.hint or None)
    if version and len(wanted) > 1:
        names = ", ".join(each.model.name for each in wanted)
        fail("Several models have no version in common.", f"Leave --version out: they are kept as versions {names}.")

    if pair_by and baseline is None:
        fail("Rows are paired with those of a baseline's file.", "Add --baseline FILE, or leave --pair-by out.")

    async def asked(reader: Reader) -> tuple[list[EvalConfig], list[EvaluationReport]]:
        frame = await file_frame(reader, data)
        old = await file_frame(reader, baseline) if baseline is not None else None
        configs = [await with_features(reader, frame, each, attributions) for each in wanted]
        return configs, await evaluate_each(
            reader, frame, configs, baseline=old, task=task or None, positive=positive,  # type: ignore[arg-type]
            periods=Periods(time, int(duration(every).total_seconds())) if time else None, pair_by=pair_by,
            attributions=attributions,
        )  # fmt: skip

    known, reports = asked_of_files(asked)
    several = len(reports) > 1
    for each, judged in zip(known, reports) if keep else ():
        named = each.model.name if several else version
        _keep(judged, each, keep, named, project=project, url=url, key=key)
    if as_json:
        print_json([plain_values(report) for report in reports])
    else:
        for place, report in enumerate(reports):
            if several:
                print(("\n" if place else "") + one_line(report.model, 80))
            _show(report, limit, gaps)
    if several and not as_json:
        blessed = [report.model for report in reports if report.blessed]
        print(f"\n{len(blessed)} of {len(reports)} models are blessed: {one_line(', '.join(blessed), 200) or 'none'}")
    raise typer.Exit(0 if all(report.blessed for report in reports) else 1)


def _keep(
    report: EvaluationReport, config: EvalConfig, model: str, version: str, *, project: str | None, url: str,
    key: str | None,
) -> None:  # fmt: skip
    from tapetum_server.analysis.performance.kept import evaluation_records

    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    records = evaluation_records(report, config, model=model, version=version, evaluation=token_hex(8), time=now)
    kept = send_records("/v1/evaluations", records, project=project, url=url, key=key)
    say(f"Kept {kept:,} evaluations of {model} {version}".rstrip() + ".", "dim")


def _show(report: EvaluationReport, limit: int, gaps: bool) -> None:
    names = list(report.slices[0].metrics) if report.slices else []
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("slice")
    table.add_column("rows", justify="right")
    for name in names[:MAX_COLUMNS]:
        table.add_column(name.replace("_", " "), justify="right")
    broken = {(failure.slice, failure.metric) for failure in report.failures}
    for each in report.slices[:limit]:
        cells = []
        for name in names[:MAX_COLUMNS]:
            value = each.metrics[name]
            text = number(value.value)
            if value.lower == value.lower:
                text += f" [{number(value.lower)}, {number(value.upper)}]"
            cells.append(Text(text, style="red" if (each.slice, name) in broken else ""))
        table.add_row(Text(one_line(each.slice, 48)), number(float(each.labelled)), *cells)
    print_table(table)
    if len(report.slices) > limit:
        say(f"{len(report.slices) - limit} more slices: raise --limit, or take --json.", "dim")
    if len(names) > MAX_COLUMNS:
        say(f"{len(names) - MAX_COLUMNS} more metrics: take --json.", "dim")
    for one, other, apart in report.differences[:limit]:
        said = ", ".join(f"{name} {number(value)}" for name, value in apart.items() if value == value)
        print(one_line(f"{one} less {other}: {said}", 200))
    for gap in (gap for found in report.gaps.values() for gap in found) if gaps else ():
        print(
            f"{gap.notion.replace('_', ' ')}: {gap.metric.replace('_', ' ')} is {number(gap.high)} where "
            f"{gap.highest}, {number(gap.low)} where {gap.lowest}: {number(gap.difference)} apart "
            f"[{number(gap.lower)}, {number(gap.upper)}], {gap.ratio:.0%}"
        )
    for period in report.over_time:
        said = ", ".join(f"{name.replace('_', ' ')} {number(value)}" for name, value in period.metrics.items())
        print(f"{period.start}  {period.labelled:,} of {period.rows:,} rows labelled  {said}")
    for note in report.notes:
        say(note, "dim")
    if report.small_slices:
        say(f"Too small to be judged: {one_line(', '.join(report.small_slices), 200)}", "dim")
    for missing in report.missing_slices:
        print(f"no such slice: {one_line(missing, 120)}")
    for failure in report.failures:
        print(f"failed: {one_line(failure.slice, 80)}: {failure.metric} {failure.message}")
    print(f"{'BLESSED' if report.blessed else 'NOT BLESSED'}: {report.checks} checks, {len(report.failures)} failed")
