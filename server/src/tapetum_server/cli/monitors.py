"""`tapetum monitors`: what is watched, how it stands, and what it said."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tapetum_server.cli.asking import (
    DEFAULT_URL,
    AsJson,
    From,
    Key,
    Project,
    To,
    Url,
    errors,
    fail,
    get,
    one_line,
    plain,
    print_json,
    print_table,
    server,
)

if TYPE_CHECKING:
    import httpx

Which = Annotated[str, typer.Argument(metavar="NAME", help="The monitor's name or id.")]
ORDER = ("firing", "error", "no_data", "pending", "waiting", "ok", "disabled")
_WIDE = 140
_STYLES = {"firing": "red", "error": "red", "no_data": "yellow", "pending": "yellow", "ok": "green"}


def list_monitors(
    state: Annotated[str | None, typer.Option(help=f"Only those in this state: {', '.join(ORDER)}, or muted.")] = None,
    as_json: AsJson = False,
    project: Project = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """List the monitors of a project, what fires first."""
    if state is not None and state not in (*ORDER, "muted"):
        fail(f"There is no state {state!r}.", f"Use one of {', '.join(ORDER)}, or muted.")
    with server(url, key) as client:
        rows = all_monitors(client, project)
    rows = [row for row in rows if state is None or row["state"] == state or (state == "muted" and row["muted"])]
    if as_json:
        print_json(rows)
        return
    if not rows:
        errors.print(
            f"No monitor is {state}." if state else "No monitors. Make some with: tapetum monitors apply -f FILE"
        )
        return
    console = Console()
    # In a narrow terminal sentences would stand on end.
    wide = console.width >= _WIDE
    table = _table("state", "name", "value", "limit", "since", "severity", "told", *(["fires when"] if wide else []))
    for row in sorted(rows, key=lambda row: (ORDER.index(row["state"]), row["name"])):
        last = row["last_delivery"]
        table.add_row(
            _state(row["state"], muted=row["muted"]), Text(one_line(row["name"], 40)), _number(row["value"]),
            _number(row["limit"]), _short(row["since"]), row["definition"]["severity"],
            last["status"].replace("_", " ") if last else "", *([Text(one_line(_watched(row), 90))] if wide else []),
        )  # fmt: skip
    console.print(table)


def show(
    which: Which, as_json: AsJson = False, project: Project = None, url: Url = DEFAULT_URL, key: Key = None
) -> None:
    """Show one monitor: its state, its series, and whom it told."""
    with server(url, key) as client:
        row = find(client, project, which)
        deliveries = get(client, f"/monitors/{row['id']}/deliveries", {})["rows"]
    if as_json:
        print_json([{**row, "deliveries": deliveries}])
        return
    console = Console(highlight=False, soft_wrap=True)
    definition = row["definition"]
    head = Text.assemble((plain(row["name"]), "bold"), "  ", _state(row["state"], muted=row["muted"]))
    console.print(head)
    facts = {
        "id": row["id"],
        "since": _short(row["since"]),
        "value": _number(row["value"]),
        "limit": _number(row["limit"]),
        "severity": definition["severity"],
        "looked at": _short(row["evaluated_at"]) or "not yet",
        "muted until": _short(row["muted_until"]),
        "webhook": row["webhook"]["url"] if row["webhook"] else "none: it shows and tells nobody",
        "description": definition["description"],
        "runbook": definition["runbook"],
        "problem": row["problem"],
    }
    console.print(Text(plain(f"{row['condition_text']}.")))
    for name, said in facts.items():
        if said:
            console.print(Text(f"  {name:<12} {plain(said)}".replace("\n", f"\n{'':<15}")))
    series = [alert for alert in row["alerts"] if alert["labels"]]
    if series:
        table = _table("state", "series", "value", "since")
        for alert in series:
            labels = ", ".join(f"{k}={v}" for k, v in alert["labels"].items())
            table.add_row(
                _state(alert["state"]), Text(one_line(labels, 80)), _number(alert["value"]), _short(alert["since"])
            )
        console.print(table)
    if deliveries:
        table = _table("made", "event", "came of it", "tried", "answer")
        for delivery in deliveries[:10]:
            table.add_row(
                _short(delivery["created_at"]), delivery["event"], delivery["status"].replace("_", " "),
                str(delivery["attempts"]), Text(one_line(delivery["outcome"], 80)),
            )  # fmt: skip
        console.print(table)


def alerts(
    which: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Only of this monitor, by name or id.")] = None,
    from_: From = "now-24h",
    to: To = "now",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="Changes of state to show.")] = 50,
    as_json: AsJson = False,
    project: Project = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Show the history: each state that a monitor's series came into, the newest first."""
    query = {"from": from_, "to": to, "limit": limit, "project": project}
    with server(url, key) as client:
        monitor = find(client, project, which)["id"] if which else None
        rows = get(client, "/alerts", {**query, "monitor": monitor})["rows"]
    if as_json:
        print_json(rows)
        return
    if not rows:
        errors.print("No state changed. Look further back with --from now-30d.")
        return
    table = _table("time", "monitor", "series", "state", "after", "value", "limit", "until", "severity")
    for row in rows:
        table.add_row(
            _short(row["started_at"]), Text(one_line(row["monitor"], 40)), Text(one_line(row["subject"], 60)),
            _state(row["state"]), _state(row["previous_state"]), _number(row["value"]), _number(row["threshold"]),
            _short(row["ended_at"]) or "now", row["severity"],
        )  # fmt: skip
    print_table(table)


def all_monitors(client: httpx.Client, project: str | None) -> list[dict[str, Any]]:
    """A project's monitors as the API has them."""
    rows: list[dict[str, Any]] = get(client, "/monitors", {"project": project})["rows"]
    return rows


def find(client: httpx.Client, project: str | None, which: str) -> dict[str, Any]:
    """The monitor of this name or id, or an exit that names the nearest."""
    rows = all_monitors(client, project)
    for row in rows:
        if which in (row["name"], row["id"]):
            return row
    near = difflib.get_close_matches(which, [row["name"] for row in rows], n=1)
    did = f" Did you mean {near[0]!r}?" if near else ""
    fail(f"No monitor is called {which!r}.{did}", "List them: tapetum monitors")


def _watched(row: dict[str, Any]) -> str:
    said: str = row["condition_text"]
    return said.removeprefix("Fires when ")


def _table(*names: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in names:
        right = name in ("value", "limit", "tried")
        whole = name in ("state", "since", "time", "made", "until", "value", "limit", "severity", "told")
        table.add_column(name, justify="right" if right else "left", no_wrap=whole)
    return table


def _state(state: str, *, muted: bool = False) -> Text:
    return Text(state.replace("_", " ") + (" (muted)" if muted else ""), style=_STYLES.get(state, "dim"))


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.4g}" if abs(value) < 1_000 else f"{value:,.0f}"


def _short(time: str | None) -> str:
    return time[:19].replace("T", " ") if time else ""
