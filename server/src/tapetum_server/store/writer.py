"""Group commit: whatever waits is written together, and acknowledged only when it is durable."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pyarrow as pa

from tapetum_server.signals.alerts import AlertBatch
from tapetum_server.signals.changes import ChangeBatch
from tapetum_server.signals.consumer import Batch, Busy, Receipt
from tapetum_server.signals.evaluations import EvaluationBatch
from tapetum_server.signals.feature_statistics_batch import FeatureStatisticsBatch
from tapetum_server.signals.findings import FindingBatch
from tapetum_server.signals.logs import LogBatch
from tapetum_server.signals.predictions import LabelBatch, PredictionBatch
from tapetum_server.signals.spans import SpanBatch
from tapetum_server.store import columns as col
from tapetum_server.store.claims import Claims
from tapetum_server.store.engine import Engine, StoreError
from tapetum_server.store.enrichments import enrichments_of
from tapetum_server.store.fills import Fills, LateFill, Written, fill_statements
from tapetum_server.store.first_seen import timeless_logs
from tapetum_server.store.messages import MessageMemory, RepeatedText
from tapetum_server.store.moved import Moved, moved_of, moved_statements
from tapetum_server.store.releases import Release, Releases, release_rows
from tapetum_server.store.rows_alerts import alert_rows
from tapetum_server.store.rows_changes import change_rows, timeless_changes
from tapetum_server.store.rows_errors import error_rows
from tapetum_server.store.rows_evaluations import evaluation_rows, timeless_evaluations
from tapetum_server.store.rows_feature_statistics import feature_statistics_rows
from tapetum_server.store.rows_findings import finding_rows
from tapetum_server.store.rows_logs import log_rows
from tapetum_server.store.rows_metrics import metric_rows
from tapetum_server.store.rows_predictions import label_rows, prediction_rows
from tapetum_server.store.rows_spans import span_rows
from tapetum_server.store.standing import StandingTimes

logger = logging.getLogger("tapetum.store")

DAY_NANOS = 86_400 * 10**9
_TIME_COLUMN = {
    "span_rows": "start_time",
    "log_rows": "time",
    "metric_rows": "time",
    "alert_rows": "time",
    "change_rows": "time",
    "error_rows": "time",
    "evaluation_rows": "time",
    "feature_statistics_rows": "window_end",
    "finding_rows": "window_start",
    "prediction_rows": "time",
}

Retention = Callable[[str, str], int]
"""(project, signal) → days to keep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterLimits:
    """Bounds of the queue. They are upper bounds: an idle writer commits at once."""

    group_rows: int = 5_000
    queue_rows: int = 100_000
    queue_bytes: int = 256 * 2**20
    gather_s: float = 0.1
    """How long a commit waits at most for requests that are being received or encoded already: rows
    written together cost half as much as rows written one request at a time (docs/performance.md)."""
    days_per_insert: int = 20
    """A backfill over more days than this is written in several inserts, between other groups."""


@dataclass(slots=True)
class _Waiting:
    """Rows of one request that wait for a commit, and whom to tell."""

    table: str
    rows: pa.Table
    project: str
    repeated: RepeatedText
    done: asyncio.Future[None]
    loop: asyncio.AbstractEventLoop
    bytes: int
    old: bool = False
    side_rows: dict[str, pa.Table] = field(default_factory=dict)
    releases: dict[Release, int] = field(default_factory=dict)
    written: Written = field(default_factory=dict)
    """Calls of these rows that leave something out, which log records may say."""
    late: list[LateFill] = field(default_factory=list)
    """What records say of calls that are in the store."""
    moved: list[Moved] = field(default_factory=list)
    """Which of these rows are kept under another day too."""
    found: bool = False
    """Whether these rows were found in the records of a request, and are none of them."""


class StoreWriter:
    """The end of the chain: a `signals.Consumer` that keeps batches in the store.

    `consume` encodes on `executor`, queues, and returns when the rows are durable. One thread
    commits. `disk_full()` says why ingest must pause, or nothing; `arriving()` how many requests are between
    their first byte and their answer, of which those not in `consume` yet are worth a short wait.
    `close` writes what waits and stops.
    """

    def __init__(
        self,
        engine: Engine,
        executor: Executor,
        retention: Retention,
        *,
        disk_full: Callable[[], str] = lambda: "",
        arriving: Callable[[], int] = lambda: 0,
        limits: WriterLimits | None = None,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._engine = engine
        self._executor = executor
        self._retention = retention
        self._disk_full = disk_full
        self._arriving = arriving
        self._limits = limits or WriterLimits()
        self._clock = clock
        self._memory = MessageMemory()
        self._claims = Claims(engine)
        self._fills = Fills()
        self._first_log = timeless_logs(engine)
        self._first_change = timeless_changes(engine)
        self._first_evaluation = timeless_evaluations(engine)
        self._standing = StandingTimes(engine)
        self._releases = Releases(engine)
        self._condition = threading.Condition()
        self._queue: deque[_Waiting] = deque()
        self._backfill: deque[_Waiting] = deque()
        self._rows_waiting = 0
        self._bytes_waiting = 0
        self._encoding = 0
        self._consuming = 0
        self._closing = False
        self.timings: Counter[str] = Counter()
        """Nanoseconds of work by step (encode, insert) and counts (groups, rows): for benchmarks and /metrics."""
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Records taken and not durable yet."""
        return self._rows_waiting

    @property
    def waiting_limit(self) -> int:
        """Records that may wait; then senders are asked to come back."""
        return self._limits.queue_rows

    async def consume(self, batch: Batch) -> Receipt:
        """See `signals.Consumer`. Raises `Busy` (queue_full, disk_full, store_unavailable, shutting_down)."""
        receipt = Receipt(accepted=len(batch))
        if not len(batch):
            return receipt
        if self._closing:
            raise Busy("shutting_down", "The server is shutting down; send again in a few seconds.", 5)
        if reason := self._disk_full():
            raise Busy("disk_full", f"{reason[0].upper()}{reason[1:]}. Send again when there is room.", 30)
        with self._condition:
            if self._rows_waiting and (
                self._rows_waiting + len(batch) > self._limits.queue_rows
                or self._bytes_waiting > self._limits.queue_bytes
            ):
                raise Busy("queue_full", f"{self._rows_waiting} records wait to be written; send again shortly.", 1)
            self._rows_waiting += len(batch)
            self._encoding += 1
        self._consuming += 1
        try:
            return await self._keep(batch, receipt)
        finally:
            self._consuming -= 1

    async def _keep(self, batch: Batch, receipt: Receipt) -> Receipt:
        loop = asyncio.get_running_loop()
        try:
            waiting, clamped = await loop.run_in_executor(self._executor, self._encode, batch, loop)
        except BaseException:
            with self._condition:
                self._rows_waiting -= len(batch)
                self._encoding -= 1
                self._condition.notify()
            raise
        with self._condition:
            self._encoding -= 1
            self._rows_waiting += sum(item.rows.num_rows for item in waiting if item.found)
            self._condition.notify()
        if clamped:
            receipt.truncated["time_clamped"] += clamped
        for item in waiting:
            with self._condition:
                if self._closing:
                    self._rows_waiting -= item.rows.num_rows
                    item.done.cancel()
                    raise Busy("shutting_down", "The server is shutting down; send again in a few seconds.", 5)
                (self._backfill if item.old else self._queue).append(item)
                self._bytes_waiting += item.bytes
                self._condition.notify()
        # Shielded: a client that hangs up must not cancel a write that others share.
        outcomes = await asyncio.shield(asyncio.gather(*(item.done for item in waiting), return_exceptions=True))
        for item, outcome in zip(waiting, outcomes):
            if isinstance(outcome, StoreError) and item.found:
                receipt.truncated["errors_not_storable"] += item.rows.num_rows
                receipt.messages.append(f"the store refused the errors found in these records: {outcome}")
            elif isinstance(outcome, StoreError):
                receipt.accepted -= item.rows.num_rows
                receipt.refused["not_storable"] += item.rows.num_rows
                receipt.messages.append(f"the store refused these records: {outcome}")
            elif outcome is not None:
                # What the other parts of the batch wrote stays; sent again, it replaces itself.
                raise outcome
        return receipt

    def _encode(self, batch: Batch, loop: asyncio.AbstractEventLoop) -> tuple[list[_Waiting], int]:
        started = time.thread_time_ns()
        now = self._clock()
        # Verdicts and changes are few, and kept for as long as their table says.
        days = 0
        repeated = RepeatedText()
        side: dict[str, pa.Table] = {}
        releases: dict[Release, int] = {}
        errors: pa.Table | None = None
        written: Written = {}
        late: list[LateFill] = []
        moved: list[Moved] = []
        if isinstance(batch, EvaluationBatch):
            days = self._retention(batch.project, "traces")
        elif isinstance(batch, PredictionBatch | LabelBatch):
            days = self._retention(batch.project, batch.signal)
        elif not isinstance(batch, AlertBatch | ChangeBatch | FeatureStatisticsBatch | FindingBatch):
            days = self._retention(batch.project, batch.signal)
            releases = self._releases.unseen(batch, now)
        if releases:
            side["release_rows"] = release_rows(releases)
        if isinstance(batch, SpanBatch):
            table = "span_rows"
            written = self._fills.into(batch)
            rows, clamped = span_rows(batch, self._memory, repeated, days, now)
            duplicates = self._claims.duplicates(batch, now, days)
            if duplicates is not None:
                side["span_duplicates"] = duplicates
            late = self._fills.told(batch.project, batch.facts)
            side |= enrichments_of(batch, now, days)
            errors = error_rows(batch, days, now, rows)
        elif isinstance(batch, LogBatch):
            table = "log_rows"
            self._claims.place(batch)
            late = self._fills.told(batch.project, batch.facts)
            side |= enrichments_of(batch, now, days)
            rows, clamped = log_rows(batch, days, now, partial(self._first_log, batch.project))
            batch.log_id = rows.column("log_id").to_pylist()
            errors = error_rows(batch, days, now, rows)
        elif isinstance(batch, AlertBatch):
            table = "alert_rows"
            rows, clamped = alert_rows(batch, now), 0
        elif isinstance(batch, ChangeBatch):
            table = "change_rows"
            rows, clamped = change_rows(batch, now, partial(self._first_change, batch.project))
        elif isinstance(batch, EvaluationBatch):
            table = "evaluation_rows"
            rows, clamped = self._evaluations(batch, days, now)
        elif isinstance(batch, FeatureStatisticsBatch):
            table = "feature_statistics_rows"
            rows, clamped = feature_statistics_rows(batch, now), 0
        elif isinstance(batch, FindingBatch):
            table = "finding_rows"
            rows, clamped = finding_rows(batch, now), 0
        elif isinstance(batch, PredictionBatch):
            table, moved = "prediction_rows", moved_of(batch)
            rows, clamped = prediction_rows(batch, days, now), 0
        elif isinstance(batch, LabelBatch):
            table = "label_rows"
            rows, clamped = label_rows(batch, days, now), 0
        else:
            table = "metric_rows"
            rows, clamped = metric_rows(batch, days, now)
        parts = self._split_by_day(table, rows)
        waiting = [
            _Waiting(
                table, part, batch.project, repeated if i == 0 else RepeatedText(), loop.create_future(), loop,
                part.nbytes, old=len(parts) > 1, side_rows=side if i == 0 else {}, releases=releases if i == 0 else {},
            )
            for i, part in enumerate(parts)
        ]  # fmt: skip
        waiting[-1].written, waiting[-1].late, waiting[-1].moved = written, late, moved
        if errors is not None:
            split = self._split_by_day("error_rows", errors)
            waiting += [
                _Waiting(
                    "error_rows", part, batch.project, RepeatedText(), loop.create_future(), loop, part.nbytes,
                    old=len(split) > 1, found=True,
                )
                for part in split
            ]  # fmt: skip
        self.timings["encode_ns"] += time.thread_time_ns() - started
        return waiting, clamped

    def _evaluations(self, batch: EvaluationBatch, days: int, now: int) -> tuple[pa.Table, int]:
        return evaluation_rows(
            batch,
            days,
            now,
            first_seen=partial(self._first_evaluation, batch.project),
            standing=partial(self._standing, batch.project),
        )

    def _split_by_day(self, table: str, rows: pa.Table) -> list[pa.Table]:
        if table not in _TIME_COLUMN:
            return [rows]
        times = rows.column(_TIME_COLUMN[table]).cast(pa.int64()).to_numpy()
        days = times // DAY_NANOS
        distinct = np.unique(days)
        if len(distinct) <= self._limits.days_per_insert:
            return [rows]
        step = self._limits.days_per_insert
        groups = [distinct[i : i + step] for i in range(0, len(distinct), step)]
        return [rows.filter(pa.array(np.isin(days, group))) for group in groups]

    def _run(self) -> None:
        while True:
            with self._condition:
                while not (self._queue or self._backfill or self._closing):
                    self._condition.wait()
                deadline = time.monotonic() + self._limits.gather_s
                while not self._is_gathered() and time.monotonic() < deadline:
                    self._condition.wait(0.005)
                group = self._take_group()
                if not group and self._closing:
                    return
            self._commit(group)

    def _is_gathered(self) -> bool:
        return (
            (self._encoding == 0 and self._arriving() <= self._consuming)
            or self._closing
            or sum(item.rows.num_rows for item in self._queue) >= self._limits.group_rows
        )

    def _take_group(self) -> list[_Waiting]:
        group: list[_Waiting] = []
        rows = 0
        while self._queue and rows < self._limits.group_rows:
            item = self._queue.popleft()
            group.append(item)
            rows += item.rows.num_rows
        if not group and self._backfill:
            group.append(self._backfill.popleft())
        return group

    def _commit(self, group: list[_Waiting]) -> None:
        started = time.perf_counter_ns()
        for table in {item.table for item in group}:
            members = [item for item in group if item.table == table]
            for item, error in self._write_apart(table, members):
                try:
                    item.loop.call_soon_threadsafe(_settle, item.done, error)
                except RuntimeError:
                    pass  # the loop has ended: nobody waits for this any more, but others may for what is written next
        with self._condition:
            self._rows_waiting -= sum(item.rows.num_rows for item in group)
            self._bytes_waiting -= sum(item.bytes for item in group)
        self.timings["commit_wall_ns"] += time.perf_counter_ns() - started
        self.timings["groups"] += 1
        self.timings["rows"] += sum(item.rows.num_rows for item in group if not item.found)

    def _write_apart(self, table: str, members: list[_Waiting]) -> list[tuple[_Waiting, Exception | None]]:
        """Write a group; if the engine refuses it for what is in it, each request alone: good neighbours are kept."""
        try:
            self._write(table, members)
        except StoreError as error:
            if len(members) > 1 and error.code not in RETRYABLE:
                return [outcome for member in members for outcome in self._write_apart(table, [member])]
            return [(member, error) for member in members]
        except Exception as error:  # every waiter must hear of any failure, whatever it is
            return [(member, error) for member in members]
        return [(member, None) for member in members]

    def _write(self, table: str, members: list[_Waiting]) -> None:
        # What rows refer to comes first: a crash in between leaves texts nobody needs, never a gap.
        today = self._clock() // DAY_NANOS
        for project in {m.project for m in members}:
            texts: dict[str, str] = {}
            days = self._retention(project, "traces")
            for member in members:
                if member.project == project:
                    texts.update(self._memory.missing(project, member.repeated, today + days))
            if texts:
                self._engine.insert("message_rows", _message_rows(project, texts, today + days + 2))
                self._memory.stored(project, list(texts), today + days)
        for side in {name for m in members for name in m.side_rows}:
            tables = [m.side_rows[side] for m in members if side in m.side_rows]
            self._engine.insert(side, pa.concat_tables(tables).unify_dictionaries())
        for member in members:
            if member.releases:
                self._releases.stored(member.releases)
        rows = members[0].rows if len(members) == 1 else _concat([m.rows for m in members])
        self._engine.insert(table, rows)
        for statement in moved_statements(self._engine.database, [each for m in members for each in m.moved]):
            self._engine.command(statement)
        self._fill([each for m in members for each in (*m.late, *self._fills.written(m.written))])

    def _fill(self, late: list[LateFill]) -> None:
        try:
            for statement in fill_statements(self._engine.database, late):
                self._engine.command(statement)
        except StoreError as error:
            if error.code in RETRYABLE:
                raise
            # The records are kept, and say themselves what the spans now do not.
            logger.exception("Log records could not fill %d spans", len(late))
            return
        self._fills.filled(late)

    def close(self) -> None:
        """Write what waits, then stop the thread. New batches are refused from now on."""
        with self._condition:
            self._closing = True
            self._condition.notify()
        self._thread.join()


RETRYABLE = frozenset({0, 74, 75, 76, 159, 164, 202, 209, 210, 236, 241, 243, 252, 279, 319, 394, 425, 499})
"""Engine errors that say nothing about the rows: files and disk (74-76, 243, 425, 499), memory (241), too
many parts or queries (202, 252), time and network (159, 209, 210, 279, 319), read-only (164), stopped (236, 394)."""


def _settle(done: asyncio.Future[None], error: Exception | None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(None)
    elif isinstance(error, StoreError) and error.code in RETRYABLE:
        done.set_exception(Busy("store_unavailable", f"The store cannot write now: {error}", 5))
    else:
        done.set_exception(error)


def _concat(tables: list[pa.Table]) -> pa.Table:
    """One table of all rows. Columns that some tables left out are filled with the column's default."""
    names = dict.fromkeys(name for t in tables for name in t.column_names)
    fields = {name: next(t.schema.field(name) for t in tables if name in t.column_names) for name in names}
    full = []
    for t in tables:
        for name, f in fields.items():
            if name not in t.column_names:
                t = t.append_column(f, _default(f.type, t.num_rows))
        full.append(t.select(list(names)))
    return pa.concat_tables(full).unify_dictionaries()


def _default(kind: pa.DataType, count: int) -> pa.Array:
    if pa.types.is_dictionary(kind):
        return col.same("", count)
    if pa.types.is_string(kind):
        return pa.array([""] * count, kind)
    if pa.types.is_list(kind):
        return pa.array([[]] * count, kind)
    if kind in (pa.float64(), pa.uint64(), pa.int64()):
        return pa.nulls(count, kind)
    return pa.array([0] * count, pa.uint8()).cast(kind)


def _message_rows(project: str, texts: Mapping[str, str], expires_day: int) -> pa.Table:
    count = len(texts)
    return pa.table(
        {
            "project": col.same(project, count),
            "hash": pa.array([h.encode() for h in texts], pa.binary(32)),
            "text": col.texts(list(texts.values())),
            "version": col.numbers([expires_day] * count, "u8"),
            "expires_at": col.numbers([expires_day * 86_400] * count, "u4"),
        }
    )
