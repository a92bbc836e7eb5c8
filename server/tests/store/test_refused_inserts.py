"""What a table refuses is never reported as written: an acknowledgement is made of this."""

from __future__ import annotations

import pyarrow as pa
import pytest

from tapetum_server.store.engine import Engine, StoreError

REFUSALS = {
    "a constraint": "(a UInt64, CONSTRAINT small CHECK a < 10) ENGINE = MergeTree ORDER BY a",
    "an error in a computed column": "(a UInt64, b UInt8 MATERIALIZED throwIf(a = 500)) ENGINE = MergeTree ORDER BY a",
    "a missing column": "(b UInt64) ENGINE = MergeTree ORDER BY b",
}


@pytest.mark.parametrize("why", REFUSALS)
@pytest.mark.covers("ack-durable")
def test_an_insert_that_the_table_refuses_raises_and_the_next_one_goes_in(any_engine: Engine, why: str) -> None:
    """chDB's own streaming insert says "1000 rows written" to the first two, and writes none."""
    any_engine.command(f"CREATE TABLE {any_engine.database}.picky {REFUSALS[why]}")
    name = "b" if why == "a missing column" else "a"
    with pytest.raises(StoreError):
        any_engine.insert("picky", pa.table({"a": pa.array(range(1000), pa.uint64())}))
    any_engine.insert("picky", pa.table({name: pa.array([1], pa.uint64())}))
    assert any_engine.query("SELECT count() AS n FROM picky").to_pydict() == {"n": [1]}
