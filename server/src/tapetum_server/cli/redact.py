"""`tapetum redact`: what the rules of redaction would do to a text, without a server."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from tapetum.redaction import BadPattern, Redactor, chosen
from tapetum_server.cli.asking import errors, one_line, plain

_MAX_BYTES = 1024 * 1024 * 1024


def redact(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file; - is standard input.")],
    on: Annotated[
        list[str] | None, typer.Option("--on", help="Rules or families to apply; repeatable.", show_default="secrets")
    ] = None,
    off: Annotated[list[str] | None, typer.Option("--off", help="Rules or families to leave out; repeatable.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Print where something was found, and exit with 1.")] = False,
    salt: Annotated[str, typer.Option("--salt", help="Makes the marks agree between two runs.")] = "",
) -> None:
    """Show what a text becomes: each secret a mark with its type. Nothing is sent or stored."""
    try:
        rules = chosen(on or ["secrets"], off or [])
    except BadPattern as problem:
        _unusable(f"{problem}.")
    redactor = Redactor(rules, key=salt.encode() or None)
    try:
        data = sys.stdin.buffer.read(_MAX_BYTES) if file == "-" else Path(file).read_bytes()
    except OSError as problem:
        _unusable(f"{file} cannot be read: {problem.strerror}.")
    text = data.decode("utf-8", "surrogateescape")
    counts: Counter[str] = Counter()
    if check:
        for finding in redactor.find(text):
            line = text.count("\n", 0, finding.start) + 1
            column = finding.start - text.rfind("\n", 0, finding.start)
            print(f"{one_line(file, 200)}:{line}:{column}: {finding.rule}")
            counts[finding.rule] += 1
    else:
        shown = redactor.redact(text, lambda rule: counts.update([rule]))
        sys.stdout.buffer.write(shown.encode("utf-8", "surrogateescape"))
        sys.stdout.buffer.flush()
    said = ", ".join(f"{rule} {count}" for rule, count in sorted(counts.items())) or "nothing"
    errors.print(f"Found: {said}.", style="dim", highlight=False, markup=False)
    if check and counts:
        raise typer.Exit(1)


def _unusable(message: str) -> NoReturn:
    errors.print(plain(message), style="red", markup=False)
    raise typer.Exit(2)
