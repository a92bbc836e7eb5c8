"""Run what needs real clients: the tests marked `interop`, and every example in an environment of its own.

    python tools/interop.py             all of them
    python tools/interop.py NAME…       these examples, or `server` for the marked tests

An example is a folder of examples/ with a requirements.txt and a test_example.py. Its test finds the
server to start in TAPETUM_BIN, the `tapetum` command of the environment that runs this program.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ROOT / ".venv-interop"
TEST_TOOLS = ("pytest>=9", "pytest-timeout>=2.4", "httpx>=0.28")
PATIENT = ("-o", "timeout=600", "-o", "faulthandler_timeout=660")
"""These tests install packages."""


def examples() -> list[str]:
    """The examples that have a test."""
    return sorted(test.parent.name for test in (ROOT / "examples").glob("*/test_example.py"))


def environment(name: str) -> Path:
    """The Python of an example's environment, made again when its requirements change."""
    home = ENVIRONMENTS / name
    python = home / "bin" / "python"
    requirements = ROOT / "examples" / name / "requirements.txt"
    wanted = hashlib.sha256(requirements.read_bytes() + repr(TEST_TOOLS).encode()).hexdigest()
    stamp = home / ".installed"
    if stamp.is_file() and stamp.read_text() == wanted and python.exists():
        return python
    print(f"installing the environment of example {name}", flush=True)
    venv.create(home, with_pip=True, clear=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *TEST_TOOLS, "-r", str(requirements)], check=True, cwd=ROOT, stdin=subprocess.DEVNULL)
    stamp.write_text(wanted)
    return python


def run_server_tests() -> int:
    """The tests of the server and the SDK that are marked `interop`."""
    command = [sys.executable, "-m", "pytest", "-q", "-m", "interop", *PATIENT, "server/tests", "sdk/tests"]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def run_example(name: str) -> int:
    """One example's test, in its own environment, against the server of this one."""
    env = {**os.environ, "TAPETUM_BIN": str(Path(sys.executable).parent / "tapetum")}
    env.pop("PYTHONPATH", None)
    # Other people's libraries warn as they like: only our own tests turn warnings into errors.
    command = [str(environment(name)), "-m", "pytest", "-q", "-m", "", *PATIENT, "-o", "filterwarnings=default"]
    return subprocess.run([*command, f"examples/{name}"], cwd=ROOT, env=env, check=False).returncode


def main(arguments: Sequence[str]) -> int:
    """Run all, print how long each took, and fail if any failed."""
    known = ["server", *examples()]
    if unknown := sorted(set(arguments) - set(known)):
        print(f"no such suite: {', '.join(unknown)}. There are: {', '.join(known)}", file=sys.stderr)
        return 2
    # A registry that stumbles is asked again, here and in tests that install.
    for name, value in {"PIP_RETRIES": "10", "PIP_DEFAULT_TIMEOUT": "60"}.items():
        os.environ.setdefault(name, value)
    results: list[str] = []
    failed = False
    for name in arguments or known:
        started = time.monotonic()
        print(f"── interop: {name}", flush=True)
        status = run_server_tests() if name == "server" else run_example(name)
        passed = status == 0 or (name == "server" and status == 5)  # 5: pytest found no test to run
        failed = failed or not passed
        results.append(f"{name:24} {time.monotonic() - started:5.0f} s  {'passed' if passed else 'FAILED'}")
    print("\n" + "\n".join(results))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
