"""`tapetum redaction`: the rules of a project on a running server, and what they found."""

from __future__ import annotations

from typing import Annotated, Any

import typer
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
    check,
    errors,
    fail,
    get,
    one_line,
    print_json,
    print_table,
    server,
)
from tapetum_server.cli.unless_named import unless_named

redaction_app = typer.Typer(
    name="redaction", cls=unless_named("list"), help="List a project's rules of redaction, change them, count."
)
Names = list[str] | None


def list_rules(as_json: AsJson = False, project: Project = None, url: Url = DEFAULT_URL, key: Key = None) -> None:
    """Show every rule, whether it holds in the project, and who switched it on."""
    with server(url, key) as client:
        state = get(client, "/redaction", {"project": project})
    _print(state["rules"], as_json, ("name", "on", "by", "what"))
    if not as_json and state["choice"]["allow"]:
        errors.print(f"Left alone: {one_line(', '.join(state['choice']['allow']), 500)}", highlight=False, markup=False)


def set_rules(
    on: Annotated[Names, typer.Option("--on", help="A rule or family to switch on; repeatable.")] = None,
    off: Annotated[Names, typer.Option("--off", help="A rule or family to switch off; repeatable.")] = None,
    pattern: Annotated[Names, typer.Option("--pattern", help="NAME=REGEX, a pattern of your own; repeatable.")] = None,
    no_pattern: Annotated[Names, typer.Option("--no-pattern", help="A pattern to forget, by name.")] = None,
    allow: Annotated[Names, typer.Option("--allow", help="A text to leave alone; * at an end for any.")] = None,
    no_allow: Annotated[Names, typer.Option("--no-allow", help="A text that is left alone no longer.")] = None,
    reset: Annotated[bool, typer.Option("--reset", help="First forget all that the project says itself.")] = False,
    project: Project = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Change the rules of a project; what is not named stays. They hold for what arrives from then on."""
    asked = {"project": project} if project else {}
    with server(url, key) as client:
        if reset:
            check(client.delete("/redaction", params=asked))
        state = get(client, "/redaction", {"project": project})
        choice = _changed(state["choice"], on, off, pattern, no_pattern, allow, no_allow)
        if choice != state["choice"]:
            answer = client.put("/redaction", params={**asked, "revision": state["revision"]}, json=choice)
            check(answer)
            state = answer.json()
    held = [rule["name"] for rule in state["rules"] if rule["on"]]
    errors.print(f"{len(held)} rules hold: {', '.join(held)}.", highlight=False, markup=False)


def counts(
    from_: From = "now-7d",
    to: To = "now",
    as_json: AsJson = False,
    project: Project = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Show what was redacted, by rule and by the key that it was found under, the most frequent first."""
    with server(url, key) as client:
        found = get(client, "/redaction/counts", {"project": project, "from": from_, "to": to})
    _print(found["places"], as_json, ("rule", "key", "signal", "sender", "count", "last_time"))
    if found["truncated"]:
        errors.print("There are more; choose a shorter range.")


def _changed(
    choice: dict[str, Any], on: Names, off: Names, pattern: Names, no_pattern: Names, allow: Names, no_allow: Names
) -> dict[str, Any]:
    switched_on, switched_off = on or [], off or []
    made = [_pattern(text) for text in pattern or []]
    gone = {*(no_pattern or []), *(each["name"] for each in made)}
    allowed = [text for text in choice["allow"] if text not in {*(allow or []), *(no_allow or [])}]
    return {
        "on": [*(name for name in choice["on"] if name not in {*switched_on, *switched_off}), *switched_on],
        "off": [*(name for name in choice["off"] if name not in {*switched_on, *switched_off}), *switched_off],
        "pattern": [*(each for each in choice["pattern"] if each["name"] not in gone), *made],
        "allow": [*allowed, *(allow or [])],
    }


def _pattern(text: str) -> dict[str, Any]:
    name, sign, pattern = text.partition("=")
    if not sign:
        fail(f"--pattern is {text!r}; expected NAME=REGEX.", None)
    return {"name": name, "pattern": pattern, "what": "", "ignore_case": False}


def _print(rows: list[dict[str, Any]], as_json: bool, columns: tuple[str, ...]) -> None:
    if as_json:
        print_json(rows)
        return
    if not rows:
        errors.print("Nothing was redacted in that range.")
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in columns:
        table.add_column(name, no_wrap=name in ("name", "rule"), justify="right" if name == "count" else "left")
    for row in rows:
        table.add_row(*(Text(_shown(row[name])) for name in columns))
    print_table(table)


def _shown(value: object) -> str:
    return ("on" if value else "") if isinstance(value, bool) else one_line(str(value), 120)


redaction_app.command("list")(list_rules)
redaction_app.command("set")(set_rules)
redaction_app.command("counts")(counts)
