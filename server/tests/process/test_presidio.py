"""Presidio in a real server, in an environment that has it: installed into a folder beside where it is not."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from process.conftest import StartServer
from process.servers import TAPETUM, environment
from process.test_log_lines import NDJSON, kept

MODEL = """
import sys, spacy
made = spacy.blank("en")
made.add_pipe("entity_ruler").add_patterns(
    [{"label": "PERSON", "pattern": name} for name in ("Grace Hopper", "Ada Lovelace")]
)
made.to_disk(sys.argv[1])
"""
"""A model of two people, as large ones are loaded: they are in no package registry."""


@pytest.fixture(scope="module")
def with_presidio(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What to add to the environment of a server."""
    paths = [path for path in sys.path if path]
    if importlib.util.find_spec("presidio_analyzer") is None:
        folder = tmp_path_factory.mktemp("presidio")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"]
        subprocess.run([*pip, str(folder), "presidio-analyzer>=2.2.360"], check=True, stdin=subprocess.DEVNULL)
        paths.append(str(folder))
    return {"PYTHONPATH": os.pathsep.join(paths)}


@pytest.mark.interop
@pytest.mark.covers("redaction-presidio")
def test_people_and_passports_are_marks_that_are_counted(
    with_presidio: dict[str, str], start_server: StartServer, tmp_path: Path
) -> None:
    model, config = tmp_path / "model", tmp_path / "tapetum.toml"
    subprocess.run([sys.executable, "-c", MODEL, model], env=os.environ | with_presidio, check=True)
    config.write_text(
        f'''[[redaction]]
project = "people"
allow = ["Ada Lovelace"]
[redaction.presidio]
entities = ["PERSON"]
model = "{model}"
max_characters = 200
[[redaction]]
project = "papers"
[redaction.presidio]
entities = ["US_PASSPORT", "CRYPTO"]
score = 0.4
'''
    )
    # An interpreter of its own: one that is forked has the path of this one.
    server = start_server(tmp_path / "data", "--config", config, env=with_presidio, prefix=["env"])

    def store(project: str, *messages: str) -> list[str]:
        body = "\n".join(json.dumps({"message": text}) for text in messages).encode()
        headers = NDJSON | {"x-tapetum-project": project}
        assert server.client.post("/v1/logs", content=body, headers=headers).is_success
        return [row[0] for row in kept(server, project, "body")]

    chat = json.dumps({"said": "I am Grace Hopper", "to": ["Ada Lovelace"], "key": "ghp_" + "k9Lw" * 9})
    first, whole, late = store("people", chat, "Grace Hopper", "x " * 120 + "Grace Hopper")
    said = json.loads(first)
    assert said["said"] == f"I am {whole}"
    assert whole.startswith("[redacted:person:")
    assert said["to"] == ["Ada Lovelace"]
    assert said["key"].startswith("[redacted:github_token:")
    assert late.endswith("Grace Hopper")
    assert server.counts()["people", "logs", "redacted", "person"] == 2
    listed = server.client.get("/api/v1/redaction", params={"project": "people"}).json()["rules"]
    assert [(r["family"], r["by"], r["locked"]) for r in listed if r["name"] == "person"] == [
        ("pii", "configuration", True)
    ]
    # Without a model the words around a number still tell: 912803456 alone may be anything.
    passport, number, coin, name = store(
        "papers", "my passport is 912803456", "order 912803456", "to 16Yeky6GMjeNkAiNcBY7ZhrLoMSgg1BoyZ", "Grace Hopper"
    )
    assert passport.startswith("my passport is [redacted:us_passport:")
    assert number == "order 912803456"
    assert coin.startswith("to [redacted:crypto:")
    assert name == "Grace Hopper"

    for entity, why in (
        ("PERSON", "PERSON takes a model of spaCy"),
        ("EMAIL_ADDRESS", "is found by the rule 'email'"),
        ("PASPORT", "Presidio has no entity 'PASPORT'"),
    ):
        config.write_text(f'[[redaction]]\n[redaction.presidio]\nentities = ["{entity}"]\n')
        serve = [*TAPETUM, "serve", "--data", tmp_path / "other", "--config", config, "--port", "0"]
        done = subprocess.run(serve, env=environment(with_presidio), capture_output=True, text=True, timeout=300)
        assert done.returncode == 1
        assert why in " ".join(done.stderr.split())
