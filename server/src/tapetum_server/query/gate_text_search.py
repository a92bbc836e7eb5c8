"""Full text in a user's SQL finds the same wherever it stands and whoever asks: words in any case and script.

What a user writes, `hasAllTokens(body, 'Card')`, compares the text as it stands, with another idea of what a word is
than the text index has. So every such call becomes one that looks for the words of the text (`store.full_text`).
And where a row must pass the search to be in the answer, the condition moves in front of everything else, into the
view's sub-select: behind the condition on the project, the index would not be asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlglot import exp

from tapetum_server.query.gate_lexer import Lexed, Token
from tapetum_server.store.full_text import words

_FUNCTIONS = frozenset(("hasAllTokens", "hasAnyTokens"))
_INDEXED = {"spans": "search_text", "logs": "body"}
_WORDS = {"search_text": "search_text", "body": words("body")}
"""What the index of each column is on. The first has only words already."""


class TextSearch(NamedTuple):
    """One `hasAllTokens(column, 'words')` and what stands for it."""

    start: int
    end: int
    column: str
    column_at: int
    scanned: str
    """The same for a column of that name, whatever it holds."""
    indexed: str
    """A condition on the view itself that the index answers: an expression that cannot fail, whatever a row of
    another project holds."""


def text_searches(lexed: Lexed) -> list[TextSearch]:
    """Every search of an indexed column for texts that are known before the query runs."""
    found = []
    tokens = lexed.tokens
    for index, token in enumerate(tokens):
        if token.kind == "word" and token.text in _FUNCTIONS and _text(tokens, index + 1) == "(":
            named = index + 4 if _text(tokens, index + 3) == "." else index + 2
            end, needle = _needle(tokens, named + 2)
            if end and _text(tokens, named + 1) == "," and _names_a_column(tokens, index + 2, named):
                column = tokens[named].name
                written = lexed.text[tokens[index + 2].start : tokens[named].end]
                found.append(
                    TextSearch(
                        token.start,
                        end,
                        column,
                        tokens[named].start,
                        f"{token.text}({words(written)}, {needle}, 'unicodeWord')",
                        f"{token.text}({_WORDS[column]}, {needle}, 'unicodeWord')",
                    )
                )
    return found


def required(
    select: exp.Select, view: str, searches: Sequence[TextSearch], renamed: frozenset[str]
) -> list[TextSearch]:
    """The searches that a row of `view`, the only source of `select`, must pass, and that its index can answer."""
    where = select.args.get("where")
    column = _INDEXED.get(view)
    # A name that is given to something else as well may not be the view's column.
    if not isinstance(where, exp.Where) or column is None or column in renamed:
        return []
    places = {search.column_at: search for search in searches if search.column == column}
    found = []
    for part in _conjuncts(where.this):
        if isinstance(part, exp.Func) and part.expressions and isinstance(part.expressions[0], exp.Column):
            search = places.get(part.expressions[0].this.meta.get("start", -1))
            if search is not None:
                found.append(search)
    return found


def _conjuncts(condition: exp.Expr) -> list[exp.Expr]:
    if isinstance(condition, exp.Paren):
        return _conjuncts(condition.this)
    if isinstance(condition, exp.And):
        return [*_conjuncts(condition.this), *_conjuncts(condition.expression)]
    return [condition]


def _names_a_column(tokens: Sequence[Token], first: int, last: int) -> bool:
    named = tokens[first : last + 1]
    return all(t.kind in ("word", "quoted") for t in named[::2]) and named[-1].name in _INDEXED.values()


def _needle(tokens: Sequence[Token], at: int) -> tuple[int, str]:
    """The end of the call whose second argument starts at `at`, and that argument in lower case; or 0."""
    first = tokens[at] if at < len(tokens) else None
    if first is None:
        return 0, ""
    if first.text == "[":
        texts = []
        while at + 2 < len(tokens) and tokens[at + 1].kind == "string" and tokens[at + 2].text in (",", "]"):
            texts.append(f"lowerUTF8({tokens[at + 1].text})")
            at += 2
        if tokens[at].text != "]" or _text(tokens, at + 1) != ")":
            return 0, ""
        return tokens[at + 1].end, f"[{', '.join(texts)}]"
    is_text = first.kind == "string" or (
        first.kind == "parameter" and first.text.partition(":")[2].strip("} ") == "String"
    )
    if not is_text or _text(tokens, at + 1) != ")":
        return 0, ""
    return tokens[at + 1].end, f"lowerUTF8({first.text})"


def _text(tokens: Sequence[Token], index: int) -> str:
    return tokens[index].text if index < len(tokens) else ""
