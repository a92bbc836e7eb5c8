"""What arrived and why some of it was refused, asked while more arrives."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from asked_world import NOW, World

from tapetum_server.query.ingest import ingest
from tapetum_server.query.reader import Answer
from tapetum_server.query.store_reader import StoreReader
from tapetum_server.query.time_range import SECOND, TimeRange


class Busy(StoreReader):
    """Before each question, another sender comes, all of whose records are refused."""

    def __init__(self, asked: World) -> None:
        super().__init__(asked.engine, asked.executor)
        self.asked = asked
        self.came = 0

    async def query(
        self,
        sql: str,
        parameters: Mapping[str, object],
        *,
        max_rows: int | None = None,
        timeout_s: float | None = None,
        query_id: str | None = None,
    ) -> Answer:
        self.came += 1
        self.asked.engine.command(
            "INSERT INTO ingest_rows (time, project, sender, signal, outcome, reason, count) VALUES "
            f"({NOW // SECOND - 60}, 'busy', 's{self.came}', 'traces', 'refused', 'invalid_trace_id', 7)"
        )
        return await super().query(sql, parameters, max_rows=max_rows, timeout_s=timeout_s, query_id=query_id)


def test_a_sender_stands_beside_its_reasons_also_while_others_come(asked: World) -> None:
    """A page that waits for the first record looks no more once there is one: half an answer would stay for good."""
    reader = Busy(asked)
    found = asyncio.run(ingest(reader, project="busy", time_range=TimeRange(NOW - 3_600 * SECOND, NOW)))
    assert reader.came > 1
    assert found["senders"] != []
    assert [row["sender"] for row in found["senders"]] == [row["sender"] for row in found["reasons"]]
    assert {row["refused"] for row in found["senders"]} == {row["count"] for row in found["reasons"]} == {7}
