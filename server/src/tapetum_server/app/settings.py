"""What can be set, where it comes from, and what is wrong with it.

Order of precedence: command-line option, `TAPETUM_*` environment variable, `--config` file (TOML),
default. Names are the same everywhere: `grpc_port` is `--grpc-port` and `TAPETUM_GRPC_PORT`. Lists of tables
(`scrape`, `redaction`) are in the file only.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import tomllib

from tapetum_server.app.data_dir import default_data_dir
from tapetum_server.app.redaction_settings import ProjectRules, read_redaction
from tapetum_server.app.scrape_settings import read_targets
from tapetum_server.app.settings_errors import SettingsError, unknown
from tapetum_server.receivers.prometheus.target import ScrapeTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything `tapetum serve` can be told. The metadata's `help` is the documentation."""

    data: Path = field(
        default_factory=default_data_dir, metadata={"help": "Directory that holds all data; one process owns it."}
    )
    backups: Path | None = field(
        default=None, metadata={"help": "Directory that backups are written to; `backups` in the data directory."}
    )
    host: str = field(
        default="127.0.0.1", metadata={"help": "Address to listen on. Anything but loopback requires keys."}
    )
    port: int = field(default=4318, metadata={"help": "HTTP port: OTLP, API and web UI."})
    grpc_port: int = field(default=4317, metadata={"help": "OTLP/gRPC port; -1 turns it off, 0 takes any free one."})
    store: str = field(
        default="",
        metadata={
            "help": "ClickHouse server to use instead of the embedded engine: clickhouse://user:password@host:8123/database."
        },
    )
    catalog: str = field(
        default="", metadata={"help": "PostgreSQL to use instead of SQLite in the data directory: postgresql://…"}
    )
    tls_cert: Path | None = field(default=None, metadata={"help": "TLS certificate (PEM) for both ports."})
    tls_key: Path | None = field(default=None, metadata={"help": "TLS private key (PEM)."})
    root_path: str = field(default="", metadata={"help": "Path prefix under which a reverse proxy serves this server."})
    allowed_host: tuple[str, ...] = field(
        default=(),
        metadata={"help": "Host names that requests may be addressed to, besides loopback and the bind address."},
    )
    allowed_origin: tuple[str, ...] = field(
        default=(), metadata={"help": "Origins whose pages may call the API with cookies."}
    )
    require_keys: bool = field(default=False, metadata={"help": "Require a key on loopback too."})
    sql_for_readers: bool = field(
        default=False, metadata={"help": "Let keys with the read scope run SQL; otherwise only admins off loopback."}
    )
    max_body_mib: int = field(default=64, metadata={"help": "Largest request body, inflated, in MiB."})
    max_predictions_mib: int = field(
        default=1024, metadata={"help": "Largest request of predictions or labels, inflated, in MiB."}
    )
    memory_gb: float = field(default=6.0, metadata={"help": "Memory that the embedded engine may use, in GB."})
    disk_full_percent: float = field(
        default=90.0, metadata={"help": "Share of the store's disk in use at which ingest pauses (answers 503)."}
    )
    host_metrics_interval_s: float = field(
        default=15.0, metadata={"help": "Seconds between samples of this machine and its GPUs; 0 turns them off."}
    )
    public_url: str = field(
        default="", metadata={"help": "Where people find this server in a browser, for links in notifications."}
    )
    webhook_give_up_s: float = field(
        default=3600.0, metadata={"help": "Seconds after which a notification that nobody takes is given up."}
    )
    webhook_allow_link_local: bool = field(
        default=False, metadata={"help": "Let webhooks go to link-local and cloud metadata addresses."}
    )
    scrape: tuple[ScrapeTarget, ...] = field(
        default=(), metadata={"help": "Prometheus targets to scrape, each a [[scrape]] table.", "file_only": True}
    )

    redaction: tuple[ProjectRules, ...] = field(
        default=(),
        metadata={"help": "What is redacted before it is stored, each a [[redaction]] table.", "file_only": True},
    )

    @property
    def backups_dir(self) -> Path:
        """Where backups lie."""
        return self.backups or self.data / "backups"

    def __post_init__(self) -> None:
        for name in ("port", "grpc_port"):
            value = getattr(self, name)
            if not (0 if name == "port" else -1) <= value <= 65535:
                raise SettingsError(f"{name} is {value}; expected a port number up to 65535.")
        if self.port == self.grpc_port != 0:
            raise SettingsError(f"port and grpc_port are both {self.port}; OTLP/HTTP and OTLP/gRPC need one each.")
        if (self.tls_cert is None) != (self.tls_key is None):
            raise SettingsError("tls_cert and tls_key belong together: give both or neither.")
        if not 1 <= self.disk_full_percent <= 100:
            raise SettingsError(f"disk_full_percent is {self.disk_full_percent}; expected 1 to 100.")
        if self.host_metrics_interval_s != 0 and not 1 <= self.host_metrics_interval_s <= 3600:
            raise SettingsError(
                f"host_metrics_interval_s is {self.host_metrics_interval_s:g}; expected 1 to 3600, or 0 for none."
            )
        if self.public_url and not self.public_url.startswith(("http://", "https://")):
            raise SettingsError(f"public_url is {self.public_url!r}; expected it to start with http:// or https://.")
        if not 1 <= self.webhook_give_up_s <= 7 * 86_400:
            raise SettingsError(f"webhook_give_up_s is {self.webhook_give_up_s:g}; expected 1 to 604800 (7 days).")
        for name in ("max_body_mib", "max_predictions_mib"):
            if getattr(self, name) < 1:
                raise SettingsError(f"{name} is {getattr(self, name)}; expected at least 1.")
        if self.memory_gb < 0.5:
            raise SettingsError(f"memory_gb is {self.memory_gb}; the engine needs at least 0.5.")
        if self.root_path and not self.root_path.startswith("/"):
            raise SettingsError(f"root_path is {self.root_path!r}; expected it to start with '/'.")


def load_settings(
    options: Mapping[str, Any], config: Path | None = None, environment: Mapping[str, str] | None = None
) -> Settings:
    """Settings from options given (None = not given), the environment and a TOML file.

    Raises `SettingsError` for an unknown name (with the nearest known one) or a value of the wrong kind.
    """
    environment = os.environ if environment is None else environment
    known = {f.name: f for f in fields(Settings)}
    flat = [name for name, setting in known.items() if not setting.metadata.get("file_only")]
    values: dict[str, Any] = {}
    config = config or (Path(environment["TAPETUM_CONFIG"]) if environment.get("TAPETUM_CONFIG") else None)
    if config is not None:
        values.update(_from_file(config, known))
    for name in flat:
        text = environment.get(f"TAPETUM_{name.upper()}")
        if text is not None:
            values[name] = _parse(name, text, f"TAPETUM_{name.upper()}")
    values.update({name: value for name, value in options.items() if value not in (None, [], ())})
    for name in ("data", "backups", "tls_cert", "tls_key"):
        if values.get(name) is not None:
            values[name] = Path(values[name]).expanduser()
    for name in ("allowed_host", "allowed_origin"):
        if name in values:
            values[name] = tuple(values[name])
    return Settings(**values)


def _from_file(path: Path, known: Mapping[str, Any]) -> dict[str, Any]:
    try:
        content = tomllib.loads(path.read_text())
    except OSError as error:
        raise SettingsError(f"The config file {path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The config file {path} is not TOML: {error}.") from error
    values = {}
    for name, value in content.items():
        if name not in known:
            raise unknown(f"{path}: there is no setting", name, known)
        read = _READERS.get(name)
        values[name] = read(value, str(path)) if read else _check(name, value, str(path))
    return values


_READERS: Mapping[str, Callable[[Any, str], Any]] = {"scrape": read_targets, "redaction": read_redaction}
"""Of settings that are lists of tables."""
_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "port": int, "grpc_port": int, "max_body_mib": int, "max_predictions_mib": int, "memory_gb": (int, float),
    "disk_full_percent": (int, float), "host_metrics_interval_s": (int, float), "webhook_give_up_s": (int, float),
    "webhook_allow_link_local": bool, "require_keys": bool, "sql_for_readers": bool, "allowed_host": list,
    "allowed_origin": list,
}  # fmt: skip


def _check(name: str, value: Any, where: str) -> Any:
    kind = _KINDS.get(name, str)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        expected = kind.__name__ if isinstance(kind, type) else "number"
        raise SettingsError(f"{where}: {name} is {value!r}; expected {expected}.")
    return value


def _parse(name: str, text: str, where: str) -> Any:
    kind = _KINDS.get(name, str)
    try:
        if kind is bool:
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[text.strip().lower()]
        if kind is list:
            return [part.strip() for part in text.split(",") if part.strip()]
        if kind is int:
            return int(text)
        return float(text) if isinstance(kind, tuple) else text
    except (KeyError, ValueError):
        expected = "true or false" if kind is bool else "a number"
        raise SettingsError(f"{where} is {text!r}; expected {expected}.") from None
