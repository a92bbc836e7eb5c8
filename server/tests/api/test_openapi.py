"""The OpenAPI document is complete, and it is the one that the UI's client was generated from."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fastapi.routing
import pytest
from asked_world import ROUTES, World
from fastapi.dependencies.utils import get_dependant

REPOSITORY = Path(__file__).resolve().parents[3]
DOCUMENT = json.loads((REPOSITORY / "ui" / "openapi.json").read_bytes())
"""As it was written down, which the first test holds against what the program says: to ask the program takes every worker seconds."""
METHODS = ("get", "put", "post", "delete", "patch")
OPERATIONS: dict[str, dict[str, Any]] = {
    f"{method.upper()} {path}": item[method]
    for path, item in DOCUMENT["paths"].items()
    for method in METHODS
    if method in item
}


def refs(node: Any) -> Iterator[str]:
    """Every `$ref` below a part of the document."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from refs(value)
    elif isinstance(node, list):
        for value in node:
            yield from refs(value)


def answers(operation: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(status, media type, schema) of everything that an operation answers."""
    for status, response in operation["responses"].items():
        for media_type, content in response.get("content", {}).items():
            yield status, media_type, content.get("schema", {})


@pytest.mark.covers("api-openapi")
def test_the_clients_document_is_what_the_server_says() -> None:
    checked = subprocess.run(
        [sys.executable, REPOSITORY / "tools" / "openapi.py", "check"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_first_request_is_answered_without_making_the_routes_anew(
    asked: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are made when the program is imported; once more for each router took most of a second."""
    made: list[Any] = []

    def counted(*given: Any, **more: Any) -> Any:
        made.append(more.get("call"))
        return get_dependant(*given, **more)

    monkeypatch.setattr(fastapi.routing, "get_dependant", counted)
    assert asked.client.get("/v1/nothing-is-here").status_code == 404
    assert asked.client.get("/v1/info").status_code == 200
    assert made == []


@pytest.mark.covers("api-openapi")
def test_every_route_is_in_the_document_under_its_own_name() -> None:
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert sorted(names) == sorted(route.name for route in ROUTES)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_says_what_it_does_and_how_it_answers(operation: str) -> None:
    found = OPERATIONS[operation]
    assert found["summary"]
    assert found["description"].strip().endswith((".", "`"))
    assert found["tags"]
    by_status = found["responses"]
    assert any(status.startswith("2") for status in by_status)
    assert all(response["description"] for response in by_status.values())


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_documents_its_refusals_in_the_one_shape(operation: str) -> None:
    refusals = [(status, schema) for status, _, schema in answers(OPERATIONS[operation]) if status[0] in "45"]
    assert any(status == "4XX" for status, _ in refusals)
    for status, schema in refusals:
        assert schema == {"$ref": "#/components/schemas/ErrorBody"}, status


@pytest.mark.covers("api-openapi")
@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_answer_with_a_body_has_a_schema(operation: str) -> None:
    found = OPERATIONS[operation]
    for status, media_type, schema in answers(found):
        assert schema, (status, media_type)
        if media_type == "application/json" and status.startswith("2"):
            assert schema.keys() & {"$ref", "properties", "items", "anyOf", "oneOf"}, "it says nothing of its parts"
    for status, response in found["responses"].items():
        assert response.get("content") or status == "204", status


def test_every_reference_leads_somewhere() -> None:
    schemas = {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}
    assert set(refs(DOCUMENT)) <= schemas


def test_the_running_server_says_the_same(asked: World) -> None:
    served = asked.client.get("/openapi.json").json()
    assert served.pop("info")["title"] == DOCUMENT["info"]["title"]
    assert served == {name: part for name, part in DOCUMENT.items() if name != "info"}
