"""Features and tags of predictions, as a filter names them: `age:>30`, `features.age:>30`, `tags.region:eu`."""

from __future__ import annotations

from tapetum_server.query.filter import Choice, Term
from tapetum_server.query.filter_values import number_of, number_or_none
from tapetum_server.query.statement import Parameters

FEATURES_PREFIX, TAGS_PREFIX = "features.", "tags."
_MAPS = ("numeric", "booleans", "categorical", "texts", "number_lists", "text_lists")
NAMES = f"arrayConcat({', '.join(f'mapKeys({name})' for name in _MAPS)})"
"""The names of all features of a row."""


def map_text(key: str, parameters: Parameters) -> str:
    """The text of a feature or tag in each row, "" where it has none."""
    name, in_features, in_tags = _places(key)
    at = parameters.text(name)
    tag, feature = f"toString(tags[{at}])", _feature_text(at)
    if in_features and in_tags:
        return f"if(mapContains(tags, {at}), {tag}, {feature})"
    return feature if in_features else tag


def map_value_passes(term: Term, parameters: Parameters) -> str:
    """Whether a feature or tag is as the term says."""
    name, in_features, in_tags = _places(term.key)
    at = parameters.text(name)
    if term.op == "exists":
        there = [f"isNotNull({held}[{at}])" for held in _MAPS[:4]]
        there += [f"(mapContains({held}, {at}) AND NOT has(nulls, {at}))" for held in _MAPS[4:]]
        return _either(there if in_features else [], [f"mapContains(tags, {at})"] if in_tags else [])
    if term.op in (">", ">=", "<", "<="):
        bound = parameters.number(number_of(term, term.value, "number"))
        return _either(
            [f"ifNull(numeric[{at}] {term.op} {bound}, 0)"] if in_features else [],
            [f"ifNull(toFloat64OrNull(tags[{at}]) {term.op} {bound}, 0)"] if in_tags else [],
        )
    return _either(*([_is(term.key, choice, at, in_features, parameters)] for choice in term.choices))


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
            same.append(f"ifNull(numeric[{at}] = {parameters.number(number)}, 0)")
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
