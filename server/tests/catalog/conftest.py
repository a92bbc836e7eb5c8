"""A fresh catalog for every test: in SQLite, and in PostgreSQL where TAPETUM_TEST_POSTGRES names one."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from guarded_app import HeldClock

from tapetum_server.catalog.catalog import Catalog

POSTGRES = os.environ.get("TAPETUM_TEST_POSTGRES")


@pytest.fixture(params=["sqlite", *(["postgres"] if POSTGRES else [])])
def catalog_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/catalog.sqlite"
        return
    import psycopg

    assert POSTGRES is not None
    schema = f"tapetum_{uuid.uuid4().hex}"
    with psycopg.connect(POSTGRES, autocommit=True) as admin:
        admin.execute(f"CREATE SCHEMA {schema}")
        yield f"{POSTGRES}{'&' if '?' in POSTGRES else '?'}options=-csearch_path%3D{schema}"
        admin.execute(f"DROP SCHEMA {schema} CASCADE")


@pytest.fixture
def clock() -> HeldClock:
    """The time, held still."""
    return HeldClock()


@pytest.fixture
def catalog(catalog_url: str, tmp_path: Path, clock: HeldClock) -> Iterator[Catalog]:
    """An open catalog."""
    opened = Catalog.open(tmp_path, version="0.1.0", url=catalog_url, clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def other_process(catalog: Catalog, catalog_url: str, tmp_path: Path, clock: HeldClock) -> Iterator[Catalog]:
    """The same catalog as another process has it open."""
    opened = Catalog.open(tmp_path, version="0.1.0", url=catalog_url, clock=clock)
    yield opened
    opened.close()
