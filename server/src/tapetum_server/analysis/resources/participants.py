"""Who took part in a trace: hosts and processes, told by the resources of its spans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from tapetum_server.query.resource_metrics import Identity

Kind = Literal["host", "process"]


@dataclass(slots=True)
class Participant:
    """A host or a process. Any of its identities, met in the resource of a metric, says that the metric is about it."""

    kind: Kind
    name: str
    identities: list[Identity]
    services: set[str] = field(default_factory=set)

    def is_told_of_by(self, resource: Mapping[str, str]) -> bool:
        """Whether a metric with this resource is about this participant."""
        return any(all(resource.get(key) == value for key, value in one) for one in self.identities)


def participants_of(resources: Iterable[Mapping[str, str]]) -> list[Participant]:
    """Hosts first, then processes, each once, by name."""
    found: dict[tuple[Kind, str], Participant] = {}

    def meet(kind: Kind, name: str, identities: list[Identity], service: str) -> None:
        known = found.setdefault((kind, name), Participant(kind, name, []))
        known.identities += [one for one in identities if one not in known.identities]
        known.services.add(service)

    for resource in resources:
        service = resource.get("service.name", "")
        process_name, process = _process(resource, service)
        meet("process", process_name, process, service)
        host: list[Identity] = [((key, resource[key]),) for key in ("host.name", "host.id") if resource.get(key)]
        if host:
            meet("host", resource.get("host.name") or resource["host.id"], host, service)
        else:
            # An instrumentation that measures its machine from inside names what its own spans name.
            meet("host", f"host of {process_name}", process, service)
    return sorted(found.values(), key=lambda one: (one.kind, one.name))


def _process(resource: Mapping[str, str], service: str) -> tuple[str, list[Identity]]:
    """Name and identities of the process behind a resource."""
    identities: list[Identity] = []
    name = service
    if instance := resource.get("service.instance.id"):
        identities.append((("service.name", service), ("service.instance.id", instance)))
        name = instance if service in instance else f"{service} {_short(instance)}"
    if container := resource.get("container.id"):
        identities.append((("container.id", container),))
        name = name if instance else f"{service} {_short(container)}"
    if pod := resource.get("k8s.pod.name"):
        namespace = resource.get("k8s.namespace.name")
        identities.append((("k8s.pod.name", pod), *([("k8s.namespace.name", namespace)] if namespace else [])))
        name = pod
    host, pid = resource.get("host.name"), resource.get("process.pid")
    if host and pid:
        # A Collector reports every process of its host, and knows them by their number.
        identities.append((("host.name", host), ("process.pid", pid)))
        name = name if identities[:-1] else f"{service} {pid} on {host}"
    if not identities:
        identities.append((("service.name", service), *([("host.name", host)] if host else [])))
        name = f"{service} on {host}" if host else service
    return name, identities


def _short(identifier: str) -> str:
    return identifier if len(identifier) <= 20 else f"{identifier[:8]}…"
