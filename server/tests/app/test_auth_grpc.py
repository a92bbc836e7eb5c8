"""gRPC callers are who HTTP callers are, by the same rules."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from tapetum_server.app.auth import Access
from tapetum_server.app.refusals import Refusal
from tapetum_server.catalog.catalog import Catalog

LOCAL = "ipv4:127.0.0.1:50000"


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    """An empty catalog."""
    opened = Catalog.open(tmp_path, version="0.1.0")
    yield opened
    opened.close()


def test_metadata_name_the_sender_and_the_project(catalog: Catalog) -> None:
    _, key = catalog.keys.create("collector", ["ingest"], project="shop")
    access = Access(catalog, keys_required=True)
    password = base64.b64encode(f"any:{key}".encode()).decode()

    for shown in (f"Bearer {key}", f"bearer {key}", f"Basic {password}"):
        identity, project = access.identify({"authorization": shown, "x-tapetum-project": "shop"}, "ipv4:10.0.0.7:1")
        assert (identity.name, identity.project, project) == ("collector", "shop", "shop")


@pytest.mark.parametrize("peer", [LOCAL, "ipv6:%5B::1%5D:50000", "ipv6:[::1]:50000", "unix:/run/x.sock"])
def test_open_loopback_needs_no_key(catalog: Catalog, peer: str) -> None:
    identity, project = Access(catalog, keys_required=False).identify({}, peer)
    assert (identity.name, project) == ("loopback", None)


@pytest.mark.parametrize("peer", ["ipv4:10.0.0.7:50000", "ipv6:%5B2001:db8::1%5D:1", "", "unknown"])
def test_open_is_for_callers_on_this_machine_only(catalog: Catalog, peer: str) -> None:
    with pytest.raises(Refusal) as refused:
        Access(catalog, keys_required=False).identify({}, peer)
    assert refused.value.grpc_code == 16


def test_refusals_say_which_status_they_are(catalog: Catalog) -> None:
    _, viewer = catalog.keys.create("viewer", ["read"])
    access = Access(catalog, keys_required=True)
    for metadata, code in [
        ({}, 16),
        ({"authorization": "Bearer wrong"}, 16),
        ({"authorization": f"Bearer {viewer}"}, 7),
    ]:
        with pytest.raises(PermissionError) as refused:
            access.identify(metadata, LOCAL)
        assert isinstance(refused.value, Refusal)
        assert refused.value.grpc_code == code


def test_a_wrong_key_is_refused_even_where_none_is_needed(catalog: Catalog) -> None:
    with pytest.raises(Refusal):
        Access(catalog, keys_required=False).identify({"authorization": "Bearer tpt_wrong"}, LOCAL)
