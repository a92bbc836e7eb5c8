"""A real Prometheus that writes into a real server, and is scraped by it. Runs where the program is installed."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from process.conftest import StartServer
from process.servers import eventually

PROMETHEUS = shutil.which("prometheus")


@pytest.mark.interop
@pytest.mark.covers("remote-write-prometheus")
@pytest.mark.skipif(PROMETHEUS is None, reason="there is no prometheus on this machine")
def test_a_prometheus_writes_what_it_scraped_and_its_histograms_have_quantiles(
    start_server: StartServer, tmp_path: Path
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    (tmp_path / "tapetum.toml").write_text(
        f'[[scrape]]\njob = "scraped"\nurl = "http://{address}/metrics"\ninterval_s = 2\n'
    )
    server = start_server(tmp_path / "data", "--config", str(tmp_path / "tapetum.toml"))
    (tmp_path / "prometheus.yml").write_text(
        f"""\
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: written
    static_configs: [{{targets: ['{address}']}}]
  - job_name: gone
    static_configs: [{{targets: ['127.0.0.1:1']}}]
remote_write:
  - url: {server.url}/api/v1/write
    send_exemplars: true
    send_native_histograms: true
    metadata_config: {{send_interval: 2s}}
    queue_config: {{batch_send_deadline: 1s, max_shards: 4, min_shards: 4}}
"""
    )
    assert PROMETHEUS is not None
    with (tmp_path / "log").open("w") as log:
        running = subprocess.Popen(
            [
                PROMETHEUS, f"--config.file={tmp_path / 'prometheus.yml'}", f"--storage.tsdb.path={tmp_path / 'tsdb'}",
                f"--web.listen-address={address}", "--enable-feature=exemplar-storage,native-histograms",
            ],
            stdout=log, stderr=log,
        )  # fmt: skip
        try:

            def quantile(name: str) -> float | None:
                body = {"name": name, "aggregation": "quantile", "quantile": 1.0, "from": "now-10m", "to": "now"}
                series = server.client.post("/api/v1/metrics/query", json=body).json()["series"]
                return series[0]["total"] if series else None  # type: ignore[no-any-return]

            eventually(
                lambda: quantile("prometheus_http_request_duration_seconds_bucket"), "quantiles of what is written"
            )
            eventually(lambda: quantile("prometheus_http_request_duration_seconds"), "quantiles of what is scraped")
            up = "SELECT service, argMax(value, time) FROM metrics WHERE name = 'up' GROUP BY service ORDER BY service"
            eventually(lambda: server.rows(up) == [("gone", 0), ("scraped", 1), ("written", 1)], "what is up")
        finally:
            running.terminate()
            running.wait(60)
    assert not [line for line in (tmp_path / "log").read_text().splitlines() if "level=error" in line]
    assert {
        key: n for key, n in server.counts().items() if key[2] == "refused" and key[3] != "scrape_unreachable"
    } == {}
