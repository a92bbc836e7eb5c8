"""Tab: real bash with the script that `tapetum --show-completion` gives it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from process.otlp import request
from process.servers import RunningServer, environment

BASH = shutil.which("bash") or "bash"
COMPLETE = """
eval "$(tapetum --show-completion)"
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
_tapetum_completion tapetum
printf '%s\\n' "${COMPREPLY[@]}"
"""


def with_tapetum(home: Path, **more: str) -> dict[str, str]:
    """An environment in which the command is called `tapetum`, as after an installation."""
    tool = home / "bin" / "tapetum"
    tool.parent.mkdir(parents=True, exist_ok=True)
    tool.write_text(f"#!{sys.executable}\nfrom tapetum_server.cli import main\nmain()\n")
    tool.chmod(0o755)
    return environment({"PATH": f"{tool.parent}{os.pathsep}{os.environ['PATH']}", "HOME": str(home), **more})


def offered(home: Path, *words: str, **more: str) -> list[str]:
    """What bash would offer for the last of these words."""
    done = subprocess.run(
        [BASH, "--norc", "-c", COMPLETE, "bash", *words],
        env=with_tapetum(home, **more), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.covers("completion")
def test_bash_completes_commands_options_and_formats(tmp_path: Path) -> None:
    assert offered(tmp_path, "tapetum", "exp") == ["export"]
    assert {"backup", "restore", "export", "logs"} <= set(offered(tmp_path, "tapetum", ""))
    assert offered(tmp_path, "tapetum", "logs", "se") == ["search", "send"]
    assert "--keep" in offered(tmp_path, "tapetum", "backup", "--")
    assert offered(tmp_path, "tapetum", "export", "spans", "--format", "") == ["parquet", "csv", "ndjson"]
    assert offered(tmp_path, "tapetum", "export", "me") == ["metrics"]


@pytest.mark.covers("completion")
def test_bash_completes_projects_of_the_server(shared_server: RunningServer, tmp_path: Path) -> None:
    """Asked from the server that the line or the environment names; without one there is nothing to offer."""
    body = request("logs", ["00000000000000ab"]).SerializeToString()
    assert shared_server.send("logs", body, project="completed-project").status_code == 200
    line = ("tapetum", "traces", "--project", "completed-")
    assert offered(tmp_path, *line, TAPETUM_URL=shared_server.url) == ["completed-project"]
    assert offered(tmp_path, "tapetum", "sql", "--url", shared_server.url, "--project", "completed-p") == [
        "completed-project"
    ]
    assert offered(tmp_path, *line, TAPETUM_URL="http://127.0.0.1:9") == []


@pytest.mark.covers("completion")
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(shell: str, tmp_path: Path) -> None:
    own = with_tapetum(tmp_path, _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    done = subprocess.run(
        ["tapetum", "--show-completion", shell], env=own, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert f"complete_{shell}" in done.stdout


@pytest.mark.covers("completion")
def test_installing_it_writes_to_the_shells_own_files(tmp_path: Path) -> None:
    done = subprocess.run(
        [BASH, "--norc", "-c", "tapetum --install-completion; true"], env=with_tapetum(tmp_path), capture_output=True,
        text=True, timeout=120, check=False,
    )  # fmt: skip
    assert "bash completion installed" in done.stdout, done.stderr
    assert "tapetum" in (tmp_path / ".bashrc").read_text()
