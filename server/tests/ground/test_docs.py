"""The documentation is complete where it can be checked: commands, options, settings, columns, reasons, links."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from tapetum import semconv
from tapetum_server.api.application import openapi_document
from tapetum_server.app.settings import Settings
from tapetum_server.cli.main import app
from tapetum_server.query.gate import PUBLIC_VIEWS, gate
from tapetum_server.query.gate_opinion import confirm
from tapetum_server.receivers.otlp.dropped import DROPS, LOSSES
from tapetum_server.receivers.otlp.outcome import REFUSALS, TRUNCATIONS
from tapetum_server.receivers.prometheus.target import ScrapeTarget
from tapetum_server.store.engine import Engine

ROOT = Path(__file__).resolve().parents[3]
SERVER = ROOT / "server" / "src" / "tapetum_server"
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), ROOT / "sdk" / "README.md", ROOT / "server" / "README.md"])


def doc(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def commands(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that runs something. Typer brings its own click, so this goes by shape and not by class."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield path, command
    for name, below in (inner or {}).items():
        if not below.hidden:
            yield from commands(below, (*path, name))


def test_every_command_and_option_is_documented() -> None:
    """In docs/cli.md, the option in the section of its command or of the group that it belongs to."""
    text = doc("cli.md")
    missing = []
    for path, command in commands(typer.main.get_command(app), ("tapetum",)):
        if f"`{' '.join(path)}" not in text:
            missing.append(" ".join(path))
        section = text.partition(f"\n## `{' '.join(path[:2])}")[2].partition("\n## ")[0]
        for parameter in command.params:
            for option in parameter.opts if parameter.param_type_name == "option" else ():
                if option.startswith("--") and f"`{option}`" not in section:
                    missing.append(f"{' '.join(path)} {option}")
    assert missing == []


def test_every_environment_variable_is_documented() -> None:
    """Whatever the sources read, docs/settings.md explains."""
    text = doc("settings.md")
    sources = [*(ROOT / "server").glob("*.py"), *(ROOT / "tools").glob("*.py")]
    for folder in ("server/src", "sdk/src", "server/tests"):
        sources += (ROOT / folder).rglob("*.py")
    names = {name for file in sources for name in re.findall(r"\"(TAPETUM_[A-Z_]+[A-Z])\"", file.read_text("utf-8"))}
    assert sorted(name for name in names if name not in text) == []


def test_every_setting_is_documented_with_its_default() -> None:
    """Each has an option of `serve`; name, option, environment variable and default are in docs/settings.md."""
    rows = [line.split(" | ") for line in doc("settings.md").splitlines() if line.count(" | ") == 4]
    serve = {option for parameter in typer.main.get_command(app).commands["serve"].params for option in parameter.opts}  # type: ignore[attr-defined]
    wrong = []
    for setting in dataclasses.fields(Settings):
        if setting.metadata.get("file_only"):
            assert f"`{setting.name}` is a list of tables" in doc("settings.md")
            continue
        option, variable = f"--{setting.name.replace('_', '-')}", f"`TAPETUM_{setting.name.upper()}`"
        row = next((row for row in rows if row[0] == f"| `{setting.name}`"), None)
        if row is None or option not in serve or row[1] != f"`{option}`" or row[2] != variable:
            wrong.append(setting.name)
        elif isinstance(setting.default, int | float) and str(setting.default).lower() != row[3]:
            wrong.append(f"{setting.name} (default {setting.default})")
    assert wrong == []


def test_every_setting_of_a_scrape_target_is_documented_with_its_default() -> None:
    rows = [line.split(" | ") for line in doc("prometheus.md").partition("\n## Scraping\n")[2].splitlines()]
    found = {name: row[1] for row in rows if len(row) == 3 for name in re.findall(r"`(\w+)`", row[0])}
    settings = {setting.name: setting.default for setting in dataclasses.fields(ScrapeTarget)}
    assert found.keys() == settings.keys()
    wrong = [
        name for name, default in settings.items()
        if (isinstance(default, bool) or default not in ("", (), None, dataclasses.MISSING, 0.0))
        and (str(default).lower() if isinstance(default, bool | str) else f"{default:g}") != found[name].strip("`")
    ]  # fmt: skip
    assert wrong == []


@pytest.mark.covers("public-views")
@pytest.mark.parametrize("view", PUBLIC_VIEWS)
def test_every_column_of_every_public_view_is_documented(engine: Engine, view: str) -> None:
    section = doc("sql.md").partition(f"\n## `{view}`\n")[2].partition("\n## ")[0]
    first_cells = " ".join(line.split("|")[1] for line in section.splitlines() if line.startswith("|"))
    documented = set(re.findall(r"`(\w+)`", first_cells))
    columns = set(engine.query(f"DESCRIBE TABLE {view}").column("name").to_pylist())
    assert documented == columns


def test_every_reason_for_refusing_cutting_or_dropping_is_documented() -> None:
    """A sender who reads a reason in a partial success can look it up."""
    text = doc("doors.md")
    assert [reason for reason in (*REFUSALS, *TRUNCATIONS, *DROPS, *LOSSES) if f"`{reason}`" not in text] == []


# How the sources name a reason: `Busy("queue_full", …)`, `BodyError(413, "too_large", …)` and so on.
_REASON = re.compile(
    r'\b(?:ScrapeFailed|Refused)\(\s*"(\w+)"|Busy\("(\w+)"|BodyError\(\d+, "(\w+)"|(?:refused|truncated)\["(\w+)"\]|'
    r'count(?:_request)?\(signal, caller, "(\w+)"|"refused", "(\w+)", count'
)


def test_every_other_reason_that_is_counted_is_documented() -> None:
    """Those that are not about one record: full queues, bodies, disks."""
    text = doc("doors.md")
    # What refuses a backup refuses no records, and is not counted.
    rooms = [SERVER / room for room in ("app", "receivers", "store")]
    sources = [f for room in rooms for f in room.rglob("*.py") if "backups" not in f.parts]
    found = {next(filter(None, match)) for f in sources for match in _REASON.findall(f.read_text(encoding="utf-8"))}
    assert {"queue_full", "too_large", "not_storable", "content_type", "internal_error"} <= found
    assert sorted(reason for reason in found if f"`{reason}`" not in text) == []


def test_every_route_of_the_api_is_documented() -> None:
    """In the table of docs/doors.md; `…/logs` stands for the same path with another ending."""
    section = doc("doors.md").partition("\n## The API\n")[2]
    parts = set(re.findall(r"[\w-]+", section))
    missing = [
        path
        for path in openapi_document()["paths"]
        if not {part for part in re.findall(r"[\w-]+", path) if part not in ("v1", "key_id")} <= parts
    ]
    assert missing == []


@pytest.mark.covers("sql-gate")
def test_the_examples_of_sql_pass_the_gate_and_run(engine: Engine) -> None:
    """As a caller of one project would run them, the engine's second opinion included."""
    examples = re.findall(r"```sql\n(.+?)```", doc("sql.md"), re.DOTALL)
    assert len(examples) > 5
    for example in examples:
        gated = gate(example, project="default", row_limit=10, database=engine.database)
        opinion = engine.query_bytes(f"EXPLAIN AST {gated.sql}", "TabSeparatedRaw", gated.parameters)
        confirm(gated, opinion.decode())
        engine.query(gated.sql, gated.parameters)


def test_every_attribute_name_of_the_sdk_is_documented() -> None:
    names = [value for name, value in vars(semconv).items() if name.isupper() and isinstance(value, str)]
    text = doc("sdk.md")
    assert names
    assert [name for name in names if f"`{name}`" not in text] == []


def test_every_page_is_reachable_from_the_index() -> None:
    index = doc("index.md")
    pages = [page.name for page in DOCS.glob("*.md") if page.name != "index.md"]
    assert [page for page in pages if f"({page})" not in index] == []


def test_no_link_leads_nowhere() -> None:
    broken = []
    for page in PAGES:
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
            path, _, anchor = target.partition("#")
            if "://" in target:
                continue
            file = (page.parent / path).resolve() if path else page
            if not file.exists() or (anchor and anchor not in anchors(file)):
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert broken == []


def anchors(page: Path) -> set[str]:
    """As GitHub makes them from headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
