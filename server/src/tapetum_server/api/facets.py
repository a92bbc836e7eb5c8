"""The most frequent values of some keys, of whatever passes a filter: one answer for every sort of record."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from tapetum_server.api.questions import Question, answer
from tapetum_server.query import facets as queries
from tapetum_server.query.sources import Source

FacetKeys = Annotated[str | None, Query(description="Keys, separated by commas; columns or attributes.")]
FacetLimit = Annotated[int, Query(ge=1, le=100, description="Values of each key.")]


async def facets_of(asked: Question, source: Source, keys: str | None, limit: int) -> Response:
    """`limit` values of each of `keys`, and the keys there are."""
    return answer(
        await queries.facets(
            asked.reader,
            source,
            project=asked.project,
            time_range=asked.time_range,
            filter=asked.filter,
            keys=queries.keys_of(keys),
            limit=limit,
        )
    )
