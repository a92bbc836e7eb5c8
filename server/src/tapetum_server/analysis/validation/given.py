"""Statistics that somebody sends or names, held against a schema and other statistics: TFDV's `validate_statistics`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from tensorflow_metadata.proto.v0 import schema_pb2

from tapetum_server.analysis.validation.controls import Control, kept_statistics, sides_of
from tapetum_server.analysis.validation.record import passes, record_of
from tapetum_server.analysis.validation.stored import as_described, chosen_environment, environments_of, read_statistics
from tapetum_server.detectors.validation.findings import Side
from tapetum_server.detectors.validation.validator import Against, validate
from tapetum_server.moving.tfdv.schemas import schema_of_text
from tapetum_server.query.errors import NotFound
from tapetum_server.query.kept_windows import Subject
from tapetum_server.query.reader import Reader
from tapetum_server.query.time_range import TimeRange


@dataclass(frozen=True, slots=True)
class Kept:
    """Statistics that are kept, by name."""

    subject: Subject
    time_range: TimeRange


Source: TypeAlias = bytes | Kept
"""`FeatureStats.pb` itself, or what is kept."""
CONTROLS = ("previous", "serving", "training", "version")
"""What statistics may be held against, as `Against` names it."""
_WANTED: dict[Side, str] = {
    "drift": "No statistics of an earlier span were given as `previous`.",
    "skew": "No statistics of `serving` were given, nor, for statistics of serving, of `training`.",
}


async def validated(
    reader: Reader, project: str, schema_text: str, statistics: Source, controls: dict[str, Source],
    environment: str | None, *, of_model: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """The validation, as JSON, with what was compared with what. `controls` are by their name in `CONTROLS`.

    Raises `StatisticsError` for what is none and for an environment that the schema does not have, `NotFound` for a
    name under which nothing is kept.
    """
    schema = schema_of_text(schema_text)

    async def read(name: str, source: Source) -> Control:
        control = await _read(reader, project, name, source)
        return replace(control, data=as_described(control.data, schema)) if of_model else control

    now = await read("statistics", statistics)
    beside = {name: await read(name, source) for name, source in controls.items()}
    against = Against(
        environment=chosen_environment(environment), **{name: control.data for name, control in beside.items()}
    )
    found = await asyncio.to_thread(validate, now.data, schema, against)
    return {
        **record_of(found, passes(found)),
        **environments_of(schema, environment),
        "compared": _compared(schema, beside),
    }


async def _read(reader: Reader, project: str, name: str, source: Source) -> Control:
    if isinstance(source, bytes):
        return Control(Subject(), TimeRange(None, None), read_statistics(source, name))
    control = await kept_statistics(reader, project, [source.subject], source.time_range)
    if control is None:
        whose = source.subject.dataset or source.subject.model
        raise NotFound(
            f"{name}: no statistics of {whose[:80]!r} are kept in this time",
            hint="GET /api/v1/feature_statistics lists what is kept; without `from` it is of all time.",
        )
    return control


def _compared(schema: schema_pb2.Schema, beside: dict[str, Control]) -> list[dict[str, Any]]:
    """Of each side that the schema's comparators want: what it was measured against, or why against nothing."""
    compared = []
    for side in sorted(sides_of(schema)):
        names = ("previous",) if side == "drift" else ("serving", "training")
        control = next((beside[name] for name in names if name in beside), None)
        compared.append(
            {
                "side": side, "missing": "" if control else _WANTED[side],
                "dataset": control.subject.dataset or control.subject.model if control else "",
                "start": control.time_range.start if control else None,
                "end": control.time_range.end if control else None,
                "examples": control.data.num_examples if control else 0,
            }
        )  # fmt: skip
    return compared
