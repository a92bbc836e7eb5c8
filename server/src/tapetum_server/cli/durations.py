"""Lengths of time as people type them at the command line."""

from __future__ import annotations

import re
from datetime import timedelta

import typer

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def duration(text: str) -> timedelta:
    """`30m`, `12h`, `90d` or `4w`. Raises `typer.BadParameter` for anything else."""
    match = re.fullmatch(r"(\d{1,5})([mhdw])", text.strip())
    if match is None or int(match[1]) == 0:
        raise typer.BadParameter(f"{text!r} is not a duration; expected such as 30m, 12h, 90d or 4w.")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})
