"""Recorded changes into rows of `change_rows`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import orjson
import pyarrow as pa

from tapetum_server.signals.changes import ChangeBatch
from tapetum_server.store import columns as col
from tapetum_server.store.engine import Engine
from tapetum_server.store.first_seen import FirstSeen

_REMEMBERED_S = 3_600
_TIMELESS = """SELECT project, toFixedString(unhex(change_id), 16) AS id,
    toUnixTimestamp64Nano(time) AS first FROM change_rows
WHERE time > now64(9) - toIntervalSecond({seconds:UInt32}) AND time = ingested_at
ORDER BY first DESC LIMIT {limit:UInt32}"""


def change_rows(batch: ChangeBatch, ingested_at: int, first_seen: Callable[[bytes, int], int]) -> tuple[pa.Table, int]:
    """One row per change, and how many had a time clamped.

    A change's identity is the BLAKE2b-128 hash of all it says but the time, beside that time. `first_seen(identity,
    now)` gives a change without a time the same time again when it is delivered again.
    """
    count = len(batch)
    attributes = [orjson.dumps(a, option=orjson.OPT_SORT_KEYS).decode() for a in batch.attributes]
    ids = [
        hashlib.blake2b("\1".join(said).encode("utf-8", "surrogatepass"), digest_size=16).digest()
        for said in zip(batch.kind, batch.subject, batch.before, batch.after, batch.source, attributes)
    ]
    times = [time or first_seen(identity, ingested_at) for time, identity in zip(batch.time_unix_nano, ids)]
    table = pa.table(
        {
            "project": col.same(batch.project, count),
            "time": col.times(times),
            "change_id": col.texts([identity.hex() for identity in ids]),
            "version": col.repeated(ingested_at, count, "u8"),
            "ingested_at": col.moment(ingested_at, count),
            "kind": col.names(batch.kind),
            "subject": col.names(batch.subject),
            "before": col.texts(batch.before),
            "after": col.texts(batch.after),
            "source": col.names(batch.source),
            "attributes": col.texts(attributes),
        }
    )
    return table, sum(1 for time in times if time > col.MAX_TIME)


def timeless_changes(engine: Engine) -> FirstSeen:
    """When each change that came without a time within the last hour was seen first."""
    return FirstSeen(engine, _TIMELESS, {"seconds": _REMEMBERED_S}, forget_after_s=_REMEMBERED_S)
