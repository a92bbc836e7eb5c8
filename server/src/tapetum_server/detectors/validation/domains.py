"""The string domains of a schema while a feature is checked: what accepting a change does to them."""

from __future__ import annotations

from tensorflow_metadata.proto.v0 import schema_pb2


class Domains:
    """The named string domains. Changes are the schema's own, or those of a copy that leaves it as it is."""

    def __init__(self, schema: schema_pb2.Schema, *, copied: bool) -> None:
        self._schema = schema
        self._copied = copied
        self._by_name = {domain.name: domain for domain in reversed(schema.string_domain)}

    def get(self, name: str) -> schema_pb2.StringDomain | None:
        """The domain of that name, which may be changed."""
        return self._by_name.get(name)

    def for_change(self, name: str) -> schema_pb2.StringDomain:
        """The same, as something that may be changed. It must be there."""
        domain = self._by_name[name]
        if self._copied:
            copy = schema_pb2.StringDomain()
            copy.CopyFrom(domain)
            return copy
        return domain

    def add(self, name: str) -> schema_pb2.StringDomain:
        """A new domain, called `name`, or `name2` … where that is taken."""
        free, number = name, 1
        while free in self._by_name:
            number += 1
            free = f"{name}{number}"
        domain = self._schema.string_domain.add(name=free)
        self._by_name[free] = domain
        return domain
