"""Scrapes every target at its interval: none waits for another, and each failure is a state, a count and a point."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

import httpx

from tapetum_server.receivers.prometheus import naming
from tapetum_server.receivers.prometheus.exposition import Answer, ScrapeFailed, read_families
from tapetum_server.receivers.prometheus.families import Reading, Scraped
from tapetum_server.receivers.prometheus.fetching import Held, client_for, fetch
from tapetum_server.receivers.prometheus.owners import Owners
from tapetum_server.receivers.prometheus.staleness import Remembered, end
from tapetum_server.receivers.prometheus.target import ScrapeTarget
from tapetum_server.signals.attributes import AttributeValue
from tapetum_server.signals.consumer import Busy, Consumer, IngestObserver
from tapetum_server.signals.metrics import MetricBatch
from tapetum_server.signals.scraping import ScrapeStatus
from tapetum_server.signals.tallies import Tallies

logger = logging.getLogger("tapetum.scrape")
READING_S = 60.0
"""How long making sense of one answer may take, on a thread."""
STAGGER_S = 0.1
"""Between the first scrapes of two targets, so that they do not all come at once for ever."""


@dataclass(slots=True)
class _Outcome:
    """What one scrape gave, whole or not at all."""

    scraped: Scraped | None = None
    samples: int = 0
    failure: ScrapeFailed | None = None


@dataclass(slots=True)
class _Watched:
    """A target and what is remembered about it."""

    target: ScrapeTarget
    status: ScrapeStatus
    series: Remembered = field(default_factory=Remembered)

    @property
    def resource(self) -> dict[str, AttributeValue]:
        """What its address says about where the metrics come from."""
        parts = urlsplit(self.target.url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return {"server.address": parts.hostname or "", "server.port": port, "url.scheme": parts.scheme}


class Scraper:
    """All targets. `run` until cancelled; `statuses` may be asked from any thread meanwhile.

    Answers are read by a thread of its own: what others send must not wait for a large one.
    """

    def __init__(
        self,
        targets: Iterable[ScrapeTarget],
        consumer: Consumer,
        observer: IngestObserver,
        clock: Callable[[], int] = time.time_ns,
        shown: Callable[[str, str], str] = lambda project, text: text,
    ) -> None:
        self._watched = [_Watched(target, _waiting(target)) for target in targets]
        self._consumer = consumer
        self._tallies = Tallies(observer, "metrics")
        self._clock = clock
        self._shown = shown
        """What a project may be told: errors quote the line that they are about."""
        self._held = Held()
        self._stopping = threading.Event()

    def statuses(self, project: str) -> list[ScrapeStatus]:
        """How the targets of a project stand, as configured from top to bottom."""
        return [watched.status for watched in self._watched if watched.target.project == project]

    async def run(self) -> None:
        """Scrape until cancelled. Does nothing, and calls nobody, without targets."""
        if not self._watched:
            return
        pool = ThreadPoolExecutor(1, "scrape")
        tasks = [asyncio.create_task(self._watch(one, n * STAGGER_S, pool)) for n, one in enumerate(self._watched)]
        try:
            await asyncio.gather(*tasks)
        finally:
            self._stopping.set()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.to_thread(pool.shutdown, cancel_futures=True)

    async def _watch(self, watched: _Watched, delay_s: float, pool: ThreadPoolExecutor) -> None:
        target = watched.target
        client: httpx.AsyncClient | None = None
        due = time.monotonic() + delay_s % target.interval_s
        try:
            while True:
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                # After a machine slept, one scrape is enough.
                due = max(due + target.interval_s, time.monotonic())
                try:
                    if client is None:
                        client = await asyncio.to_thread(client_for, target)
                    await self._scrape(watched, client, pool, due)
                except OSError as error:
                    failed = ScrapeFailed("scrape_secret", f"tls_ca {target.tls_ca} cannot be used: {error}")
                    await self._keep(watched, _Outcome(failure=failed), self._clock(), 0.0, due)
                except Exception:
                    # One target's trouble with us must not end its scrapes, nor those of others.
                    logger.exception("Scraping %s failed", target.shown_url)
                    failed = ScrapeFailed("internal_error", "the server failed at this answer; its log says why")
                    await self._keep(watched, _Outcome(failure=failed), self._clock(), 0.0, due)
        finally:
            if client is not None:
                await client.aclose()

    async def _scrape(self, watched: _Watched, client: httpx.AsyncClient, pool: ThreadPoolExecutor, due: float) -> None:
        now, started = self._clock(), time.monotonic()
        taken = [0]
        try:
            answer = await fetch(client, watched.target, self._held, taken)
            took_s = time.monotonic() - started
            loop = asyncio.get_running_loop()
            outcome = await loop.run_in_executor(pool, self._read, answer, watched, now)
            del answer
        except ScrapeFailed as failed:
            took_s, outcome = time.monotonic() - started, _Outcome(failure=failed)
        finally:
            self._held.give_back(taken[0])
        await self._keep(watched, outcome, now, took_s, due)

    def _read(self, answer: Answer, watched: _Watched, now: int) -> _Outcome:
        """On the thread of the scrapes."""
        target, last = watched.target, time.monotonic() + READING_S
        families = read_families(
            answer,
            max_bytes=target.max_body_mib * 2**20,
            max_samples=target.max_samples,
            late=lambda: self._stopping.is_set() or time.monotonic() > last,
        )
        return _Outcome(scraped=Reading(families, target, watched.resource, now).points(), samples=families.samples)

    async def _keep(self, watched: _Watched, outcome: _Outcome, now: int, took_s: float, due: float) -> None:
        """Store what was scraped, what ended and how it went."""
        target, failure, scraped = watched.target, outcome.failure, outcome.scraped
        batch = scraped.batch if scraped else MetricBatch(project=target.project, sender=target.job)
        points = len(batch)
        series = scraped.series if scraped else {}
        for ended in watched.series.ended(series):
            end(ended, batch, now)
        _add_own(batch, watched, now, up=failure is None, took_s=took_s, samples=outcome.samples)
        error, stored, refused, count = str(failure) if failure else "", True, 0, len(batch)
        try:
            receipt = await self._consumer.consume(batch)
        except Busy as busy:
            stored, error = False, error or f"scraped, and not stored: {busy}"
            self._count(target, "refused", busy.reason, count)
        except Exception:
            logger.exception("Failed at a batch of %d metric points of job %r", count, target.job)
            stored, error = False, error or "scraped, and not stored: the server's log says why"
            self._count(target, "refused", "internal_error", count)
        else:
            self._count(target, "accepted", "", receipt.accepted)
            for reason, count in receipt.refused.items():
                refused += count
                self._count(target, "refused", reason, count)
            for reason, count in receipt.truncated.items():
                self._count(target, "truncated", reason, count)
            error = error or "; ".join(receipt.messages)
        watched.series.keep(series, stored=stored, most=target.max_samples)
        if scraped is not None:
            for reason, count in scraped.refused.items():
                refused += count
                self._count(target, "refused", reason, count)
            error = error or "; ".join(scraped.messages)
        if failure is not None:
            self._count(target, "refused", failure.reason, 1)
        error = self._shown(target.project, error)
        up = failure is None and stored
        before = watched.status
        if not up and before.health != "down":
            logger.warning("Target %s of job %r is down: %s", target.shown_url, target.job, error)
        elif up and before.health == "down":
            logger.warning("Target %s of job %r is up again", target.shown_url, target.job)
        watched.status = replace(
            before,
            health="up" if up else "down",
            last_unix_nano=now,
            duration_s=took_s,
            samples=outcome.samples,
            series=points,
            refused=refused,
            error=error,
            failing_since_unix_nano=0 if up else before.failing_since_unix_nano or now,
            next_unix_nano=self._clock() + round(max(0.0, due - time.monotonic()) * 1e9),
        )

    def _count(self, target: ScrapeTarget, outcome: str, reason: str, count: int) -> None:
        self._tallies.add(target.project, target.job, outcome, reason, count)


def _waiting(target: ScrapeTarget) -> ScrapeStatus:
    return ScrapeStatus(
        project=target.project, job=target.job, instance=target.name, url=target.shown_url,
        interval_s=target.interval_s, timeout_s=target.patience_s,
    )  # fmt: skip


def _add_own(batch: MetricBatch, watched: _Watched, now: int, *, up: bool, took_s: float, samples: int) -> None:
    """What Prometheus itself records about every scrape, under the names that its users know."""
    owned = Owners(watched.target.own_labels, honor_labels=False, more=watched.resource).of({})
    for metric, value in (
        (naming.gauge("up", "", "Whether the target could be scraped: 1 or 0."), int(up)),
        (naming.gauge("scrape_duration_seconds", "s", "How long the target took to answer."), took_s),
        (naming.gauge("scrape_samples_scraped", "", "How many samples the target answered."), samples),
    ):
        batch.add(owned.resource, owned.scope, metric, time_unix_nano=now, value=value, attributes={})
