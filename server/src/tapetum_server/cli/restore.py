"""`tapetum restore`: a backup into an empty data directory."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tapetum_server._version import __version__
from tapetum_server.app.data_dir import default_data_dir
from tapetum_server.cli.asking import errors, fail
from tapetum_server.cli.backup import share_bar


def restore(
    source: Annotated[Path, typer.Argument(metavar="BACKUP", help="A backup's directory, or its tar.")],
    data: Annotated[
        Path | None,
        typer.Option(
            "--data", help="The data directory to make: empty, or not there yet.", show_default="~/.local/share/tapetum"
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was restored as JSON.")] = False,
) -> None:
    """Restore a backup into an empty data directory. Start a server on it afterwards: tapetum serve --data DIR."""
    from tapetum_server.app.backups.manifest import BackupError
    from tapetum_server.app.backups.restoring import restore_backup

    target = (data or default_data_dir()).expanduser()
    try:
        with share_bar() as progress:
            task = progress.add_task("restoring", total=1.0)
            manifest = restore_backup(
                source,
                target,
                __version__,
                tell=lambda step, share: progress.update(task, description=step, completed=share),
            )
    except (BackupError, OSError) as error:
        fail(f"Nothing was restored. {error}", None)
    if as_json:
        print(manifest.model_dump_json())
        return
    errors.print(
        f"Restored {manifest.rows:,} rows of {manifest.began_at:%Y-%m-%d %H:%M:%S} UTC (Tapetum {manifest.version}). "
        f"Start it: tapetum serve --data {target}",
        highlight=False,
    )
