"""What a sender would write who wants the reader's browser: the strings, and telemetry made of nothing else.

Whatever of it ran would set `window.ran`; whatever loaded would knock at a listener of the test.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from opentelemetry.proto.metrics.v1.metrics_pb2 import Exemplar

from browser.shop import BOUNDS
from browser.telemetry import MS, SECOND, Logs, Metrics, Spans, write_attributes

MODEL_CALL = 3


@contextmanager
def listener() -> Iterator[tuple[str, list[str]]]:
    """An address elsewhere, and the paths that were asked of it."""
    asked: list[str] = []

    class Knocked(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        do_POST = do_HEAD = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Knocked) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
        server.shutdown()
        thread.join()


def attacks(elsewhere: str) -> dict[str, str]:
    """By name: markup all in one, and what only works as a whole value."""
    markup = (
        f"<script>window.ran=1</script><script src={elsewhere}/s.js></script>"
        f"<img src={elsewhere}/img.png><img src=x onerror=window.ran=2>"
        f"<svg onload=window.ran=3><iframe srcdoc='<script>top.ran=4</script>'></iframe>"
        f"</textarea></title></style><style>*{{background:url({elsewhere}/css)}}</style>"
        f"<a href=javascript:window.ran=5 autofocus onfocus=window.ran=6>a</a>"
        f"<meta http-equiv=refresh content=0;url={elsewhere}/meta><base href={elsewhere}/>"
        f"\" onmouseover=window.ran=7 style=background:url({elsewhere}/style) x=\"' onclick='window.ran=8"
    )
    return {
        "markup": markup,
        "markdown": (
            f"![image]({elsewhere}/md.png) [link](javascript:window.ran=9) [![x]({elsewhere}/x)]({elsewhere}/y) "
            f"<{elsewhere}/auto> {elsewhere}/plain"
        ),
        "script url": "javascript:window.ran=10//%0awindow.ran=10",
        "data url": "data:text/html,<script>window.ran=11</script>",
        "template": "{{constructor.constructor('window.ran=12')()}}${window.ran=13}<%= window.ran=14 %>#{ran}",
        "css": f"red;background:url({elsewhere}/inline.css);x:expression(window.ran=15)",
        "marks": "safe\u202egpj.exe\u2066\u200b\u200d\x1b[31;1mred\x1b[0m\x1b]8;;javascript:window.ran=16\x07x",
        "prototype": "__proto__",
        "null": "null",
        "long word": "W" * 3_000,
    }


def resource(attack: str) -> dict[str, Any]:
    """A resource whose every word is the attack."""
    return {"service.name": attack, "host.name": attack, "service.instance.id": attack, attack: attack}


def spans(said: list[str], trace: str, start: int) -> Spans:
    """One trace: a root, and below it a model call per attack that says it in every field."""
    sent = Spans()
    for number, attack in enumerate(said, 1):
        held = {attack: attack, f"{attack}.list": [attack, {attack: attack}], "user.id": attack}
        message = {"role": attack, "parts": [{"type": "text", "content": attack}]}
        sent.add(
            resource(attack), trace, f"{number:016x}", attack, start + number * MS, start + (number + 20) * MS,
            parent="" if number == 1 else f"{1:016x}", kind=MODEL_CALL, error=attack, scope=attack, trace_state=attack,
            attributes=held | {
                "gen_ai.operation.name": "chat", "gen_ai.provider.name": attack, "gen_ai.request.model": attack,
                "gen_ai.response.model": attack, "gen_ai.conversation.id": attack, "gen_ai.agent.name": attack,
                "gen_ai.tool.name": attack, "gen_ai.usage.input_tokens": 3, "error.type": attack,
                "gen_ai.input.messages": json.dumps([message]), "gen_ai.output.messages": attack,
            },
            events=[(start + number * MS, attack, held)], links=[("77" * 16, f"{number:016x}", held)],
        )  # fmt: skip
    for resource_spans in sent.request.resource_spans:
        for scope in resource_spans.scope_spans:
            scope.scope.version = scope.scope.name
            for made in scope.spans:
                for link in made.links:
                    link.trace_state = made.trace_state
    return sent


def logs(said: list[str], trace: str, time: int) -> Logs:
    """A record per attack that says it in every field; the severity is its text alone."""
    sent = Logs()
    for number, attack in enumerate(said, 1):
        held = {attack: attack, f"{attack}.list": [attack, {attack: attack}]}
        sent.add(resource(attack), time + number * MS, attack, attack, trace=trace, span=f"{number:016x}",
                 attributes=held, event=attack, scope=attack)  # fmt: skip
    return sent


def metrics(said: list[str], trace: str, now: int) -> Metrics:
    """A gauge and a histogram with an exemplar per attack, and a GPU of its host."""
    sent = Metrics()
    for attack in said:
        who = resource(attack)
        for step in range(6, 0, -1):
            at = now - step * 10 * SECOND
            words: dict[str, Any] = {"unit": attack, "attributes": {attack: attack}, "description": attack}
            sent.gauge(who, attack, at, step, **words)
            sent.gauge(who, "hw.gpu.utilization", at, step / 10, attributes={"hw.id": attack, "hw.name": attack})
            counts = [1, 2, step, 1, 0, 0, 0, 0]
            sent.histogram(who, f"h {attack}", at - 10 * SECOND, at, BOUNDS, counts, total=1.0, **words)
        for metric in sent.scope(who, "tests").metrics:
            if metric.name.startswith("h "):
                seen = Exemplar(time_unix_nano=now - 15 * SECOND, as_double=0.31,
                                trace_id=bytes.fromhex(trace), span_id=bytes.fromhex(f"{1:016x}"))  # fmt: skip
                write_attributes(seen.filtered_attributes, {attack: attack})
                metric.histogram.data_points[-1].exemplars.append(seen)
    return sent
