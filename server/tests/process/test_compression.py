"""Large answers of the API are made smaller for callers who are far away."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from process.servers import RunningServer

LINES = 2_000
FAR = {"x-forwarded-for": "192.0.2.7"}
"""What a proxy on this machine says of whom it speaks for."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    running = RunningServer(Path(tmp_path_factory.mktemp("compression")) / "data")
    lines = "\n".join(f"line {n} of a log that says the same again and again" for n in range(LINES))
    assert running.client.post("/v1/logs", content=lines, headers={"content-type": "text/plain"}).status_code == 200
    yield running
    running.close()


def asked(server: RunningServer, path: str, **headers: str) -> tuple[httpx.Headers, bytes]:
    """Headers and the body as it travels."""
    request = {"accept-encoding": "gzip, deflate", **headers}
    with server.client.stream("GET", path, headers=request) as answer:
        assert answer.status_code == 200
        return answer.headers, b"".join(answer.iter_raw())


@pytest.mark.covers("compressed-answers")
def test_a_large_answer_is_small_for_who_is_far_away_and_the_same(server: RunningServer) -> None:
    path = "/api/v1/logs?limit=1000"
    headers, plain = asked(server, path)
    assert "content-encoding" not in headers, "on this machine it would only take longer"
    headers, small = asked(server, path, **FAR)
    assert (headers["content-encoding"], headers["content-length"]) == ("gzip", str(len(small)))
    assert "accept-encoding" in headers["vary"].lower()
    assert len(small) < len(plain) / 5
    rows = json.loads(gzip.decompress(small))["rows"]
    assert len(rows) == 1_000
    assert rows == json.loads(plain)["rows"]


@pytest.mark.covers("compressed-answers")
@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/api/v1/logs?limit=1000", {"accept-encoding": "identity"}),
        ("/api/v1/logs?limit=1000", {"accept-encoding": "gzip;q=0"}),
        ("/api/v1/logs?limit=1", {}),
        ("/api/v1/export/logs?format=parquet", {}),
        ("/api/v1/keys", {}),
    ],
)
def test_what_stays_as_it_is(server: RunningServer, path: str, headers: dict[str, str]) -> None:
    """Who does not want it, what is small, what is compressed in itself, and secrets."""
    answered, _ = asked(server, path, **FAR, **headers)
    assert "content-encoding" not in answered
