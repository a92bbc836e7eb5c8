"""MLflow's REST API: traces with spans and assessments, and prompts of a running tracking server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tapetum_server.cli.asking import fail
from tapetum_server.cli.moving.live import Live
from tapetum_server.moving.found import Fields, Row, Skipped
from tapetum_server.moving.mlflow import prompt_of_model
from tapetum_server.moving.otlp import value_of

_API = "/api/2.0/mlflow"
_TOKEN = ("page_token", "next_page_token")
_PAGE = 100


def mlflow_live(server: Live, experiment: str | None) -> Iterator[Row | Skipped]:
    """Every trace of one experiment, or of all of them, and the prompts."""
    found = [
        (said["experiment_id"], said["name"])
        for page in server.pages(f"{_API}/experiments/search", *_TOKEN, max_results=_PAGE)
        for said in page.get("experiments", ())
    ]
    wanted = [one for one in found if experiment in (None, one[1])]
    if not wanted:
        names = ", ".join(name for _, name in found[:10])
        fail(f"MLflow has no experiment {experiment!r}.", f"It has: {names}" if names else None)
    for own, name in wanted:
        yield from _experiment(server, own, name)
    yield from _prompts(server)


def _experiment(server: Live, own: str, name: str) -> Iterator[Row | Skipped]:
    body: dict[str, Any] = {
        "locations": [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": own}}],
        "max_results": _PAGE,
    }
    while True:
        page = server.post("/api/3.0/mlflow/traces/search", body)
        for info in page.get("traces", ()):
            answer = server.try_get("/api/3.0/mlflow/traces/get", trace_id=info["trace_id"])
            place = f"{name} trace {info['trace_id']}"
            if answer is None:
                yield Skipped(place, "is not given by /api/3.0/mlflow/traces/get: its spans may be in the artifacts")
                continue
            trace = answer["trace"]
            spans = [_span(said) for said in trace.get("spans", ())]
            yield Row(place, {"info": trace["trace_info"] | {"experiment_name": name}, "data": {"spans": spans}})
        if not page.get("next_page_token"):
            return
        body["page_token"] = page["next_page_token"]


def _span(said: Fields) -> Fields:
    """A span as `trace.to_json()` has it: every attribute is a JSON text."""
    attributes = {pair["key"]: json.dumps(value_of(pair.get("value")), ensure_ascii=False)
                  for pair in said.get("attributes", ())}  # fmt: skip
    events = [
        event | {"attributes": {pair["key"]: value_of(pair.get("value")) for pair in event.get("attributes", ())}}
        for event in said.get("events", ())
    ]
    return said | {"attributes": attributes, "events": events}


def _prompts(server: Live) -> Iterator[Row]:
    is_prompt = "tags.`mlflow.prompt.is_prompt` = 'true'"
    models = server.pages(f"{_API}/registered-models/search", *_TOKEN, filter=is_prompt, max_results=_PAGE)
    for page in models:
        for model in page.get("registered_models", ()):
            name = model["name"]
            whole = server.get(f"{_API}/registered-models/get", name=name)["registered_model"]
            aliases: dict[str, list[str]] = {}
            for one in whole.get("aliases", ()):
                aliases.setdefault(str(one["version"]), []).append(one["alias"])
            quoted = name.replace("'", "\\'")
            versions = server.pages(
                f"{_API}/model-versions/search", *_TOKEN,
                filter=f"name='{quoted}' AND {is_prompt}", max_results=_PAGE,
            )  # fmt: skip
            for found in versions:
                for said in found.get("model_versions", ()):
                    told = said | {"aliases": aliases.get(str(said["version"]))}
                    yield Row(f"prompt {name} {said['version']}", prompt_of_model(told))
