"""Projects come to be by being written to, and keep their signals as long as they say."""

from __future__ import annotations

import pytest

from tapetum_server.catalog import projects as projects_module
from tapetum_server.catalog.catalog import Catalog
from tapetum_server.catalog.errors import (
    InvalidName,
    InvalidRetention,
    ProjectExists,
    TooManyProjects,
    UnknownProject,
)
from tapetum_server.catalog.projects import Retention


def test_a_new_catalog_has_the_default_project_kept_for_thirty_days(catalog: Catalog) -> None:
    assert [(p.name, p.retention) for p in catalog.projects.all()] == [("default", Retention(30, 30, 30))]


def test_the_first_write_makes_the_project_and_the_second_finds_it(catalog: Catalog) -> None:
    assert not catalog.projects.exists("shop")
    catalog.ensure_project("shop")
    catalog.ensure_project("shop")
    assert catalog.projects.names() == ["default", "shop"]


def test_two_processes_may_make_the_same_project(catalog: Catalog, other_process: Catalog) -> None:
    catalog.ensure_project("shop")
    other_process.ensure_project("shop")
    assert [p.name for p in catalog.projects.all()] == ["default", "shop"]
    with pytest.raises(ProjectExists):
        other_process.projects.create("shop")


@pytest.mark.parametrize("name", ["", " ", "a b", "-a", "a/b", "a\n", "é", "x" * 65, "'; DROP TABLE keys", "\udcff"])
def test_a_name_that_could_not_be_typed_is_refused(catalog: Catalog, name: str) -> None:
    with pytest.raises(InvalidName, match="cannot be a project's name"):
        catalog.ensure_project(name)
    assert catalog.projects.names() == ["default"]


def test_a_sender_that_invents_projects_meets_a_wall(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projects_module, "MAX_PROJECTS", 3)
    catalog.ensure_project("a")
    catalog.ensure_project("b")
    with pytest.raises(TooManyProjects, match="x-tapetum-project"):
        catalog.ensure_project("c")
    catalog.ensure_project("b")


def test_a_change_of_retention_is_told_to_who_keeps_the_rows(catalog: Catalog, other_process: Catalog) -> None:
    told: list[tuple[str, Retention]] = []
    catalog.projects.on_retention(lambda name, retention: told.append((name, retention)))

    catalog.projects.set_retention("default", logs=7)

    assert told == [("default", Retention(traces=30, logs=7, metrics=30))]
    assert catalog.projects.retention("default") == Retention(traces=30, logs=7, metrics=30)
    other_process.refresh()
    assert other_process.projects.retention("default").logs == 7


def test_retention_that_makes_no_sense_changes_nothing(catalog: Catalog) -> None:
    with pytest.raises(InvalidRetention, match="0 days"):
        catalog.projects.set_retention("default", traces=7, logs=0)
    with pytest.raises(UnknownProject):
        catalog.projects.set_retention("nowhere", traces=7)
    assert catalog.projects.get("default").retention == Retention()
