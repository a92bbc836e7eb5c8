"""Every call and every clause word of the user's text, checked on the words that the engine will read."""

from __future__ import annotations

from tapetum_server.query.gate_errors import SqlRefused, did_you_mean
from tapetum_server.query.gate_functions import functions
from tapetum_server.query.gate_lexer import Lexed, Token
from tapetum_server.query.gate_types import TYPES, check_structure, read_type

MAX_NUMBERS = 10_000_000
"""Rows that numbers() may make."""

_BEFORE_BRACKETS = frozenset(
    [
        "select",
        "from",
        "where",
        "having",
        "qualify",
        "on",
        "using",
        "by",
        "in",
        "and",
        "or",
        "not",
        "as",
        "when",
        "then",
        "else",
        "case",
        "between",
        "like",
        "ilike",
        "is",
        "limit",
        "offset",
        "with",
        "over",
        "all",
        "any",
        "distinct",
        "union",
        "except",
        "intersect",
        "join",
        "exists",
        "array",
        "rollup",
        "cube",
        "sets",
        "end",
        "regexp",
        "div",
        "mod",
        "filter",
        "array",
        "replace",
        "window",
        "null",
        "asc",
        "desc",
        "interval",
    ]
)
"""Words that may stand in front of a bracket without being the name of a call."""

_REFUSED_WORDS = {
    "final": "The views are free of duplicates already; leave FINAL out.",
    "sample": "SAMPLE does not work on views; sample with WHERE cityHash64(trace_id) % 100 = 0.",
    "prewhere": "Write WHERE; PREWHERE does not work on views.",
    "format": "Choose the format of the answer outside the SQL, with the request's format.",
    "settings": "Settings are the server's.",
    "into": "Results are answered, not written.",
    "outfile": "Results are answered, not written.",
    "apply": "Write the expression for each column.",
    "interpolate": None,
    "paste": "Join with ON or USING.",
    "global": "Leave GLOBAL out: there is one server.",
    "columns": "Name the columns.",
    "currentuser": None,
    "current_user": None,
    "session_user": None,
    "currentdatabase": None,
    "current_database": None,
    "currenthandler": None,
    "currentrequesturl": None,
}
"""Clauses and bare words that read or write something else than the views."""

_LITERAL_WORDS = frozenset(("null", "true", "false"))


def check_calls(lexed: Lexed) -> None:
    """Refuse the text at the first word that may not be called or used."""
    tokens = lexed.tokens
    for index, token in enumerate(tokens):
        following = tokens[index + 1] if index + 1 < len(tokens) else None
        before = tokens[index - 1] if index else None
        called = following is not None and following.text == "("
        if token.kind in ("word", "quoted"):
            _bare_word(token, called=called, column=before is not None and before.text == ".")
            if called:
                _call(lexed, index)
        elif token.text == "::":
            read_type(lexed.text, token.end, position=token.start)
        elif token.text == ":" and before is not None and before.text == ".":
            raise SqlRefused("Typed sub-columns cannot be read here.", position=token.start)


def _bare_word(token: Token, *, called: bool, column: bool) -> None:
    name = token.name.lower()
    if name not in _REFUSED_WORDS:
        return
    if name.startswith(("current", "session")):
        raise SqlRefused(f"{token.name} tells about the server, not about telemetry.", position=token.start)
    if token.kind == "word" and not (name == "format" and called) and not column:
        hint = _REFUSED_WORDS[name]
        quoting = f'For a name, write "{token.text}".'
        raise SqlRefused(
            f"{token.text.upper()} cannot be used here.",
            hint=f"{hint} {quoting}" if hint else quoting,
            position=token.start,
        )


def _call(lexed: Lexed, index: int) -> None:
    token = lexed.tokens[index]
    if token.kind == "quoted":
        raise SqlRefused(
            f"A quoted name cannot be called: {token.text[:80]}(…).",
            hint="Write the function's name without quotes.",
            position=token.start,
        )
    if token.lower == "cast":
        _cast(lexed, index)
        return
    if token.lower in _BEFORE_BRACKETS or token.text in TYPES:
        return
    known = functions()
    if token.lower in known.tables:
        _row_maker(lexed, index)
        return
    if known.may_call(token.text):
        return
    why = known.why_not(token.text)
    if why:
        raise SqlRefused(f"The function {token.text} is refused: {why}.", position=token.start)
    raise SqlRefused(
        f"There is no function {token.text[:80]!r} that can be used here.",
        hint=did_you_mean(token.text, known.spelling.values()),
        position=token.start,
    )


def _cast(lexed: Lexed, index: int) -> None:
    """`CAST(x AS Type)`: the type is read here, and it must be the last thing before the bracket closes."""
    for token in _inside(lexed, index, depth=1):
        if token.lower == "as":
            end = read_type(lexed.text, token.end, position=token.start)
            if not lexed.text[end:].lstrip().startswith(")"):
                raise SqlRefused("CAST ends with its type.", position=token.start)
            return
    raise SqlRefused(
        "CAST with the type in a text cannot be checked.",
        hint="Write CAST(x AS Type) or x::Type.",
        position=lexed.tokens[index].start,
    )


def _row_maker(lexed: Lexed, index: int) -> None:
    token = lexed.tokens[index]
    inside = list(_inside(lexed, index))
    if token.lower == "numbers":
        values = [t.text for t in inside if t.kind == "number"]
        if not values or len(values) > 3 or len(inside) != 2 * len(values) - 1 or not all(v.isdigit() for v in values):
            raise SqlRefused("numbers() takes whole numbers, as in numbers(24).", position=token.start)
        if int(values[min(1, len(values) - 1)]) > MAX_NUMBERS:
            raise SqlRefused(f"numbers() makes at most {MAX_NUMBERS} rows.", position=token.start)
        return
    for part in inside:
        if part.kind == "string" or part.kind == "number" or part.text in "(),[]-" or part.lower in _LITERAL_WORDS:
            continue
        raise SqlRefused(f"values() takes plain values, not {part.text[:40]}.", position=part.start)
    if inside and inside[0].kind == "string":
        check_structure(inside[0].text[1:-1], position=inside[0].start)


def _inside(lexed: Lexed, index: int, *, depth: int | None = None) -> list[Token]:
    """The tokens between the bracket behind `index` and the one that closes it; at one depth where that is given."""
    found: list[Token] = []
    level = 0
    for token in lexed.tokens[index + 1 :]:
        if token.text in ("(", "["):
            level += 1
            if level == 1:
                continue
        elif token.text in (")", "]"):
            level -= 1
            if level == 0:
                return found
        if depth is None or level == depth:
            found.append(token)
    raise SqlRefused("This bracket does not close.", position=lexed.tokens[index].start)
