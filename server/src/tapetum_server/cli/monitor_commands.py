"""The commands of `tapetum monitors`, in one list."""

from __future__ import annotations

import typer

from tapetum_server.cli import monitor_changes, monitor_files, monitors
from tapetum_server.cli.unless_named import unless_named

monitors_app = typer.Typer(
    name="monitors", cls=unless_named("list"), help="See what is watched, silence it, keep it in files."
)
monitors_app.command("list")(monitors.list_monitors)
monitors_app.command("show")(monitors.show)
monitors_app.command("alerts")(monitors.alerts)
monitors_app.command("mute")(monitor_changes.mute)
monitors_app.command("unmute")(monitor_changes.unmute)
monitors_app.command("enable")(monitor_changes.enable)
monitors_app.command("disable")(monitor_changes.disable)
monitors_app.command("test")(monitor_changes.send_test)
monitors_app.command("apply")(monitor_files.apply)
monitors_app.command("export")(monitor_files.export)
monitors_app.command("delete")(monitor_changes.delete)
