"""Personal data that takes more than a form to be found, by Presidio: an optional extra, imported where it is on.

Nothing is fetched: Presidio would download a model that is not installed, and its rule of e-mail addresses a list of
domains; neither is used.
"""

from __future__ import annotations

import difflib
import functools
import importlib
import logging
import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tapetum.redaction import RULES, Rule

EXTRA = "pip install 'tapetum[presidio]'"
MAX_CHARACTERS = 100_000
OURS = {
    "EMAIL_ADDRESS": "email", "IP_ADDRESS": "ip", "CREDIT_CARD": "card", "IBAN_CODE": "iban",
}  # fmt: skip
"""Entities that rules of Tapetum find, in microseconds; others have the rule's name in capitals."""
_KEPT_TEXTS = 512
_SHORTEST = 2
_NEVER = re.compile(r"(?!)")
_SYNTAX = re.compile(r'["{}\[\]<>\\\n\r\t]+')
"""What may stand between two values, which a model takes for one."""
Hit = tuple[str, int, int]
"""An entity, and from where to where."""


class PresidioUnfit(Exception):
    """It cannot do what it is asked for; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Presidio:
    """What it is asked for."""

    entities: tuple[str, ...]
    """By Presidio's names."""
    score: float = 0.5
    """Of 0 to 1: how sure it must be."""
    language: str = "en"
    model: str = ""
    """The name or folder of a model of spaCy that is installed; "" for none."""
    max_characters: int = 10_000
    """Of each text; what is beyond is not looked at."""


def presidio_rules(asked: Presidio) -> tuple[Rule, ...]:
    """A rule for each entity. They share one analysis of each text. Raises `PresidioUnfit`."""
    find = _Analysis(asked)
    return tuple(
        Rule(entity.lower(), "pii", f"{entity}, found by Presidio", _NEVER, finder=functools.partial(find, entity))
        for entity in asked.entities
    )


class _Analysis:
    """An engine of Presidio's, which one thread at a time may ask."""

    def __init__(self, asked: Presidio) -> None:
        self._asked = asked
        self._engine = _engine_of(asked)
        self._lock = threading.Lock()
        # A text is looked at when a batch is screened, and again when it is rewritten: for each entity.
        self._hits: Callable[[str], tuple[Hit, ...]] = functools.lru_cache(_KEPT_TEXTS)(self._analysed)

    def __call__(self, entity: str, text: str) -> Iterable[tuple[int, int]]:
        """Where the entity is in the text."""
        return [(start, end) for name, start, end in self._hits(text[: self._asked.max_characters]) if name == entity]

    def _analysed(self, text: str) -> tuple[Hit, ...]:
        asked = self._asked
        with self._lock:
            found = self._engine.analyze(
                text, language=asked.language, entities=list(asked.entities), score_threshold=asked.score
            )
        return tuple((hit.entity_type, *span) for hit in found for span in without_syntax(text, hit.start, hit.end))


def without_syntax(text: str, start: int, end: int) -> Iterable[tuple[int, int]]:
    """A span without syntax in it, so that JSON stays JSON."""
    at = start
    for gap in (*_SYNTAX.finditer(text, start, end), None):
        until = gap.start() if gap else end
        if len(text[at:until].strip(" ,:;")) >= _SHORTEST:
            yield at, until
        at = gap.end() if gap else end


def _engine_of(asked: Presidio) -> Any:
    try:
        spacy = importlib.import_module("spacy")
        presidio = importlib.import_module("presidio_analyzer")
        engines = importlib.import_module("presidio_analyzer.nlp_engine")
    except ImportError as error:
        raise PresidioUnfit(f"Presidio cannot be imported ({error}): {EXTRA}") from error
    # It warns of every label of a model that it has no name for.
    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
    words = engines.SpacyNlpEngine(models=[{"lang_code": asked.language, "model_name": asked.model or "blank"}])
    words.nlp = {asked.language: _pipeline(spacy, asked)}
    registry = presidio.RecognizerRegistry(supported_languages=[asked.language])
    registry.load_predefined_recognizers(languages=[asked.language], nlp_engine=words)
    _check(asked, registry.recognizers, set(words.get_supported_entities()))
    return presidio.AnalyzerEngine(registry=registry, nlp_engine=words, supported_languages=[asked.language])


def _pipeline(spacy: Any, asked: Presidio) -> Any:
    if asked.model:
        try:
            return spacy.load(asked.model)
        except OSError as error:
            raise PresidioUnfit(
                f"the model {asked.model!r} cannot be loaded; install it (python -m spacy download {asked.model}), or "
                "give the folder that holds it"
            ) from error
    try:
        pipeline = spacy.blank(asked.language)
    except ImportError as error:
        raise PresidioUnfit(f"spaCy has no language {asked.language!r}; expected one such as 'en'") from error
    # Presidio is surer of a number with "passport" before it; it compares lemmas, which take a model.
    spacy.Language.component("tapetum_words", func=_words_as_they_stand)
    pipeline.add_pipe("tapetum_words")
    return pipeline


def _words_as_they_stand(document: Any) -> Any:
    for word in document:
        word.lemma_ = word.lower_
    return document


def _check(asked: Presidio, recognizers: Iterable[Any], of_models: set[str]) -> None:
    by_form = {
        entity
        for recognizer in recognizers
        if not recognizer.name.startswith("Spacy")
        for entity in recognizer.supported_entities
    }
    for entity in asked.entities:
        ours = OURS.get(entity, entity.lower())
        if ours in RULES:
            raise PresidioUnfit(f"{entity} is found by the rule {ours!r}: write that into on instead")
        if entity in by_form:
            continue
        if entity not in of_models:
            known = sorted(by_form | of_models)
            near = difflib.get_close_matches(entity, known, 1)
            said = f"did you mean {near[0]}?" if near else f"it has {', '.join(known)}"
            raise PresidioUnfit(f"Presidio has no entity {entity!r} in language {asked.language!r}; {said}")
        if not asked.model:
            raise PresidioUnfit(
                f"{entity} takes a model of spaCy: install one (python -m spacy download en_core_web_lg) and name it "
                "as model"
            )
