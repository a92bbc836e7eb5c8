"""`provider`: a language-model provider that is none. It speaks as OpenAI and Anthropic do, on loopback, from a seed.

`python -m tapetum_demo.provider --port 0` runs it alone and prints its address. A request with the header
`x-mock-status: 500` or `429` fails so; `--fail-share` and `--limit-share` let a share of all do.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import random
import socket
import threading
import time
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tapetum_demo import provider_dialects as dialects
from tapetum_demo.leash import Leash
from tapetum_demo.provider_responses import read_responses, responses_answer, responses_events
from tapetum_demo.provider_script import Ask, Reply, count_tokens, embedding_of, reply_to

RETRY_AFTER_S = 1
EMBEDDING_DIMENSIONS = 64
_LARGEST_BODY = 4 << 20
_ERRORS = {
    400: ("invalid_request_error", ""),
    401: ("authentication_error", "no API key was given"),
    404: (
        "not_found_error",
        "here are /v1/chat/completions, /v1/responses, /v1/embeddings, /v1/messages and /v1/models",
    ),
    429: ("rate_limit_error", "Rate limit reached for requests. Please try again in a moment."),
    500: ("api_error", "The server had an error while processing your request."),
}


class Provider:
    """The mock provider on a socket of loopback; use it as a context manager, or `open` and `close` it."""

    def __init__(
        self,
        seed: int = 7,
        *,
        port: int = 0,
        listener: socket.socket | None = None,
        pace: float = 0.0,
        fail_share: float = 0.0,
        limit_share: float = 0.0,
    ) -> None:
        """`pace` is how slow it is: 0 answers at once, 1 takes about the time of a quick real model."""
        self.seed, self.pace = seed, pace
        self._shares = (fail_share, limit_share)
        self._luck = random.Random(f"provider/{seed}")
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._server = _Server(("127.0.0.1", port), _Handler, bind_and_activate=listener is None)
        if listener is not None:
            self._server.socket.close()
            self._server.socket = listener
            self._server.server_address = listener.getsockname()
        self._server.provider = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, name="provider", daemon=True)

    def open(self) -> Provider:
        """Begin to answer."""
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop to answer."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)

    __enter__ = open

    def __exit__(self, *_: object) -> None:
        self.close()

    def next_id(self) -> str:
        """An id for a reply; the same seed gives the same ids in the same order."""
        with self._lock:
            number = next(self._numbers)
        return hashlib.blake2b(f"{self.seed}/{number}".encode(), digest_size=12).hexdigest()

    def bad_luck(self) -> int | None:
        """500 or 429 where this request is one of those that fail."""
        with self._lock:
            drawn = self._luck.random()
        fail, limit = self._shares
        return 500 if drawn < fail else 429 if drawn < fail + limit else None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # clients keep their connections; closing does not wait for them
    provider: Provider


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    server: _Server

    def do_GET(self) -> None:
        if self.path != "/v1/models":
            return self._fail(404)
        return self._answer({"object": "list", "data": [{"id": "gpt-4o-mini", "object": "model", "owned_by": "mock"}]})

    def do_POST(self) -> None:
        try:
            length = int(self.headers.get("content-length") or 0)
        except ValueError:
            length = -1
        if not 0 <= length <= _LARGEST_BODY:
            self.close_connection = True
            return self._fail(400, f"the body must have a content-length of at most {_LARGEST_BODY} bytes")
        raw = self.rfile.read(length)
        work = {
            "/v1/chat/completions": self._chat,
            "/v1/responses": self._respond,
            "/v1/embeddings": self._embed,
            "/v1/messages": self._message,
        }.get(self.path.partition("?")[0])
        if work is None:
            return self._fail(404)
        if not (self.headers.get("authorization") or self.headers.get("x-api-key")):
            return self._fail(401)
        wanted = self.headers.get("x-mock-status")
        status = int(wanted) if wanted in ("429", "500") else self.server.provider.bad_luck()
        if status is not None:
            return self._fail(status)
        try:
            body = json.loads(raw)
            if not isinstance(body, dict):
                raise dialects.BadRequest("the body must be a JSON object")
            return work(body)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return self._fail(400, f"{error}")

    def _reply(self, ask: Ask) -> tuple[Reply, str]:
        """What is answered and its id, once the question has been read at this provider's pace."""
        provider = self.server.provider
        reply, reply_id = reply_to(ask, provider.seed), provider.next_id()
        time.sleep(provider.pace * (0.15 + reply.input_tokens / 10_000))
        return reply, reply_id

    def _write_slowly(self, reply: Reply) -> None:
        time.sleep(self.server.provider.pace * reply.output_tokens / 200)

    def _chat(self, body: dict[str, Any]) -> None:
        ask = dialects.read_openai(body)
        reply, reply_id = self._reply(ask)
        if body.get("stream"):
            usage = bool((body.get("stream_options") or {}).get("include_usage"))
            return self._stream(dialects.openai_events(ask, reply, reply_id, usage=usage))
        self._write_slowly(reply)
        return self._answer(dialects.openai_answer(ask, reply, reply_id))

    def _respond(self, body: dict[str, Any]) -> None:
        ask = read_responses(body)
        reply, reply_id = self._reply(ask)
        if body.get("stream"):
            return self._stream(responses_events(body, ask, reply, reply_id))
        self._write_slowly(reply)
        return self._answer(responses_answer(body, ask, reply, reply_id))

    def _message(self, body: dict[str, Any]) -> None:
        ask = dialects.read_anthropic(body)
        reply, reply_id = self._reply(ask)
        if body.get("stream"):
            return self._stream(dialects.anthropic_events(ask, reply, reply_id))
        self._write_slowly(reply)
        return self._answer(dialects.anthropic_answer(ask, reply, reply_id))

    def _embed(self, body: dict[str, Any]) -> None:
        given = body["input"]
        texts = [given] if isinstance(given, str) else [str(text) for text in given]
        size = int(body.get("dimensions") or EMBEDDING_DIMENSIONS)
        if not 1 <= size <= 4096:
            raise dialects.BadRequest("dimensions: must be between 1 and 4096")
        used = sum(map(count_tokens, texts))
        rows = [{"object": "embedding", "index": i, "embedding": embedding_of(t, size)} for i, t in enumerate(texts)]
        return self._answer(
            {
                "object": "list",
                "data": rows,
                "model": body.get("model") or "mock",
                "usage": {"prompt_tokens": used, "total_tokens": used},
            }
        )

    def _stream(self, events: Iterable[dialects.Event]) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        try:
            for name, data in events:
                text = data if isinstance(data, str) else json.dumps(data)
                block = f"{f'event: {name}' + chr(10) if name else ''}data: {text}\n\n".encode()
                self.wfile.write(f"{len(block):x}\r\n".encode() + block + b"\r\n")
                time.sleep(self.server.provider.pace * 0.02)
            self.wfile.write(b"0\r\n\r\n")
        except OSError:
            self.close_connection = True  # the caller has heard enough

    def _fail(self, status: int, message: str = "") -> None:
        kind, usual = _ERRORS[status]
        error = {"type": kind, "code": kind, "message": message or usual}
        extra = {"retry-after": str(RETRY_AFTER_S)} if status == 429 else {}
        # All dialects look below "error"; Anthropic's has a type beside it.
        self._answer({"type": "error", "error": error}, status, extra)

    def _answer(self, body: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> None:
        encoded = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(encoded)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(encoded)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def main() -> None:
    """Run alone until Ctrl-C, or as a service of the world until the parent lets go."""
    parser = argparse.ArgumentParser(description="A mock of a language-model provider, on loopback.")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--fd", type=int, help="a listening socket; orders then come on stdin")
    parser.add_argument("--pace", type=float, default=0.0, help="0 answers at once, 1 as a quick real model")
    parser.add_argument("--fail-share", type=float, default=0.0, help="of requests that get a 500")
    parser.add_argument("--limit-share", type=float, default=0.0, help="of requests that get a 429")
    told = parser.parse_args()
    provider = Provider(
        told.seed,
        port=told.port,
        listener=None if told.fd is None else socket.socket(fileno=told.fd),
        pace=told.pace,
        fail_share=told.fail_share,
        limit_share=told.limit_share,
    )
    released = threading.Event()
    with provider:
        if told.fd is None:
            print(provider.url, flush=True)
        else:
            leash = Leash(released.set)
            leash.take()
            leash.announce({"ready": True})
        try:
            while not released.wait(1.0):
                pass
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
