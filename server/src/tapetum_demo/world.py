"""Starts, watches and stops the services of the world."""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Literal

from tapetum_demo import chats, population, visits
from tapetum_demo.changes import record_change
from tapetum_demo.control import Control
from tapetum_demo.expectations import keep_schema
from tapetum_demo.faults import FAULTS, FaultLedger, fault_named
from tapetum_demo.monitors import make_monitors

PROJECT = "demo"
_DEPLOY = {"kind": "deploy", "subject": "web", "before": "3.7.1", "after": "3.7.2"}
_SWITCH_TIMEOUT_S = 15.0
_BEHIND_THE_DOOR = ("features", "scoring", "provider", "assistant", "web")
_FAIL_SHARE = 0.01
_LIMIT_SHARE = 0.02
_LEAVE_TIMEOUT_S = 6.0
_NEEDED = {
    "fastapi": "fastapi",
    "sklearn": "scikit-learn",
    "sqlalchemy": "sqlalchemy",
    "openai": "openai",
    "openinference.instrumentation.openai": "openinference-instrumentation-openai",
    "greenlet": "greenlet",  # the instrumentation of SQLAlchemy imports its asyncio half
    "opentelemetry.exporter.otlp.proto.http": "opentelemetry-exporter-otlp-proto-http",
    "opentelemetry.instrumentation.fastapi": "opentelemetry-instrumentation-fastapi",
    "opentelemetry.instrumentation.httpx": "opentelemetry-instrumentation-httpx",
    "opentelemetry.instrumentation.logging": "opentelemetry-instrumentation-logging",
    "opentelemetry.instrumentation.sqlalchemy": "opentelemetry-instrumentation-sqlalchemy",
    "opentelemetry.instrumentation.system_metrics": "opentelemetry-instrumentation-system-metrics",
}

_logger = logging.getLogger(__name__)

ServiceState = Literal["waiting", "starting", "ready", "exited"]


class MissingDependency(RuntimeError):
    """A library of the demo is not installed."""


class FaultNotSwitched(RuntimeError):
    """The service could not do what was asked."""


@dataclass(slots=True)
class _Service:
    """One process of the world, as its parent sees it."""

    name: str
    listener: socket.socket | None = None
    environment: dict[str, str] = field(default_factory=dict)
    arguments: list[str] = field(default_factory=list)
    process: subprocess.Popen[str] | None = None
    reader: threading.Thread | None = None
    ready: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str | None:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}" if self.listener else None

    def state(self) -> ServiceState:
        if self.process is None:
            return "waiting"
        if self.process.poll() is not None:
            return "exited"
        return "ready" if self.ready.is_set() else "starting"


class World:
    """The running demo. `start_world` makes it; every method may be called from any thread."""

    def __init__(self, otlp_endpoint: str, key: str | None, seed: int, home: Path) -> None:
        self._seed = seed
        self._home = home
        self._ledger = FaultLedger()
        self._answers: dict[tuple[str, bool], str | None] = {}
        self._answered = threading.Condition()
        self._switching = threading.Lock()
        self._stopping = threading.Event()
        self._started_at = datetime.now(UTC)
        self._endpoint = otlp_endpoint
        self._headers = _headers(key)
        self._environment = _environment(otlp_endpoint, self._headers)

        features = _Service("features", listener=_listen())
        # Relative to the services' working directory: the instrumentation puts the name into every span.
        features.arguments = ["--database", "features.sqlite"]
        scoring = _Service("scoring", listener=_listen())
        scoring.arguments = ["--features", str(features.url)]
        # One service of all with exponential histograms, so that both kinds are there to look at.
        scoring.environment = {
            "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION": "base2_exponential_bucket_histogram"
        }
        web = _Service("web", listener=_listen())
        provider = _Service("provider", listener=_listen())
        provider.arguments = ["--pace", "1", "--fail-share", str(_FAIL_SHARE), "--limit-share", str(_LIMIT_SHARE)]
        assistant = _Service("assistant", listener=_listen())
        assistant.environment = {"OTEL_RESOURCE_ATTRIBUTES": "service.namespace=loans"}
        assistant.arguments = ["--provider", str(provider.url), "--scoring", str(scoring.url), "--web", str(web.url)]
        web.arguments = ["--scoring", str(scoring.url), "--assistant", str(assistant.url)]
        traffic = _Service("traffic")
        traffic.arguments = ["--web", str(web.url)]
        self._services = {service.name: service for service in (features, scoring, provider, assistant, web, traffic)}
        self._control = Control(home, truth=self.truth, status=self.status, switch=self.switch)
        self._opener: threading.Thread | None = None

    # -- life ---------------------------------------------------------------

    def _start(self, faults: Sequence[str]) -> None:
        for name in _BEHIND_THE_DOOR:
            self._spawn(self._services[name])
        self._control.open()
        self._write_truth()
        self._opener = threading.Thread(target=self._open_doors, args=(tuple(faults),), name="demo-opener", daemon=True)
        self._opener.start()

    def _open_doors(self, faults: Sequence[str]) -> None:
        # Customers come when everybody is at work; otherwise the first traces are a story about start-up.
        for name in _BEHIND_THE_DOOR:
            service = self._services[name]
            while not service.ready.wait(0.2):
                if self._stopping.is_set() or service.state() == "exited":
                    return
        self._switch_all([name for name in faults if fault_named(name).service != "traffic"])
        with self._switching:
            if not self._stopping.is_set():
                self._spawn(self._services["traffic"])
        self._switch_all([name for name in faults if fault_named(name).service == "traffic"])
        record_change(self._endpoint, self._headers, _DEPLOY)
        make_monitors(self._endpoint, self._headers)
        keep_schema(self._endpoint, self._headers)

    def _switch_all(self, faults: Sequence[str]) -> None:
        for fault in faults:
            try:
                self.switch(fault, True)
            except FaultNotSwitched:
                _logger.exception("the demo starts without the fault %s", fault)

    def _spawn(self, service: _Service) -> None:
        command = [sys.executable, "-m", f"tapetum_demo.{service.name}", "--seed", str(self._seed), *service.arguments]
        descriptors: tuple[int, ...] = ()
        if service.listener is not None:
            descriptors = (service.listener.fileno(),)
            command += ["--fd", str(service.listener.fileno())]
        with (self._home / f"{service.name}.log").open("w") as complaints:
            service.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                text=True,
                cwd=self._home,
                env={**self._environment, **service.environment},
                pass_fds=descriptors,
                # Ctrl-C in the terminal is for the parent, which then stops its services in good order.
                start_new_session=True,
            )
        service.reader = threading.Thread(
            target=self._listen_to, args=(service,), name=f"demo-{service.name}", daemon=True
        )
        service.reader.start()

    def _listen_to(self, service: _Service) -> None:
        assert service.process is not None
        assert service.process.stdout is not None
        for line in service.process.stdout:
            try:
                news = json.loads(line)
            except ValueError:
                continue  # a library that prints
            if not isinstance(news, dict):
                continue
            if news.get("ready"):
                service.ready.set()
            elif "fault" in news:
                with self._answered:
                    self._answers[str(news["fault"]), bool(news["on"])] = news.get("error")
                    self._answered.notify_all()
        service.process.wait()
        with self._answered:
            self._answered.notify_all()
        if not self._stopping.is_set():
            _logger.error(
                "the demo's service %s ended with exit status %d; why: %s",
                service.name, service.process.returncode, self._home / f"{service.name}.log",
            )  # fmt: skip

    def wait_ready(self, timeout_s: float = 30.0) -> bool:
        """Wait until every service answers and the customers come; False when that did not happen in time."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            states = [service.state() for service in self._services.values()]
            if all(state == "ready" for state in states):
                return True
            if "exited" in states:
                return False
            time.sleep(0.05)
        return False

    def stop(self) -> None:
        """Let every service send what it has and leave. Takes seconds at most; a second call does nothing."""
        with self._switching:
            if self._stopping.is_set():
                return
            self._stopping.set()
        self._control.close()
        now = time.time_ns()
        for fault in FAULTS:
            self._ledger.note(fault.name, on=False, time_unix_nano=now)
        running = [s for s in self._services.values() if s.process is not None]
        deadline = time.monotonic() + _LEAVE_TIMEOUT_S
        # Customers leave first, then the door, then what stands behind it, so that nobody asks somebody who has left.
        for service in reversed(running):
            assert service.process is not None
            _close(service.process.stdin)
            try:
                service.process.wait(max(deadline - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                service.process.kill()
                service.process.wait()
            if service.reader is not None:
                service.reader.join(timeout=2)
            _close(service.process.stdout)
        for service in self._services.values():
            if service.listener is not None:
                service.listener.close()
        if self._opener is not None and self._opener is not threading.current_thread():
            self._opener.join(timeout=2)
        self._write_truth()

    # -- faults -------------------------------------------------------------

    def switch(self, name: str, on: bool) -> None:
        """Switch a fault and return when it is really so.

        Raises:
            UnknownFault: there is no such fault.
            FaultNotSwitched: the service said no, is gone, or did not answer in time.
        """
        fault = fault_named(name)
        service = self._services[fault.service]
        with self._switching:
            if self._stopping.is_set():
                raise FaultNotSwitched("the demo is stopping")
            process = service.process
            if process is None or process.stdin is None or service.state() == "exited":
                raise FaultNotSwitched(f"the service {fault.service} is not running")
            with self._answered:
                self._answers.pop((name, on), None)
                try:
                    process.stdin.write(json.dumps({"fault": name, "on": on}) + "\n")
                    process.stdin.flush()
                except OSError as error:
                    raise FaultNotSwitched(f"the service {fault.service} is gone") from error
                answered = self._answered.wait_for(
                    lambda: (name, on) in self._answers or service.state() == "exited", timeout=_SWITCH_TIMEOUT_S
                )
                if not answered or (name, on) not in self._answers:
                    raise FaultNotSwitched(f"the service {fault.service} did not answer in {_SWITCH_TIMEOUT_S:.0f} s")
                problem = self._answers.pop((name, on))
            if problem is not None:
                raise FaultNotSwitched(problem)
            self._ledger.note(name, on=on, time_unix_nano=time.time_ns())
        if on:
            record_change(self._endpoint, self._headers, fault.change)
        self._write_truth()

    # -- answers ------------------------------------------------------------

    @property
    def control_url(self) -> str:
        """Where the truth is served and faults are switched, on loopback."""
        return self._control.url

    def status(self) -> dict[str, Any]:
        """How the services are and which faults are on."""
        return {
            "services": {
                service.name: {
                    "state": service.state(),
                    "pid": service.process.pid if service.process else None,
                    "url": service.url,
                    "exit_status": service.process.returncode if service.process else None,
                }
                for service in self._services.values()
            },
            "faults": {fault.name: self._ledger.is_on(fault.name) for fault in FAULTS},
            "control_url": self.control_url,
        }

    def truth(self) -> dict[str, Any]:
        """What is really going on, for whoever wants to check a diagnosis."""
        return world_truth(self._seed, self._started_at, self._ledger)

    def _write_truth(self) -> None:
        unfinished = self._home / "truth.json.new"
        unfinished.write_text(json.dumps(self.truth(), indent=2))
        unfinished.replace(self._home / "truth.json")


def world_truth(seed: int, started_at: datetime, ledger: FaultLedger) -> dict[str, Any]:
    """The truth of a world, from its seed and what was switched in it."""
    return {
        "project": PROJECT,
        "seed": seed,
        "started_at": started_at.isoformat(),
        "services": {
            "web": "receives applications and chats; asks scoring and assistant",
            "scoring": "model credit-risk; asks features, once more when the first answer is a failure",
            "features": "SQLite; a refresh locks it now and then, so it is flaky by itself",
            "provider": "a mock of a language-model provider; sends no telemetry",
            "assistant": "an agent; asks provider, web, scoring and its own policies",
            "traffic": "the customers; sends no telemetry",
        },
        "traffic": {
            "applications_per_s": visits.APPLICATIONS_PER_S,
            "tide": {"share": visits.TIDE, "period_s": visits.TIDE_PERIOD_S},
            "bad_request_share": visits.BAD_REQUEST_SHARE,
            "bad_request_kinds": list(visits.BAD_KINDS),
        },
        "chats": {
            "conversations_per_s": chats.CONVERSATIONS_PER_S,
            "feedback_share": chats.FEEDBACK_SHARE,
            "leak_share": chats.LEAK_SHARE,
            "provider_fail_share": _FAIL_SHARE,
            "provider_limit_share": _LIMIT_SHARE,
        },
        "credit_risk": {
            "intercept": population.TRUE_INTERCEPT,
            "weights": dict(population.TRUE_WEIGHTS),
            "says": "log odds of default; age_years counts from 45",
        },
        "faults": [
            {
                "name": fault.name,
                "service": fault.service,
                "cause": fault.cause,
                "effects": list(fault.effects),
                "on": ledger.is_on(fault.name),
                "intervals": [
                    {"since": _iso(i.since_unix_nano), "until": _iso(i.until_unix_nano)}
                    for i in ledger.intervals(fault.name)
                ],
            }
            for fault in FAULTS
        ],
    }


def start_world(
    otlp_endpoint: str,
    key: str | None = None,
    seed: int = 7,
    faults: Sequence[str] = (),
    data_dir: Path = Path("tapetum-demo"),
) -> World:
    """Start the demo's services beside a running server and return at once; they are at work seconds later.

    Telemetry goes to `otlp_endpoint` (the base URL of OTLP over HTTP), into the project `demo`. The world keeps its
    files in `data_dir`, a directory of its own. Call `stop` before the server stops, so that the last telemetry finds
    it; when this process dies instead, the services notice and leave by themselves.

    Raises:
        UnknownFault: a name in `faults` is no fault.
        MissingDependency: a library is not installed; the message says how to install it.
    """
    for name in faults:
        fault_named(name)
    missing = missing_dependencies()
    if missing:
        raise MissingDependency(f"the demo needs {', '.join(missing)}. Install them with: pip install 'tapetum[demo]'")
    home = data_dir
    home.mkdir(parents=True, exist_ok=True)
    world = World(otlp_endpoint, key, seed, home.resolve())
    world._start(faults)
    return world


def missing_dependencies() -> list[str]:
    """The distributions that the services need and that are not installed."""
    return [distribution for module, distribution in _NEEDED.items() if not _is_installed(module)]


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # a parent package is missing
        return False


def _headers(key: str | None) -> dict[str, str]:
    headers = {"x-tapetum-project": PROJECT}
    return headers if key is None else {**headers, "authorization": f"Bearer {key}"}


def _environment(otlp_endpoint: str, headers: Mapping[str, str]) -> dict[str, str]:
    # The user's own OTEL_* would send the demo's telemetry elsewhere or change its shape.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    sources = str(Path(__file__).resolve().parent.parent)
    search_path = [sources, *filter(None, [inherited.get("PYTHONPATH")])]
    return {
        **inherited,
        "PYTHONPATH": os.pathsep.join(search_path),
        "OTEL_EXPORTER_OTLP_ENDPOINT": otlp_endpoint,
        # In the environment, not on the command line: any user of the machine can list command lines.
        "OTEL_EXPORTER_OTLP_HEADERS": ",".join(f"{k}={urllib.parse.quote(v)}" for k, v in headers.items()),
        "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "3",
        "OTEL_SEMCONV_STABILITY_OPT_IN": "http,database",
        "OTEL_BSP_SCHEDULE_DELAY": "1000",
        "OTEL_BLRP_SCHEDULE_DELAY": "1000",
        "OTEL_METRIC_EXPORT_INTERVAL": "5000",
        # Six small processes on two cores: a thread pool for matrices in each would only fight the server.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }


def _listen() -> socket.socket:
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    return listener


def _close(stream: IO[str] | None) -> None:
    if stream is None:
        return
    try:
        stream.close()
    except OSError:
        pass  # the other end is gone, which is what closing asks for


def _iso(time_unix_nano: int | None) -> str | None:
    if time_unix_nano is None:
        return None
    return datetime.fromtimestamp(time_unix_nano / 1e9, UTC).isoformat()
