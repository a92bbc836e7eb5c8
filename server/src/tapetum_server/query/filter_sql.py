"""A selection into SQL conditions with every key and value bound."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tapetum_server.query.errors import QueryError
from tapetum_server.query.filter import Choice, Term, tokens_of
from tapetum_server.query.filter_maps import list_conditions, map_text, map_value_passes
from tapetum_server.query.filter_values import attribute_key, levels_of, moment_of, no_list, no_prefix, number_of
from tapetum_server.query.filter_words import forms_of, spellings_of
from tapetum_server.query.listed import contains, listed
from tapetum_server.query.selection import (
    ANYWHERE,
    INLINE,
    Selection,
    before_entry_pattern,
    entry_pattern,
    resource_pattern,
)
from tapetum_server.query.sources import Field, Searched
from tapetum_server.query.statement import Parameters
from tapetum_server.store.full_text import SAID_BY_RECORD, words
from tapetum_server.store.messages import MIN_PIECE
from tapetum_server.store.sql_files import text as engine_text

MAX_TERMS = 100
"""More than any person types; a bound on what one request can make the engine parse."""
MAX_MESSAGES = 5_000
"""How many pieces of repeated conversation one word may be looked up in."""
_RUN = re.compile("[a-z0-9]+")


def conditions(selection: Selection, parameters: Parameters) -> list[str]:
    """Everything that narrows the question: its project first, always."""
    terms = terms_of(selection)
    found = selection.bounds(parameters) + [condition(term, selection, parameters) for term in terms]
    return found + (list_conditions(terms, parameters) if selection.source.in_maps else [])


def terms_of(selection: Selection) -> Sequence[Term]:
    """The terms of the filter, which are not more than one question may have."""
    terms = selection.filter.terms
    if len(terms) > MAX_TERMS:
        raise QueryError(f"the filter has {len(terms)} terms; at most {MAX_TERMS}", code="bad_filter", field="q")
    return terms


def condition(term: Term, selection: Selection, parameters: Parameters) -> str:
    """One term as a condition that is never NULL."""
    sql, nullable = _positive(term, selection, parameters)
    if nullable:
        sql = f"ifNull({sql}, 0)"
    return f"NOT ({sql})" if term.negated else sql


def value_sql(key: str, selection: Selection, parameters: Parameters) -> str:
    """The text of a key's value in each row, "" where it has none: what facets count and charts group by."""
    known = selection.source.fields.get(key)
    if known is not None:
        return key if known.kind in ("text", "severity") else f"ifNull(toString({key}), '')"
    if selection.source.in_maps:
        return map_text(key, parameters)
    found = selection.whereabouts.get(key, ANYWHERE)
    name, in_attributes, in_resource = attribute_key(key)
    own = _attribute_text(name, found.places, selection, parameters) if in_attributes and found.places else ""
    resource = _resource_text(name, parameters) if in_resource and found.in_resource else ""
    if own and resource:
        held = f"match(attr_shape, {parameters.text(entry_pattern(name))})"
        return f"if({held}, {own}, {resource})"
    return own or resource or "''"


def _positive(term: Term, selection: Selection, parameters: Parameters) -> tuple[str, bool]:
    if term.op == "text":
        return _full_text(term.value, selection, parameters), False
    known = selection.source.fields.get(term.key)
    if known is None and selection.source.in_maps:
        return map_value_passes(term, parameters), False
    if known is None:
        return _attribute(term, selection, parameters), False
    if known.kind == "severity":
        return _severity(term, parameters), False
    if known.kind == "text":
        return _text(term, term.key, parameters), False
    return _number(term, known, parameters), known.nullable and term.op != "exists"


def _text(term: Term, sql: str, parameters: Parameters) -> str:
    if term.op == "exists":
        return f"{sql} != ''"
    if term.op in (">", ">=", "<", "<="):
        return f"ifNull(toFloat64OrNull({sql}) {term.op} {parameters.number(number_of(term, term.value, 'number'))}, 0)"
    if term.op == "contains":
        return _any(contains(listed(sql), term.choices, parameters))
    return _any([_equals(sql, term.choices, parameters), *_prefixes(sql, term.choices, parameters)])


def _number(term: Term, known: Field, parameters: Parameters) -> str:
    if term.op == "exists":
        return f"isNotNull({term.key})"
    if term.op == "contains":
        raise no_list(term)
    if any(choice.is_prefix for choice in term.choices):
        raise no_prefix(term)
    operator = "=" if term.op == "is" else term.op
    if known.kind == "time":
        bounds = [parameters.moment(moment_of(term, choice.text)) for choice in term.choices]
    else:
        bounds = [parameters.number(number_of(term, choice.text, known.kind)) for choice in term.choices]
    return _any([f"{term.key} {operator} {bound}" for bound in bounds])


def _severity(term: Term, parameters: Parameters) -> str:
    if term.op == "exists":
        return "severity != ''"
    if term.op == "contains":
        raise no_list(term)
    levels = levels_of(term)
    return f"severity = {parameters.text(levels[0])}" if len(levels) == 1 else f"severity IN {parameters.texts(levels)}"


def _attribute(term: Term, selection: Selection, parameters: Parameters) -> str:
    name, in_attributes, in_resource = attribute_key(term.key)
    found = selection.whereabouts.get(term.key, ANYWHERE)
    places = found.places if in_attributes else frozenset()
    in_resource = in_resource and found.in_resource
    if term.op == "exists":
        parts = [f"match(attr_shape, {parameters.text(entry_pattern(name))})"] if places else []
        if in_resource:
            parts.append(f"match(resource, {parameters.text(resource_pattern(name))})")
        return _any(parts)
    if term.op in (">", ">=", "<", "<=", "contains"):
        texts = [_attribute_text(name, places, selection, parameters)] if places else []
        texts += [_resource_text(name, parameters)] if in_resource else []
        return _any([_text(term, sql, parameters) for sql in texts])
    parts = []
    if any(not choice.text for choice in term.choices):
        texts = [_attribute_text(name, places, selection, parameters)] if places else []
        texts += [_resource_text(name, parameters)] if in_resource else []
        parts.append(" AND ".join(f"{sql} = ''" for sql in texts) or "1")
    for choice in term.choices:
        if not choice.text:
            continue
        if places:
            parts.append(_attribute_is(name, choice, places, selection, parameters))
        if in_resource:
            pattern = resource_pattern(name, choice.text, prefix=choice.is_prefix)
            parts.append(f"match(resource, {parameters.text(pattern)})")
    return _any(parts)


def _attribute_is(
    name: str, choice: Choice, places: frozenset[str], selection: Selection, parameters: Parameters
) -> str:
    wanted = parameters.text(choice.text)
    if choice.is_prefix or len(choice.text) >= MIN_PIECE or "\0" in choice.text:
        value = _attribute_text(name, places, selection, parameters)
        return f"startsWith({value}, {wanted})" if choice.is_prefix else f"{value} = {wanted}"
    parts = []
    if INLINE in places:
        # The first condition is what the bloom filter over the values can answer.
        parts.append(f"(has(attr_values, {wanted}) AND {_inline_value(name, parameters)} = {wanted})")
    promoted = frozenset(places - {INLINE})
    if promoted:
        parts.append(f"{_attribute_text(name, promoted, selection, parameters)} = {wanted}")
    return _any(parts)


def _inline_value(name: str, parameters: Parameters) -> str:
    """The element of `attr_values` for a key; "" for a row without it. Shapes are few, so finding it costs little."""
    place = f"extract(attr_shape, {parameters.text(entry_pattern(name, group_place=True))})"
    before = f"extract(attr_shape, {parameters.text(before_entry_pattern(name))})"
    return f"attr_values[if({place} = '.', countMatches({before}, '(?s)(?:^|\\\\x00)[a-z]\\\\.') + 1, 0)]"


def _attribute_text(name: str, places: frozenset[str], selection: Selection, parameters: Parameters) -> str:
    """The text of an attribute, wherever it lies; "" for a row without it."""
    branches = []
    place = f"extract(attr_shape, {parameters.text(entry_pattern(name, group_place=True))})"
    for letter in sorted(places - {INLINE}):
        branches.append(f"{place} = '{letter}', {selection.source.promoted[letter]}")
    inline = "''"
    if INLINE in places:
        value = _inline_value(name, parameters)
        # A long value may be a reference to a text that is stored once (store.messages).
        inline = engine_text(value).replace("{database}.", "") if selection.source.promoted else value
    return f"multiIf({', '.join(branches)}, {inline})" if branches else inline


def _resource_text(name: str, parameters: Parameters) -> str:
    escaped = f"extract(resource, {parameters.text(resource_pattern(name, group_value=True))})"
    return f"JSONExtractString(concat('[\"', {escaped}, '\"]'), 1)"


def _full_text(text: str, selection: Selection, parameters: Parameters) -> str:
    source = selection.source
    if not tokens_of(text):
        # Nothing that the tokenizer keeps: look for the characters themselves.
        needle = parameters.text(text)
        return _any([f"positionCaseInsensitiveUTF8({column.words}, {needle}) > 0" for column in source.searched])
    forms = [" ".join(tokens_of(form)) for form in forms_of(text)]
    spellings = [
        [("hasAllTokens", parameters.text(" ".join(spelling.tokens)))] * bool(spelling.tokens)
        + [("hasAnyTokens", parameters.text(" ".join(alike))) for alike in spelling.either]
        for spelling in spellings_of(text)
    ]

    def has(column: str) -> str:
        ways = [
            " AND ".join(f"{function}({column}, {w}, 'unicodeWord')" for function, w in tests) for tests in spellings
        ]
        return _any([f"({way})" if " AND " in way else way for way in ways])

    found = [
        has(column.words) if column.indexed else _any([_has_form(column, form, parameters) for form in forms])
        for column in source.searched
    ]
    if source.searches_messages:
        project = parameters.text(selection.project)
        found.append(
            "hasAnyTokens(search_text, (SELECT groupArray(hash) FROM (SELECT DISTINCT toString(hash) AS hash"
            f" FROM (SELECT project, hash, {words('text')} AS said FROM message_rows)"
            f" WHERE project = {project} AND {has('said')} LIMIT {MAX_MESSAGES})), 'unicodeWord')"
        )
        found.append(
            "(trace_id, span_id) IN (SELECT trace_id, span_id FROM"
            f" (SELECT project, trace_id, span_id, {words(SAID_BY_RECORD)} AS said FROM span_enrichments)"
            f" WHERE project = {project} AND {has('said')})"
        )
    return _any(found)


def _has_form(column: Searched, form: str, parameters: Parameters) -> str:
    words = f"lowerUTF8({column.read_as or column.column})"
    has = f"hasAllTokens({words}, {parameters.text(form)}, 'unicodeWord')"
    # However a text is cut into words, such a run stays in one piece: few texts are left to be cut.
    part = max(_RUN.findall(form), key=len, default="") if column.long else ""
    return f"(position({words}, {parameters.text(part)}) > 0 AND {has})" if part else has


def _equals(sql: str, choices: Sequence[Choice], parameters: Parameters) -> str:
    exact = [choice.text for choice in choices if not choice.is_prefix]
    if not exact:
        return ""
    return f"{sql} = {parameters.text(exact[0])}" if len(exact) == 1 else f"{sql} IN {parameters.texts(exact)}"


def _prefixes(sql: str, choices: Sequence[Choice], parameters: Parameters) -> list[str]:
    return [f"startsWith({sql}, {parameters.text(choice.text)})" for choice in choices if choice.is_prefix]


def _any(parts: Sequence[str]) -> str:
    given = [part for part in parts if part]
    if not given:
        return "0"
    return given[0] if len(given) == 1 else f"({' OR '.join(given)})"
