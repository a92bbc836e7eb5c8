"""The filter: its grammar, its SQL and its Python form, which must agree."""

from __future__ import annotations

import asyncio
import json
import re
import unicodedata
from typing import Any

import pytest
from asked_world import World, log_batch, span_batch, span_id
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tapetum_server.api.live_rows import log_rows_of, span_rows_of
from tapetum_server.query.errors import QueryError
from tapetum_server.query.filter import Choice, Term, parse_filter, tokens_of
from tapetum_server.query.filter_match import predicate
from tapetum_server.query.logs import list_logs
from tapetum_server.query.sources import LOGS, SPANS
from tapetum_server.query.spans import list_spans
from tapetum_server.query.time_range import TimeRange


def one(text: str) -> Term:
    (term,) = parse_filter(text).terms
    return term


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("service:web", Term("service", "is", (Choice("web"),))),
        ("service:web,api", Term("service", "is", (Choice("web"), Choice("api")))),
        ("-status:error", Term("status", "is", (Choice("error"),), negated=True)),
        ("duration_ms:>=250ms", Term("duration_ms", ">=", (Choice("250ms"),))),
        ("cost_usd:<1", Term("cost_usd", "<", (Choice("1"),))),
        ("http.route:*", Term("http.route", "exists")),
        ("name:GET*", Term("name", "prefix", (Choice("GET", is_prefix=True),))),
        ('name:"GET /x"*', Term("name", "prefix", (Choice("GET /x", is_prefix=True),))),
        ("name:a,b*", Term("name", "is", (Choice("a"), Choice("b", is_prefix=True)))),
        ('name:"GET /loans/{id}"', Term("name", "is", (Choice("GET /loans/{id}"),))),
        ('name:"with \\"quotes\\" and \\\\ slash"', Term("name", "is", (Choice('with "quotes" and \\ slash'),))),
        ('url.full:"a,b"', Term("url.full", "is", (Choice("a,b"),))),
        ('name:"*"', Term("name", "is", (Choice("*"),))),
        ('name:">5"', Term("name", "is", (Choice(">5"),))),
        ("url.full:http://a:80/x", Term("url.full", "is", (Choice("http://a:80/x"),))),
        ('-"key with space":v', Term("key with space", "is", (Choice("v"),), negated=True)),
        ("label:~sport", Term("label", "contains", (Choice("sport"),))),
        ("-label:~a,b*", Term("label", "contains", (Choice("a"), Choice("b", is_prefix=True)), negated=True)),
        ('label:~"a b"*', Term("label", "contains", (Choice("a b", is_prefix=True),))),
        ("label:~*", Term("label", "contains", (Choice("", is_prefix=True),))),
        ('label:"~x"', Term("label", "is", (Choice("~x"),))),
        ("timeout", Term("", "text", (Choice("timeout"),))),
        ('"connection refused"', Term("", "text", (Choice("connection refused"),))),
        ("-retry", Term("", "text", (Choice("retry"),), negated=True)),
        ("-", Term("", "text", (Choice("-"),))),
        (":odd:word", Term("", "text", (Choice(":odd:word"),))),
        ('name:"GET /lo', Term("name", "is", (Choice("GET /lo"),))),
        ('key:""', Term("key", "is", (Choice(""),))),
    ],
)
def test_each_form_of_a_term(text: str, term: Term) -> None:
    """The same cases as the UI's parser has."""
    assert one(text) == term


@given(st.text(max_size=60))
@example('"\\')
@example("a:b,")
def test_every_text_is_a_filter(text: str) -> None:
    parse_filter(text)


def test_terms_are_separated_by_spaces_and_nothing_is_no_filter() -> None:
    assert [term.key for term in parse_filter("  service:web \t status:err ").terms] == ["service", "status"]
    assert not parse_filter("   ")
    assert not parse_filter(None)


@pytest.mark.parametrize(
    "text",
    ["duration_ms:>x", "input_tokens:1*", "start_time:>now", "severity:>loud", "input_tokens:~1", "severity:~warn"],
)
def test_what_cannot_be_compared_is_refused_alike_in_both_forms(asked: World, text: str) -> None:
    source = LOGS if text.startswith("severity") else SPANS
    with pytest.raises(QueryError) as refused:
        predicate(parse_filter(text), source)
    assert refused.value.field == "q"
    with pytest.raises(QueryError):
        asyncio.run(found(asked, text, logs=source is LOGS))


TEXTS = (
    "Hello World_foo don't 1.5 a.b x-y 3,000 我爱北京 مرحبا café über_straße 日本語テキスト 한국어",
    "user@example.com http://a.b/c?d=1 ':' foo:bar _ __ 12ab ab12 1.5a 1.a a.1 1'5 a:1 a._b _a a_ ._ _1.2_ 1_.2",
    "a.b. .a a..b a.:b x' A-B/C\\D\tE\nF 😀 1_000.5",
)


@pytest.mark.parametrize("text", TEXTS)
def test_tokens_are_those_of_the_engine(asked: World, text: str) -> None:
    (row,) = asked.sql("SELECT tokens(lowerUTF8({text:String}), 'unicodeWord') AS tokens", text=text)
    assert tokens_of(text) == [token for token in row["tokens"] if token.strip()]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet="aZ1_.':- \\\"é我\n,/", max_size=20))
def test_any_text_has_the_tokens_of_the_engine(asked: World, text: str) -> None:
    (row,) = asked.sql("SELECT tokens(lowerUTF8({text:String}), 'unicodeWord') AS tokens", text=text)
    assert tokens_of(text) == row["tokens"]


SPANS_KEPT = span_batch(
    {"span": 1, "name": "GET /a", "service": "web", "attributes": {"route": "/a", "n": 5, "f": 0.5, "ok": True},
     "resource": {"host.name": "h1", "n": "7"}, "seconds": 0.2},
    {"span": 2, "name": "chat", "service": "bot", "attributes": {"route": "", "quote": "it's \\ \"q\"\n{x:String}"},
     "canonical": {"kind": "llm", "model": "gpt-4o", "input_tokens": 10, "usage_counted": True,
                   "input": "Schöne neue Welt 我爱北京 Привет ΚΑΛΗΜΕΡΑ", "output": "ok, done"}},
    {"span": 3, "name": "chat", "service": "bot", "status": 2, "status_message": "timeout of 5 s", "seconds": None,
     "attributes": {"gen_ai.request.model": "gpt-4o", "long": "x" * 200, "user.id": "u-1"},
     "canonical": {"model": "gpt-4o", "user_id": "u-1", "cost_usd": 0.0}},
    {"span": 4, "name": "", "service": "web", "attributes": {"route": "/a/b", "n": -1, "text": "12.5", "a,b": "c:d"},
     "resource": {"host.name": "h2", "path": 'C:\\x "y"'}},
    {"span": 5, "name": "chat", "service": "bot", "attributes": {"long": "x" * 200, "route": "/ä"},
     "resource": {"host.name": "h1"}},
    {"span": 10, "name": "[odd", "service": "bot", "attributes": {
        "tags": ["a", "b c", "é\"q\"", ""], "codes": [200, 404], "shares": [1.0, 2.5], "truths": [True, False], "said": '["a"]',
        "broken": '["a",', "none": [], "plain": "a"}, "resource": {"zones": ["a", "z"]}},
    {"span": 6, "name": "told", "service": "bot", "canonical": {
        "input": json.dumps([{"role": "user", "content": "Ein Café\nzwischendurch, \r\n\tНочь Crème 北京 😀"}])}},
    {"span": 7, "name": "told", "service": "bot", "canonical": {"output": unicodedata.normalize("NFD", "Ein Café, ночь")}},
    {"span": 8, "name": "told", "service": "bot", "canonical": {
        "input": json.dumps({"content": "first\nfox\r\narrow\tTab\n3.5 \b\fold C:\\temp", "to": "a/b\"née\""}),
        "output": "C:\\tools \\nabla"}},
    {"span": 9, "name": "told", "service": "bot", "canonical": {
        "output": json.dumps([{"arguments": json.dumps({"code": "import os\ndef run():\n\treturn 'été'"})}])}},
)  # fmt: skip
LOGS_KEPT = log_batch(
    {"at": 1, "span": 1, "severity_number": 9, "body": "Started server Ошибка", "attributes": {"port": 80}},
    {"at": 2, "span": 2, "severity": "WARNING", "severity_number": 0, "body": "disk at 91 %", "service": "db"},
    {"at": 3, "span": 3, "severity_number": 17, "body": "connection refused: 10.0.0.1", "event_name": "net.error",
     "resource": {"host.name": "h1"}},
    {"at": 4, "span": 4, "severity_number": 0, "body": "", "attributes": {"port": "http", "x": ""}},
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def filled(asked: World) -> None:
    # Two requests: the second finds the long value already stored, and refers to it.
    asked.keep(SPANS_KEPT, LOGS_KEPT)


async def found(asked: World, text: str, *, logs: bool = False) -> set[str]:
    asking: dict[str, Any] = dict(
        project="default", time_range=TimeRange(None, None), filter=parse_filter(text), limit=100
    )
    if logs:
        return {row["span_id"] for row in (await list_logs(asked.reader, **asking))["rows"]}
    return {row["span_id"] for row in (await list_spans(asked.reader, **asking))["rows"]}


def live(text: str, *, logs: bool = False) -> set[str]:
    """What a live tail lets through."""
    passes = predicate(parse_filter(text), LOGS if logs else SPANS)
    rows = log_rows_of(LOGS_KEPT) if logs else span_rows_of(SPANS_KEPT)
    return {searched["span_id"] for searched, _ in rows if passes(searched)}


SPAN_FILTERS = (
    "service:web", "-service:web", "service:web,bot", "name:GET*", "name:*", "-name:*", 'name:""', "route:/a",
    "route:/a*", "route:*", "-route:*", 'route:""', "route:/ä", "n:5", "n:>0", "n:<0", "n:>=5", "f:0.5", "ok:true",
    "attributes.n:*", "resource.n:7", "resource.n:>6", "n:7", "text:>12", "host.name:h1", "-host.name:h1",
    "host.name:h*", "resource.host.name:h2", 'path:"C:\\\\x \\"y\\""', 'quote:"it\'s \\\\ \\"q\\"\n{x:String}"',
    "a,b:*", '"a,b":"c:d"', "model:gpt-4o", "gen_ai.request.model:gpt-4o", "gen_ai.request.model:gpt*",
    "user.id:u-1", "-user.id:u-1", "long:" + "x" * 200, "long:" + "x" * 199, "long:x*", "duration_ms:>100ms",
    "duration_ms:*", "-duration_ms:*", "duration_ms:200", "input_tokens:>5", "-input_tokens:>5", "cost_usd:0",
    "cost_usd:*", "status:error", "state:running", "usage_counted:true", "kind:llm,span", "welt", "WELT schöne", "Привет", "привет", "ΠΡΙ", "SCHÖNE καλημερα ПРИВЕТ", "приветы",
    "北京", "-timeout", '"timeout of"', "gpt", "done ok", "5", "absent:x", "-absent:x", "absent:*", 'absent:""',
    "tags:~a", "-tags:~a", "tags:~b*", 'tags:~"b c",x', 'tags:~"é\\"q\\""', 'tags:~""', "tags:~*", "tags:~z", "tags:a", "codes:~404",
    "codes:~4", "shares:~1", "shares:~2.5", "truths:~false", "said:~a", "broken:~a", "none:~*", "plain:~a", "plain:~a*", "zones:~z",
    "resource.zones:~a", "attributes.zones:~a", "name:~chat,told", "name:~*", 'name:~"[odd"', "service:~bot", "absent:~a", 'absent:~""',
    "start_time:>2020-01-01", "end_time:<2020-01-01", "-end_time:*", "get",
)  # fmt: skip


@pytest.mark.parametrize("text", SPAN_FILTERS)
def test_the_tail_and_the_list_of_spans_agree(asked: World, text: str) -> None:
    assert live(text) == asyncio.run(found(asked, text))


@pytest.mark.covers("filter-contains")
@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("tags:~a", {10}), ("tags:~b*", {10}), ("tags:~b", set()), ('tags:~"é\\"q\\""', {10}), ("codes:~404", {10}),
        ("codes:~4", set()), ("shares:~1", {10}), ("truths:~false", {10}), ("said:~a", {10}), ("broken:~a", set()),
        ("none:~*", set()), ("plain:~a,b", {10}), ("zones:~z", {10}), ("attributes.zones:~z", set()), ("name:~*", set(range(1, 10)) - {4}),
        ("-kind:~span,tool -name:~told service:~bot", {2}), ("route:~/a", {1}), ("absent:~a", set()),
    ],
)  # fmt: skip
def test_a_list_contains_its_elements_and_a_text_is_a_list_of_one(asked: World, text: str, where: set[int]) -> None:
    assert asyncio.run(found(asked, text)) == {span_id(span) for span in where}


@pytest.mark.covers("full-text-spellings")
@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("café", {6, 7}), (unicodedata.normalize("NFD", "café"), {6, 7}), ("CAFÉ", {6, 7}), ("crème", {6}),
        ("zwischendurch", {6}), ("ночь", {6, 7}), ("НОЧЬ", {6, 7}), ('"Café zwischendurch"', {6}), ("北京", {2, 6}),
        ("😀", {6}), ("u00e9", {6, 9}), ("wischendurch", set()), ("caf", {6}),
        ("fox", {8}), ("nfox", set()), ("FIRST fox", {8}), ("arrow", {8}), ("narrow", set()), ("tab", {8}), ("3.5", {8}),
        ("old", {8}), ("temp", {8}), ("emp", {8}), ("tools", {8}), ("nabla", {8}), ("née", {8}), ("b", {8}),
        ("def", {9}), ("return été", {9}), ("run", {9}),
    ],
)  # fmt: skip
def test_words_are_found_however_the_sender_wrote_them(asked: World, text: str, where: set[int]) -> None:
    """Escaped in JSON, once or twice, at the beginning of a line of it, accents apart from their letters."""
    wanted = {f"{span:016x}" for span in where}
    assert asyncio.run(found(asked, text)) == wanted
    assert live(text) == wanted


LOG_FILTERS = (
    "severity:warn", "severity:WARNING", "severity:>=warn", "severity:<error", "-severity:info", "severity:*",
    "severity:e*", "port:80", "port:>10", "port:*", "x:*", 'x:""', "refused", "10.0.0.1", "net.error", "event_name:*",
    "host.name:h1", "service:db", 'body:""', "body:disk*", "severity_number:0", "severity_number:>=9", "91", "-server", "ошибка", "Ошибка server", "ошибки",
)  # fmt: skip


@pytest.mark.parametrize("text", LOG_FILTERS)
def test_the_tail_and_the_list_of_logs_agree(asked: World, text: str) -> None:
    assert live(text, logs=True) == asyncio.run(found(asked, text, logs=True))


WORDS = st.sampled_from(
    ["service", "route", "n", "host.name", "name", "attributes.n", "resource.n", "model", "x'y", "a\\b"]
)
VALUES = st.sampled_from(
    ["web", "/a", "5", "h1", "", "chat", "gpt-4o", "it's", "\\", "x" * 200, "u-1", "\n", "{p0:String}"]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.booleans(), WORDS, st.lists(VALUES, min_size=1, max_size=3), st.booleans())
def test_any_key_and_values_are_bound_and_agree(
    asked: World, negated: bool, key: str, values: list[str], prefix: bool
) -> None:
    quoted = [f'"{re.sub(chr(92) * 2, chr(92) * 4, v).replace(chr(34), chr(92) + chr(34))}"' for v in values]
    text = f'{"-" if negated else ""}"{key.replace(chr(92), chr(92) * 2)}":{",".join(quoted)}{"*" if prefix else ""}'
    assert live(text) == asyncio.run(found(asked, text))


def test_a_filter_on_a_span_attribute_uses_the_index(asked: World) -> None:
    """A rare value must not cost a scan of every attribute."""
    from tapetum_server.query.selection import select
    from tapetum_server.query.spans import spans_statement

    async def statement() -> Any:
        selection = await select(
            asked.reader, SPANS, project="default", time_range=TimeRange(None, None), filter=parse_filter("route:/a/b")
        )
        return spans_statement(selection, "-start_time", 10, None)

    sql, parameters = asyncio.run(statement())
    assert "has(attr_values," in sql
    assert "resource" not in sql.split("WHERE")[1]
    plan = "\n".join(row["explain"] for row in asked.sql(f"EXPLAIN indexes = 1 {sql}", **parameters))
    assert "by_value" in plan


def test_span_ids_are_what_the_helpers_say() -> None:
    assert span_id(1) == "0" * 15 + "1"
