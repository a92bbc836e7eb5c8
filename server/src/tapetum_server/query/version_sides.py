"""What a version's predictions took and said, beside how good they were."""

from __future__ import annotations

from dataclasses import dataclass

from tapetum_server.query.frames import TIMEOUT_S, Frame
from tapetum_server.query.reader import Reader, first_row
from tapetum_server.query.statement import Statement


@dataclass(frozen=True, slots=True)
class SideMeasures:
    """`None` where nothing was said."""

    p50_ms: float | None
    p95_ms: float | None
    mean_score: float | None
    mean_output: float | None


def side_statement(frame: Frame) -> Statement:
    """One row."""
    return Statement(
        f"""SELECT quantiles(0.5, 0.95)(latency_ms) AS latencies, avgIf(score, isFinite(score)) AS mean_score,
    avgIf(output, isFinite(output)) AS mean_output
FROM {frame}""",
        dict(frame.parameters),
    )


async def side_measures(reader: Reader, frame: Frame) -> SideMeasures:
    """Of all rows of the frame."""
    row = first_row(await reader.query(*side_statement(frame), timeout_s=TIMEOUT_S)) or {}
    p50, p95 = row["latencies"]
    return SideMeasures(_finite(p50), _finite(p95), _finite(row["mean_score"]), _finite(row["mean_output"]))


def _finite(value: float | None) -> float | None:
    return None if value is None or value != value else float(value)
