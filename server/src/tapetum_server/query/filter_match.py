"""A filter into a Python predicate, for the live tail: the same terms, on rows that are not in the store yet."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from tapetum_server.query.filter import Filter, Term, tokens_of
from tapetum_server.query.filter_values import (
    attribute_key,
    levels_of,
    moment_of,
    no_list,
    no_prefix,
    number_of,
    number_or_none,
)
from tapetum_server.query.filter_words import forms_of, unescaped, words_of
from tapetum_server.query.sources import Source
from tapetum_server.signals.attributes import AttributeValue, encode_text

Row = Mapping[str, Any]
"""Column names of the view to values, times in nanoseconds; `attributes` and `resource_attributes` as mappings."""
Predicate = Callable[[Row], bool]

_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def predicate(filter: Filter, source: Source) -> Predicate:
    """Whether a row passes; raises `QueryError` at once for values that its SQL form would refuse."""
    tests = [_test(term, source) for term in filter.terms]
    return lambda row: all(test(row) for test in tests)


def _test(term: Term, source: Source) -> Predicate:
    test = _positive(term, source)
    if term.negated:
        return lambda row: not test(row)
    return test


def _positive(term: Term, source: Source) -> Predicate:
    if term.op == "text":
        return _full_text(term.value, source)
    known = source.fields.get(term.key)
    if known is None:
        return _attribute(term)
    if known.kind == "severity":
        return _severity(term)
    key = term.key
    if known.kind == "text":
        test = _text_test(term)
        return lambda row: test(str(row.get(key) or ""))
    if term.op == "exists":
        return lambda row: row.get(key) is not None
    if term.op == "contains":
        raise no_list(term)
    if any(choice.is_prefix for choice in term.choices):
        raise no_prefix(term)
    if known.kind == "time":
        numbers = [float(moment_of(term, choice.text)) for choice in term.choices]
    else:
        numbers = [number_of(term, choice.text, known.kind) for choice in term.choices]
    if term.op in _COMPARE:
        compare, bound = _COMPARE[term.op], numbers[0]
        return lambda row: row.get(key) is not None and compare(float(row[key]), bound)
    return lambda row: row.get(key) is not None and float(row[key]) in numbers


def _text_test(term: Term) -> Callable[[str], bool]:
    if term.op == "exists":
        return bool
    if term.op in _COMPARE:
        compare, bound = _COMPARE[term.op], number_of(term, term.value, "number")

        def compared(text: str) -> bool:
            number = number_or_none(text)
            return number is not None and compare(number, bound)

        return compared
    exact = frozenset(choice.text for choice in term.choices if not choice.is_prefix)
    prefixes = tuple(choice.text for choice in term.choices if choice.is_prefix)
    if term.op == "contains":
        return lambda text: any(each in exact or each.startswith(prefixes) for each in _listed(text))
    return lambda text: text in exact or text.startswith(prefixes)


def _listed(text: str) -> list[str]:
    """The elements of a text, as `query.listed` says in SQL."""
    if not text.startswith("["):
        return [text] if text else []
    try:
        return [_element(each) for each in orjson.loads(text)]
    except ValueError:
        return []


def _element(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return orjson.dumps(value).decode()


def _attribute(term: Term) -> Predicate:
    name, in_attributes, in_resource = attribute_key(term.key)
    maps = [m for m, wanted in (("attributes", in_attributes), ("resource_attributes", in_resource)) if wanted]
    if term.op == "exists":
        return lambda row: any(name in row[m] for m in maps)
    test = _text_test(term)
    if term.op in _COMPARE:
        compare, bound = _COMPARE[term.op], number_of(term, term.value, "number")

        def compared(value: AttributeValue) -> bool:
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                return compare(float(value), bound)
            return isinstance(value, str) and test(value)

        return lambda row: any(name in row[m] and compared(row[m][name]) for m in maps)

    if term.op == "contains":
        return lambda row: any(name in row[m] and test(encode_text(row[m][name])) for m in maps)

    filled = [choice for choice in term.choices if choice.text]
    asks_absence = len(filled) < len(term.choices)
    present = _text_test(Term(term.key, term.op, tuple(filled)))

    def found(row: Row) -> bool:
        texts = [encode_text(row[m][name]) if name in row[m] else "" for m in maps]
        return any(present(text) for text in texts if text) or (asks_absence and not any(texts))

    return found


def _severity(term: Term) -> Predicate:
    if term.op == "exists":
        return lambda row: bool(row["severity"])
    if term.op == "contains":
        raise no_list(term)
    levels = frozenset(levels_of(term))
    return lambda row: row["severity"] in levels


def _full_text(text: str, source: Source) -> Predicate:
    wanted = [frozenset(tokens_of(form)) for form in forms_of(text)]

    def texts(row: Row) -> list[str]:
        """The words of each text that is searched."""
        return [
            " ".join(as_words(str(row.get(name) or "")) for name in column.words_of or (column.column,))
            for column in source.searched
            for as_words in (words_of if column.indexed else str.lower,)
        ]

    if not wanted:
        needle = text.lower()
        return lambda row: any(needle in words for words in texts(row))

    def found(row: Row) -> bool:
        said = [frozenset(tokens_of(words)) | frozenset(tokens_of(unescaped(words))) for words in texts(row)]
        return any(form <= tokens for tokens in said for form in wanted)

    return found
