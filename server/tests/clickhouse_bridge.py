"""ClickHouse's HTTP interface in front of a chDB of its own process: a fixture, not a product.

It lets the store's contract suite drive the real network client. What it does not prove:
authentication, streaming and progress, replication, distributed tables and ON CLUSTER.
Run as a script it prints its port: `python clickhouse_bridge.py DIRECTORY`.
"""

from __future__ import annotations

import gzip
import re
import sys
import tempfile
import threading
import uuid
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import chdb
import lz4.frame
import zstandard

# URL parameters of the interface itself; every other one is a setting of the query.
CONTROL = {
    "query", "database", "session_id", "session_timeout", "session_check", "query_id", "user", "password",
    "quota_key", "compress", "decompress", "wait_end_of_query", "buffer_size", "client_protocol_version",
    "default_format", "role", "send_progress_in_http_headers", "http_headers_progress_interval_ms",
    "enable_http_compression", "cancel_http_readonly_queries_on_client_close",
}  # fmt: skip
INSERT = re.compile(rb"^\s*INSERT\s+INTO\s.*?\bFORMAT\s+(\w+)[ \t]*(?:\r?\n|$)", re.I | re.S)
FORMAT = re.compile(r"\bFORMAT\s+(\w+)\s*;?\s*$", re.I)
INFLATE = {
    "gzip": gzip.decompress,
    "lz4": lz4.frame.decompress,
    "zstd": lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body),
}


def quoted(value: object) -> str:
    """A ClickHouse string literal."""
    return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"


class Handles:
    """Free chDB handles. One that had settings or a database put on it is closed, not reused."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._free: list[Any] = []
        self._lock = threading.Lock()

    def take(self) -> Any:
        """A handle with default settings."""
        with self._lock:
            return self._free.pop() if self._free else chdb.connect(self._path)

    def give(self, handle: Any, dirty: bool) -> None:
        """Back after a request."""
        if dirty:
            handle.close()
        else:
            with self._lock:
                self._free.append(handle)


class Bridge(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    handles: Handles

    def log_message(self, *args: Any) -> None:
        """Nothing on standard error."""

    def do_GET(self) -> None:
        """Ping, or a query in the URL."""
        if "query=" in self.path:
            self._answer(b"")
        else:
            self._reply(200, b"Ok.\n", {})

    def do_POST(self) -> None:
        """A query in the URL, in the body, or in both."""
        self._answer(self._body())

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            chunks = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            body = b"".join(chunks)
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        inflate = INFLATE.get(self.headers.get("Content-Encoding", ""))
        return inflate(body) if inflate else body

    def _answer(self, body: bytes) -> None:
        arguments = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        if self.headers.get("Content-Type", "").startswith("multipart/form-data"):
            head = b"Content-Type: " + self.headers["Content-Type"].encode() + b"\r\n\r\n"
            for part in BytesParser().parsebytes(head + body).get_payload():
                name = str(part.get_param("name", header="content-disposition"))
                arguments[name] = part.get_payload(decode=True).decode()
            body = b""
        query_id = arguments.get("query_id") or str(uuid.uuid4())
        query = arguments.get("query", "").encode()
        sql = query + (b"\n" if query and body else b"") + body
        settings = {k: v for k, v in arguments.items() if k not in CONTROL and not k.startswith("param_")}
        handle = self.handles.take()
        dirty = bool(settings) or "database" in arguments
        try:
            if arguments.get("database"):
                handle.query(f"USE `{arguments['database']}`", "Null")
            for name, value in settings.items():
                handle.query(f"SET {name} = {quoted(value)}", "Null")
            out, headers = self._run(handle, sql, arguments)
        except Exception as error:  # any failure of the engine is an answer of this interface
            text = str(error)
            text = text[max(text.find("Code: "), 0) :]
            code = match[1] if (match := re.match(r"Code: (\d+)", text)) else "1000"
            self._reply(404 if code == "60" else 500, text.encode(), {"X-ClickHouse-Exception-Code": code})
            dirty = True
        else:
            if (
                arguments.get("enable_http_compression") == "1"
                and out
                and "gzip" in self.headers.get("Accept-Encoding", "")
            ):
                out = gzip.compress(out, 1)
                headers["Content-Encoding"] = "gzip"
            self._reply(200, out, {"X-ClickHouse-Query-Id": query_id, **headers})
        finally:
            self.handles.give(handle, dirty)

    def _run(self, handle: Any, sql: bytes, arguments: dict[str, str]) -> tuple[bytes, dict[str, str]]:
        insert = INSERT.match(sql)
        if insert and b"SELECT" not in insert[0].upper():
            statement = re.sub(rb"\s*\bFORMAT\s+\w+\s*$", b"", insert[0].rstrip(), flags=re.I).decode()
            # Not send_insert, which reports rows as written that the table refused.
            with tempfile.NamedTemporaryFile() as file:
                file.write(sql[insert.end() :])
                file.flush()
                source = f"FROM INFILE '{file.name}' COMPRESSION 'none' FORMAT {insert[1].decode()}"
                handle.query(f"{statement} {source}", "Null")
            return b"", {}
        text = sql.decode()
        found = FORMAT.search(text)
        chosen = found[1] if found else self.headers.get("X-ClickHouse-Format") or arguments.get("default_format")
        chosen = chosen or "TabSeparated"
        parameters = {k[6:]: v for k, v in arguments.items() if k.startswith("param_")}
        out = bytes(handle.query(text, chosen, params=parameters).bytes() or b"")
        return out, {"X-ClickHouse-Format": chosen} if out else {}

    def _reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        always = {
            "X-ClickHouse-Server-Display-Name": "chdb",
            "X-ClickHouse-Timezone": "UTC",
            "Content-Type": "text/plain; charset=UTF-8",
        }
        for name, value in {**always, **headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def main(path: str) -> None:
    """Serve until standard input ends, which it does with the parent."""
    Bridge.handles = Handles(path)
    keep = chdb.connect(path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bridge)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()
    server.shutdown()
    keep.close()


if __name__ == "__main__":
    main(sys.argv[1])
