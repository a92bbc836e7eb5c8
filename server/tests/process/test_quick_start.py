"""The quick start and the set-up page, as a reader follows them: what can be run here is run, what is a file is parsed."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
import yaml
from process.docs_code import blocks
from process.servers import RunningServer, environment, tapetum

pytestmark = pytest.mark.covers("docs-quick-start")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """An empty server."""
    with RunningServer(tmp_path_factory.mktemp("quick") / "data", first_start=True) as running:
        yield running


def test_the_python_of_the_quick_start_sends_its_span_and_sql_finds_it(server: RunningServer) -> None:
    [code] = blocks("quick-start.md", "python")
    done = subprocess.run(
        [sys.executable, "-c", code.replace("http://127.0.0.1:4318", server.url)],
        capture_output=True, text=True, timeout=120, env=environment({"OTEL_EXPORTER_OTLP_TIMEOUT": "60"}), check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    [command] = [
        line for block in blocks("quick-start.md", "sh") for line in block.splitlines() if "tapetum sql" in line
    ]
    asked = tapetum("sql", re.findall(r'"(.+)"', command)[0], "--url", server.url)
    assert asked.returncode == 0, asked.stderr
    assert "my-app" in asked.stdout


@pytest.mark.parametrize("page", ["quick-start.md", "set-up.md"])
def test_every_curl_that_asks_this_server_succeeds(server: RunningServer, page: str) -> None:
    asked = [block for block in blocks(page, "sh") if block.startswith("curl -i")]
    assert asked
    for command in asked:
        done = subprocess.run(
            ["bash", "-c", command.replace("http://127.0.0.1:4318", server.url)],
            capture_output=True, text=True, timeout=120, env=environment(), check=False,
        )  # fmt: skip
        assert " 200 " in done.stdout.partition("\n")[0], done.stdout + done.stderr


@pytest.mark.parametrize("page", ["quick-start.md", "set-up.md"])
def test_every_yaml_file_is_one_and_every_pipeline_names_what_is_there(page: str) -> None:
    found = [yaml.safe_load(block) for block in blocks(page, "yaml")]
    assert found
    for config in found:
        for pipeline in config.get("service", {}).get("pipelines", {}).values():
            assert set(pipeline["exporters"]) <= set(config["exporters"])
