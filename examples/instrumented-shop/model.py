"""A language model for those who have none at hand: `python model.py [PORT]` answers as OpenAI's API does."""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWER = {
    "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-4o-mini-2024-07-18",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "An omelette."}}],
    "usage": {"prompt_tokens": 17, "completion_tokens": 4, "total_tokens": 21},
}  # fmt: skip


class Model(BaseHTTPRequestHandler):
    """Says the same to everybody."""

    def do_POST(self) -> None:
        """One completion."""
        self.rfile.read(int(self.headers["content-length"]))
        body = json.dumps(ANSWER).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8002), Model).serve_forever()
