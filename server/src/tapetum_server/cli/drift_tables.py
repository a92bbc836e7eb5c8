"""A drift report as a person reads it."""

from __future__ import annotations

import io
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tapetum_server.analysis.drift.answers import DriftFeature, DriftReport, DriftResult
from tapetum_server.analysis.drift.measuring import PRESENCE
from tapetum_server.analysis.drift.moved import Moved
from tapetum_server.analysis.drift.nannyml import METHODS as NANNYML
from tapetum_server.analysis.drift.settings import DriftSettings
from tapetum_server.analysis.words import counted
from tapetum_server.cli.asking import PIPE_COLUMNS, one_line, output_columns

STEADY = 20
"""Of the features that did not drift, so many are listed."""
_VERDICTS = {"drift": ("drift", "red"), "no_drift": ("no drift", ""), "not_enough_data": ("cannot say", "yellow")}


def print_report(report: DriftReport, settings: DriftSettings) -> None:
    """On standard output, as wide as the terminal, whole in a pipe."""
    _write(Console(highlight=False, markup=False, width=output_columns()), report, settings)


def report_text(report: DriftReport, settings: DriftSettings) -> str:
    """The same as text."""
    text = io.StringIO()
    _write(Console(file=text, highlight=False, markup=False, width=PIPE_COLUMNS), report, settings)
    return text.getvalue()


def _write(console: Console, report: DriftReport, settings: DriftSettings) -> None:
    shown = [f for f in report["features"] if f["verdict"] != "no_drift"]
    steady = [f for f in report["features"] if f["verdict"] == "no_drift"]
    if report["features"]:
        console.print(_table([*shown, *steady[:STEADY]], settings))
    if len(steady) > STEADY:
        console.print(f"and {counted(len(steady) - STEADY, 'more feature')} without drift (--format json has all)")
    for feature in report["features"]:
        for line in _details(feature):
            console.print(line)
    for together in report["together"]:
        word, style = _VERDICTS[together["verdict"]]
        console.print(Text(f"{one_line(together['of'], 60)}: {word}: {one_line(together['says'], 300)}", style=style))
    for left_out in report["not_compared"]:
        console.print(Text(f"not compared: {one_line(left_out['name'], 60)}: {left_out['reason']}", style="dim"))
    if report["new_columns"]:
        names = ", ".join(one_line(name, 60) for name in report["new_columns"])
        console.print(Text(f"only in the window: {names}", style="dim"))
    console.print(Text(_summary(report), style=f"bold {_VERDICTS[report['verdict']][1]}"))


def _summary(report: DriftReport) -> str:
    rows = f"{report['window_rows']:,} rows held against {report['baseline_rows']:,}"
    if report["verdict"] == "not_enough_data":
        return f"Cannot say: no feature has enough values on both sides ({rows})."
    unsure = f", {report['not_enough_data']:,} with too few values" if report["not_enough_data"] else ""
    drifted = f"{report['drifted']:,} of {counted(report['compared'], 'feature')} drifted"
    return f"{'Drift' if report['verdict'] == 'drift' else 'No drift'}: {drifted}{unsure} ({rows})."


def _table(features: list[DriftFeature], settings: DriftSettings) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    methods = NANNYML if settings.definitions == "nannyml" else settings.methods
    titles = ["verdict", "feature", *methods, "threshold", "p", "effect", "since", "what moved"]
    for title in titles:
        text = title in ("verdict", "feature", "since", "what moved")
        table.add_column(title, justify="left" if text else "right", no_wrap=title != "what moved")
    for feature in features:
        word, style = _VERDICTS[feature["verdict"]]
        results = {result["method"]: result for result in feature["results"]}
        first = next((results[name] for name in methods if name in results), None)
        table.add_row(
            Text(word, style=style),
            Text(one_line(feature["name"], 40), style="bold" if feature["verdict"] == "drift" else ""),
            *(f"{results[name]['value']:.4f}" if name in results else "-" for name in methods),
            _limit(first),
            _chance(first),
            _effect(feature),
            "-" if feature["since"] is None else feature["since"].removesuffix("T00:00:00.000000000Z"),
            Text(_first_moved(feature)),
        )
    return table


_EFFECTS = {"cohens_d": "d", "cramers_v": "V"}


def _effect(feature: DriftFeature) -> str:
    effect = feature["effect"]
    if effect is None or feature["verdict"] == "not_enough_data":
        return "-"
    return f"{_EFFECTS[effect['name']]} {effect['value']:.3f}"


def _first_moved(feature: DriftFeature) -> str:
    """The value that moved most; those of features that drifted are all listed below the table."""
    if feature["verdict"] == "not_enough_data":
        return f"{feature['window']['values']:,} values against {feature['baseline']['values']:,}"
    return _change(feature["moved"][0]) if feature["moved"] else ""


def _chance(result: DriftResult | None) -> str:
    if result is None or result["p_adjusted"] is None:
        return "-"
    return f"{result['p_adjusted']:.2g}" if result["p_adjusted"] else "< 1e-300"


def _limit(result: DriftResult | None) -> str:
    return "-" if result is None or result["threshold"] is None else f"{result['threshold']:.4g}"


def _change(moved: Moved) -> str:
    name = one_line(moved["what"], 30)
    return f"{name} {moved['baseline_share']:.1%} → {moved['window_share']:.1%}"


def _details(feature: DriftFeature) -> Iterator[Text]:
    """What the table has no room for: notes, values that went missing, what else moved, slices that drifted."""
    name = one_line(feature["name"], 60)
    if feature["verdict"] == "drift" and len(feature["moved"]) > 1:
        yield Text(f"{name}: {'; '.join(map(_change, feature['moved']))}")
    if feature["note"]:
        yield Text(f"{name}: {feature['note']}", style="yellow")
    for result in feature["results"]:
        if result["method"] == PRESENCE and result["verdict"] == "drift":
            b, w = feature["baseline"], feature["window"]
            before, now = _there(b["values"], b["rows"]), _there(w["values"], w["rows"])
            yield Text(f"{name}: values in {before} of the baseline's rows, now in {now}")
    for found in feature["slices"]:
        result = found["result"]
        if result["verdict"] == "drift":
            yield Text(
                f"{name}: drift where {one_line(found['column'], 40)} is {one_line(found['value'], 40)}:"
                f" {result['method']} {result['value']:.4f} ({found['window_rows']:,} values)"
            )


def _there(values: int, rows: int) -> str:
    return f"{values / rows:.1%}" if rows else "none"
