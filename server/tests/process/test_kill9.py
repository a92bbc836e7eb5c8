"""kill -9 at random moments under load: nothing acknowledged is lost, nothing is there twice."""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import pytest
from process.conftest import StartServer
from process.otlp import ID_QUERY, PROTOBUF, SIGNALS, channel, export, new_ids, request
from process.servers import START_S, RunningServer

CLIENTS = 4
BATCH = 40
Sent = tuple[str, list[str], int]
"""Signal, ids and start time: enough to make the very same request again."""


@dataclass
class Ledger:
    """What was sent and what was acknowledged, in all trials so far."""

    sent: dict[str, set[str]] = field(default_factory=lambda: {s: set() for s in SIGNALS})
    acknowledged: dict[str, set[str]] = field(default_factory=lambda: {s: set() for s in SIGNALS})
    retries: int = 0
    unanswered: list[Sent] = field(default_factory=list)
    """Batches whose answer the kill cut off: an exporter sends them again to the next process."""
    lock: threading.Lock = field(default_factory=threading.Lock)


class Client(threading.Thread):
    """Sends batches as fast as they are acknowledged, until the server is gone. Some it sends again."""

    def __init__(self, server: RunningServer, ledger: Ledger, seed: int, *, over_grpc: bool) -> None:
        super().__init__()
        self._server, self._ledger, self._over_grpc = server, ledger, over_grpc
        self._random = random.Random(seed)
        self.first_answer = threading.Event()
        self.failure: BaseException | None = None
        self._mine: list[Sent] = []

    def run(self) -> None:
        try:
            if self._over_grpc:
                with channel(self._server.grpc) as opened:
                    self._send_all(lambda signal, body: self._call(opened, signal, body))
            else:
                connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=START_S)
                try:
                    self._send_all(lambda signal, body: self._post(connection, signal, body))
                finally:
                    connection.close()
        except BaseException as error:
            self.failure = error
            self.first_answer.set()

    def _send_all(self, send: object) -> None:
        for batch in self._waiting():
            signal, ids, start = batch
            with self._ledger.lock:
                self._ledger.sent[signal].update(ids)
            try:
                answered = send(signal, request(signal, ids, start=start).SerializeToString())  # type: ignore[operator]
            except (OSError, http.client.HTTPException, grpc.RpcError):
                with self._ledger.lock:
                    self._ledger.unanswered.append(batch)
                return
            if answered:
                with self._ledger.lock:
                    self._ledger.acknowledged[signal].update(ids)
                self._mine.append(batch)
                self.first_answer.set()

    def _waiting(self) -> object:
        with self._ledger.lock:
            old, self._ledger.unanswered = self._ledger.unanswered, []
        yield from old
        while True:
            if self._mine and self._random.random() < 0.2:
                with self._ledger.lock:
                    self._ledger.retries += 1
                yield self._again()
            else:
                yield self._random.choice(SIGNALS), new_ids(self._random, BATCH), time.time_ns()

    def _again(self) -> Sent:
        """A batch that was acknowledged before, whole or grouped differently."""
        signal, ids, start = self._random.choice(self._mine)
        if self._random.random() < 0.5:
            cut = self._random.randrange(1, BATCH)
            # Identity is the record's: the later part keeps the times that it had in the whole.
            return signal, ids[cut:], start + cut * 1_000_000
        return signal, ids, start

    def _post(self, connection: http.client.HTTPConnection, signal: str, body: bytes) -> bool:
        connection.request("POST", f"/v1/{signal}", body, PROTOBUF)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status in (429, 503):
            return False
        assert (answer.status, content) == (200, b"")
        return True

    def _call(self, opened: grpc.Channel, signal: str, body: bytes) -> bool:
        return export(opened, signal, body) == b""


def check(server: RunningServer, ledger: Ledger) -> Counter[str]:
    """Everything acknowledged is there, nothing is there twice, and nothing that nobody sent."""
    assert server.ready().status_code == 200
    stored_records: Counter[str] = Counter()
    for signal in SIGNALS:
        stored = [row[0] for row in server.rows(ID_QUERY[signal])]
        ids = set(stored)
        lost = ledger.acknowledged[signal] - ids
        assert not lost, f"{len(lost)} acknowledged {signal} are gone, such as {min(lost)}"
        twice = [known for known, count in Counter(stored).items() if count > 1]
        assert not twice, f"{len(twice)} {signal} are there more than once, such as {twice[0]}"
        assert ids <= ledger.sent[signal]
        stored_records[signal] = len(stored)
    return stored_records


def kill_again_and_again(start_server: StartServer, data: Path, trials: int, seed: int) -> list[str]:
    """`trials` times: load, kill -9, restart on the same data, check. One line of figures for each."""
    moments = random.Random(seed)
    ledger = Ledger()
    table = ["trial | moment s | sent again | acknowledged spans logs points | stored spans logs points"]
    server = start_server(data)
    for trial in range(trials):
        clients = [Client(server, ledger, seed * 1000 + trial * 10 + n, over_grpc=n == 0) for n in range(CLIENTS)]
        for client in clients:
            client.start()
        for client in clients:
            assert client.first_answer.wait(START_S)
        moment = moments.uniform(0, 1.2)
        time.sleep(moment)
        server.kill()
        for client in clients:
            client.join(START_S)
            assert not client.is_alive()
            if client.failure is not None:
                raise client.failure
        server.close()
        server = start_server(data)
        stored = check(server, ledger)
        acknowledged = " ".join(str(len(ledger.acknowledged[s])) for s in SIGNALS)
        found = " ".join(str(stored[s]) for s in SIGNALS)
        table.append(f"{trial + 1} | {moment:.2f} | {ledger.retries} | {acknowledged} | {found}")
    assert all(ledger.acknowledged.values())
    assert ledger.retries
    assert server.stop() == 0
    return table


@pytest.mark.covers("kill-9", "ack-durable")
def test_five_kills_under_load_lose_nothing_and_double_nothing(start_server: StartServer, tmp_path: Path) -> None:
    """Clients send the batches that a kill left unanswered again, as exporters do."""
    print("\n".join(kill_again_and_again(start_server, tmp_path, trials=5, seed=1)))


@pytest.mark.slow
@pytest.mark.covers("kill-9")
def test_thirty_kills_under_load_lose_nothing_and_double_nothing(start_server: StartServer, tmp_path: Path) -> None:
    print("\n".join(kill_again_and_again(start_server, tmp_path, trials=30, seed=2)))
