"""The SDK installs beside any training or serving stack, so it must stay light."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import tapetum

HEAVY = ("numpy", "pandas", "pyarrow", "google.protobuf", "requests", "httpx", "grpc", "tapetum_server")


def run(code: str) -> str:
    env = {**os.environ, "PYTHONPATH": str(Path(tapetum.__file__).parents[1])}
    return subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout


@pytest.mark.covers("sdk-light")
@pytest.mark.parametrize("module", ["tapetum", "tapetum.semconv", "tapetum.exporter", "tapetum.resources"])
def test_importing_loads_nothing_heavy(module: str) -> None:
    loaded = f"import json, sys; print(json.dumps([m for m in {HEAVY} if m in sys.modules]))"
    assert json.loads(run(f"import {module}; {loaded}")) == []


def test_importing_tapetum_alone_loads_neither_opentelemetry_nor_psutil() -> None:
    loaded = "print([m for m in ('opentelemetry.sdk', 'psutil') if m in sys.modules])"
    assert run(f"import sys, tapetum, tapetum.semconv; {loaded}").strip() == "[]"


def test_no_module_needs_psutil() -> None:
    """OpenTelemetry's SDK loads it where it is installed."""
    run("import sys; sys.modules['psutil'] = None; import tapetum.exporter, tapetum.resources")
