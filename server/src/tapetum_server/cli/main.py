"""All commands, in one list that can be read from top to bottom."""

from __future__ import annotations

from typing import Annotated

import typer

from tapetum_server._version import __version__
from tapetum_server.cli import (
    backup,
    challenge,
    compare,
    doctor,
    drift,
    errors,
    estimate,
    evaluate,
    export,
    findings,
    health,
    import_otlp,
    import_tfdv,
    redact,
    restore,
    serve,
    slices,
    sql,
    stats,
    traces,
    validate,
)
from tapetum_server.cli.changes import changes_app
from tapetum_server.cli.datasets import datasets_app
from tapetum_server.cli.keys import keys_app
from tapetum_server.cli.logs import logs_app
from tapetum_server.cli.monitor_commands import monitors_app
from tapetum_server.cli.moving import command as moving
from tapetum_server.cli.prices import prices_app, reprice
from tapetum_server.cli.prompts import prompts_app
from tapetum_server.cli.redaction_commands import redaction_app
from tapetum_server.cli.schema import schema_app
from tapetum_server.cli.scores import scores_app
from tapetum_server.cli.sessions import sessions_app

app = typer.Typer(
    name="tapetum",
    help="Observability for machine-learning and LLM systems, in one process.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
import_app = typer.Typer(name="import", help="Bring in telemetry from files.", no_args_is_help=True)

app.command("serve")(serve.serve)
app.command("demo")(serve.demo)
app.command("sql")(sql.sql)
app.command("traces")(traces.traces)
app.command("errors")(errors.errors)
app.command("findings")(findings.findings)
app.command("backup")(backup.backup)
app.command("restore")(restore.restore)
app.command("export")(export.export)
app.command("compare")(compare.compare)
app.command("health")(health.health)
app.command("redact")(redact.redact)
app.command("reprice")(reprice)
app.command("doctor")(doctor.doctor)
app.command("stats")(stats.stats)
app.command("validate")(validate.validate)
app.add_typer(schema_app)
app.command("drift")(drift.drift)
app.command("estimate")(estimate.estimate)
app.command("evaluate")(evaluate.evaluate)
app.command("challenge")(challenge.challenge)
app.command("slices")(slices.slices)
app.add_typer(logs_app)
app.add_typer(changes_app)
app.add_typer(monitors_app)
app.add_typer(prompts_app)
app.add_typer(redaction_app)
app.add_typer(datasets_app)
app.add_typer(scores_app)
app.add_typer(prices_app)
app.add_typer(sessions_app)
app.add_typer(keys_app)
app.add_typer(import_app)
import_app.command("otlp")(import_otlp.import_otlp)
import_app.command("tfdv")(import_tfdv.import_tfdv)
import_app.command("langfuse")(moving.langfuse)
import_app.command("phoenix")(moving.phoenix)
import_app.command("mlflow")(moving.mlflow)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tapetum {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Observability for machine-learning and LLM systems, in one process."""


command = typer.main.get_command(app)
"""What `tapetum` is: all of the above, put together once."""
