"""The world's own small door on loopback: its truth, its state, and the switch of each fault."""

from __future__ import annotations

import json
import os
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tapetum_demo.faults import UnknownFault

_ADDRESS_FILE = "control.json"
_LARGEST_BODY = 4096


class ControlUnavailable(RuntimeError):
    """The world could not be reached or did not do what it was asked."""


class Control:
    """Serves the world's truth and takes orders, on a free port of loopback."""

    def __init__(
        self,
        home: Path,
        *,
        truth: Callable[[], Mapping[str, Any]],
        status: Callable[[], Mapping[str, Any]],
        switch: Callable[[str, bool], None],
    ) -> None:
        self._address_file = home / _ADDRESS_FILE

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if not self._from_here():
                    return
                if self.path == "/demo/truth.json":
                    self._answer(200, truth())
                elif self.path == "/demo/status":
                    self._answer(200, status())
                else:
                    self._refuse(404, "not_found", "here are /demo/truth.json and /demo/status")

            def do_POST(self) -> None:
                if not self._from_here():
                    return
                name = self.path.removeprefix("/demo/faults/")
                if name == self.path:
                    return self._refuse(404, "not_found", "POST /demo/faults/NAME switches a fault")
                # A web page elsewhere can post a form to loopback, but not this content type.
                if self.headers.get_content_type() != "application/json":
                    return self._refuse(415, "unsupported_media_type", 'send {"on": true} as application/json')
                try:
                    length = min(int(self.headers.get("content-length") or 0), _LARGEST_BODY)
                    on = json.loads(self.rfile.read(length))["on"]
                    if not isinstance(on, bool):
                        raise TypeError("on is no boolean")
                except (ValueError, TypeError, KeyError):
                    return self._refuse(400, "bad_request", 'the body must be {"on": true} or {"on": false}')
                try:
                    switch(name, on)
                except UnknownFault as error:
                    return self._refuse(404, "unknown_fault", str(error))
                except Exception as error:
                    return self._refuse(503, "not_switched", str(error))
                return self._answer(200, {"fault": name, "on": on})

            def _from_here(self) -> bool:
                # A foreign name that resolves to loopback (DNS rebinding) shows in the Host header.
                host = (self.headers.get("host") or "").rpartition(":")[0]
                if host in ("127.0.0.1", "localhost"):
                    return True
                self._refuse(403, "foreign_host", "ask for 127.0.0.1 or localhost")
                return False

            def _refuse(self, status: int, code: str, message: str) -> None:
                self._answer(status, {"error": {"code": code, "message": message}})

            def _answer(self, status: int, body: Mapping[str, Any]) -> None:
                encoded = json.dumps(body, indent=2).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(encoded)))
                self.end_headers()
                self.wfile.write(encoded)

            def log_message(self, format: str, *args: Any) -> None:
                pass  # the server's terminal is not ours to write on

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, name="demo-control", daemon=True)

    def open(self) -> None:
        """Begin to answer, and leave the address where `switch_fault` finds it."""
        self._thread.start()
        self._address_file.write_text(json.dumps({"url": self.url, "pid": os.getpid()}))

    def close(self) -> None:
        """Stop to answer."""
        self._address_file.unlink(missing_ok=True)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=2)


def switch_fault(data_dir: Path, name: str, *, on: bool) -> None:
    """Switch a fault of the world that runs on `data_dir`, from any process of this machine.

    Raises:
        UnknownFault: there is no such fault; the message says which there are.
        ControlUnavailable: no world runs there, or it could not do it.
    """
    _ask(data_dir, f"/demo/faults/{urllib.parse.quote(name, safe='')}", {"on": on})


def faults_on(data_dir: Path) -> frozenset[str]:
    """The faults that are on in the world that runs on `data_dir`.

    Raises:
        ControlUnavailable: no world runs there, or it does not answer.
    """
    return frozenset(name for name, on in _ask(data_dir, "/demo/status")["faults"].items() if on)


def _ask(data_dir: Path, path: str, order: Mapping[str, Any] | None = None) -> Any:
    address_file = data_dir / _ADDRESS_FILE
    try:
        url = str(json.loads(address_file.read_text())["url"])
    except (OSError, ValueError, KeyError) as error:
        raise ControlUnavailable(f"no demo runs on {data_dir}: start one with `tapetum demo`") from error
    request = urllib.request.Request(
        f"{url}{path}",
        data=None if order is None else json.dumps(order).encode(),
        headers={"content-type": "application/json"},
        method="GET" if order is None else "POST",
    )
    # Proxies of the environment have no business between us and loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=20) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        problem = json.loads(error.read()).get("error", {})
        message = str(problem.get("message", error))
        if problem.get("code") == "unknown_fault":
            raise UnknownFault(message) from error
        raise ControlUnavailable(message) from error
    except OSError as error:
        raise ControlUnavailable(f"the demo on {data_dir} does not answer ({error}): is it still running?") from error
