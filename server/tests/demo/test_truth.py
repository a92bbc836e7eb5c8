"""The world's truth: the same for the same seed, and honest about when faults were on."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import pytest

from tapetum_demo.faults import FAULTS, FaultLedger, UnknownFault, fault_named
from tapetum_demo.population import Customer, customers, default_probability, payments
from tapetum_demo.visits import APPLICATIONS_PER_S, BAD_REQUEST_SHARE, visits
from tapetum_demo.world import world_truth

STARTED = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
SECOND = 1_000_000_000


@pytest.fixture(scope="module")
def people() -> list[Customer]:
    return customers(7, 300)


def test_one_seed_is_one_world(people: list[Customer]) -> None:
    """A story told about seed 7 must be there for everybody who starts seed 7."""
    assert customers(7, 300) == people
    assert customers(8, 300) != people
    assert list(payments(7, people[0], 40)) == list(payments(7, people[0], 40))
    assert list(itertools.islice(visits(7, people), 200)) == list(itertools.islice(visits(7, people), 200))
    assert list(itertools.islice(visits(7, people), 20)) != list(itertools.islice(visits(8, people), 20))


def test_traffic_is_as_the_truth_says(people: list[Customer]) -> None:
    """Rate and share of bad requests over one whole tide; the bounds are four standard deviations wide."""
    tide = list(itertools.takewhile(lambda visit: visit.at_s < 600, visits(7, people)))
    expected = 600 * APPLICATIONS_PER_S
    assert abs(len(tide) - expected) < 4 * expected**0.5
    bad = sum(visit.kind != "good" for visit in tide)
    assert abs(bad - BAD_REQUEST_SHARE * len(tide)) < 4 * (BAD_REQUEST_SHARE * len(tide)) ** 0.5
    assert all(later.at_s >= earlier.at_s for earlier, later in itertools.pairwise(tide))


def test_late_payers_and_heavy_loans_default_more_often() -> None:
    """The directions that a model trained on this world has to find."""
    assert default_probability(0.5, 0.2, 45) > default_probability(0.0, 0.2, 45)
    assert default_probability(0.1, 0.9, 45) > default_probability(0.1, 0.1, 45)
    assert 0 < default_probability(0.0, 0.0, 80) < default_probability(1.0, 2.0, 19) < 1


def test_truth_tells_when_a_fault_was_on() -> None:
    """Whoever checks a diagnosis needs the times, not only the names."""
    ledger = FaultLedger()
    ledger.note("slow-dependency", on=True, time_unix_nano=10 * SECOND)
    ledger.note("slow-dependency", on=True, time_unix_nano=11 * SECOND)  # said twice, on once
    ledger.note("slow-dependency", on=False, time_unix_nano=20 * SECOND)
    ledger.note("slow-dependency", on=True, time_unix_nano=30 * SECOND)
    truth = world_truth(7, STARTED, ledger)
    fault = next(f for f in truth["faults"] if f["name"] == "slow-dependency")
    assert truth["seed"] == 7
    assert truth["project"] == "demo"
    assert fault["on"] is True
    assert fault["intervals"] == [
        {"since": "1970-01-01T00:00:10+00:00", "until": "1970-01-01T00:00:20+00:00"},
        {"since": "1970-01-01T00:00:30+00:00", "until": None},
    ]


def test_a_fault_that_was_never_on_has_no_interval() -> None:
    """Switching off what is off is no event."""
    ledger = FaultLedger()
    ledger.note("slow-dependency", on=False, time_unix_nano=SECOND)
    assert ledger.intervals("slow-dependency") == []
    assert not ledger.is_on("slow-dependency")


def test_unknown_fault_names_the_nearest() -> None:
    """A typing mistake on the command line is answered with what was meant."""
    assert all(fault_named(fault.name) is fault for fault in FAULTS)
    with pytest.raises(UnknownFault, match="Did you mean 'slow-dependency'"):
        fault_named("slow-dependancy")
