"""Tab: real bash with the script that `tapetum --show-completion` gives it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from process.otlp import request
from process.servers import RunningServer, environment, eventually

BASH = shutil.which("bash") or "bash"
COMPLETE = """
eval "$(tapetum --show-completion)"
while read -ra COMP_WORDS; do
    if [ "${COMP_WORDS[-1]}" = "''" ]; then COMP_WORDS[-1]=""; fi
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=()
    _tapetum_completion tapetum < /dev/null
    echo "${COMPREPLY[@]}"
done
"""


def with_tapetum(home: Path, **more: str) -> dict[str, str]:
    """An environment in which the command is called `tapetum`, as after an installation."""
    tool = home / "bin" / "tapetum"
    tool.parent.mkdir(parents=True, exist_ok=True)
    tool.write_text(f"#!{sys.executable}\nfrom tapetum_server.cli import main\nmain()\n")
    tool.chmod(0o755)
    return environment({"PATH": f"{tool.parent}{os.pathsep}{os.environ['PATH']}", "HOME": str(home), **more})


def offered(home: Path, *lines: str, **more: str) -> list[list[str]]:
    """What one bash would offer for the last word of each of these lines; `''` is a word that is not begun."""
    done = subprocess.run(
        [BASH, "--norc", "-c", COMPLETE], input="".join(f"tapetum {line}\n" for line in lines),
        env=with_tapetum(home, **more), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    return [line.split() for line in done.stdout.splitlines()]


@pytest.mark.covers("completion")
@pytest.mark.wide
def test_bash_completes_commands_options_and_formats(tmp_path: Path) -> None:
    exp, commands, logs, options, formats, kinds = offered(
        tmp_path, "exp", "''", "logs se", "backup --", "export spans --format ''", "export me"
    )
    assert exp == ["export"]
    assert {"backup", "restore", "export", "logs"} <= set(commands)
    assert logs == ["search", "send"]
    assert "--keep" in options
    assert formats == ["parquet", "csv", "ndjson"]
    assert kinds == ["metrics"]


@pytest.mark.covers("completion")
@pytest.mark.wide
def test_bash_completes_projects_of_the_server(shared_server: RunningServer, tmp_path: Path) -> None:
    """Asked from the server that the line or the environment names; without one there is nothing to offer."""
    body = request("logs", ["00000000000000ab"]).SerializeToString()
    assert shared_server.send("logs", body, project="completed-project").status_code == 200
    line = "traces --project completed-"

    def soon(expected: list[list[str]], *lines: str, **more: str) -> None:
        # Who presses Tab waits for a second at most, and on a busy machine presses it again.
        eventually(lambda: offered(tmp_path, *lines, **more) == expected, f"{expected} to be offered")

    soon([["completed-project"]], line, TAPETUM_URL=shared_server.url)
    named = f"sql --url {shared_server.url} --project completed-p"
    soon([["completed-project"], []], named, line, TAPETUM_URL="http://127.0.0.1:9")


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
