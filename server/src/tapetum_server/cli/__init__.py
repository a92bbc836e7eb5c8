"""The `tapetum` command: argv into a call."""

from __future__ import annotations

from tapetum_server.cli.importing import nothing_collected

with nothing_collected():
    from tapetum_server.cli.main import command


def main() -> None:
    """Entry point of the `tapetum` script."""
    command()
