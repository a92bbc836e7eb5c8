"""`tapetum drift`: whether the rows of one file have drifted from those of another."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import orjson
import typer

from tapetum_server.cli.asking import say
from tapetum_server.cli.durations import duration

if TYPE_CHECKING:
    from tapetum_server.analysis.drift.answers import DriftReport
    from tapetum_server.analysis.drift.settings import DriftSettings
    from tapetum_server.detectors.drift.thresholds import Threshold

EXIT = {"no_drift": 0, "drift": 1, "not_enough_data": 2}
_LIST = "; repeatable, or separated by commas."


def drift(
    baseline: Annotated[
        Path, typer.Argument(metavar="BASELINE", help="What was normal: Parquet, CSV, TSV, Arrow or NDJSON.")
    ],
    window: Annotated[Path, typer.Argument(metavar="WINDOW", help="What is asked about.")],
    features: Annotated[list[str] | None, typer.Option("--features", help=f"Columns to compare{_LIST}")] = None,
    ignore: Annotated[list[str] | None, typer.Option("--ignore", help=f"Columns to leave out{_LIST}")] = None,
    categorical: Annotated[
        list[str] | None, typer.Option("--categorical", help=f"Columns of numbers that are names{_LIST}")
    ] = None,
    method: Annotated[
        list[str] | None,
        typer.Option(
            "--method",
            show_default="js",
            help="js, psi, hellinger, linf, tvd, kl, chi2; of numbers also ks, wasserstein, energy, mmd"
            " (exact, from all distinct values)" + _LIST,
        ),
    ] = None,
    threshold: Annotated[
        str,
        typer.Option(
            "--threshold",
            show_default="0.1",
            help="What counts as drift: a value, or 3std: the mean of the baseline's own chunks and so many standard"
            " deviations more.",
        ),
    ] = "",
    alpha: Annotated[float, typer.Option("--alpha", help="Rate of false discoveries among the features.")] = 0.05,
    correction: Annotated[
        Literal["bh", "by", "none"],
        typer.Option("--correction", help="Benjamini-Hochberg, Benjamini-Yekutieli, or none."),
    ] = "bh",
    bins: Annotated[int, typer.Option("--bins", help="Bins of a number, with equal shares of the baseline.")] = 10,
    min_rows: Annotated[
        int, typer.Option("--min-rows", min=1, help="Values on either side without which nothing is said.")
    ] = 100,
    chunk_size: Annotated[
        int | None, typer.Option("--chunk-size", min=1, help="Look at chunks of so many rows of the window too.")
    ] = None,
    time: Annotated[
        str | None, typer.Option("--time", help="Column of times, by which chunks of time are cut.")
    ] = None,
    chunk_period: Annotated[
        str | None, typer.Option("--chunk-period", help="Look at chunks of so much time too: 1h, 1d, 1w.")
    ] = None,
    slice_: Annotated[
        list[str] | None, typer.Option("--slice", help=f"Columns to break drifted features down by{_LIST}")
    ] = None,
    importance: Annotated[
        Path | None, typer.Option("--importance", help="JSON or CSV: how much each feature matters, for the ranking.")
    ] = None,
    multivariate: Annotated[
        list[str] | None,
        typer.Option("--multivariate", help=f"Look at all features together: classifier, pca{_LIST}"),
    ] = None,
    embedding: Annotated[
        list[str] | None, typer.Option("--embedding", help=f"Columns of vectors to compare{_LIST}")
    ] = None,
    text: Annotated[list[str] | None, typer.Option("--text", help=f"Columns of texts to compare{_LIST}")] = None,
    attributions: Annotated[
        str, typer.Option("--attributions", help="What columns of attributions begin with: shap_.", show_default="none")
    ] = "",
    drifted_share: Annotated[
        float, typer.Option("--drifted-share", help="Share of the features beyond which the whole drifted.")
    ] = 0.0,
    definitions: Annotated[
        Literal["tapetum", "nannyml"], typer.Option("--definitions", help="Whose bins, chunks and thresholds.")
    ] = "tapetum",
    format: Annotated[
        Literal["table", "json"], typer.Option("--format", "-f", help="What to print or write.")
    ] = "table",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to this file.", show_default="standard output")
    ] = None,
) -> None:
    """Hold the rows of WINDOW against those of BASELINE, feature by feature.

    Exit code: 0 no drift, 1 drift, 2 not enough data to tell, or the question was wrong.
    """
    # Here, because the engine and SciPy take a second to load.
    from tapetum_server.analysis.drift.settings import DriftSettings
    from tapetum_server.query.errors import QueryError

    try:
        settings = DriftSettings(
            definitions=definitions,
            features=_names(features),
            ignore=_names(ignore),
            categorical=_names(categorical),
            methods=_names(method) or DriftSettings().methods,
            threshold=_threshold(threshold),
            alpha=alpha,
            correction=correction,
            bins=bins,
            min_rows=min_rows,
            chunk_size=chunk_size,
            time=time,
            chunk_period_ns=None if chunk_period is None else round(duration(chunk_period).total_seconds()) * 10**9,
            slices=_names(slice_),
            importance=_importance(importance),
            multivariate=_names(multivariate),
            embeddings=_names(embedding),
            texts=_names(text),
            attributions=attributions,
            drifted_share=drifted_share,
        ).checked()
        report = _report(baseline, window, settings)
    except QueryError as error:
        _fail(error.message, error.hint)
    _show(report, settings, format, output)
    raise typer.Exit(EXIT[report["verdict"]])


def _report(baseline: Path, window: Path, settings: DriftSettings) -> DriftReport:
    from tapetum_server.analysis.drift.nannyml import nannyml_report
    from tapetum_server.analysis.drift.report import drift_report
    from tapetum_server.query.frames import file_frame
    from tapetum_server.query.on_files import ask_files
    from tapetum_server.query.reader import Reader

    async def question(reader: Reader) -> DriftReport:
        frames = await file_frame(reader, baseline), await file_frame(reader, window)
        report = nannyml_report if settings.definitions == "nannyml" else drift_report
        return await report(reader, *frames, settings)

    return ask_files(question)


def _names(given: list[str] | None) -> tuple[str, ...]:
    return tuple(name for text in given or () for name in text.split(",") if name)


def _threshold(text: str) -> Threshold | None:
    from tapetum_server.detectors.drift.thresholds import ConstantThreshold, VariationThreshold

    if not text:
        return None
    match = re.fullmatch(r"(\d+\.?\d*|\.\d+)(std)?", text.strip())
    if match is None:
        raise typer.BadParameter(
            f"{text!r} is neither a value, such as 0.1, nor such as 3std.", param_hint="--threshold"
        )
    value = float(match[1])
    return VariationThreshold(value) if match[2] else ConstantThreshold(value)


def _importance(path: Path | None) -> dict[str, float]:
    from tapetum_server.analysis.drift.importance import importances

    if path is None:
        return {}
    try:
        return importances(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        _fail(f"{path} cannot be read: {error}", None)


def _show(report: DriftReport, settings: DriftSettings, format: str, output: Path | None) -> None:
    from tapetum_server.cli.drift_tables import print_report, report_text

    if format == "json":
        content = orjson.dumps(report, option=orjson.OPT_INDENT_2) + b"\n"
        if output is not None:
            output.write_bytes(content)
        else:
            typer.echo(content.decode(), nl=False)
    elif output is not None:
        output.write_text(report_text(report, settings), encoding="utf-8")
    else:
        print_report(report, settings)


def _fail(message: str, hint: str | None) -> NoReturn:
    """Say what went wrong and leave with 2: 1 is for drift."""
    say(message, "red")
    if hint:
        say(hint)
    raise typer.Exit(2)
