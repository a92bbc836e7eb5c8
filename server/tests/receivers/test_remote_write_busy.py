"""What remote write answers when nothing can be stored: Prometheus sends again after 429 and 5xx, and after no 4xx."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from process.remote_write import V1, series, snappy
from receivers.otlp_doors import AsCaller, Recorder
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.testclient import TestClient
from starlette.types import Scope

from tapetum_server.app.inflate import BodyError, Inflate
from tapetum_server.receivers.prometheus.remote_write import RemoteWrite
from tapetum_server.signals.consumer import Busy
from tapetum_server.signals.identity import LOOPBACK

BODY = snappy(series({"__name__": "a", "job": "shop"}, (int(time.time() * 1000), 1.0)))


def answer_of(recorder: Recorder) -> Response:
    with ThreadPoolExecutor(1) as executor:
        door = RemoteWrite(recorder, recorder, executor)

        def refuse(scope: Scope, error: BodyError) -> Response:
            return door.refuse(scope, error.status, error.reason, str(error))

        app = Inflate(Starlette(routes=door.routes), refuse=refuse, executor=executor, snappy=door.is_snappy)
        with TestClient(AsCaller(app, LOOPBACK)) as client:
            return client.post("/api/v1/write", content=BODY, headers=V1)  # type: ignore[return-value]


@pytest.mark.covers("remote-write", "http-429-503-retry-after")
@pytest.mark.parametrize(("reason", "status", "after"), [("queue_full", 429, "1"), ("disk_full", 503, "30")])
def test_a_full_queue_or_disk_asks_for_it_again(reason: str, status: int, after: str) -> None:
    recorder = Recorder(error=Busy(reason, "not now", float(after)))
    answer = answer_of(recorder)
    assert (answer.status_code, answer.headers["retry-after"]) == (status, after)
    assert recorder.counts["default", "shop", "metrics", "refused", reason] == 1


@pytest.mark.covers("remote-write")
def test_a_fault_of_our_own_is_500_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    recorder = Recorder(error=ZeroDivisionError("a fault"))
    assert answer_of(recorder).status_code == 500
    assert recorder.counts["default", "shop", "metrics", "refused", "internal_error"] == 1
