"""What a time range leaves out because of somebody's clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from starlette.responses import Response

from tapetum_server.api.questions import Question, answer, router_of
from tapetum_server.query import outside as queries
from tapetum_server.query.prediction_sources import PREDICTIONS
from tapetum_server.query.sources import ERRORS, EVALUATIONS, LOGS, METRICS, SPANS, Source

router = router_of("time")

Signal = Literal["spans", "logs", "metrics", "errors", "evaluations", "predictions"]
_SOURCES: Mapping[Signal, Source] = {
    "spans": SPANS, "logs": LOGS, "metrics": METRICS, "errors": ERRORS, "evaluations": EVALUATIONS,
    "predictions": PREDICTIONS,
}  # fmt: skip


@router.get("/outside", response_model=queries.Outside)
async def get_outside(asked: Question, signal: Signal) -> Response:
    """Records that pass the filter and lie outside of the range with a time that no right clock gives."""
    return answer(
        await queries.outside(
            asked.reader,
            _SOURCES[signal],
            project=asked.project,
            time_range=asked.time_range,
            filter=asked.filter,
        )
    )
