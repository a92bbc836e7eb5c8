"""A server that scrapes many targets, good and bad, and what tests ask of it."""

from __future__ import annotations

import functools
import gzip
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from process.servers import RunningServer, eventually
from process.targets import OPENMETRICS, Targets, send

KSERVE = Path(__file__).parents[1] / "data" / "kserve_metrics.prom"
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
CHUNK = b"".join(b'big_total{n="%d"} 1\n' % n for n in range(50_000))
PROJECT = {"project": "scraped"}
HANGS_S = 1
"""The time limit of the targets that hang."""


class World:
    """The server, its targets and what they are asked."""

    def __init__(self, server: RunningServer, served: Targets) -> None:
        self.server = server
        self.served = served

    def target(self, job: str) -> dict[str, Any]:
        """How a target stands, once it has been scraped."""

        def scraped() -> Any:
            # The project is made by the first scrape that is stored.
            listed = self.server.client.get("/api/v1/scrape_targets", params=PROJECT).json().get("targets", [])
            return next((t for t in listed if t["job"] == job and t["last_scrape"]), None)

        return eventually(scraped, f"a scrape of {job}")  # type: ignore[no-any-return]

    def comes_up(self, job: str) -> dict[str, Any]:
        """How a target stands once a scrape was good: on a busy machine an earlier one may have taken too long."""
        return eventually(lambda: (t := self.target(job))["health"] == "up" and t, f"{job} is up")  # type: ignore[no-any-return]

    def rows(self, job: str, columns: str, where: str = "1") -> list[tuple[Any, ...]]:
        """What is stored of a job's metrics."""
        return self.server.rows(
            f"SELECT {columns} FROM metrics WHERE project = 'scraped' AND service = {{job:String}} AND {where}", job=job
        )

    def latest(self, job: str, name: str, columns: str) -> dict[str, Any]:
        """The newest point of a metric that was measured: where a later scrape took too long, a marker of its end follows."""
        names = columns.split(", ")

        def found() -> Any:
            return self.rows(job, columns, f"name = '{name}' AND flags = 0 ORDER BY time DESC LIMIT 1")

        return dict(zip(names, eventually(found, f"{name} of {job}")[0]))

    def ask(self, name: str, aggregation: str, **more: Any) -> dict[str, Any]:
        """A metric over time, as the Metrics page asks."""
        body = {"name": name, "aggregation": aggregation, "from": "now-30m", "to": "now", **PROJECT, **more}
        answer = self.server.client.post("/api/v1/metrics/query", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()  # type: ignore[no-any-return]

    def increase(self, name: str) -> float | None:
        """What a counter gained, if it is there."""
        series = self.ask(name, "increase")["series"]
        return series[0]["total"] if series else None


def hang(request: BaseHTTPRequestHandler, before: int) -> None:
    request.server.over.wait(60)  # type: ignore[attr-defined]


def drip(request: BaseHTTPRequestHandler, before: int) -> None:
    """Never silent for long, and never done."""
    send(request, b"# HELP a_very_long_story ")
    for _ in range(600):
        request.wfile.write(b"x")
        if request.server.over.wait(0.1):  # type: ignore[attr-defined]
            return


def huge(request: BaseHTTPRequestHandler, before: int) -> None:
    """100 MB of good samples, without saying so first."""
    send(request, b"")
    for _ in range(100_000_000 // len(CHUNK)):
        request.wfile.write(CHUNK)


def bomb(body: bytes, request: BaseHTTPRequestHandler, before: int) -> None:
    """100 MB as 100 kB."""
    send(request, body, **{"content-encoding": "gzip", "content-length": str(len(body))})


def cut_off(request: BaseHTTPRequestHandler, before: int) -> None:
    send(request, b"kept_total 1\nlost_to", **{"content-length": "5000"})


def cut_off_unsaid(request: BaseHTTPRequestHandler, before: int) -> None:
    """HTTP as it was: the end of the connection is the end of the answer, whether or not it is whole."""
    send(request, b"kept_total 1\nlost_total 12")


def zipped(request: BaseHTTPRequestHandler, before: int) -> None:
    body = gzip.compress(b"zipped_total 3\n")
    send(request, body, **{"content-encoding": "gzip", "content-length": str(len(body))})


def behind_a_token(request: BaseHTTPRequestHandler, before: int) -> None:
    good = request.headers["authorization"] == "Bearer hush" and request.headers["x-tenant"] == "ml"
    body = b"secret_total 1\n" if good else b""
    send(request, body, status=200 if good else 401, **{"content-length": str(len(body))})


def behind_a_password(request: BaseHTTPRequestHandler, before: int) -> None:
    good = request.headers["authorization"] == "Basic cHJvbTpodXNo"
    body = b"secret_total 1\n" if good else b""
    send(request, body, status=200 if good else 401, **{"content-length": str(len(body))})


BAD: dict[str, tuple[str, str]] = {
    "hanging": ("scrape_timeout", "no whole answer within 1 s"),
    "dripping": ("scrape_timeout", "no whole answer within 1 s"),
    "huge": ("too_large", "more than 16 MiB; max_body_mib allows more"),
    "bomb": ("too_large", "more than 16 MiB"),
    "page": ("content_type", "'text/html', which is no metrics"),
    "page-as-text": ("undecodable", "is a page of HTML"),
    "json-as-openmetrics": ("undecodable", "is not OpenMetrics: line 1 ('{\"status\": \"ok\"}')"),
    "openmetrics-without-end": ("undecodable", "Missing # EOF"),
    "text-as-openmetrics": ("undecodable", "is not OpenMetrics"),
    "bad-line": ("undecodable", "line 2 ('good_total')"),
    "bad-bytes": ("undecodable", "not UTF-8"),
    "cut-off": ("scrape_unreachable", "without sending complete message body"),
    "cut-off-unsaid": ("undecodable", "breaks off in the middle of a line"),
    "not-gzip": ("undecodable", "is not gzip"),
    "brotli": ("content_encoding", "'br'"),
    "long-line": ("undecodable", "characters; the limit is 16384"),
    "many": ("too_many_samples", "more than 1000 samples; max_samples allows more"),
    "error": ("scrape_status", "answers 500"),
    "missing": ("scrape_status", "answers 404: is this its path?"),
    "locked": ("scrape_status", "answers 401: it wants a token or a password"),
    "redirect": ("scrape_status", "redirects to 'http://169.254.169.254/latest/meta-data/'; redirects are not followed"),
    "metadata": ("address_not_allowed", "allow_link_local = true"),
    "nobody": ("scrape_unreachable", "nobody answers at 127.0.0.1:1"),
    "no-token-file": ("scrape_secret", "cannot be read: No such file"),
}  # fmt: skip


def serve_badly(served: Targets) -> None:
    # Made here, as every worker imports this to name its tests.
    small = gzip.compress(b"# a comment of no end\n" * 4_600_000, 1)
    answers = {
        "hanging": hang, "dripping": drip, "huge": huge, "bomb": functools.partial(bomb, small), "cut-off": cut_off,
        "cut-off-unsaid": cut_off_unsaid, "locked": behind_a_token,
    }  # fmt: skip
    served.answers.update({f"/{job}": answer for job, answer in answers.items()})
    served.says("/page", "<!doctype html>", content_type="text/html; charset=utf-8")
    served.says("/page-as-text", "<!doctype html>\n<p>Log in\n")
    served.says("/json-as-openmetrics", '{"status": "ok"}\n', content_type=OPENMETRICS)
    served.says("/openmetrics-without-end", "# TYPE a counter\na_total 1\n", content_type=OPENMETRICS)
    served.says("/text-as-openmetrics", "# a remark\n\na_total 1\n# EOF\n", content_type=OPENMETRICS)
    served.says("/bad-line", "good_total 1\ngood_total\n")
    served.answers["/bad-bytes"] = lambda r, _: send(r, b"a 1\n\xff\xfe 2\n", **{"content-length": "9"})
    served.says("/not-gzip", "a 1\n", content_encoding="gzip")
    served.says("/brotli", "a 1\n", content_encoding="br")
    served.says("/long-line", 'a{b="' + '\\"' * 1_000_000 + '"} 1\n')
    served.says("/many", "".join(f'a{{n="{n}"}} 1\n' for n in range(1001)))
    served.says("/error", "oh no", status=500)
    served.says("/missing", "", status=404)
    served.says("/redirect", "", status=302, location="http://169.254.169.254/latest/meta-data/")
    served.says("/no-token-file", "a 1\n")


def entry(served: Targets, path: str, **settings: Any) -> str:
    job = settings.pop("job", path)
    said = {"job": job, "url": f"{served.url}/{path}", "interval_s": 4, **settings}
    return "[[scrape]]\n" + "".join(f"{name} = {_toml(value)}\n" for name, value in said.items())


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f'"{k}" = "{v}"' for k, v in value.items()) + " }"
    return (
        str(value).lower() if isinstance(value, bool) else repr(value) if not isinstance(value, str) else f'"{value}"'
    )


ODD = """\
# HELP rpc_seconds A summary of the older format.
# TYPE rpc_seconds summary
rpc_seconds{quantile="0.5"} 0.25
rpc_seconds{quantile="0.99"} NaN
rpc_seconds_sum 17.5
rpc_seconds_count 70
# TYPE plain counter
plain 3
untyped_thing 1e3
# TYPE shrinking histogram
shrinking_bucket{le="1"} 5
shrinking_bucket{le="2"} 3
shrinking_bucket{le="+Inf"} 5
shrinking_sum 1
shrinking_count 5
# TYPE endless histogram
endless_bucket{le="1"} 5
endless_sum 1
endless_count 7
"""
