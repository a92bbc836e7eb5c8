"""Names that users type are documented: doors, filter keys, the SDK's public names, targets of make."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import tapetum
from tapetum_server.query import sources

ROOT = Path(__file__).resolve().parents[3]
SERVER = ROOT / "server" / "src" / "tapetum_server"
pytestmark = pytest.mark.covers("docs-complete")


def doc(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("signal", ["SPANS", "LOGS", "METRICS"])
def test_every_key_of_a_filter_is_documented(signal: str) -> None:
    """Whatever may stand before the colon without a prefix, in the row of its signal."""
    row = next(
        line for line in doc("filters.md").splitlines() if line.startswith(f"| {signal.lower()}") and "`scope`" in line
    )
    assert [key for key in getattr(sources, signal).fields if f"`{key}`" not in row] == []


def test_every_route_outside_the_api_is_documented() -> None:
    """Probes, metrics, and every door of a receiver."""
    text = doc("doors.md")
    routes: set[str] = set()
    for file in [*(SERVER / "app").rglob("*.py"), *(SERVER / "receivers").rglob("*.py")]:
        routes |= set(re.findall(r'Route\(\s*f?"(/[\w/]+)"', file.read_text(encoding="utf-8")))
    assert {"/healthz", "/metrics"} <= routes
    assert sorted(route for route in routes if route not in text) == []


def test_every_public_name_of_the_sdk_is_documented() -> None:
    """What a module names in `__all__`, in docs/ or in the SDK's own page."""
    text = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs").glob("*.md"))
    missing = []
    for module in pkgutil.iter_modules(tapetum.__path__):
        if module.name.startswith("_"):
            continue
        found = importlib.import_module(f"tapetum.{module.name}")
        missing += [
            f"{module.name}.{name}" for name in getattr(found, "__all__", []) if not re.search(rf"\b{name}\b", text)
        ]
    missing += [name for name in tapetum.__all__ if not re.search(rf"\b{name}\b", text)]
    assert missing == []


def test_every_target_of_make_is_documented() -> None:
    targets = re.findall(r"^([a-z][a-z-]*):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert [target for target in targets if f"make {target}" not in text] == []
