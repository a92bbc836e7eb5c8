"""Prometheus targets scraped by a real server: what becomes of their metrics, and of those that misbehave."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from process.scrape_world import (
    BAD,
    HANGS_S,
    KSERVE,
    ODD,
    SPAN,
    TRACE,
    World,
    behind_a_password,
    behind_a_token,
    entry,
    serve_badly,
    zipped,
)
from process.servers import RunningServer, eventually, tapetum
from process.targets import OPENMETRICS, targets
from prometheus_client import CollectorRegistry, Counter, Enum, Gauge, Histogram, Info, Summary, start_http_server
from prometheus_client.parser import text_string_to_metric_families

MIB = 2**20
CERTIFICATE = Path(__file__).parents[1] / "data" / "tls" / "localhost.pem"


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    """A real client library's own server, with every kind of metric."""
    registry = CollectorRegistry()
    exemplar = {"trace_id": TRACE, "span_id": SPAN, "user": "u1"}
    Counter("orders", "Orders by way.", ["way"], registry=registry).labels("web").inc(3, exemplar)
    Gauge("queue_length", "Waiting.", registry=registry).set(4.5)
    took = Histogram("took_seconds", "Time taken.", ["way"], registry=registry, buckets=(0.1, 0.5, 1.0))
    for seconds in (0.05, 0.3, 0.4, 5.0):
        took.labels("web").observe(seconds, exemplar if seconds == 0.4 else None)
    Summary("size_bytes", "Sizes.", registry=registry).observe(2048)
    Info("build", "Build.", registry=registry).info({"commit": "9f2c"})
    Info("target", "Target.", registry=registry).info({"service_version": "1.5.0", "job": "a lie"})
    Enum("state", "State.", registry=registry, states=["idle", "busy"]).state("busy")
    Gauge("lag_seconds", "Lag.", ["otel_scope_name", "otel_scope_version"], registry=registry).labels("db", "2").set(1)
    Gauge("python_noise", "Not wanted.", registry=registry).set(1)
    server, thread = start_http_server(0, "127.0.0.1", registry=registry)
    yield f"http://127.0.0.1:{server.server_address[1]}/metrics"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, shop: str) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("scraping")
    (folder / "password").write_text("hush\n")
    with targets() as served, targets(CERTIFICATE) as guarded:
        guarded.says("/metrics", "a 1\n")
        named = f"https://localhost:{guarded.server_address[1]}/metrics"
        serve_badly(served)
        served.says("/kserve", KSERVE.read_text())
        served.says("/labels", 'a{job="own",instance="i",team="theirs",le="x"} 1\n')
        served.says("/odd", ODD)
        for later in ("restarting", "created", "leaving", "dying"):
            served.says(f"/{later}", "", status=503)
        served.says("/plain", "a 1\n")
        served.says("/named", "a 1\n")
        served.says("/timed", "a 1 1763900000123\nb 2 99999999999999999999\n")
        served.answers["/zipped"] = zipped
        served.answers["/token"] = behind_a_token
        served.answers["/password"] = behind_a_password
        config = [
            f'[[scrape]]\njob = "shop"\nurl = "{shop}"\ndrop = ["python_*"]\nlabels = {{ team = "ml" }}\n',
            entry(served, "token", bearer_token="hush", headers={"x-tenant": "ml"}),
            entry(served, "password", username="prom", password_file=str(folder / "password")),
            entry(served, "labels", labels={"team": "ours"}),
            entry(served, "labels", job="honoured", labels={"team": "ours"}, honor_labels=True),
            entry(served, "timed", job="untimed", honor_timestamps=False),
            # Often, where a test waits for one scrape after another; and no scrape may take longer than its interval.
            entry(served, "plain", openmetrics=False, interval_s=1),
            *(entry(served, job, interval_s=2) for job in ("restarting", "created", "leaving", "dying")),
            entry(served, "named").replace("127.0.0.1", "localhost"),
            *(entry(served, job) for job in ("kserve", "odd", "timed", "zipped")),
            *(entry(served, job, timeout_s=HANGS_S) for job in ("hanging", "dripping")),
            *(
                entry(served, job, interval_s=10)
                for job in BAD
                if job not in ("hanging", "dripping", "metadata", "nobody", "many", "no-token-file")
            ),
            entry(served, "many", max_samples=1000, interval_s=10),
            entry(served, "no-token-file", bearer_token_file=str(folder / "absent")),
            f'[[scrape]]\njob = "tls-trusted"\nurl = "{named}"\ntls_ca = "{CERTIFICATE}"\n',
            f'[[scrape]]\njob = "tls-unchecked"\nurl = "{named}"\ntls_insecure_skip_verify = true\n',
            f'[[scrape]]\njob = "tls-unknown"\nurl = "{named}"\n',
            f'[[scrape]]\njob = "tls-no-ca"\nurl = "{named}"\ntls_ca = "{folder / "absent"}"\n',
            '[[scrape]]\njob = "metadata"\nurl = "http://169.254.169.254/metrics"\n',
            '[[scrape]]\njob = "nobody"\nurl = "http://127.0.0.1:1/metrics?token=hush"\n',
            '[[scrape]]\njob = "elsewhere"\nurl = "http://127.0.0.1:1/"\nproject = "theirs"\n',
        ]
        file = folder / "tapetum.toml"
        file.write_text(
            "\n".join(entry if "project =" in entry else entry + 'project = "scraped"\n' for entry in config)
        )
        with RunningServer(folder / "data", "--config", str(file)) as server:
            yield World(server, served)


@pytest.mark.covers("prometheus-scrape", "prometheus-openmetrics")
def test_every_kind_of_metric_of_a_client_library_becomes_opentelemetrys(world: World) -> None:
    assert world.comes_up("shop")["error"] is None
    where = "name NOT IN ('up', 'scrape_duration_seconds', 'scrape_samples_scraped') GROUP BY ALL ORDER BY name"
    kinds = world.rows("shop", "name, type, unit, is_monotonic, temporality, scope", where)
    assert kinds == [
        ("build_info", "sum", "", False, "cumulative", ""),
        ("lag_seconds", "gauge", "s", False, "unspecified", "db"),
        ("orders_total", "sum", "", True, "cumulative", ""),
        ("queue_length", "gauge", "", False, "unspecified", ""),
        ("size_bytes", "summary", "By", False, "unspecified", ""),
        ("state", "sum", "", False, "cumulative", ""),
        ("took_seconds", "histogram", "s", False, "cumulative", ""),
    ]
    took = world.latest(
        "shop", "took_seconds", "count, sum, bucket_counts, explicit_bounds, attributes, start_time < time"
    )
    assert (took["count"], took["sum"]) == (4, 5.75)
    assert (took["bucket_counts"], took["explicit_bounds"]) == ([1, 2, 0, 1], [0.1, 0.5, 1.0])
    assert dict(took["attributes"]) == {"way": "web"}
    state = world.rows(
        "shop", "attributes['state'], value", "name = 'state' AND flags = 0 ORDER BY time DESC, value LIMIT 2"
    )
    assert state == [("idle", 0), ("busy", 1)]
    assert world.latest("shop", "build_info", "value")["value"] == 1


@pytest.mark.covers("prometheus-openmetrics")
def test_exemplars_keep_the_trace_they_name_and_created_is_when_the_counter_began(world: World) -> None:
    for name, measured in (("orders_total", 3.0), ("took_seconds", 0.4)):
        point = world.latest("shop", name, "exemplars, toUnixTimestamp64Nano(start_time)")
        (exemplar,) = point["exemplars"]
        assert (exemplar["value"], exemplar["trace_id"], exemplar["span_id"]) == (measured, TRACE, SPAN)
        assert dict(exemplar["attributes"]) == {"user": "u1"}
        assert 0 < time.time_ns() - point["toUnixTimestamp64Nano(start_time)"] < 3600 * 10**9
    assert not world.rows("shop", "name", "name LIKE '%_created'")
    answered = world.ask("took_seconds", "quantile", quantile=0.5)
    assert [e[2:] for e in answered["exemplars"]][:1] == [[TRACE, SPAN]]


@pytest.mark.covers("prometheus-scrape")
def test_job_instance_labels_and_target_info_are_the_resource(world: World, shop: str) -> None:
    (_, port) = shop.removesuffix("/metrics").rsplit(":", 1)
    resource = dict(world.latest("shop", "queue_length", "resource_attributes")["resource_attributes"])
    assert resource == {
        "service.name": "shop", "service.instance.id": f"127.0.0.1:{port}", "service_version": "1.5.0", "team": "ml",
        "server.address": "127.0.0.1", "server.port": port, "url.scheme": "http",
    }  # fmt: skip
    labels = world.latest(
        "labels", "a", "attributes, resource_attributes['team'], resource_attributes['service.instance.id']"
    )
    mine = {"exported_job": "own", "exported_instance": "i", "exported_team": "theirs", "le": "x"}
    assert (dict(labels["attributes"]), labels["resource_attributes['team']"]) == (mine, "ours")
    honoured = world.latest(
        "own", "a", "attributes, resource_attributes['team'], resource_attributes['service.instance.id']"
    )
    assert dict(honoured.pop("attributes")) == {"le": "x"}
    assert list(honoured.values()) == ["theirs", "i"]


@pytest.mark.covers("prometheus-scrape")
def test_every_series_of_kserves_own_metrics_is_kept_as_the_text_has_it(world: World) -> None:
    """The oracle is the text itself, read by the kept parser."""
    families = {f.name: f for f in text_string_to_metric_families(KSERVE.read_text())}
    world.comes_up("kserve")
    numbers = {
        (s.name, frozenset(s.labels.items())): s.value
        for f in families.values() if f.type in ("counter", "gauge") and not f.name.endswith("_created")
        for s in f.samples
    }  # fmt: skip
    stored = world.rows(
        "kserve", "name, attributes, value",
        "isNotNull(value) AND name NOT IN ('up', 'scrape_duration_seconds', 'scrape_samples_scraped')",
    )  # fmt: skip
    assert {(name, frozenset(dict(labels).items())): value for name, labels, value in stored} == numbers
    predict = world.latest(
        "kserve", "request_predict_seconds", "count, sum, bucket_counts, explicit_bounds, attributes, start_time"
    )
    samples = families["request_predict_seconds"].samples
    buckets = [s for s in samples if s.name.endswith("_bucket")]
    assert predict["explicit_bounds"] == [float(s.labels["le"]) for s in buckets][:-1]
    assert [sum(predict["bucket_counts"][: n + 1]) for n in range(len(buckets))] == [s.value for s in buckets]
    assert (predict["count"], dict(predict["attributes"])) == (6, {"model_name": "income"})
    created = families["request_predict_seconds_created"].samples[0].value
    assert abs(predict["start_time"].timestamp() - created) < 1e-3
    assert world.comes_up("kserve")["samples"] == KSERVE.read_text().count("\n") - KSERVE.read_text().count("#")


@pytest.mark.covers("prometheus-scrape")
def test_the_older_format_its_summaries_and_its_mistakes(world: World) -> None:
    """A histogram that falls is left out and counted; the others of the answer are kept."""
    target = world.comes_up("odd")
    assert target["refused"] == 1
    assert "shrinking: the bucket of le 2 holds less" in target["error"]
    assert world.server.counts()["scraped", "metrics", "refused", "invalid_histogram"] >= 1
    rpc = world.latest("odd", "rpc_seconds", "type, count, sum, quantiles")
    assert (rpc["type"], rpc["count"], rpc["sum"]) == ("summary", 70, 17.5)
    assert [tuple(q.values()) if isinstance(q, dict) else tuple(q) for q in rpc["quantiles"]] == [(0.5, 0.25)]
    assert world.latest("odd", "plain", "type, is_monotonic, value") == {
        "type": "sum",
        "is_monotonic": True,
        "value": 3,
    }
    assert world.latest("odd", "untyped_thing", "type, value") == {"type": "gauge", "value": 1000}
    assert world.latest("odd", "endless", "bucket_counts")["bucket_counts"] == [5, 2]
    assert not world.rows("odd", "name", "name = 'shrinking'")
    assert ODD


@pytest.mark.covers("prometheus-scrape")
def test_times_that_the_target_gives_are_kept_unless_they_are_not_to_be(world: World) -> None:
    assert str(world.latest("timed", "a", "time")["time"]).startswith("2025-11-23 12:13:20.123")
    assert "b: a sample's time is" in world.comes_up("timed")["error"]
    assert world.latest("untimed", "a", "toYear(time) > 2025")["toYear(time) > 2025"]


@pytest.mark.covers("prometheus-scrape")
def test_a_target_gets_its_token_or_password_and_nobody_else_sees_it(world: World) -> None:
    for job in ("plain", "named", "zipped"):
        world.comes_up(job)
    assert "openmetrics" not in world.served.headers["/plain"]["accept"]
    assert world.served.headers["/named"]["host"].startswith("localhost:")
    for job in ("token", "password"):
        world.comes_up(job)
        assert world.latest(job, "secret_total", "value")["value"] == 1
    assert world.served.headers["/zipped"]["accept"].startswith("application/openmetrics-text;version=1.0.0")
    assert "authorization" not in world.served.headers["/zipped"]
    said = world.server.client.get("/api/v1/scrape_targets", params={"project": "scraped"}).text + world.server.stderr()
    assert "hush" not in said
    assert world.target("nobody")["url"] == "http://127.0.0.1:1/metrics?…"


@pytest.mark.covers("prometheus-scrape")
def test_a_certificate_is_checked_by_the_name_in_the_url_unless_it_is_not_to_be(world: World) -> None:
    for job in ("tls-trusted", "tls-unchecked"):
        world.comes_up(job)
    eventually(lambda: "certificate verify failed" in world.target("tls-unknown")["error"], "a failed check")
    assert "absent cannot be used" in world.target("tls-no-ca")["error"]


@pytest.mark.covers("prometheus-restarts")
def test_a_scraped_counter_through_a_restart_has_the_right_rate(world: World) -> None:
    """10, 20, then 5 after a restart, 15: it gained 10, 5 and 10, whatever it had when it was first seen."""
    for value in (10, 20, 5, 15):
        world.served.says("/restarting", f"# TYPE jobs_total counter\njobs_total {value}\n")
        eventually(lambda v=value: (v,) in world.rows("restarting", "value", "name = 'jobs_total'"), f"{value} stored")
    assert world.increase("jobs_total") == 25
    rate = world.ask("jobs_total", "rate", step_s=1)["series"][0]
    assert sum(v for _, v in rate["points"] if v is not None) == pytest.approx(25)


@pytest.mark.covers("prometheus-restarts")
def test_created_tells_a_restart_that_the_value_hides(world: World) -> None:
    """7 and then 9 would be a gain of 2; but the second counter began anew, and before both nobody counted."""
    now = time.time()
    for value, start in ((7, now - 60), (9, now - 30)):
        body = f"# TYPE runs counter\nruns_total {value}\nruns_created {start}\n# EOF\n"
        world.served.says("/created", body, content_type=OPENMETRICS)
        eventually(lambda v=value: (v,) in world.rows("created", "value", "name = 'runs_total'"), f"{value} stored")
    assert world.increase("runs_total") == 16


@pytest.mark.covers("prometheus-staleness")
def test_a_series_that_goes_away_has_no_value_from_then_on(world: World) -> None:
    def newest(job: str, where: str = "1") -> list[tuple[Any, ...]]:
        return world.rows(job, "value, flags", f"name = 'a' AND {where} ORDER BY time DESC LIMIT 1")

    world.served.says("/leaving", 'a{n="1"} 1\na{n="2"} 2\n')
    world.served.says("/dying", "a 1\n")
    eventually(lambda: newest("leaving", "attributes['n'] = '2'") == [(2.0, 0)], "a series")
    eventually(lambda: newest("dying") == [(1.0, 0)], "a target's series")
    world.served.says("/leaving", 'a{n="1"} 1\n')
    world.served.says("/dying", "<html>")
    eventually(lambda: newest("leaving", "attributes['n'] = '2'") == [(None, 1)], "the end of the series")
    eventually(lambda: newest("leaving", "attributes['n'] = '1'") == [(1.0, 0)], "the other goes on")
    eventually(lambda: newest("dying") == [(None, 1)], "the end of all series of a target that fails")
    eventually(lambda: (0.0,) in world.rows("dying", "value", "name = 'up'"), "up is 0")


@pytest.mark.covers("bad-scrape-target")
@pytest.mark.parametrize("job", BAD)
@pytest.mark.wide
def test_a_bad_target_is_named_with_its_fault_and_costs_no_other(world: World, job: str) -> None:
    """Hangs, drips, lies about its format, answers 100 MB or 100 kB that inflate to it, redirects to secrets."""
    reason, words = BAD[job]
    target = eventually(lambda: (t := world.target(job)) and words in (t["error"] or "") and t, f"{words!r} of {job}")
    assert target["health"] == "down"
    assert target["failing_since"] <= target["last_scrape"]
    assert target["duration_ms"] < 60_000
    eventually(lambda: world.rows(job, "DISTINCT value", "name = 'up'") == [(0.0,)], "up is 0")
    assert (
        world.rows(job, "DISTINCT name", "name NOT IN ('up', 'scrape_duration_seconds', 'scrape_samples_scraped')")
        == []
    )

    def counted() -> Any:
        ingest = world.server.client.get("/api/v1/ingest", params={"project": "scraped"}).json()
        return [r for r in ingest["reasons"] if (r["sender"], r["reason"], r["outcome"]) == (job, reason, "refused")]

    assert eventually(counted, f"a count of {reason}")[0]["count"] >= 1
    before = world.served.asked["/plain"]
    eventually(lambda: world.served.asked["/plain"] > before, "other targets are scraped meanwhile")


@pytest.mark.covers("bad-scrape-target")
@pytest.mark.wide
def test_a_hundred_megabytes_again_and_again_take_no_memory(world: World) -> None:
    world.target("huge")
    before = world.server.forget_peak()
    asked = world.served.asked["/huge"] + world.served.asked["/bomb"]
    eventually(lambda: world.served.asked["/huge"] + world.served.asked["/bomb"] >= asked + 4, "four more")
    assert world.server.peak_memory() - before < 90 * MIB


@pytest.mark.covers("prometheus-targets")
def test_a_project_sees_its_own_targets_and_the_ones_that_fail_first(world: World) -> None:
    def listed(project: str) -> list[dict[str, Any]]:
        answer = world.server.client.get("/api/v1/scrape_targets", params={"project": project})
        assert answer.status_code == 200, answer.text
        return answer.json()["targets"]  # type: ignore[no-any-return]

    def elsewhere() -> Any:
        return world.server.client.get("/api/v1/scrape_targets", params={"project": "theirs"}).status_code == 200

    world.target("shop")
    states = [t["health"] for t in listed("scraped")]
    assert states == sorted(states, key=lambda health: health != "down")
    eventually(elsewhere, "the other project")
    assert [t["job"] for t in listed("theirs")] == ["elsewhere"]
    assert listed("default") == []


@pytest.mark.covers("prometheus-targets")
def test_the_doctor_names_targets_that_fail(world: World) -> None:
    world.target("hanging")
    done = tapetum("doctor", "--data", world.server.data, "--url", world.server.url, "--json")
    check = next(c for c in json.loads(done.stdout) if c["name"] == "Scrape targets")
    assert check["outcome"] == "warning"
    assert "fail" in check["found"]
    assert "tab=scrape" in check["fix"]


@pytest.mark.covers("prometheus-targets")
def test_a_wrong_entry_is_named_and_nothing_starts(tmp_path: Path) -> None:
    file = tmp_path / "tapetum.toml"
    file.write_text(
        '[[scrape]]\njob = "a"\nurl = "http://x/"\n[[scrape]]\njob = "b"\nurl = "http://y/"\ninterval_s = 0'
    )
    done = tapetum("serve", "--data", tmp_path / "data", "--port", "0", "--grpc-port", "-1", "--config", file)
    assert done.returncode == 1
    assert "scrape[1].interval_s is 0; expected a number from 1 to 86400" in " ".join(done.stderr.split())
