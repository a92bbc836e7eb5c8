"""The web UI's client is made from the API's description, and was made again after the last change."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tapetum_server.api.application import openapi_document

SCHEMA = Path(__file__).resolve().parents[3] / "ui" / "src" / "api" / "schema.ts"


@pytest.mark.covers("api-openapi")
def test_the_web_uis_types_are_those_of_the_described_routes() -> None:
    """Otherwise: python tools/openapi.py write, then npm run gen in ui/."""
    generated = SCHEMA.read_text(encoding="utf-8").partition("export interface operations {")[2]
    known = set(re.findall(r"^  (\w+): \{$", generated, re.MULTILINE))
    described = {o["operationId"] for path in openapi_document()["paths"].values() for o in path.values()}
    assert described == known
