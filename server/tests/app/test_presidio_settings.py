"""The settings of Presidio: what is wrong is named, and so is what has to be installed."""

from __future__ import annotations

from typing import Any

import pytest

from tapetum_server.app.redaction_settings import read_redaction
from tapetum_server.app.settings_errors import SettingsError
from tapetum_server.processors.presidio import without_syntax

pytestmark = pytest.mark.covers("redaction-presidio")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ([], "expected a table"),
        ({}, "presidio.entities is None"),
        ({"entities": ["person"]}, "presidio.entities is ['person']; expected names such as"),
        ({"entities": ["PERSON"], "scores": 1}, "Did you mean 'score'?"),
        ({"entities": ["PERSON"], "score": 1.5}, "presidio.score is 1.5; expected a number of 0 to 1"),
        ({"entities": ["PERSON"], "model": 7}, "presidio.model is 7; expected a text"),
        ({"entities": ["PERSON"], "max_characters": 0}, "presidio.max_characters is 0; expected 1 to 100000"),
    ],
)
def test_a_wrong_setting_is_named(table: Any, said: str) -> None:
    with pytest.raises(SettingsError, match=r"tapetum\.toml: redaction\[0\]\.presidio") as wrong:
        read_redaction([{"presidio": table}], "tapetum.toml")
    assert said in str(wrong.value)


@pytest.mark.parametrize(
    ("text", "found", "kept"),
    [
        ("by Grace Hopper", "Grace Hopper", ["Grace Hopper"]),
        ('{"name": "Grace", "of": "Navy"}', 'Grace", "of": "Navy', ["Grace", "of", "Navy"]),
        ("Grace\nHopper", "Grace\nHopper", ["Grace", "Hopper"]),
        ('["a"]', '["a"]', []),
    ],
)
def test_what_a_model_takes_for_one_thing_never_reaches_over_syntax(text: str, found: str, kept: list[str]) -> None:
    start = text.index(found)
    assert [text[a:b] for a, b in without_syntax(text, start, start + len(found))] == kept
