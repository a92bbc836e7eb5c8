"""`/api/v1/sql` over a real store with two tenants."""

from __future__ import annotations

import asyncio
import csv
import io
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastapi import FastAPI
from process.servers import eventually
from sql_corpus import fill, open_engine
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from tapetum_server.api import sql
from tapetum_server.api.access import ServerFacts
from tapetum_server.api.dependencies import NOBODY
from tapetum_server.api.errors import install_error_handlers
from tapetum_server.catalog.catalog import Catalog
from tapetum_server.query.sql_failure import explain_failure
from tapetum_server.query.sql_store import StoreSql
from tapetum_server.query.store_reader import StoreReader
from tapetum_server.signals.identity import LOOPBACK, Identity
from tapetum_server.store.embedded import EmbeddedEngine
from tapetum_server.store.engine import StoreError

READER = Identity(name="reader", scopes=frozenset({"read"}), project="A")
ADMIN_OF_A = Identity(name="admin-a", scopes=frozenset({"admin"}), project="A")
CALLERS = {identity.name: identity for identity in (LOOPBACK, READER, ADMIN_OF_A, NOBODY)}


@pytest.fixture(scope="module")
def engine(engine_home: Path) -> Iterator[EmbeddedEngine]:
    opened = open_engine(engine_home)
    fill(opened, "A", rows=20)
    fill(opened, "B", rows=5, base=100)
    yield opened
    opened.close()


class Caller:
    """Puts the identity that the header `who` names on each request, as `app` does from a key."""

    def __init__(self, api: FastAPI) -> None:
        self.api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = dict(scope["headers"])
            header = headers.get(b"x-tapetum-project")
            scope.setdefault("state", {}).update(
                identity=CALLERS[headers.get(b"who", b"loopback").decode()],
                project=header.decode() if header else None,
            )
        await self.api(scope, receive, send)


@pytest.fixture(scope="module")
def client(engine: EmbeddedEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    catalog = Catalog.open(tmp_path_factory.mktemp("catalog"), version="0.1.0")
    for name in ("A", "B"):
        catalog.projects.create(name)
    api = FastAPI()
    install_error_handlers(api)
    api.include_router(sql.router)
    api.state.catalog = catalog
    api.state.sql_runner = StoreSql(engine)
    api.state.facts = ServerFacts(
        version="0.1.0",
        auth="keys",
        otlp_http="",
        otlp_grpc=None,
        public_url="http://tapetum.example",
        sql_enabled=lambda identity: identity.may("admin"),
    )
    with TestClient(Caller(api)) as opened:
        yield opened
    catalog.close()


def ask(client: TestClient, query: str, who: str = "loopback", **body: Any) -> Any:
    return client.post("/v1/sql", json={"query": query, **body}, headers={"who": who})


def error(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()["error"]
    assert found["code"] == code
    return found


@pytest.mark.covers("api-sql")
def test_an_answer_has_columns_rows_and_what_it_cost(client: TestClient) -> None:
    answer = ask(client, "SELECT name, count() AS n FROM spans GROUP BY name ORDER BY name", project="A").json()
    assert answer["columns"] == [{"name": "name", "type": "LowCardinality(String)"}, {"name": "n", "type": "UInt64"}]
    assert answer["rows"] == [["GET /", "7"], ["chat", "7"], ["embed", "6"]]
    assert answer["truncated"] is False
    assert answer["rows_read"] > 0
    assert answer["elapsed_ms"] > 0


def test_values_keep_what_json_would_lose(client: TestClient) -> None:
    """64-bit integers as texts, times in ISO-8601, no NaN, and text that is not UTF-8 is still JSON."""
    query = """SELECT toUInt64(18446744073709551615), toInt64(-5), nan, -inf, toUInt8(7), 0.5, unhex('ff41'),
        toDateTime64('2026-11-23 10:00:00.123456789', 9, 'UTC'), map('k', toInt64(1)), NULL, [1, 2], true"""
    row = ask(client, query).json()["rows"][0]
    time_ = "2026-11-23T10:00:00.123456789Z"
    assert row == ["18446744073709551615", "-5", None, None, 7, 0.5, "�A", time_, {"k": "1"}, None, [1, 2], True]


@pytest.mark.covers("api-sql")
@pytest.mark.parametrize(
    ("who", "project", "seen"),
    [
        ("loopback", None, "25"),
        ("loopback", "A", "20"),
        ("loopback", "B", "5"),
        ("admin-a", None, "20"),
        ("admin-a", "A", "20"),
    ],
)
def test_a_caller_sees_the_projects_that_are_theirs(
    client: TestClient, who: str, project: str | None, seen: str
) -> None:
    assert ask(client, "SELECT count() FROM spans", who, project=project).json()["rows"] == [[seen]]


def test_the_project_header_counts_as_naming_the_project(client: TestClient) -> None:
    answer = client.post("/v1/sql", json={"query": "SELECT count() FROM spans"}, headers={"x-tapetum-project": "B"})
    assert answer.json()["rows"] == [["5"]]


@pytest.mark.parametrize("project", ["B", "nowhere"])
def test_another_project_is_as_unknown_as_one_that_is_not_there(client: TestClient, project: str) -> None:
    error(ask(client, "SELECT count() FROM spans", "admin-a", project=project), 404, "project_not_found")


def test_readers_may_not_run_sql_unless_they_are_let(client: TestClient) -> None:
    error(ask(client, "SELECT 1", "reader"), 403, "forbidden")
    error(client.get("/v1/sql/schema", headers={"who": "reader"}), 403, "forbidden")
    error(client.delete("/v1/sql/x", headers={"who": "reader"}), 403, "forbidden")


def test_nobody_may_run_sql(client: TestClient) -> None:
    error(client.post("/v1/sql", json={"query": "SELECT 1"}, headers={"who": ""}), 401, "unauthenticated")


def test_a_refusal_says_what_where_and_what_instead(client: TestClient) -> None:
    found = error(ask(client, "SELECT\n  cuont() FROM spans"), 400, "sql_refused")
    assert "cuont" in found["message"]
    assert "line 2, column 3" in found["message"]
    assert found["hint"] == "Did you mean count?"
    assert found["field"] == "query"


def test_an_engine_error_is_about_the_users_text(client: TestClient, engine: EmbeddedEngine) -> None:
    found = error(ask(client, "WITH x AS (SELECT 1 AS one) SELECT two FROM x, spans", project="A"), 400, "sql_error")
    assert "two" in found["message"]
    for ours in ("tapetum_", engine.database, "DB::Exception", "SELECT *", "26.9"):
        assert ours not in found["message"]
    assert "schema" in found["hint"]


def test_error_texts_lose_what_is_ours() -> None:
    message = (
        "Code: 47. DB::Exception: Unknown expression identifier `tapetum_cte_x.a` in db.spans. Maybe you meant: ['b']. "
        "In scope SELECT secret FROM db.spans. (UNKNOWN_IDENTIFIER) (version 26.9.2.1)"
    )
    text, hint = explain_failure(message, 47, "db")
    assert text == "Unknown expression identifier `x.a` in spans. Maybe you meant: ['b']."
    assert hint is not None


def test_parameters_are_values(client: TestClient) -> None:
    query = "SELECT {s:String}, {n:Int64}, {l:Array(String)}, {f:Float64}"
    hard = "it's \\ a \t \n 'b' {x:String} \\N"
    values = {"s": hard, "n": -3, "l": ["a'b", "c\\d", ""], "f": 1.5, "unused": 1}
    assert ask(client, query, parameters=values).json()["rows"] == [[hard, "-3", ["a'b", "c\\d", ""], 1.5]]


def test_more_rows_than_asked_for_are_said(client: TestClient) -> None:
    for query in (
        "SELECT number FROM numbers(100)",
        "SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4",
    ):
        answer = ask(client, query, max_rows=3).json()
        assert len(answer["rows"]) == 3
        assert answer["truncated"] is True


def test_more_rows_than_there_may_be_is_an_error_that_says_so(client: TestClient) -> None:
    found = error(ask(client, "SELECT number FROM numbers(200000) LIMIT 200000"), 400, "sql_error")
    assert "LIMIT" in found["hint"]
    error(ask(client, "SELECT 1", max_rows=10_000_000), 422, "invalid_request")


def test_csv_cells_are_not_formulas(client: TestClient) -> None:
    """Telemetry holds strangers' texts, and a spreadsheet runs what starts with these signs."""
    query = """SELECT arrayJoin(['=1+1', '+x', '-x', '@x', '\\tx', '\\rx', 'plain', 'a=b', '"q", r']) AS "=name",
        -5 AS n, toInt64(-6) AS m, NULL AS nothing, ['=x'] AS list, toFloat64(-1.5) AS f"""
    answer = ask(client, query, format="csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(answer.text, newline="")))
    assert rows[0] == ["'=name", "n", "m", "nothing", "list", "f"]
    assert [row[0] for row in rows[1:]] == ["'=1+1", "'+x", "'-x", "'@x", "'\tx", "'\rx", "plain", "a=b", '"q", r']
    assert rows[1][1:] == ["-5", "-6", "", '["=x"]', "-1.5"]


def test_arrow_and_parquet_hold_types_and_at_most_the_rows_asked_for(client: TestClient) -> None:
    query = "SELECT number AS n, toString(number) AS s FROM numbers(10)"
    arrow = ask(client, query, format="arrow", max_rows=4)
    parquet = ask(client, query, format="parquet", max_rows=4)
    for table, answer in (
        (pa.ipc.open_stream(arrow.content).read_all(), arrow),
        (pq.read_table(io.BytesIO(parquet.content)), parquet),
    ):
        assert table.column("n").to_pylist() == [0, 1, 2, 3]
        assert table.schema.field("s").type == pa.string()
        assert answer.headers["x-tapetum-truncated"] == "true"
    whole = ask(client, query, format="parquet")
    assert pq.read_table(io.BytesIO(whole.content)).num_rows == 10
    assert whole.headers["x-tapetum-truncated"] == "false"


def test_the_schema_lists_views_columns_and_functions(client: TestClient) -> None:
    schema = client.get("/v1/sql/schema").json()
    assert [view["name"] for view in schema["views"]] == [
        "spans",
        "traces",
        "logs",
        "metrics",
        "ingest",
        "alerts",
        "changes",
        "errors",
        "evaluations",
        "predictions",
        "labels",
        "feature_statistics",
        "findings",
    ]
    columns = {column["name"]: column["type"] for column in schema["views"][0]["columns"]}
    assert columns["start_time"] == "DateTime64(9, 'UTC')"
    assert "quantile" in schema["functions"]
    assert "file" not in schema["functions"]


SLOW = "SELECT count() FROM numbers(10000000) AS a CROSS JOIN numbers(5000) AS b WHERE a.number + b.number = -1"
"""Minutes of work in small steps: the engine looks between two of them whether it is to stop."""


def test_a_running_query_is_stopped_by_whoever_started_it_and_nobody_else(client: TestClient) -> None:
    answers: list[Any] = []
    running = threading.Thread(target=lambda: answers.append(ask(client, SLOW, query_id="mine")))
    running.start()

    def stopped() -> bool:
        others = client.delete("/v1/sql/mine", headers={"who": "admin-a"})
        error(others, 404, "query_not_found")
        return client.delete("/v1/sql/mine").status_code == 204

    try:
        eventually(stopped, "a query to stop", every_s=0.05)
    finally:
        running.join()
    assert "cancelled" in error(answers[0], 400, "sql_error")["hint"]


STOPPED = 394
"""The engine's number for a query that was stopped; its own limits of time have others."""


class Watched:
    """An engine, and what became of its queries."""

    def __init__(self, engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun = threading.Event()
        self.told = threading.Event()
        """To stop one."""
        self.codes: list[int] = []
        query_bytes, kill = engine.query_bytes, engine.kill

        def noted(*args: Any, **named: Any) -> bytes:
            self.begun.set()
            try:
                return query_bytes(*args, **named)
            except StoreError as error:
                self.codes.append(error.code)
                raise

        def counted(query_id: str) -> bool:
            found = kill(query_id)
            self.told.set()
            return found

        monkeypatch.setattr(engine, "query_bytes", noted)
        monkeypatch.setattr(engine, "kill", counted)


def asked_of_sql(engine: EmbeddedEngine, executor: ThreadPoolExecutor) -> Coroutine[Any, Any, Any]:
    return StoreSql(engine, executor).run(SLOW, {}, format="JSONCompact", profile="gate", query_id="left")


def asked_of_the_store(engine: EmbeddedEngine, executor: ThreadPoolExecutor) -> Coroutine[Any, Any, Any]:
    return StoreReader(engine, executor).query(SLOW, {}, query_id="left")


@pytest.mark.parametrize("asking", [asked_of_sql, asked_of_the_store])
@pytest.mark.parametrize("in_turn", [False, True], ids=["waits for its turn", "runs"])
def test_a_caller_who_goes_away_stops_the_query(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch, asking: Any, in_turn: bool
) -> None:
    """Also one that has not begun yet, when it does: else it would work on for nobody."""
    watched = Watched(engine, monkeypatch)

    async def leave() -> None:
        turn = threading.Event()
        with ThreadPoolExecutor(1) as executor:
            executor.submit(turn.wait)
            call = asyncio.create_task(asking(engine, executor))
            await asyncio.sleep(0)
            if in_turn:
                turn.set()
                await asyncio.to_thread(watched.begun.wait)
            call.cancel()
            await asyncio.to_thread(watched.told.wait)
            turn.set()
            with pytest.raises(asyncio.CancelledError):
                await call

    asyncio.run(leave())
    assert watched.codes == [STOPPED]


def test_fields_that_mean_nothing_are_refused(client: TestClient) -> None:
    error(ask(client, "SELECT 1", formt="csv"), 422, "invalid_request")
    error(ask(client, "SELECT 1", format="native"), 422, "invalid_request")
    error(ask(client, "SELECT 1", query_id="a b"), 422, "invalid_request")


def test_the_api_is_described(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    ids = {operation["operationId"] for path in paths.values() for operation in path.values()}
    assert {"run_sql", "cancel_sql", "sql_schema"} <= ids
    answer = paths["/v1/sql"]["post"]["responses"]["200"]["content"]
    assert answer["application/json"]["schema"] == {"$ref": "#/components/schemas/SqlAnswer"}
    assert "application/vnd.apache.parquet" in answer
