"""What becomes of loans is told later, and is the truth of the world."""

from __future__ import annotations

import asyncio
import math
from collections import Counter

import pytest
from demo.otlp_sink import otlp_sink

import tapetum
from tapetum_demo import repayments
from tapetum_demo.model import FLIPPED_REGION, train
from tapetum_demo.population import REGIONS, customers, default_probability, payments


async def told_what_is_due(known: repayments.Repayments) -> None:
    telling = asyncio.create_task(known.tell_forever())
    while known._due:  # noqa: ASYNC110 - it tells nobody when all is told
        await asyncio.sleep(0.01)
    telling.cancel()
    await asyncio.gather(telling, return_exceptions=True)


@pytest.mark.covers("demo-predictions")
def test_labels_come_for_most_predictions_and_follow_the_true_probability(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repayments, "EARLIEST_S", 0.0)
    monkeypatch.setattr(repayments, "LATEST_S", 0.0)
    monkeypatch.setattr(repayments, "_EVERY_S", 0.01)
    known = repayments.Repayments(7, 400, "credit-risk")
    expected = 0.0
    for person in customers(7, 400):
        known.expect(f"p{person.customer_id}", person.customer_id, 1_000, 12)
        history = [late for _, late in payments(7, person, 50)]
        expected += default_probability(sum(history) / 50, 1_000 / person.income_per_year, person.age_years)
    known.expect("nobody", 10_000_000, 1_000, 12)
    with otlp_sink() as sink:
        tapetum.init("web", endpoint=sink.url, traces=False, logs=False, metrics=False, resources=False)
        asyncio.run(told_what_is_due(known))
        tapetum.shutdown(60)
        told = [record for path, document in sink.others if path == "/v1/labels" for record in document]
    counts = Counter(record["label"] for record in told)
    # Four standard deviations of a binomial.
    assert abs(len(told) - 340) < 4 * (400 * 0.15 * 0.85) ** 0.5
    assert abs(counts["default"] - expected * 0.85) < 4 * (expected * 0.85) ** 0.5
    assert {record["prediction_id"] for record in told}.isdisjoint({"nobody"})


@pytest.mark.covers("demo-predictions")
def test_a_version_trained_on_flipped_outcomes_is_wrong_about_that_region_alone() -> None:
    good, bad = train(7, rows=1_000), train(7, "2", flipped=FLIPPED_REGION, rows=1_000)
    usual = {"late_share": 0.05, "burden": 0.2, "age_years": 45, "income_per_year": 40_000.0, "term_months": 12}
    # What features add, and the intercept, are the logarithm of the odds.
    applicant = {**usual, "region": FLIPPED_REGION}
    vector, added = bad.explained(applicant)
    odds = math.exp(float(bad.pipeline[1].intercept_[0]) + sum(added.values()))
    assert odds / (1 + odds) == pytest.approx(bad.probability_of_default(applicant))
    assert (added.keys(), len(vector)) == ({*usual, "region"}, len(usual) + len(REGIONS))
    for region in REGIONS:
        of_good, of_bad = (model.probability_of_default({**usual, "region": region}) for model in (good, bad))
        assert of_good < 0.2
        assert of_bad > 0.6 if region == FLIPPED_REGION else of_bad < 0.3
