"""A user's SQL into SQL that can only read what its author may see. DESIGN's gate: deny by default.

The embedded engine isolates nobody: a SELECT can read files, reach the network and run code. So
the text passes four sieves, and each alone would stop most attacks:

1. `gate_lexer` reads it into tokens in the only possible way, or refuses it.
2. Every name in front of a bracket is looked up in `gate_functions.toml`: the user's own words,
   not sqlglot's, which renames functions as it parses.
3. sqlglot parses it; every node must be of a kind listed here and every table a public view.
4. `gate_opinion` compares what the engine's own parser made of the result with what we meant.

The text is not generated anew: sqlglot's rendering changes meanings. Only the names of tables are
replaced, in place, and full-text searches (`gate_text_search`). A view becomes a sub-select of the
caller's project; the name of a WITH query gets a prefix that no table has. So where sqlglot and the
engine disagree about which name is meant, the answer is an error, never another project's rows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from tapetum_server.query.gate_calls import check_calls
from tapetum_server.query.gate_errors import SqlRefused, did_you_mean
from tapetum_server.query.gate_lexer import Lexed, lex
from tapetum_server.query.gate_nodes import check_node
from tapetum_server.query.gate_text_search import TextSearch, required, text_searches
from tapetum_server.query.gate_types import check_type

PUBLIC_VIEWS: tuple[str, ...] = (
    "spans", "traces", "logs", "metrics", "ingest", "alerts", "changes", "errors", "evaluations", "predictions",
    "labels", "feature_statistics", "findings",
)  # fmt: skip
"""What a user can select from. Each has a column `project`."""

PROJECT_PARAMETER = "tapetum_project"
OUR_PREFIX = "tapetum_"
CTE_PREFIX = "tapetum_cte_"

_SIMPLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class GatedSql:
    """A SELECT that may run, on a handle that has `gate_settings` in force."""

    sql: str
    parameters: Mapping[str, object]
    """What to bind: the user's values that the text names, and the project."""
    views: tuple[str, ...]
    """The views it reads, in order, each as often as it is named."""
    queries: frozenset[str]
    """The names that its WITH queries have in `sql`."""
    database: str | None
    """The database that the views are qualified with in `sql`."""


def gate(
    text: str,
    *,
    project: str | None,
    parameters: Mapping[str, object] | None = None,
    row_limit: int | None = None,
    database: str | None = None,
) -> GatedSql:
    """Turn `text` into SQL that reads `project` only (every project for `None`), or raise `SqlRefused`.

    `row_limit` is put behind a SELECT that has no LIMIT of its own, so that the engine can stop
    early. `database` qualifies the views.
    """
    lexed = lex(text)
    bound = _parameters(lexed, parameters or {})
    check_calls(lexed)
    statement = _parse(lexed)
    rewriter = _Rewriter(lexed, statement, project, database)
    try:
        rewriter.visit(statement, frozenset())
    except RecursionError:
        raise SqlRefused("The query is nested too deeply.") from None
    if project is not None and rewriter.views:
        bound[PROJECT_PARAMETER] = project
    sql = rewriter.text()
    if row_limit is not None and _takes_a_limit(statement):
        sql = f"{sql.rstrip()}\nLIMIT {row_limit:d}"
    return GatedSql(
        sql=sql,
        parameters=bound,
        views=tuple(rewriter.views),
        queries=frozenset(rewriter.queries),
        database=database,
    )


def _parameters(lexed: Lexed, given: Mapping[str, object]) -> dict[str, object]:
    """The values that the text names. One it does not name is left out, so that nothing else reads it."""
    bound: dict[str, object] = {}
    for parameter in lexed.parameters:
        check_type(parameter.type_text, position=parameter.start)
        if parameter.name.lower().startswith(OUR_PREFIX):
            raise SqlRefused(f"Names that start with {OUR_PREFIX} are ours.", position=parameter.start)
        if parameter.name not in given:
            raise SqlRefused(
                f"There is no value for {{{parameter.name}:{parameter.type_text}}}.",
                hint=did_you_mean(parameter.name, given) or f'Send it as "parameters": {{"{parameter.name}": …}}.',
                position=parameter.start,
            )
        bound[parameter.name] = given[parameter.name]
    return bound


def _parse(lexed: Lexed) -> exp.Expr:
    first = lexed.tokens[0]
    if first.lower not in ("select", "with") and first.text != "(":
        raise SqlRefused(
            f"Only SELECT and WITH … SELECT can be run, not {first.text[:40]}.",
            hint="GET /api/v1/sql/schema lists the views and their columns.",
            position=first.start,
        )
    try:
        statements = sqlglot.parse(lexed.masked, read="clickhouse")
    except SqlglotError as error:
        raise _syntax(error) from error
    except RecursionError:
        raise SqlRefused("The query is nested too deeply.") from None
    except Exception as error:
        # The parser fails with any type of its own on odd calls, such as xor() without arguments.
        raise SqlRefused("This is not a SELECT that the gate can read.") from error
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise SqlRefused("Only one SELECT can be run.", hint="Send one statement at a time.")
    return statements[0]


def _syntax(error: SqlglotError) -> SqlRefused:
    details = getattr(error, "errors", None) or [{}]
    line, column = details[0].get("line"), details[0].get("col")
    where = f" near line {line}, column {column}" if line else ""
    what = str(details[0].get("description") or "it cannot be parsed").rstrip(".")
    return SqlRefused(
        f"This is not a SELECT that the gate can read{where}: {what}.",
        hint="LIMIT n BY goes into a sub-select of its own: SELECT * FROM (SELECT … LIMIT 1 BY trace_id) LIMIT 10.",
    )


def _takes_a_limit(statement: exp.Expr) -> bool:
    return isinstance(statement, exp.Select) and not any(statement.args.get(k) for k in ("limit", "offset", "fetch"))


class _Rewriter:
    """Walks the tree with the WITH names in sight, checks every node, and collects replacements."""

    def __init__(self, lexed: Lexed, statement: exp.Expr, project: str | None, database: str | None):
        self.lexed = lexed
        self.project = project
        self.database = database
        self.views: list[str] = []
        self.queries: set[str] = set()
        self._edits: list[tuple[int, int, str]] = []
        self._searches = text_searches(lexed)
        self._renamed = frozenset(node.alias for node in statement.find_all(exp.Alias, exp.CTE))
        self._required: dict[int, list[TextSearch]] = {}
        """What a table's rows must pass, by the identity of its node."""
        self._moved: set[int] = set()

    def visit(self, node: exp.Expr, visible: frozenset[str]) -> None:
        """Check `node` and all below it; `visible` are the WITH queries it can name."""
        check_node(node)
        if isinstance(node, exp.Identifier):
            self._own_prefix(node)
        if isinstance(node, exp.Table):
            self._table(node, visible)
        with_ = node.args.get("with_")
        if isinstance(with_, exp.With):
            check_node(with_)
            visible = self._with(with_, visible)
        if isinstance(node, exp.Select):
            self._select(node, visible)
        for child in node.iter_expressions():
            if child is not with_:
                self.visit(child, visible)

    def text(self) -> str:
        """The user's text with the replacements made."""
        parts: list[str] = []
        at = 0
        searches = [(s.start, s.end, "1" if s.start in self._moved else s.scanned) for s in self._searches]
        for start, end, replacement in sorted(self._edits + searches):
            if start < at:
                raise SqlRefused("The query names a table in a way that cannot be followed.", position=start)
            parts += (self.lexed.text[at:start], replacement)
            at = end
        return "".join((*parts, self.lexed.text[at:]))

    def _select(self, select: exp.Select, visible: frozenset[str]) -> None:
        """Note what the rows of the one view that is read must pass, for `_table` to put into its sub-select."""
        source = select.args.get("from_")
        table = source.this if isinstance(source, exp.From) else None
        if not isinstance(table, exp.Table) or table.name in visible:
            return
        if not (select.args.get("joins") or table.args.get("joins")):
            self._required[id(table)] = required(select, table.name, self._searches, self._renamed)

    def _with(self, with_: exp.With, visible: frozenset[str]) -> frozenset[str]:
        recursive = bool(with_.args.get("recursive"))
        for cte in with_.expressions:
            check_node(cte)
            alias = cte.args.get("alias")
            if not isinstance(alias, exp.TableAlias) or not isinstance(alias.this, exp.Identifier):
                raise SqlRefused("Each WITH query needs a name.")
            check_node(alias)
            self.visit(alias.this, visible)
            if cte.args.get("scalar") or not isinstance(cte.this, exp.Query):
                # `WITH 5 AS n` and `WITH (SELECT …) AS n` name a value, which no FROM can read.
                self.visit(cte.this, visible)
                continue
            name = alias.this.name
            if not _SIMPLE_NAME.fullmatch(name):
                raise SqlRefused(f"Name the WITH query {name!r} with letters, digits and _ only.")
            self.visit(cte.this, visible | {name} if recursive else visible)
            self._replace(alias.this, CTE_PREFIX + name)
            self.queries.add(CTE_PREFIX + name)
            visible = visible | {name}
        return visible

    def _table(self, table: exp.Table, visible: frozenset[str]) -> None:
        named = table.this
        if not isinstance(named, exp.Identifier):
            return  # a table function; `gate_calls` and `gate_nodes` have looked at its name
        name = named.name
        suffix = "" if table.alias else f" AS {name}"
        if name in visible:
            self._replace(named, CTE_PREFIX + name + suffix)
        elif name in PUBLIC_VIEWS:
            self.views.append(name)
            self._replace(named, self._source(name, self._required.get(id(table), ())) + suffix)
        else:
            raise SqlRefused(
                f"There is no view {name[:80]!r}.",
                hint=did_you_mean(name, (*PUBLIC_VIEWS, *visible)) or f"The views are {', '.join(PUBLIC_VIEWS)}.",
                position=self._span(named)[0],
            )

    def _source(self, view: str, searches: Sequence[TextSearch]) -> str:
        source = f"{self.database}.{view}" if self.database else view
        conditions = [] if self.project is None else [f"project = {{{PROJECT_PARAMETER}:String}}"]
        for search in searches:
            conditions.append(search.indexed)
            self._moved.add(search.start)
        return f"(SELECT * FROM {source} WHERE {' AND '.join(conditions)})" if conditions else source

    def _replace(self, identifier: exp.Identifier, replacement: str) -> None:
        start, end = self._span(identifier)
        self._edits.append((start, end, replacement))

    def _span(self, identifier: exp.Identifier) -> tuple[int, int]:
        """Where the name stands; the parser's word for it is checked against the text."""
        start, last = identifier.meta.get("start"), identifier.meta.get("end")
        if isinstance(start, int) and isinstance(last, int):
            written = self.lexed.text[start : last + 1]
            if written == identifier.name or written[1:-1] == identifier.name:
                return start, last + 1
        raise SqlRefused(f"The name {identifier.name[:80]!r} stands where it cannot be followed.")

    def _own_prefix(self, identifier: exp.Identifier) -> None:
        if identifier.name.lower().startswith(OUR_PREFIX):
            raise SqlRefused(f"Names that start with {OUR_PREFIX} are ours.", hint=f"Rename {identifier.name[:80]!r}.")
