"""Metrics: what there is, and one metric over time."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from tapetum_server.analysis.metric_report import MetricReport, metric_report
from tapetum_server.api.dependencies import Reader, resolve_project
from tapetum_server.api.facets import FacetKeys, FacetLimit, facets_of
from tapetum_server.api.questions import Question, answer, now_of, reader_of, router_of
from tapetum_server.query import facets as facet_queries
from tapetum_server.query import metrics as queries
from tapetum_server.query.filter import parse_filter
from tapetum_server.query.metric_statements import Aggregation
from tapetum_server.query.sources import METRICS
from tapetum_server.query.time_range import TIME_HINT, parse_range

router = router_of("metrics")
_DAY_S = 86_400


class MetricRequest(BaseModel):
    """One metric over time."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    name: str
    type: str | None = None
    """With `unit`: which of the metrics of this name, where senders disagree; else the one with the most points."""
    unit: str | None = None
    project: str | None = None
    from_: Annotated[str | int | None, Field(alias="from", description=f"Default now-1h. {TIME_HINT}")] = None
    to: Annotated[str | int | None, Field(description="Default now.")] = None
    q: str | None = Field(default=None, max_length=10_000)
    """A filter over the metric's attributes and its resource's."""
    group_by: list[str] = []
    """Columns or attribute keys; one series per combination of their values."""
    aggregation: Aggregation = "avg"
    quantile: float = Field(default=0.95, ge=0, le=1)
    step_s: int | None = Field(default=None, ge=1, le=31 * _DAY_S)
    """Without it: a round step that gives at most about 120 points."""
    compare_offset_s: int | None = Field(default=None, ge=1, le=3_660 * _DAY_S)
    """Also answer for the range this many seconds earlier, with its times moved onto the range's own."""


@router.get("/metrics/catalog", response_model=queries.MetricCatalog)
async def get_metric_catalog(asked: Question) -> Response:
    """The metrics that arrived within the range."""
    return answer(
        await queries.metric_catalog(
            asked.reader, project=asked.project, time_range=asked.time_range, filter=asked.filter
        )
    )


@router.get("/metrics/facets", response_model=facet_queries.Facets)
async def get_metric_facets(asked: Question, keys: FacetKeys = None, limit: FacetLimit = 10) -> Response:
    """The most frequent values of some keys among points, and the attribute keys there are."""
    return await facets_of(asked, METRICS, keys, limit)


@router.post("/metrics/query", response_model=MetricReport)
async def query_metric(request: Request, caller: Reader, body: MetricRequest) -> Response:
    """One metric over time; rates and increases survive restarts, quantiles come from merged histograms."""
    project = resolve_project(request, body.project)
    time_range = parse_range(
        None if body.from_ is None else str(body.from_), None if body.to is None else str(body.to), now_of(request)
    )
    return answer(
        await metric_report(
            reader_of(request),
            project=project,
            name=body.name,
            type=body.type,
            unit=body.unit,
            time_range=time_range,
            filter=parse_filter(body.q),
            group_by=body.group_by,
            aggregation=body.aggregation,
            quantile=body.quantile,
            step_s=body.step_s,
            compare_offset_s=body.compare_offset_s,
        )
    )
