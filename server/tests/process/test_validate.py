"""`tapetum validate` and `tapetum schema`: files on the command line, without a server."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree as Xml

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from google.protobuf import text_format
from process.servers import tapetum
from public_data import public_data
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2

TFDV = Path(__file__).parents[1] / "data" / "tfdv"
CENSUS = TFDV / "census"
FAULTS = ("validate", CENSUS / "window_faults.FeatureStats.pb", "--schema", CENSUS / "schema.pbtxt")


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two days of orders: on the second, a country nobody has seen, amounts below zero, and a column that is lost."""
    folder = tmp_path_factory.mktemp("orders")
    first = {
        "amount": [float(n % 50) for n in range(400)],
        "country": ["NO" if n % 3 else "PE" for n in range(400)],
        "paid": [n % 2 == 0 for n in range(400)],
    }
    second = {"amount": [n - 3 for n in first["amount"]], "country": [*first["country"][:-8], *["XX"] * 8]}  # type: ignore[operator]
    for name, rows in (("first", first), ("second", second)):
        pq.write_table(pa.table(rows), folder / f"{name}.parquet")
    return folder / "first.parquet", folder / "second.parquet"


@pytest.mark.covers("cli-validate", "cli-schema", "schema-accept")
def test_a_schema_is_inferred_from_one_day_and_the_next_is_held_against_it(
    orders: tuple[Path, Path], tmp_path: Path
) -> None:
    """Infer, add a bound by hand, validate, accept one change, see what changed."""
    first, second = orders
    schema = tmp_path / "schema.pbtxt"
    inferred = tapetum("schema", "infer", first, "-o", schema)
    assert (inferred.returncode, inferred.stderr) == (0, "")
    schema.write_text(schema.read_text().replace("type: FLOAT\n", "type: FLOAT\n  float_domain { min: 0 }\n", 1))
    found = tapetum("validate", second, "--schema", schema)
    assert found.returncode == 1
    rows = {tuple(line.split()[:3]) for line in found.stdout.splitlines() if line.startswith("ERROR")}
    assert rows == {
        ("ERROR", "amount", "FLOAT_TYPE_SMALL_FLOAT"),
        ("ERROR", "country", "ENUM_TYPE_UNEXPECTED_STRING_VALUES"),
        ("ERROR", "paid", "SCHEMA_MISSING_COLUMN"),
    }
    assert "'XX' (~2%)" in found.stdout
    assert "FAILED  second.parquet: 400 examples, 3 features; 3 reasons in 3 features." in found.stdout

    accepted, counted = tmp_path / "accepted.pbtxt", tmp_path / "FeatureStats.pb"
    tapetum("stats", second, "-o", counted)
    tapetum("schema", "accept", schema, counted, "--feature", "country", "-o", accepted)
    told = tapetum("schema", "diff", schema, accepted)
    assert (told.returncode, told.stdout) == (1, "~ string_domain country\n    value: NO, PE → NO, PE, XX\n")
    tapetum("schema", "accept", accepted, counted, "--in-place")
    same = tapetum("validate", counted, "--schema", accepted)
    assert (same.returncode, same.stderr) == (0, "")
    assert same.stdout.startswith("passed  FeatureStats.pb: 400 examples, 2 features; as the schema says")
    assert tapetum("schema", "diff", accepted, accepted).returncode == 0


@pytest.mark.covers("cli-validate-formats")
def test_a_validation_is_written_for_programs_and_for_ci(tmp_path: Path) -> None:
    compared = (*FAULTS, "--previous", CENSUS / "baseline.FeatureStats.pb")
    expected = json.loads((CENSUS / "validation.json").read_text())["faults_with_drift"]
    answered = tapetum(*compared, "--format", "json")
    assert (answered.returncode, answered.stderr) == (1, "")
    told = json.loads(answered.stdout)
    pairs = [[one["feature"], reason["type"]] for one in told["anomalies"] for reason in one["reasons"]]
    assert sorted(pairs) == expected["pairs"]
    assert (told["passed"], told["severity"], told["examples"]) == (False, "ERROR", 20000)
    values = {reason["type"]: reason["values"] for one in told["anomalies"] for reason in one["reasons"]}
    assert values["INT_TYPE_NOT_INT_STRING"] == ["Z"]
    high = [one for one in told["measurements"] if one["high"]]
    assert len(high) == sum(
        reason["type"].startswith("COMPARATOR") for r in told["anomalies"] for reason in r["reasons"]
    )

    assert tapetum(*compared, "-o", tmp_path / "report.xml").returncode == 1
    suite = Xml.parse(tmp_path / "report.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures")) == (str(told["features"] + 1), "14")
    failed = {case.get("name"): case.find("failure") for case in suite if case.find("failure") is not None}
    assert set(failed) == {one["feature"] for one in told["anomalies"]} | {"data set"}
    mar = failed["MAR"]
    assert mar is not None
    assert mar.get("type") == "INT_TYPE_NOT_INT_STRING"
    assert "COMPARATOR_L_INFTY_HIGH" in (mar.text or "")

    tapetum(*compared, "-o", tmp_path / "report.sarif")
    run = json.loads((tmp_path / "report.sarif").read_text())["runs"][0]
    assert len(run["results"]) == len(pairs) + 1 + sum(one["high"] for one in told["shifts"])
    result = next(one for one in run["results"] if one["message"]["text"].startswith("SCHL: The feature is in"))
    line = result["locations"][0]["physicalLocation"]["region"]["startLine"]
    assert re.search('name: "SCHL"', (CENSUS / "schema.pbtxt").read_text().splitlines()[line - 1])
    assert {one["ruleId"] for one in run["results"]} == {rule["id"] for rule in run["tool"]["driver"]["rules"]}

    tapetum(*compared, "-o", tmp_path / "SchemaDiff.pb")
    ours = anomalies_pb2.Anomalies.FromString((tmp_path / "SchemaDiff.pb").read_bytes())
    theirs = anomalies_pb2.Anomalies.FromString((CENSUS / "anomalies_faults_with_drift.SchemaDiff.pb").read_bytes())
    assert ours.anomaly_info.keys() == theirs.anomaly_info.keys()
    assert len(ours.drift_skew_info) == len(theirs.drift_skew_info)
    tapetum(*compared, "-o", tmp_path / "anomalies.pbtxt")
    assert text_format.Parse((tmp_path / "anomalies.pbtxt").read_text(), anomalies_pb2.Anomalies()) == ours


@pytest.mark.covers("cli-validate-severity")
def test_what_only_warns_does_not_fail_unless_it_shall(tmp_path: Path) -> None:
    """And what moved by our own distance fails where somebody says from when on."""
    given = (CENSUS / "window.FeatureStats.pb", "--schema", CENSUS / "schema_inferred.pbtxt")
    compared = ("validate", *given, "--previous", CENSUS / "baseline.FeatureStats.pb")
    passed = tapetum(*compared)
    assert passed.returncode == 0
    assert "id  The values are others than before: moved by 0.75" in passed.stdout
    assert tapetum(*compared, "--shift", "0.9").returncode == 1, "the year is one value, and another one"
    assert tapetum(*compared, "--shift", "1").returncode == 0
    new = ("validate", TFDV / "serving_FeatureStats.pb", "--schema", tmp_path / "none.pbtxt")
    (tmp_path / "none.pbtxt").write_text("")
    warned = (*new, "--severity", "SCHEMA_NEW_COLUMN=WARNING")
    assert tapetum(*new).returncode == 1
    assert tapetum(*warned).returncode == 0
    assert tapetum(*warned, "--fail-on", "warning").returncode == 1
    tapetum(*warned, "-o", tmp_path / "warned.xml")
    suite = Xml.parse(tmp_path / "warned.xml").getroot()[0]
    assert suite.get("failures") == "0"
    assert "WARNING SCHEMA_NEW_COLUMN" in (suite[1].findtext("system-out") or "")


@pytest.mark.covers("validation-custom")
def test_checks_of_ones_own_are_tfdvs_configuration(tmp_path: Path) -> None:
    checks = tmp_path / "checks.pbtxt"
    checks.write_text(
        'feature_validations { feature_path { step: "AGEP" } validations {'
        ' sql_expression: "feature.num_stats.max <= 100 AND feature.num_stats.common_stats.num_missing = 0"'
        ' severity: WARNING description: "Nobody is that old." } }\n'
        'feature_pair_validations { feature_test_path { step: "ESP" } feature_base_path { step: "RELP" } validations {'
        ' sql_expression: "feature_test.string_stats.unique > feature_base.string_stats.unique" severity: ERROR } }\n'
    )
    told = json.loads(tapetum(*FAULTS, "--checks", checks, "--format", "json").stdout)
    found = {
        one["feature"]: reason
        for one in told["anomalies"]
        for reason in one["reasons"]
        if reason["type"] == "CUSTOM_VALIDATION"
    }
    assert {name: reason["severity"] for name, reason in found.items()} == {"AGEP": "WARNING", "ESP": "ERROR"}
    assert found["AGEP"]["short"] == "Nobody is that old."


@pytest.mark.covers("bad-validation")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--schema", "nowhere.pbtxt"), "nowhere.pbtxt cannot be read: No such file"),
        (("--schema", CENSUS / "validation.json"), "is no Schema"),
        (("--schema", "broken.pbtxt"), "broken.pbtxt is no Schema: line 1:11 : Message type"),
        (("--schema", CENSUS / "schema.pbtxt", "--environment", "SERVING"), "no environment 'SERVING'"),
        (("--schema", CENSUS / "schema.pbtxt", "--slice", "x"), "no slice 'x'; there are"),
        (("--schema", CENSUS / "schema.pbtxt", "--severity", "NEW=WARNING"), "no anomaly type 'NEW'"),
        (("--schema", CENSUS / "schema.pbtxt", "--severity", "NEW"), "takes TYPE=WARNING or TYPE=ERROR"),
        (("--schema", CENSUS / "schema.pbtxt", "--checks", "checks.pbtxt"), "'__import__(\"os\")'"),
        (("--schema", CENSUS / "schema.pbtxt", "--format", "table", "-o", "x"), "A table is for reading"),
        (("--schema", CENSUS / "schema.pbtxt", "--previous", CENSUS), "of files with statistics it has: none"),
    ],
)
def test_what_cannot_be_validated_is_neither_good_nor_bad(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], told: str
) -> None:
    """It leaves with 2, so that a pipeline does not take a wrong path for bad data."""
    monkeypatch.chdir(tmp_path)
    Path("broken.pbtxt").write_text('feature { nmae: "x" }')
    Path("checks.pbtxt").write_text(
        'feature_validations { feature_path { step: "AGEP" } validations { sql_expression: "__import__(\\"os\\")" } }'
    )
    answered = tapetum("validate", CENSUS / "window_faults.FeatureStats.pb", *arguments)
    assert answered.returncode == 2
    assert told in answered.stderr
    assert answered.stdout == ""


@pytest.mark.covers("bad-validation")
def test_a_schema_that_contradicts_itself_is_told_by_feature(tmp_path: Path) -> None:
    schema = tmp_path / "schema.pbtxt"
    schema.write_text(
        'feature { name: "AGEP" type: FLOAT float_domain { min: 5 max: 1 } value_count { min: 3 max: 1 } }'
        ' feature { name: "MAR" type: FLOAT domain: "x" }'
    )
    data = CENSUS / "window.FeatureStats.pb"
    told = json.loads(tapetum("validate", data, "--schema", schema, "--format", "json").stdout)
    reasons = {one["feature"]: [reason["type"] for reason in one["reasons"]] for one in told["anomalies"]}
    assert reasons["AGEP"][:2] == ["INVALID_SCHEMA_SPECIFICATION", "INVALID_DOMAIN_SPECIFICATION"]
    assert reasons["MAR"] == ["DOMAIN_INVALID_FOR_TYPE", "UNEXPECTED_DATA_TYPE"]


@pytest.mark.evidence
@pytest.mark.covers("tfdv-parity-anomalies", "tfdv-parity-infer")
def test_raw_census_data_have_tfdvs_anomalies() -> None:
    """From Parquet with statistics of our own: the same pairs, and the same categories move as far."""
    data = public_data("oracle/census_2016")
    expected = json.loads((CENSUS / "validation.json").read_text())["faults_with_drift"]
    baseline = data / "baseline.parquet"
    command = ("validate", data / "window_faults.parquet", "--schema", CENSUS / "schema.pbtxt", "--previous", baseline)
    told = json.loads(tapetum(*command, "--format", "json").stdout)
    pairs = [[one["feature"], reason["type"]] for one in told["anomalies"] for reason in one["reasons"]]
    assert sorted(pairs) == expected["pairs"]
    measured = {one["feature"]: one["value"] for one in told["measurements"] if one["type"] == "L_INFTY"}
    theirs = {
        name: one["value"]
        for name, sides in expected["drift_skew"].items()
        for one in sides["drift"]
        if one["type"] == "L_INFTY"
    }
    assert measured == pytest.approx(theirs, rel=1e-9)
    inferred = tapetum("schema", "infer", baseline).stdout
    assert text_format.Parse(inferred, schema_pb2.Schema()) == text_format.Parse(
        (CENSUS / "schema_inferred.pbtxt").read_text(), schema_pb2.Schema()
    )
