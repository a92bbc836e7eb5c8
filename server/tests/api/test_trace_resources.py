"""CPU, memory and GPU of whoever took part in a trace, from every sender's own names, over a real store."""

from __future__ import annotations

from typing import Any

import pytest
from asked_world import World, metric_batch, span_batch, span_id, trace_id

from tapetum_server.signals.metrics import Metric

CUMULATIVE, DELTA = 2, 1
pytestmark = pytest.mark.covers("trace-resources")


def gauge(name: str, resource: dict[str, Any], *points: dict[str, Any], unit: str = "1", **more: Any) -> Any:
    return metric_batch(Metric(name, "gauge", unit), *points, resource=resource, **more)


def counter(name: str, resource: dict[str, Any], *points: dict[str, Any], temporality: int = CUMULATIVE) -> Any:
    return metric_batch(
        Metric(name, "sum", "s", temporality=temporality, is_monotonic=True), *points, resource=resource
    )


def resources_of(asked: World, number: int, **query: Any) -> dict[str, Any]:
    found: dict[str, Any] = asked.get(f"/traces/{trace_id(number)}/resources", **query)
    return found


def measures(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Measures by `user measure part`."""
    return {
        " ".join(filter(None, (user["name"], measure["measure"], measure["part"]))): measure
        for user in found["users"]
        for measure in user["measures"]
    }


def by_mode(key: str, at: float, **values: float) -> list[dict[str, Any]]:
    return [{"at": at, "value": value, "attributes": {key: mode}} for mode, value in values.items()]


def test_the_servers_own_names_with_a_trace_shorter_than_the_sampling(asked: World) -> None:
    """Sampled every 15 s; 0.3 s of trace fell between. The sample after it tells of it."""
    host = {"service.name": "tapetum", "host.name": "box"}
    asked.keep(
        gauge("system.cpu.utilization", host,
              *(row for n, busy in enumerate((0.2, 0.3, 0.2, 0.95)) for row in by_mode(
                  "cpu.mode", 15 * n, user=busy - 0.1, system=0.1, iowait=0.02, idle=0.98 - busy))),
        gauge("system.memory.utilization", host,
              *(row for n in range(4) for row in by_mode("system.memory.state", 15 * n, used=0.4, cached=0.5, free=0.1))),
        gauge("hw.gpu.utilization", host, {"at": 30, "value": 0.97, "attributes": {"hw.id": "u-0", "hw.name": "GPU 0"}},
              {"at": 30, "value": 0.1, "attributes": {"hw.id": "u-1", "hw.name": "GPU 1"}}),
        gauge("hw.gpu.memory.utilization", host, {"at": 45, "value": 0.5, "attributes": {"hw.id": "u-0", "hw.name": "GPU 0"}}),
        gauge("system.cpu.utilization", {"service.name": "x", "host.name": "another"}, {"at": 30, "value": 0.99}),
        span_batch({"trace": 1, "span": 1, "at": 35, "seconds": 0.3, "service": "web", "resource": {"host.name": "box"}}),
    )  # fmt: skip
    found = resources_of(asked, 1)
    (box,) = found["users"]
    assert (box["kind"], box["name"], box["services"], box["identity"]) == (
        "host",
        "box",
        ["web"],
        {"host.name": "box"},
    )
    told = measures(found)
    cpu = told["box cpu"]
    assert [value for _, value in cpu["points"]] == pytest.approx([0.2, 0.3, 0.2, 0.95])
    assert (cpu["interval_s"], cpu["inside"], cpu["unit"]) == (15, 0, "1")
    assert (cpu["peak"], cpu["before"]) == (pytest.approx(0.95), pytest.approx(0.7 / 3))
    assert (cpu["saturated"], told["box memory"]["saturated"]) == (True, False)
    assert told["box memory"]["peak"] == pytest.approx(0.4)
    assert (told["box gpu GPU 0"]["saturated"], told["box gpu GPU 1"]["saturated"]) == (True, False)
    assert told["box gpu_memory GPU 0"]["peak"] == 0.5
    assert [user["name"] for user in found["silent"]] == ["web on box"]


def test_the_collectors_names(asked: World) -> None:
    """hostmetrics counts CPU seconds per core, and memory in bytes by state; shares are ours to make."""
    host = {"host.name": "node-7"}
    asked.keep(
        counter("system.cpu.time", host, *(
            {"at": 60 * n, "since": -100, "value": n * seconds, "attributes": {"cpu": f"cpu{core}", "state": state}}
            for n in range(3) for core in (0, 1) for state, seconds in (("user", 45), ("system", 9), ("idle", 6)))),
        metric_batch(Metric("system.memory.usage", "sum", "By", temporality=CUMULATIVE), *(
            {"at": 60, "value": value, "attributes": {"state": state}}
            for state, value in (("used", 30), ("free", 60), ("cached", 10))), resource=host),
        # Every process of the host, known by its number.
        *(metric_batch(Metric("process.memory.usage", "sum", "By", temporality=CUMULATIVE), {"at": 60, "value": size},
                       resource={**host, "process.pid": pid}) for pid, size in ((7, 700), (8, 800))),
        span_batch({"trace": 2, "span": 2, "at": 50, "seconds": 20, "service": "api",
                    "resource": {"host.name": "node-7", "process.pid": 8}}),
    )  # fmt: skip
    told = measures(resources_of(asked, 2))
    assert told.keys() == {"node-7 cpu", "node-7 memory", "api 8 on node-7 memory"}
    assert [value for _, value in told["node-7 cpu"]["points"]] == pytest.approx([0.9, 0.9])
    assert told["node-7 memory"]["peak"] == pytest.approx(0.3)
    assert (told["api 8 on node-7 memory"]["peak"], told["api 8 on node-7 memory"]["unit"]) == (800, "By")
    assert told["node-7 memory"]["inside"] == 1


def test_an_instrumentation_that_measures_from_inside_without_a_host(asked: World) -> None:
    """opentelemetry-instrumentation-system-metrics: the machine under the service's own resource."""
    me = {"service.name": "py", "service.instance.id": "py-1"}
    asked.keep(
        gauge("system.cpu.utilization", me, *(
            {"at": 10, "value": value, "attributes": {"cpu": core, "state": state}}
            for core in (1, 2) for state, value in (("user", 0.5), ("idle", 0.5)))),
        gauge("process.runtime.cpython.cpu.utilization", me, {"at": 10, "value": 0.7}),
        metric_batch(Metric("process.runtime.cpython.memory", "sum", "By", temporality=CUMULATIVE),
                     *by_mode("type", 10, rss=5, vms=50), resource=me),
        counter("process.cpu.time", {"service.name": "py", "service.instance.id": "py-2"}, {"at": 10, "value": 1}),
        span_batch({"trace": 3, "span": 3, "at": 5, "seconds": 10, "service": "py", "resource": {"service.instance.id": "py-1"}}),
    )  # fmt: skip
    told = measures(resources_of(asked, 3))
    assert {name: measure["peak"] for name, measure in told.items()} == {
        "host of py-1 cpu": pytest.approx(0.5), "py-1 cpu": 0.7, "py-1 memory": 5,
    }  # fmt: skip


def test_pods_containers_and_deltas(asked: World) -> None:
    pod = {"k8s.pod.name": "shop-0", "k8s.namespace.name": "prod"}
    asked.keep(
        gauge("k8s.pod.cpu.usage", pod, {"at": 10, "value": 1.5}, unit="{cpu}"),
        gauge("k8s.pod.memory_limit_utilization", pod, {"at": 10, "value": 0.93}),
        gauge("k8s.pod.cpu.usage", {"k8s.pod.name": "shop-0", "k8s.namespace.name": "test"}, {"at": 10, "value": 9}),
        counter("process.cpu.time", {"service.name": "d", "container.id": "c0ffee"},
                {"at": 10, "since": 0, "value": 5, "attributes": {"cpu.mode": "user"}},
                {"at": 20, "since": 10, "value": 2, "attributes": {"cpu.mode": "user"}}, temporality=DELTA),
        span_batch(
            {"trace": 4, "span": 41, "at": 5, "seconds": 20, "service": "shop", "resource": pod},
            {"trace": 4, "span": 42, "at": 6, "seconds": 2, "service": "d", "resource": {"container.id": "c0ffee"}},
        ),
    )  # fmt: skip
    found = resources_of(asked, 4)
    told = measures(found)
    assert told["shop-0 cpu"]["points"][0][1] == 1.5
    assert (told["shop-0 memory"]["unit"], told["shop-0 memory"]["saturated"]) == ("1", True)
    assert [value for _, value in told["d c0ffee cpu"]["points"]] == [0.5, 0.2]
    # Of one span: its process alone, at its own time.
    one = resources_of(asked, 4, span=span_id(42))
    assert [user["name"] for user in one["users"]] == ["d c0ffee"]
    assert one["end"] - one["start"] == 2_000
    assert asked.error(f"/traces/{trace_id(4)}/resources", 404, span=span_id(99))["code"] == "not_found"


def test_two_senders_of_one_host_are_not_added_up(asked: World) -> None:
    for sender in ("tapetum", "collector"):
        resource = {"service.name": sender, "host.name": "twice"}
        asked.keep(gauge("system.cpu.utilization", resource, *by_mode("cpu.mode", 10, user=0.6, idle=0.4)))
    asked.keep(span_batch({"trace": 5, "span": 5, "at": 9, "seconds": 2, "resource": {"host.name": "twice"}}))
    assert measures(resources_of(asked, 5))["twice cpu"]["peak"] == pytest.approx(0.6)


def test_a_service_that_names_nothing_finds_what_it_reports_itself(asked: World) -> None:
    """An unconfigured SDK: `tapetum.resources` and the spans share no more than the service's name."""
    asked.keep(
        gauge("process.cpu.utilization", {"service.name": "plain"}, *by_mode("cpu.mode", 3, user=0.2, system=0.1)),
        span_batch({"trace": 6, "span": 6, "at": 1, "seconds": 5, "service": "plain"}),
        span_batch({"trace": 7, "span": 7, "at": 1, "seconds": 5, "service": "mute"}),
    )
    assert measures(resources_of(asked, 6))["plain cpu"]["peak"] == pytest.approx(0.3)
    nothing = resources_of(asked, 7)
    assert nothing["users"] == []
    assert [user["name"] for user in nothing["silent"]] == ["host of mute", "mute"]


def test_metrics_of_another_project_are_not_found(asked: World) -> None:
    """The server measures its machine in project default; a trace elsewhere on that machine does not see it."""
    asked.keep(
        gauge("system.cpu.utilization", {"host.name": "shared"}, {"at": 1, "value": 0.5}),
        span_batch(
            {"trace": 8, "span": 8, "at": 0, "seconds": 5, "resource": {"host.name": "shared"}}, project="theirs"
        ),
    )
    assert resources_of(asked, 8, project="theirs")["users"] == []
