"""Large requests of predictions: read and handed on part by part, bounded while they inflate, and kept once."""

from __future__ import annotations

import errno
import gzip
import io
import json
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from receivers.otlp_doors import AsCaller, Recorder
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.testclient import TestClient
from starlette.types import Scope

from tapetum_server.app import inflate, spool
from tapetum_server.app.inflate import BodyError, BodyLimits, Inflate
from tapetum_server.receivers.records import kinds, prediction_parts, table_parts
from tapetum_server.receivers.records.http import Records
from tapetum_server.signals.consumer import Batch, Busy, Receipt
from tapetum_server.signals.identity import LOOPBACK

ARROW, PARQUET, LINES = "application/vnd.apache.arrow.stream", "application/vnd.apache.parquet", "application/x-ndjson"
COUNT = 1_050
RNG = np.random.default_rng(7)
TABLE = pa.table({
    "x": np.arange(COUNT), "c": pa.array([f"c{i % 7}" for i in range(COUNT)]).dictionary_encode(),
    "seen": pa.array([[float(i)] * (i % 3) for i in range(COUNT)]), "t": RNG.random(COUNT),
    "tags": pa.array([{"region": f"r{i % 2}"} for i in range(COUNT)]),
    "score": pa.array([None if i % 5 else i / COUNT for i in range(COUNT)]),
})  # fmt: skip


class Busied(Recorder):
    """A consumer that is busy at the third batch, as often and as `busy` says."""

    busy: list[Busy]

    async def consume(self, batch: Batch) -> Receipt:
        if len(self.batches) == 2 and self.busy:
            raise self.busy.pop()
        return await super().consume(batch)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_parts, "PART_ROWS", 100)
    monkeypatch.setattr(prediction_parts, "_LINES_A_PART", 100)
    for module in (spool, inflate):
        monkeypatch.setattr(module, "SPOOL_ABOVE", 4_000)
    monkeypatch.setattr(spool, "_WRITE_BYTES", 1_000)


@contextmanager
def door(recorder: Recorder, spools: Path, limits: BodyLimits | None = None) -> Iterator[TestClient]:
    with ThreadPoolExecutor(2) as executor:
        records = Records(recorder, recorder, executor)

        def refuse(scope: Scope, error: BodyError) -> Response:
            return records.refuse(scope, error.status, error.reason, str(error))

        app = Inflate(
            Starlette(routes=records.routes), refuse=refuse, executor=executor, limits=limits,
            large=records.takes_large, spools=spools,
        )  # fmt: skip
        with TestClient(AsCaller(app, LOOPBACK)) as client:
            yield client
    assert not list(spools.iterdir())


def arrow(table: pa.Table, rows_a_batch: int | None = None, compression: str | None = None) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(table, rows_a_batch)
    return sink.getvalue()


def parquet(table: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def lines(table: pa.Table) -> bytes:
    said = [{"x": row["x"], "c": row["c"], "seen": row["seen"], "t": row["t"]} for row in table.to_pylist()]
    others = [{"tags": row["tags"], "score": row["score"]} for row in table.to_pylist()]
    return b"".join(json.dumps({"features": one, **other}).encode() + b"\n" for one, other in zip(said, others))


FORMS = {
    "one record batch": (arrow(TABLE), ARROW), "record batches": (arrow(TABLE, 400, "zstd"), ARROW),
    "row groups": (parquet(TABLE, row_group_size=500), PARQUET), "lines": (lines(TABLE), LINES),
}  # fmt: skip


def post(client: TestClient, body: bytes, media_type: str, encoding: str = "identity") -> httpx.Response:
    headers = {"content-type": media_type, "content-encoding": encoding}
    return client.post("/v1/predictions?model=m", content=body, headers=headers)


def rows_of(recorder: Recorder) -> list[dict[str, Any]]:
    tables = [batch.rows for batch in recorder.batches]  # type: ignore[union-attr]
    return [row for table in tables for row in table.to_pylist(maps_as_pydicts="strict")]


@pytest.mark.covers("predictions-large-requests")
@pytest.mark.parametrize("form", FORMS)
def test_a_large_request_is_handed_on_in_parts_and_named_alike_when_it_comes_again(form: str, tmp_path: Path) -> None:
    body, media_type = FORMS[form]
    recorder, again = Recorder(), Recorder()
    with door(recorder, tmp_path) as client:
        assert post(client, body, media_type).json() == {"accepted": COUNT, "refused": []}
    with door(again, tmp_path) as client:
        for encoding, packed in (("gzip", gzip.compress(body)), ("zstd", zstandard.compress(body))):
            assert post(client, packed, media_type, encoding).json()["accepted"] == COUNT
    assert {len(batch) for batch in recorder.batches} <= {100, 50}
    rows, twice = rows_of(recorder), rows_of(again)
    expected = [
        ({"x": float(row["x"]), "t": row["t"]}, {"c": row["c"]}, {"seen": row["seen"]}, row["tags"], row["score"])
        for row in TABLE.to_pylist()
    ]
    told = [(row["numeric"], row["categorical"], row["number_lists"], row["tags"], row["score"]) for row in rows]
    assert told == expected
    assert len({row["prediction_id"] for row in rows}) == COUNT
    assert [row["prediction_id"] for row in twice] == [row["prediction_id"] for row in rows] * 2
    assert recorder.counts["default", "loopback", "predictions", "accepted", ""] == COUNT


@pytest.mark.covers("predictions-large-requests")
@pytest.mark.parametrize("form", [ARROW, PARQUET, LINES])
def test_a_bad_row_of_a_large_request_is_named_by_its_place_in_all_of_it(form: str, tmp_path: Path) -> None:
    recorder = Recorder()
    models = ["m" if i not in (5, 777) else "" for i in range(COUNT)]
    table = pa.table({"model": models, "score": np.arange(COUNT) / COUNT})
    body = {
        ARROW: lambda: arrow(table, 300), PARQUET: lambda: parquet(table),
        LINES: lambda: b"\n".join(json.dumps(row).encode() for row in table.to_pylist()),
    }[form]()  # fmt: skip
    with door(recorder, tmp_path) as client:
        answer = client.post("/v1/predictions", content=body, headers={"content-type": form}).json()
    assert answer["accepted"] == COUNT - 2
    assert [(one["index"], one["field"]) for one in answer["refused"]] == [(5, "model"), (777, "model")]
    assert recorder.counts["default", "loopback", "predictions", "refused", "invalid_prediction"] == 2


@pytest.mark.covers("predictions-cut")
def test_of_an_arrow_stream_that_is_cut_the_rows_before_are_kept_and_count_once(tmp_path: Path) -> None:
    whole = arrow(TABLE, 200)
    kept, all_of_it = Recorder(), Recorder()
    with door(kept, tmp_path) as client:
        answer = post(client, whole[: len(whole) // 2], ARROW)
        half = len(rows_of(kept))
        nothing = post(client, gzip.compress(whole)[:-9], ARROW, "gzip")
        assert nothing.status_code == 400
        assert nothing.json()["error"]["code"] == "undecodable"
        assert len(rows_of(kept)) == half
    assert 0 < half < COUNT
    assert half % 200 == 0
    assert (answer.status_code, answer.json()["accepted"]) == (200, half)
    (refused,) = answer.json()["refused"]
    assert (refused["index"], refused["field"]) == (half, "body")
    assert f"From row {half} on nothing is kept" in refused["message"]
    with door(all_of_it, tmp_path) as client:
        assert post(client, whole, ARROW).json()["accepted"] == COUNT
    assert [row["prediction_id"] for row in rows_of(kept)] == [row["prediction_id"] for row in rows_of(all_of_it)][
        :half
    ]


@pytest.mark.covers("predictions-bombs")
def test_what_would_burst_is_refused_before_it_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_parts, "MAX_BATCH_BYTES", 100_000)
    monkeypatch.setattr(table_parts, "MAX_WORD_BYTES", 10_000)
    zeros = pa.table({"x": np.zeros(20_000)})
    many = pa.table({"x": pa.nulls(kinds.MAX_ROWS + 1)})
    long = pa.DictionaryArray.from_arrays(pa.array([0] * 9, pa.int8()), ["w" * 10_001])
    nothing = parquet(pa.table({"x": pa.nulls(20_000, pa.int8())}))
    recorder = Recorder()
    with door(recorder, tmp_path, BodyLimits(large_bytes=300_000)) as client:
        for body, media_type, encoding, status, said in (
            (gzip.compress(bytes(1_000_000)), ARROW, "gzip", 413, "max_predictions_mib"),
            (zstandard.compress(bytes(1_000_000)), LINES, "zstd", 413, "inflates to more than 300000 bytes"),
            (bytes(300_001), LINES, "identity", 413, "the limit is 300000: send less at once"),
            (arrow(zeros, None, "zstd"), ARROW, "identity", 413, "record batch behind row 0 inflates to 160000 bytes"),
            (arrow(zeros, 10_000, "lz4"), ARROW, "identity", 200, ""),
            (arrow(many), ARROW, "identity", 413, "holds 1000001 rows; at most 1000000"),
            (b"\n" * 1_000, LINES, "identity", 200, ""), (nothing, PARQUET, "identity", 413, "smaller row groups"),
            (arrow(pa.table({"c": long})), ARROW, "identity", 400, "text of 10001 bytes"),
            (parquet(pa.table({"c": ["w" * 10_001] * 9})), PARQUET, "identity", 400, "text of 10001 bytes"),
        ):  # fmt: skip
            answer = post(client, body, media_type, encoding)
            assert answer.status_code == status, answer.text
            error = answer.json().get("error", {})
            assert said in f"{error.get('message')} {error.get('hint')}", answer.text
    assert {len(batch) for batch in recorder.batches} == {100}


@pytest.mark.covers("predictions-large-requests")
def test_a_part_waits_for_room_and_what_is_kept_when_the_store_cannot_go_on_is_said(tmp_path: Path) -> None:
    full, gone = Busied(), Busied()
    full.busy = [Busy("queue_full", "full", 0.01)] * 3
    gone.busy = [Busy("disk_full", "The disk is full.", 30)]
    body = arrow(TABLE)
    with door(full, tmp_path) as client:
        assert post(client, body, ARROW).json()["accepted"] == COUNT
    assert [row["numeric"]["x"] for row in rows_of(full)] == list(range(COUNT))
    assert not [key for key in full.counts if key[3] == "refused"]
    with door(gone, tmp_path) as client:
        answer = post(client, body, ARROW)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
        assert "200 of this request are kept already, and count once" in answer.json()["error"]["message"]
        assert post(client, body, ARROW).json()["accepted"] == COUNT
    assert len({row["prediction_id"] for row in rows_of(gone)}) == COUNT


@pytest.mark.covers("predictions-large-requests")
def test_a_disk_without_room_for_the_request_is_told_to_try_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(tempfile.SpooledTemporaryFile[bytes]):
        def write(self, s: Any) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(spool.tempfile, "SpooledTemporaryFile", Full)
    recorder = Recorder()
    with door(recorder, tmp_path) as client:
        answer = post(client, arrow(TABLE), ARROW)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "disk_full")
    assert not recorder.batches
