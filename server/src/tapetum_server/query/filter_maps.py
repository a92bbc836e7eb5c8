"""Features, tags and scores of predictions, as a filter names them: `age:>30`, `features.age:>30`, `tags.region:eu`,
`scores.yes:>0.5`, and what a text is like: `texts.mail.words:>20`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from tapetum_server.query.filter import Choice, Term
from tapetum_server.query.filter_values import no_prefix, number_of, number_or_none
from tapetum_server.query.listed import contains, listed
from tapetum_server.query.statement import Parameters
from tapetum_server.query.text_descriptors import DESCRIPTORS, descriptor

FEATURES_PREFIX, TAGS_PREFIX, SCORES_PREFIX, TEXTS_PREFIX = "features.", "tags.", "scores.", "texts."
_COMPARISONS = (">", ">=", "<", "<=")
_MAPS = ("numeric", "booleans", "categorical", "texts", "number_lists", "text_lists")
NAMES = f"arrayConcat({', '.join(f'mapKeys({name})' for name in _MAPS)})"
"""The names of all features of a row."""


def map_text(key: str, parameters: Parameters) -> str:
    """The text of a feature, tag or score in each row, "" where it has none."""
    if (score := _class_of(key)) is not None:
        at = parameters.text(score)
        return f"if(mapContains(scores, {at}), toString(scores[{at}]), '')"
    if (text := _described(key)) is not None:
        return f"ifNull(toString({_descriptor(*text, parameters)}), '')"
    name, in_features, in_tags = _places(key)
    at = parameters.text(name)
    tag, feature = f"toString(tags[{at}])", _feature_text(at)
    if in_features and in_tags:
        return f"if(mapContains(tags, {at}), {tag}, {feature})"
    return feature if in_features else tag


def map_value_passes(term: Term, parameters: Parameters) -> str:
    """Whether a feature, tag or score is as the term says."""
    if (score := _class_of(term.key)) is not None:
        return _score_passes(term, score, parameters)
    if (text := _described(term.key)) is not None:
        return _number_passes(term, _descriptor(*text, parameters), parameters)
    name, in_features, in_tags = _places(term.key)
    at = parameters.text(name)
    if term.op == "exists":
        there = [f"isNotNull({held}[{at}])" for held in _MAPS[:4]]
        there += [f"(mapContains({held}, {at}) AND NOT has(nulls, {at}))" for held in _MAPS[4:]]
        return _either(there if in_features else [], [f"mapContains(tags, {at})"] if in_tags else [])
    if term.op in _COMPARISONS:
        bound = parameters.number(number_of(term, term.value, "number"))
        compared = [f"ifNull(numeric[{at}] {term.op} {bound}, 0)", _of_numbers(at, f"v {term.op} {bound}")]
        return _either(
            compared if in_features else [],
            [f"ifNull(toFloat64OrNull(tags[{at}]) {term.op} {bound}, 0)"] if in_tags else [],
        )
    if term.op == "contains":
        return _either(_contains(term, at, in_features, parameters))
    return _either(*([_is(term.key, choice, at, in_features, parameters)] for choice in term.choices))


def list_conditions(terms: Sequence[Term], parameters: Parameters) -> list[str]:
    """What several comparisons of one feature mean for a list of numbers: one and the same passes them all."""
    compared = defaultdict(list)
    for term in terms:
        if term.op in _COMPARISONS and not term.negated and not _is_made(term.key) and _places(term.key)[1]:
            compared[term.key].append(term)
    found = []
    for key, several in compared.items():
        if len(several) > 1:
            at = parameters.text(_places(key)[0])
            bounds = [f"v {t.op} {parameters.number(number_of(t, t.value, 'number'))}" for t in several]
            found.append(f"(empty(number_lists[{at}]) OR {_of_numbers(at, ' AND '.join(bounds))})")
    return found


def _of_numbers(at: str, test: str) -> str:
    """Whether one of a list of numbers passes."""
    return f"arrayExists(v -> ifNull({test}, 0), number_lists[{at}])"


def _class_of(key: str) -> str | None:
    """The class whose score a key names."""
    return key[len(SCORES_PREFIX) :] if key.startswith(SCORES_PREFIX) and len(key) > len(SCORES_PREFIX) else None


def _described(key: str) -> tuple[str, str] | None:
    """The text, and what of it a key names."""
    name, _, what = key.removeprefix(TEXTS_PREFIX).rpartition(".")
    return (name, what) if key.startswith(TEXTS_PREFIX) and name and what in DESCRIPTORS else None


def _is_made(key: str) -> bool:
    """Whether a key names what is in no map by itself."""
    return _class_of(key) is not None or _described(key) is not None


def _descriptor(name: str, what: str, parameters: Parameters) -> str:
    at = parameters.text(name)
    there = _either([f"isNotNull({held}[{at}])" for held in _MAPS[:4]])
    return descriptor(what, f"if({there}, {_feature_text(at)}, NULL)")


def _score_passes(term: Term, score: str, parameters: Parameters) -> str:
    at = parameters.text(score)
    there = f"mapContains(scores, {at})"
    return there if term.op == "exists" else f"({there} AND {_numbers(term, f'scores[{at}]', parameters)})"


def _number_passes(term: Term, sql: str, parameters: Parameters) -> str:
    if term.op == "exists":
        return f"isNotNull({sql})"
    return f"ifNull({_numbers(term, sql, parameters)}, 0)"


def _numbers(term: Term, sql: str, parameters: Parameters) -> str:
    """Whether a number is one of those that the term names, or beyond it."""
    if any(choice.is_prefix for choice in term.choices):
        raise no_prefix(term)
    numbers = [parameters.number(number_of(term, choice.text, "number")) for choice in term.choices]
    sign = term.op if term.op in _COMPARISONS else "="
    return _either([f"{sql} {sign} {number}" for number in numbers])


def _contains(term: Term, at: str, in_features: bool, parameters: Parameters) -> list[str]:
    """A value by itself is a list of one, and so is a number however it is written."""
    parts = contains(listed(map_text(term.key, parameters)), term.choices, parameters)
    if not in_features:
        return parts
    parts += contains(f"text_lists[{at}]", term.choices, parameters)
    numbers = [number_or_none(choice.text) for choice in term.choices if not choice.is_prefix]
    for number in (parameters.number(each) for each in numbers if each is not None):
        parts.append(f"ifNull(numeric[{at}] = {number}, 0)")
        parts.append(_of_numbers(at, f"v = {number}"))
    return parts


def _is(key: str, choice: Choice, at: str, in_features: bool, parameters: Parameters) -> str:
    wanted = parameters.text(choice.text)
    if choice.is_prefix:
        return f"startsWith({map_text(key, parameters)}, {wanted})"
    same = [f"{map_text(key, parameters)} = {wanted}"]
    if in_features:
        same.append(f"has(text_lists[{at}], {wanted})")
        number = number_or_none(choice.text)
        if number is not None:
            # 39, 39.0 and 3.9e1 are one number.
            value = parameters.number(number)
            same += [f"ifNull(numeric[{at}] = {value}, 0)", _of_numbers(at, f"v = {value}")]
    return _either(same)


def _feature_text(at: str) -> str:
    return (
        f"multiIf(isNotNull(categorical[{at}]), assumeNotNull(categorical[{at}]), "
        f"isNotNull(numeric[{at}]), toString(assumeNotNull(numeric[{at}])), "
        f"isNotNull(booleans[{at}]), if(assumeNotNull(booleans[{at}]), 'true', 'false'), "
        f"isNotNull(texts[{at}]), assumeNotNull(texts[{at}]), "
        f"mapContains(text_lists, {at}), toString(text_lists[{at}]), "
        f"mapContains(number_lists, {at}), toString(number_lists[{at}]), '')"
    )


def _places(key: str) -> tuple[str, bool, bool]:
    """The own name, and whether a feature and a tag may have it."""
    if key.startswith(FEATURES_PREFIX) and len(key) > len(FEATURES_PREFIX):
        return key[len(FEATURES_PREFIX) :], True, False
    if key.startswith(TAGS_PREFIX) and len(key) > len(TAGS_PREFIX):
        return key[len(TAGS_PREFIX) :], False, True
    return key, True, True


def _either(*parts: list[str]) -> str:
    given = [part for some in parts for part in some]
    return given[0] if len(given) == 1 else f"({' OR '.join(given)})" if given else "0"
