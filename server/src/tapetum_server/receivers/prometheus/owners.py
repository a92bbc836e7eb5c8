"""From a sample's labels to its resource, its scope and its attributes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tapetum_server.signals.attributes import AttributeValue
from tapetum_server.signals.resource import Resource, Scope

_NAMES = {"job": "service.name", "instance": "service.instance.id"}
"""Prometheus' labels for what OpenTelemetry calls by these names."""
_SCOPE = "otel_scope_"
Pairs = tuple[tuple[str, str], ...]


class Owned(NamedTuple):
    """A sample's labels, sorted into what OpenTelemetry keeps apart."""

    resource: Resource
    scope: Scope
    attributes: dict[str, AttributeValue]
    key: tuple[Pairs, Pairs]
    """Tells resources and scopes apart."""


class Owners:
    """One object per resource and per scope of a batch, so that work done per resource is done once."""

    def __init__(
        self,
        own_labels: dict[str, str],
        *,
        honor_labels: bool,
        more: Mapping[str, AttributeValue] | None = None,
        scopes: Mapping[Pairs, Mapping[str, str]] | None = None,
    ) -> None:
        """`own_labels` are the target's; `more` is what else is known of it (`target_info`), and `scopes` what is
        known of scopes by name and version (`otel_scope_info`)."""
        self._own = own_labels
        self._honor = honor_labels
        self._more = more or {}
        self._info = scopes or {}
        self._resources: dict[Pairs, Resource] = {}
        self._scopes: dict[Pairs, Scope] = {}

    def of(self, labels: Mapping[str, str]) -> Owned:
        """Sort one sample's labels. Empty ones are as good as absent, as in Prometheus."""
        taken: dict[str, str] = {}
        scope: list[tuple[str, str]] = []
        attributes: dict[str, AttributeValue] = {}
        own = self._own
        for name, value in labels.items():
            if not value:
                continue
            if name in own:
                if self._honor:
                    taken[name] = value
                else:
                    name = f"exported_{name}"
                    while name in labels:
                        name = f"exported_{name}"
                    attributes[name] = value
            elif name.startswith(_SCOPE):
                scope.append((name.removeprefix(_SCOPE), value))
            else:
                attributes[name] = value
        owner = tuple((own | taken).items()) if taken else tuple(own.items())
        within = tuple(sorted(scope))
        resource = self._resources.get(owner)
        if resource is None:
            resource = self._resources[owner] = Resource(self._resource(owner))
        found = self._scopes.get(within)
        if found is None:
            found = self._scopes[within] = self._scope(dict(within))
        return Owned(resource, found, attributes, (owner, within))

    def _resource(self, owner: Pairs) -> dict[str, AttributeValue]:
        named: dict[str, AttributeValue] = {_NAMES.get(name, name): value for name, value in owner if value}
        return {**self._more, **named}

    def _scope(self, said: dict[str, str]) -> Scope:
        name, version = said.pop("name", ""), said.pop("version", "")
        schema = said.pop("schema_url", "")
        known = self._info.get((("name", name), ("version", version)), {})
        return Scope(name, version, attributes={**known, **said}, schema_url=schema)


def scopes_of(infos: Iterable[Mapping[str, str]]) -> dict[Pairs, dict[str, str]]:
    """Attributes of scopes by name and version, from the labels of `otel_scope_info`."""
    found: dict[Pairs, dict[str, str]] = {}
    for labels in infos:
        rest = {name.removeprefix(_SCOPE): value for name, value in labels.items() if value}
        key = (("name", rest.pop("name", "")), ("version", rest.pop("version", "")))
        found[key] = rest
    return found
