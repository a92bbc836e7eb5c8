"""What arrived, from whom, and what was refused and why."""

from __future__ import annotations

from starlette.responses import Response

from tapetum_server.api.questions import Question, answer, router_of
from tapetum_server.api.spans import Buckets
from tapetum_server.query import ingest as queries

router = router_of("ingest")


@router.get("/ingest", response_model=queries.Ingest)
async def get_ingest(asked: Question, buckets: Buckets = 60) -> Response:
    """Accepted, refused, dropped and truncated records by sender, by reason and over time."""
    return answer(
        await queries.ingest(asked.reader, project=asked.project, time_range=asked.time_range, buckets=buckets)
    )
