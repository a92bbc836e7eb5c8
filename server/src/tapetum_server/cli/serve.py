"""`tapetum serve` and `tapetum demo`: start the server and stay."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from tapetum_server.cli.importing import nothing_collected

if TYPE_CHECKING:
    from tapetum_server.app.server import Server

console = Console(stderr=True, highlight=False, soft_wrap=True)

Data = Annotated[
    Path | None,
    typer.Option(
        "--data", help="Directory that holds all data; one process owns it.", show_default="~/.local/share/tapetum"
    ),
]
Host = Annotated[
    str | None,
    typer.Option("--host", help="Address to listen on. Anything but loopback requires keys.", show_default="127.0.0.1"),
]
Port = Annotated[
    int | None,
    typer.Option("--port", help="HTTP port: OTLP, API and web UI. 0 takes any free one.", show_default="4318"),
]
GrpcPort = Annotated[
    int | None,
    typer.Option("--grpc-port", help="OTLP/gRPC port. -1 turns it off, 0 takes any free one.", show_default="4317"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print where the server listens as one line of JSON.")]


def serve(
    data: Data = None,
    backups: Annotated[
        Path | None,
        typer.Option(
            "--backups", help="Directory that backups are written to.", show_default="backups in the data directory"
        ),
    ] = None,
    host: Host = None,
    port: Port = None,
    grpc_port: GrpcPort = None,
    store: Annotated[
        str | None,
        typer.Option(
            "--store",
            help="ClickHouse server instead of the embedded engine: clickhouse://user:password@host:8123/database",
        ),
    ] = None,
    catalog: Annotated[
        str | None, typer.Option("--catalog", help="PostgreSQL instead of SQLite in the data directory: postgresql://…")
    ] = None,
    config: Annotated[Path | None, typer.Option("--config", help="TOML file with any of these settings.")] = None,
    tls_cert: Annotated[Path | None, typer.Option("--tls-cert", help="TLS certificate (PEM).")] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", help="TLS private key (PEM).")] = None,
    root_path: Annotated[
        str | None, typer.Option("--root-path", help="Path prefix under which a reverse proxy serves this server.")
    ] = None,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option("--allowed-host", help="Host name that requests may be addressed to. Repeatable."),
    ] = None,
    allowed_origin: Annotated[
        list[str] | None,
        typer.Option("--allowed-origin", help="Origin whose pages may call the API with cookies. Repeatable."),
    ] = None,
    require_keys: Annotated[
        bool | None, typer.Option("--require-keys", help="Require a key on loopback too.", show_default="off")
    ] = None,
    sql_for_readers: Annotated[
        bool | None, typer.Option("--sql-for-readers", help="Let keys with the read scope run SQL.", show_default="off")
    ] = None,
    max_body_mib: Annotated[
        int | None,
        typer.Option("--max-body-mib", help="Largest request body in MiB, inflated.", show_default="64"),
    ] = None,
    max_predictions_mib: Annotated[
        int | None,
        typer.Option(
            "--max-predictions-mib",
            help="Largest request of predictions or labels in MiB, inflated.",
            show_default="1024",
        ),
    ] = None,
    memory_gb: Annotated[
        float | None,
        typer.Option("--memory-gb", help="Memory that the embedded engine may use, in GB.", show_default="6"),
    ] = None,
    disk_full_percent: Annotated[
        float | None,
        typer.Option(
            "--disk-full-percent", help="Share of the store's disk in use at which ingest pauses.", show_default="90"
        ),
    ] = None,
    host_metrics_interval_s: Annotated[
        float | None,
        typer.Option(
            "--host-metrics-interval-s",
            help="Seconds between samples of this machine and its GPUs. 0 turns them off.",
            show_default="15",
        ),
    ] = None,
    public_url: Annotated[
        str | None,
        typer.Option(
            "--public-url", help="Where people find this server, for links in notifications.", show_default="its own"
        ),
    ] = None,
    webhook_give_up_s: Annotated[
        float | None,
        typer.Option(
            "--webhook-give-up-s",
            help="Seconds after which a notification that nobody takes is given up.",
            show_default="3600",
        ),
    ] = None,
    webhook_allow_link_local: Annotated[
        bool | None,
        typer.Option(
            "--webhook-allow-link-local",
            help="Let webhooks go to link-local and cloud metadata addresses.",
            show_default="off",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Receive, keep and show telemetry until Ctrl-C."""
    options = {
        "data": data, "backups": backups,
        "host": host, "port": port, "grpc_port": grpc_port, "store": store, "catalog": catalog,
        "tls_cert": tls_cert, "tls_key": tls_key, "root_path": root_path, "allowed_host": allowed_host,
        "allowed_origin": allowed_origin, "require_keys": require_keys, "sql_for_readers": sql_for_readers,
        "max_body_mib": max_body_mib, "max_predictions_mib": max_predictions_mib, "memory_gb": memory_gb,
        "disk_full_percent": disk_full_percent,
        "host_metrics_interval_s": host_metrics_interval_s, "public_url": public_url,
        "webhook_give_up_s": webhook_give_up_s, "webhook_allow_link_local": webhook_allow_link_local,
    }  # fmt: skip
    server = _prepare(options, config, demo=False)
    _run(server, lambda: _announce(server, as_json))


def demo(
    data: Annotated[
        Path | None, typer.Option("--data", help="Keep the demo's data here.", show_default="a temporary directory")
    ] = None,
    port: Port = None,
    grpc_port: GrpcPort = None,
    seed: Annotated[int, typer.Option("--seed", help="The same seed makes the same customers.")] = 7,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            "--fault",
            help="Start with this fault on: unit-change, slow-dependency, bad-prompt, bad-training-data, leak. "
            "Repeatable.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Start the server with a small live world to look at: loans are applied for, scored and talked about."""
    from tapetum_server.app.demo import DemoUnavailable, demo_redaction, start_demo

    temporary = None
    if data is None:
        temporary = tempfile.TemporaryDirectory(prefix="tapetum-demo-", ignore_cleanup_errors=True)
        data = Path(temporary.name)
    server = _prepare(
        {"data": data, "port": port, "grpc_port": grpc_port, "redaction": demo_redaction()}, None, demo=True
    )
    worlds: list[Any] = []

    async def started() -> None:
        _announce(server, as_json, project="demo")
        try:
            worlds.append(await asyncio.to_thread(start_demo, server.url, server.settings.data, seed, fault or []))
        except DemoUnavailable as error:
            console.print(f"[red]{escape(str(error))}[/red]")
            server.stop()

    try:
        _run(server, started, before_close=lambda: [world.stop() for world in worlds])
    finally:
        if temporary is not None:
            temporary.cleanup()


def _prepare(options: dict[str, Any], config: Path | None, *, demo: bool) -> Server:
    from tapetum_server.app.settings import load_settings
    from tapetum_server.app.settings_errors import SettingsError

    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    for name in ("alembic", "httpx", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        settings = load_settings(options, config)
    except SettingsError as error:
        _cannot_start(error)

    with nothing_collected():
        from tapetum_server.app.addresses import CannotStart
        from tapetum_server.app.server import Server  # takes a second: a wrong setting is said at once

        try:
            server = Server(settings, demo=demo)
            server.open()
        except CannotStart as error:
            _cannot_start(error)
    return server


def _cannot_start(error: Exception) -> NoReturn:
    console.print(f"[bold red]tapetum cannot start.[/bold red] {escape(str(error))}")
    raise typer.Exit(1) from None


def _run(server: Server, started: Callable[[], Any], before_close: Callable[[], Any] = lambda: None) -> None:
    import uvloop

    from tapetum_server.app.addresses import CannotStart
    from tapetum_server.app.ending import end_soon

    try:
        uvloop.run(server.serve(started, end_soon))
    except CannotStart as error:
        console.print(f"[bold red]tapetum cannot start.[/bold red] {escape(str(error))}")
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        pass
    finally:
        before_close()
        server.close()


def _announce(server: Server, as_json: bool, project: str = "") -> None:
    settings = server.settings
    page = server.url + (f"/?project={project}" if project else "")
    if as_json:
        where = {
            "url": server.url,
            "page": page,
            "port": server.port,
            "grpc_port": server.grpc_port,
            "data": str(settings.data),
        }
        print(json.dumps(where), flush=True)
        return
    console.print(f"[bold]Tapetum[/bold] is ready: [bold cyan]{page}[/bold cyan]")
    console.print(f"  OTLP/HTTP  {server.url}")
    if server.grpc_port is not None:
        console.print(f"  OTLP/gRPC  {settings.host}:{server.grpc_port}")
    console.print(f"  Data       {settings.data}")
    if server.port == 4318 and not project:
        console.print("  An OpenTelemetry SDK with default settings on this machine sends here already.")
    console.print("  Ctrl-C stops.")
