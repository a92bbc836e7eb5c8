"""What TFDV itself said of the same statistics and schemas: anomalies, distances, inferred schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2

from tapetum_server.detectors.validation.difference import schema_changes
from tapetum_server.detectors.validation.distances import divergence_of_histograms
from tapetum_server.detectors.validation.findings import Validation
from tapetum_server.detectors.validation.inference import infer_schema
from tapetum_server.detectors.validation.messages import anomalies_message
from tapetum_server.detectors.validation.shift import shift_of_histograms
from tapetum_server.detectors.validation.validator import Against, update_schema, validate
from tapetum_server.detectors.validation.view import StatisticsError, default_dataset

TFX = Path(__file__).parent.parent / "data" / "tfdv"
CENSUS = TFX / "census"
VALIDATIONS: dict[str, Any] = json.loads((CENSUS / "validation.json").read_text())
TYPE = anomalies_pb2.AnomalyInfo.Type


@cache
def statistics(path: Path) -> statistics_pb2.DatasetFeatureStatistics:
    return default_dataset(statistics_pb2.DatasetFeatureStatisticsList.FromString(path.read_bytes()))


def census(name: str) -> statistics_pb2.DatasetFeatureStatistics:
    return statistics(CENSUS / f"{name}.FeatureStats.pb")


def schema(path: Path) -> schema_pb2.Schema:
    return text_format.Parse(path.read_text(), schema_pb2.Schema())


@cache
def validated(name: str) -> Validation:
    against = schema(CENSUS / ("schema_alt.pbtxt" if name == "drift_alt" else "schema.pbtxt"))
    baseline = census("baseline")
    match name:
        case "drift" | "drift_alt":
            return validate(census("window"), against, Against(previous=baseline))
        case "skew":
            return validate(baseline, against, Against(serving=census("window")))
        case "faults":
            return validate(census("window_faults"), against)
        case "faults_with_drift":
            return validate(census("window_faults"), against, Against(previous=baseline))
        case _:
            return validate(baseline, against, Against(previous=baseline))


def pairs(found: Validation) -> list[list[str]]:
    return sorted([one.path[0], reason.type] for one in found.anomalies for reason in one.reasons)


@pytest.mark.covers("tfdv-parity-anomalies")
@pytest.mark.parametrize("name", VALIDATIONS)
def test_the_census_has_tfdvs_anomalies_and_no_others(name: str) -> None:
    found, expected = validated(name), VALIDATIONS[name]
    assert pairs(found) == expected["pairs"]
    assert [reason.type for reason in found.dataset] == [one["type"] for one in expected["dataset_anomalies"]]
    severities = {(one["feature"], one["severity"]) for one in expected["anomalies"]}
    assert {(one.path[0], one.severity) for one in found.anomalies} == severities


@pytest.mark.covers("tfdv-parity-distances")
@pytest.mark.parametrize("name", VALIDATIONS)
def test_the_census_moved_as_far_as_tfdv_says(name: str) -> None:
    """L∞, Jensen–Shannon and normalized differences, of every feature with a comparator, whether it fired or not."""
    found, expected = validated(name), VALIDATIONS[name]["drift_skew"]
    assert {path[0] for path in found.measurements} == set(expected)
    for feature, sides in expected.items():
        for side in ("drift", "skew"):
            measured = [one for one in found.measurements[(feature,)] if one.side == side]
            assert [(one.type, one.threshold) for one in measured] == [(m["type"], m["threshold"]) for m in sides[side]]
            for one, given in zip(measured, sides[side]):
                assert one.value == pytest.approx(given["value"], rel=0, abs=1e-12)


@pytest.mark.covers("tfdv-parity-anomalies", "tfdv-parity-distances", "schema-environments")
def test_serving_data_of_the_tfx_fixture_have_tfdvs_anomalies() -> None:
    """With an environment, an earlier span, a new column, a lost one, one of another type, and infinities."""
    expected = text_format.Parse((TFX / "anomalies.pbtxt").read_text(), anomalies_pb2.Anomalies())
    found = validate(
        statistics(TFX / "serving_FeatureStats.pb"),
        schema(TFX / "schema.pbtxt"),
        Against(environment="SERVING", previous=statistics(TFX / "prev_FeatureStats.pb")),
    )
    message = anomalies_message(found, schema(TFX / "schema.pbtxt"))
    assert _typed(message) == _typed(expected)
    assert {name: info.severity for name, info in message.anomaly_info.items()} == {
        name: info.severity for name, info in expected.anomaly_info.items()
    }
    assert message.baseline == expected.baseline
    assert [one.type for one in message.dataset_anomaly_info.reason] == [
        one.type for one in expected.dataset_anomaly_info.reason
    ]
    for mine, given in zip(message.drift_skew_info, expected.drift_skew_info, strict=True):
        assert mine.path == given.path
        assert [(m.type, m.threshold) for m in mine.drift_measurements] == [
            (m.type, m.threshold) for m in given.drift_measurements
        ]
        assert mine.drift_measurements[0].value == pytest.approx(given.drift_measurements[0].value, abs=1e-12)


def _typed(message: anomalies_pb2.Anomalies) -> list[tuple[str, str]]:
    return sorted(
        (name, TYPE.Name(reason.type)) for name, info in message.anomaly_info.items() for reason in info.reason
    )


@pytest.mark.covers("tfdv-parity-infer")
def test_the_schema_of_the_census_is_inferred_as_tfdv_infers_it() -> None:
    """Types, presence, shapes, integers written as texts, domains in their order."""
    assert infer_schema(census("baseline")) == schema(CENSUS / "schema_inferred.pbtxt")


@pytest.mark.covers("tfdv-parity-infer")
def test_texts_of_few_values_get_a_domain() -> None:
    """As in the schema that TFDV inferred for the fixture; above the limit, and for lists, there is none."""
    inferred, given = (infer_schema(statistics(TFX / "FeatureStats.pb")), schema(TFX / "schema.pbtxt"))
    domains = {domain.name: list(domain.value) for domain in inferred.string_domain}
    assert domains == {domain.name: list(domain.value) for domain in given.string_domain}
    fewer = infer_schema(statistics(TFX / "FeatureStats.pb"), max_domain=2, shapes=False)
    assert [domain.name for domain in fewer.string_domain] == ["payment"]
    assert {feature.name for feature in fewer.feature if feature.HasField("shape")} == set()
    assert {feature.value_count.max for feature in fewer.feature} == {1}


def test_a_bound_is_met_by_the_very_number_it_was_written_as() -> None:
    """Schemas keep bounds as 32-bit floats: 0.1 of the data is not below 0.1 of the schema."""
    given = text_format.Parse(
        'feature { name: "f" type: FLOAT float_domain { min: 0.1 max: 0.3 } }', schema_pb2.Schema()
    )
    data = text_format.Parse(
        'num_examples: 2 features { name: "f" type: FLOAT num_stats { min: 0.1 max: 0.3'
        " common_stats { num_non_missing: 2 min_num_values: 1 max_num_values: 1 } } }",
        statistics_pb2.DatasetFeatureStatistics(),
    )
    assert not validate(data, given).anomalies


@pytest.mark.covers("schema-accept")
@pytest.mark.parametrize("name", ["baseline", "window", "window_faults"])
def test_an_inferred_schema_has_nothing_to_say_of_its_own_data(name: str) -> None:
    assert not validate(census(name), infer_schema(census(name))).anomalies


@pytest.mark.covers("schema-accept")
def test_accepting_a_feature_changes_that_feature_alone() -> None:
    """Its domain takes in the unseen value; the others' anomalies stay as they were."""
    given, faults = schema(CENSUS / "schema.pbtxt"), census("window_faults")
    accepted = update_schema(given, faults, only={("RAC1P",), ("extra_col",)})
    left = [pair for pair in VALIDATIONS["faults"]["pairs"] if pair[0] not in ("RAC1P", "extra_col")]
    assert pairs(validate(faults, accepted)) == left
    assert [list(f.string_domain.value)[-1] for f in accepted.feature if f.name == "RAC1P"] == ["42"]
    gone = update_schema(given, faults, only={("DEYE",)})
    assert {feature.name for feature in gone.feature if feature.lifecycle_stage} == {"DEYE"}
    everything = update_schema(given, faults)
    assert not validate(faults, everything).anomalies
    assert [f.lifecycle_stage for f in everything.feature if f.name == "DEYE"] == [schema_pb2.DEPRECATED]


@pytest.mark.covers("schema-diff")
def test_two_schemas_are_compared_field_by_field() -> None:
    one = 'feature { name: "a" type: INT presence { min_count: 1 } } string_domain { name: "d" value: "x" value: "y" }'
    other = 'string_domain { name: "d" value: "y" value: "x" } feature { name: "s" type: STRUCT struct_domain {'
    other += ' feature { name: "b" type: FLOAT } } } feature { name: "a" type: BYTES } default_environment: "T"'
    before, after = (text_format.Parse(text, schema_pb2.Schema()) for text in (one, other))
    found = schema_changes(before, after)
    assert [(one["what"], one["name"], one["change"]) for one in found] == [
        ("feature", "a", "changed"), ("schema", "", "changed"), ("feature", "s", "added"), ("feature", "s.b", "added"),
    ]  # fmt: skip
    assert found[0]["fields"] == [
        {"field": "type", "before": "INT", "after": "BYTES"},
        {"field": "presence.min_count", "before": "1", "after": None},
    ]
    assert schema_changes(before, before) == []


@pytest.mark.covers("shift-distance")
def test_values_far_out_move_tfdvs_distance_and_not_ours() -> None:
    """40 of 20,000 ages were put far out: buckets of equal width say 300 times what happened."""
    found = validated("faults_with_drift")
    tfdv = next(one for one in found.measurements[("AGEP",)] if one.type == "JENSEN_SHANNON_DIVERGENCE")
    ours = next(one for one in found.shifts if one.path == ("AGEP",))
    assert tfdv.value > 0.03 > 0.001 > ours.value
    assert not ours.high
    # Between the years moved what counts rows on, as TFDV says too, and the year itself, a constant, of which it does not.
    assert {one.path[0] for one in validated("drift").shifts if one.high} == {"id", "year"}


def histogram(*buckets: tuple[float, float, float], nan: int = 0) -> statistics_pb2.Histogram:
    made = statistics_pb2.Histogram(num_nan=nan, type=statistics_pb2.Histogram.QUANTILES)
    for low, high, count in buckets:
        made.buckets.add(low_value=low, high_value=high, sample_count=count)
    return made


def worked_out() -> Iterator[tuple[statistics_pb2.Histogram, statistics_pb2.Histogram, float | None, float | None]]:
    inf = float("inf")
    even = histogram((0, 1, 5), (1, 2, 5))
    yield even, even, 0.0, 0.0
    yield even, histogram((10, 11, 5), (11, 12, 5)), 1.0, 0.31127812445913283  # ours: (½,½) beside (0,1)
    yield even, histogram((2, 2, 10)), 1.0, 0.31127812445913283  # a point at an edge is in no bucket of TFDV's
    yield even, histogram((0, 1, 5), (1, inf, 5)), 0.5, 0.0
    yield even, histogram(nan=4), None, 1.0
    yield histogram(), even, None, None


@pytest.mark.covers("shift-distance", "tfdv-parity-distances")
@pytest.mark.parametrize(("before", "now", "tfdv", "ours"), list(worked_out()))
def test_distances_worked_out_by_hand(
    before: statistics_pb2.Histogram, now: statistics_pb2.Histogram, tfdv: float | None, ours: float | None
) -> None:
    assert divergence_of_histograms(now, before) == (None if tfdv is None else pytest.approx(tfdv))
    assert shift_of_histograms(before, now) == (None if ours is None else pytest.approx(ours))


@pytest.mark.covers("shift-of-a-constant")
@pytest.mark.parametrize(
    ("now", "least", "most"),
    [
        (histogram(*[(5, 5, 10)] * 10), 1.0, 1.0),
        (histogram(*[(-5, -5, 10)] * 10), 1.0, 1.0),
        (histogram(*[(2, 2, 10)] * 10), 0.0, 0.0),
        # One row in a thousand differs: the last bucket reaches up to it.
        (histogram(*[(2, 2, 10)] * 9, (2, 900, 10)), 0.0, 0.0),
        (histogram(*[(2, 2, 10)] * 5, *[(3, 4, 10)] * 5), 0.2, 0.4),
        (histogram((0, 1, 50), (1, 4, 50)), 0.9, 1.0),
    ],
)
def test_a_constant_that_moves_has_moved_as_far_as_can_be(
    now: statistics_pb2.Histogram, least: float, most: float
) -> None:
    moved = shift_of_histograms(histogram(*[(2, 2, 7)] * 10), now)
    assert moved is not None
    assert least <= moved <= most


@pytest.mark.covers("schema-environments")
def test_an_environment_that_the_schema_does_not_have_is_refused_by_name() -> None:
    with pytest.raises(StatisticsError, match=r"no environment 'STAGING'.*TRAINING, SERVING"):
        validate(census("window"), schema(TFX / "schema.pbtxt"), Against(environment="STAGING"))


def test_statistics_of_several_slices_are_those_of_all_examples() -> None:
    sliced = statistics_pb2.DatasetFeatureStatisticsList.FromString((TFX / "sliced_FeatureStats.pb").read_bytes())
    assert default_dataset(sliced).name == "All Examples"
    del sliced.datasets[0]
    with pytest.raises(StatisticsError, match="No data set of the statistics is named 'All Examples'"):
        default_dataset(sliced)
