"""`tapetum prices` and `tapetum reprice`: what calls of models cost, from a terminal."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from tapetum_server.cli.asking import (
    DEFAULT_URL,
    AsJson,
    Key,
    Project,
    To,
    Url,
    check,
    errors,
    get,
    one_line,
    plain,
    print_json,
    print_table,
    server,
)
from tapetum_server.cli.money import dollars
from tapetum_server.cli.unless_named import unless_named

prices_app = typer.Typer(
    name="prices", cls=unless_named("list"), help="List, set and delete prices that come before the price list's."
)
_PER_MILLION = ("input", "output", "cache_read", "cache_write", "audio_input", "audio_output", "image_input")


def list_prices(as_json: AsJson = False, project: Project = None, url: Url = DEFAULT_URL, key: Key = None) -> None:
    """Show the prices that hold in the project: of those that fit a call, the first one prices it."""
    with server(url, key) as client:
        rows = get(client, "/prices", {"project": project})["rows"]
    if as_json:
        print_json(rows)
        return
    if not rows:
        errors.print("No prices of your own: calls cost what the price list says. Set one with: tapetum prices set")
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("id", "model", "provider", "project", "from", "price", "by"):
        table.add_column(name)
    for row in rows:
        table.add_row(
            row["id"], Text(plain(row["model"])), Text(plain(row["provider"] or "any")), row["project"] or "all",
            row["valid_from"] or "", price_text(row), Text(one_line(row["updated_by"], 40)),
        )  # fmt: skip
    print_table(table)


def price_text(row: dict[str, Any]) -> str:
    """A price in words: `0.15 in, 0.6 out per million tokens`."""
    if row["hourly_usd"] is not None:
        return f"{row['hourly_usd']:g} an hour × {row['accelerators']:g}"
    words = {"input": "in", "output": "out"}
    parts = [
        f"{row[f'{name}_usd']:g} {words.get(name, name.replace('_', ' '))}"
        for name in _PER_MILLION
        if row[f"{name}_usd"] is not None
    ]
    return f"{', '.join(parts)} per million tokens"


def set_price(
    model: Annotated[str, typer.Argument(help="The model's name; * stands for any text: 'my-7b*'.")],
    input_usd: Annotated[float | None, typer.Option("--input", min=0, help="USD per million tokens of input.")] = None,
    output_usd: Annotated[
        float | None, typer.Option("--output", min=0, help="USD per million tokens of output.")
    ] = None,
    cache_read: Annotated[float | None, typer.Option(min=0, help="Of input read from a cache.")] = None,
    cache_write: Annotated[float | None, typer.Option(min=0, help="Of input written to a cache.")] = None,
    audio_input: Annotated[float | None, typer.Option(min=0, help="Of audio in the input.")] = None,
    audio_output: Annotated[float | None, typer.Option(min=0, help="Of audio in the output.")] = None,
    image_input: Annotated[float | None, typer.Option(min=0, help="Of images in the input.")] = None,
    hourly: Annotated[
        float | None, typer.Option(min=0, help="Instead: USD for an hour of the machine or GPU that a call has.")
    ] = None,
    accelerators: Annotated[float, typer.Option(min=0, help="How many of them; a part of one where calls share.")] = 1,
    provider: Annotated[str, typer.Option(help="Only this provider's model.")] = "",
    valid_from: Annotated[str | None, typer.Option("--from", help="The first day, as 2026-12-01 (UTC).")] = None,
    all_projects: Annotated[bool, typer.Option("--all-projects", help="For every project.")] = False,
    project: Project = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Set a price, for calls that arrive from now on. There is one of each project, provider, model and day."""
    body = {
        "model": model, "provider": provider, "valid_from": valid_from, "input_usd": input_usd,
        "output_usd": output_usd, "cache_read_usd": cache_read, "cache_write_usd": cache_write,
        "audio_input_usd": audio_input, "audio_output_usd": audio_output,
        "image_input_usd": image_input, "hourly_usd": hourly, "accelerators": accelerators,
        "all_projects": all_projects,
    }  # fmt: skip
    with server(url, key) as client:
        answer = client.put("/prices", json=body, params={"project": project} if project else None)
        check(answer)
    kept = answer.json()
    errors.print(Text(f"{kept['id']}: {plain(kept['model'])} costs {price_text(kept)}."))
    errors.print("Stored calls keep what they cost until: tapetum reprice")


def delete_price(
    price_id: Annotated[str, typer.Argument(metavar="ID", help="As `tapetum prices list` shows it.")],
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Delete a price. Stored calls keep what they cost until they are priced anew."""
    with server(url, key) as client:
        check(client.delete(f"/prices/{price_id}"))
    errors.print("Deleted. Stored calls keep what they cost until: tapetum reprice")


def reprice(
    since: Annotated[str, typer.Option("--from", help="Since when: now-30d, 2026-11-01, or all.")] = "now-30d",
    to: To = "now",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    as_json: AsJson = False,
    project: Project = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Give stored calls their cost by the prices of today. Ingest goes on; interrupted, it is simply run again."""
    total: dict[str, Any] = {}
    at: str | None = since
    with server(url, key) as client:
        while at is not None:
            body = {"from": at, "to": to, "dry_run": dry_run}
            answer = client.post("/prices/reprice", json=body, params={"project": project} if project else None)
            check(answer)
            total = _added(total, answer.json())
            at = total.pop("next")
            if at is not None:
                errors.print(f"Until {at[:10]}: {total['changed']} of {total['calls']} calls.", highlight=False)
    if as_json:
        print_json([total])
        return
    would = "would change" if dry_run else "changed"
    typer.echo(f"{total['changed']} of {total['calls']} calls {would}.")
    typer.echo(f"before  {_money(total['before_usd'])}, {total['unpriced_before']} calls without a known cost")
    typer.echo(f"after   {_money(total['after_usd'])}, {total['unpriced_after']} calls without a known cost")


def _added(total: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    if not total:
        return more
    added = dict(more)
    for name in ("calls", "changed", "unpriced_before", "unpriced_after", "days"):
        added[name] += total[name]
    for name in ("before_usd", "after_usd"):
        known = [each[name] for each in (total, more) if each[name] is not None]
        added[name] = sum(known) if known else None
    return added


def _money(usd: float | None) -> str:
    return "unknown" if usd is None else dollars(usd)


prices_app.command("list")(list_prices)
prices_app.command("set")(set_price)
prices_app.command("delete")(delete_price)
