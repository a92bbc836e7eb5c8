"""Statistics of data sets on a real server: sent, imported from TFDV, kept once, asked by SQL."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from process.servers import RunningServer, tapetum
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatisticsList

TFDV = Path(__file__).parents[1] / "data" / "tfdv"
AGE: dict[str, Any] = {
    "model": "income", "version": "3", "window_start": "2026-11-23T10:00:00Z", "window_end": "2026-11-23T11:00:00Z",
    "rows": 100, "feature": "age", "kind": "numeric", "type": "FLOAT", "present": 90, "missing": 10, "finite": 88,
    "nan_count": 2, "mean": 41.5, "std_dev": 2.0, "min": 18, "max": 90, "points": [18, 40, 90],
    "standard_histogram": [[18, 54, 60], [54, 90, 28]], "quantiles_histogram": [["-inf", 40, 45], [40, "inf", 45]],
}  # fmt: skip


def post(server: RunningServer, project: str, body: Any) -> httpx.Response:
    return server.client.post("/v1/feature_statistics", json=body, headers={"x-tapetum-project": project})


def rows(server: RunningServer, project: str, columns: str, where: str = "1") -> list[list[Any]]:
    query = f"SELECT {columns} FROM feature_statistics WHERE project = '{project}' AND {where} ORDER BY ALL"
    answer = server.client.post("/api/v1/sql", json={"query": query})
    assert answer.status_code == 200, answer.text
    found: list[list[Any]] = answer.json()["rows"]
    return found


@pytest.mark.covers("feature-statistics-door")
def test_statistics_of_a_window_are_kept_once_and_asked_by_sql(shared_server: RunningServer, project: str) -> None:
    for _ in range(2):
        answer = post(shared_server, project, AGE)
        assert (answer.status_code, answer.json()) == (200, {"accepted": 1, "refused": []})
    columns = (
        "model, version, slice, window_start, feature, missing, nan_count, mean, std_dev, min, median, "
        "standard_histogram, points, quantiles_histogram[1].low, unique"
    )
    ((*told, unique),) = rows(shared_server, project, columns)
    assert told == [
        "income", "3", "All Examples", "2026-11-23T10:00:00.000000000Z", "age", 10.0, 2.0, 41.5, 2.0, 18.0, 40.0,
        [{"low": 18.0, "high": 54.0, "count": 60.0}, {"low": 54.0, "high": 90.0, "count": 28.0}],
        [18.0, 40.0, 90.0], told[-1],
    ]  # fmt: skip
    assert unique is None
    # What is said last holds.
    post(shared_server, project, AGE | {"mean": 42.0})
    assert rows(shared_server, project, "mean") == [[42.0]]


@pytest.mark.covers("feature-statistics-bad-input")
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"dataset": "census"}, "dataset"),
        ({"window_end": None}, "window_end"),
        ({"feature": None}, "feature"),
        ({"rows": -1}, "rows"),
        ({"present": 95}, "present"),
        ({"std_dev": -2.0}, "std_dev"),
        ({"points": [3, 1]}, "points"),
        ({"standard_histogram": [[2, 1, 5]]}, "standard_histogram"),
        ({"unique": 3}, "unique"),
        ({"mean": "much"}, "mean"),
        ({"weighted": {"meen": 3}}, "meen"),
        ({"type": "TEXT"}, "type"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field_and_its_neighbours_are_kept(
    shared_server: RunningServer, project: str, change: dict[str, Any], field: str
) -> None:
    answer = post(shared_server, project, [AGE | change, AGE])
    assert answer.status_code == 200, answer.text
    assert answer.json()["accepted"] == 1
    (refused,) = answer.json()["refused"]
    assert (refused["index"], refused["field"]) == (0, field)


@pytest.mark.covers("import-tfdv")
def test_tfdvs_statistics_are_imported_with_their_slices(
    shared_server: RunningServer, project: str, tmp_path: Path
) -> None:
    for split, name in (("train", "sliced_FeatureStats.pb"), ("eval", "serving_FeatureStats.pb")):
        (tmp_path / "stats" / f"Split-{split}").mkdir(parents=True)
        (tmp_path / "stats" / f"Split-{split}" / "FeatureStats.pb").write_bytes((TFDV / name).read_bytes())
    where = ("--project", project, "--url", shared_server.url)
    said = tapetum("import", "tfdv", tmp_path / "stats", "--dataset", "taxi", *where)
    assert (said.returncode, said.stdout) == (0, "")
    assert said.stderr.strip() == "Kept statistics of 30 features of 2 data sets: taxi/eval, taxi/train"
    assert rows(shared_server, project, "dataset, slice, toUInt32(any(rows))", "1 GROUP BY dataset, slice") == [
        ["taxi/eval", "All Examples", 1500],
        ["taxi/train", "All Examples", 4000],
        ["taxi/train", "company_chicago carriage", 797],
        ["taxi/train", "company_flash", 2022],
        ["taxi/train", "company_taxi aff", 1181],
    ]
    miles = "dataset = 'taxi/train' AND slice = 'All Examples' AND feature = 'miles'"
    ((mean, std_dev, median),) = rows(shared_server, project, "mean, std_dev, median", miles)
    original = DatasetFeatureStatisticsList.FromString((TFDV / "sliced_FeatureStats.pb").read_bytes()).datasets[0]
    (told,) = (one.num_stats for one in original.features if one.path.step[0] == "miles")
    assert (mean, median) == (told.mean, told.median)
    assert std_dev == pytest.approx(told.std_dev, rel=1e-14)
    fare = "dataset = 'taxi/eval' AND feature = 'fare'"
    assert rows(shared_server, project, "mean, positive_infinity", fare) == [[None, 6.0]]
    # And out again, the same to the last field but what passes through a square.
    target = tmp_path / "again.pb"
    told = tapetum("stats", "--dataset", "taxi/train", "--slice", "company_flash", "-o", target, *where)
    assert (told.returncode, told.stderr) == (0, "")
    again = DatasetFeatureStatisticsList.FromString(target.read_bytes()).datasets[0]
    flash = DatasetFeatureStatisticsList.FromString((TFDV / "sliced_FeatureStats.pb").read_bytes()).datasets[2]
    for one, other in zip(again.features, flash.features):
        if other.HasField("num_stats"):
            one.num_stats.std_dev = other.num_stats.std_dev
    assert (again.name, again.num_examples) == ("company_flash", 2022)
    assert [str(one) for one in again.features] == [str(other) for other in flash.features]
    # A file that is none stops everything before anything is sent.
    (tmp_path / "stats" / "Split-eval" / "FeatureStats.pb").write_bytes(b"PAR1")
    refused = tapetum("import", "tfdv", tmp_path / "stats", "--dataset", "other", *where)
    assert refused.returncode == 1
    assert "no DatasetFeatureStatisticsList" in refused.stderr
    assert rows(shared_server, project, "feature", "dataset LIKE 'other%'") == []


@pytest.mark.covers("cli-stats-keep")
def test_statistics_of_a_file_are_kept_as_a_data_set(
    shared_server: RunningServer, project: str, tmp_path: Path
) -> None:
    path = tmp_path / "people.jsonl"
    people = [{"age": age, "city": city, "w": 2.0} for age, city in ((20, "Oslo"), (40, "Oslo"), (None, "Lagos"))]
    path.write_text("\n".join(map(json.dumps, people)))
    kept = tapetum(
        "stats", path, "--weight", "w", "--keep", "people", "--project", project, "--url", shared_server.url
    )  # fmt: skip
    assert (kept.returncode, kept.stderr.strip()) == (0, "Kept statistics of 2 features as people.")
    columns = "feature, toUInt32(position), mean, missing, top_values, JSONExtractFloat(weighted, 'missing')"
    assert rows(shared_server, project, columns) == [
        ["age", 0, 30.0, 1.0, [], 2.0], ["city", 1, None, 0.0, ["Oslo", "Lagos"], 0.0],
    ]  # fmt: skip


@pytest.mark.covers("feature-statistics-redacted")
def test_a_secret_among_the_frequent_values_is_not_kept(shared_server: RunningServer, project: str) -> None:
    key = "AKIA" + "IOSFODNN7EXAMPLF"
    told = {
        "dataset": "users", "feature": "note", "rows": 2, "present": 2, "unique": 2, "top_values": [f"use {key}", "no"],
        "top_frequencies": [1, 1],
    }  # fmt: skip
    assert post(shared_server, project, told).json()["accepted"] == 1
    ((values,),) = rows(shared_server, project, "top_values")
    assert key not in json.dumps(values)
    assert values[1] == "no"


@pytest.mark.covers("feature-statistics-range")
def test_any_range_of_windows_is_added_up_each_row_once(shared_server: RunningServer, project: str) -> None:
    """Two hours, and a day that holds one of them: of the day only the whole of it counts, or the hours."""

    def window(start: str, end: str, rows: int, mean: float, version: str = "3") -> dict[str, Any]:
        return AGE | {
            "window_start": start, "window_end": end, "rows": rows, "present": rows, "missing": 0, "finite": rows,
            "mean": mean, "std_dev": 0, "min": mean, "max": mean, "points": [mean, mean], "version": version,
            "standard_histogram": [], "quantiles_histogram": [],
        }  # fmt: skip

    told = [
        window("2026-11-23T10:00:00Z", "2026-11-23T11:00:00Z", 10, 1.0),
        window("2026-11-23T11:00:00Z", "2026-11-23T12:00:00Z", 30, 2.0),
        window("2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z", 100, 5.0),
        window("2026-11-24T00:00:00Z", "2026-11-24T01:00:00Z", 100, 6.0),
        window("2026-11-23T10:00:00Z", "2026-11-23T11:00:00Z", 7, 9.0, version="4"),
    ]
    assert post(shared_server, project, told).json()["accepted"] == 5

    def asked(start: str, end: str, version: str | None = "3") -> tuple[int, int, float]:
        query = {
            "project": project,
            "model": "income",
            "from": start,
            "to": end,
            **({"version": version} if version else {}),
        }
        answer = shared_server.client.get("/api/v1/feature_statistics/features", params=query)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        return found["windows"], found["rows"], found["features"][0]["mean"]

    assert asked("2026-11-23T10:00:00Z", "2026-11-23T12:00:00Z") == (2, 40, 1.75)
    assert asked("2026-11-23T00:00:00Z", "2026-11-24T01:00:00Z") == (2, 200, 5.5)
    assert asked("2026-11-23T10:00:00Z", "2026-11-23T11:00:00Z", None) == (2, 17, pytest.approx(73 / 17))
    shown = tapetum(
        "stats", "--model", "income", "--version", "3", "--from", "2026-11-23T10:00:00Z", "--to", "2026-11-23T12:00:00Z",
        "--project", project, "--url", shared_server.url,
    )  # fmt: skip
    assert shown.stdout.splitlines()[0].rstrip() == "income: 40 rows, 1 feature"
    assert shown.stdout.splitlines()[2].split()[:4] == ["age", "40", "0%", "1.75"]
    listed = shared_server.client.get("/api/v1/feature_statistics", params={"project": project}).json()["rows"]
    assert [(row["model"], row["version"], row["windows"], row["rows"]) for row in listed] == [
        ("income", "3", 3, 140), ("income", "4", 1, 7),
    ]  # fmt: skip
    for query, said in (({"model": "income"}, "not_found"), ({}, "no_subject")):
        answer = shared_server.client.get(
            "/api/v1/feature_statistics/features", params={"project": project, "from": "now-1m", **query}
        )
        assert answer.json()["error"]["code"] == said


@pytest.mark.covers("feature-statistics-range", "drift-from-states")
def test_windows_whose_ranks_nobody_told_are_added_up_by_their_histograms(
    shared_server: RunningServer, project: str
) -> None:
    """As the documentation shows them: with quantiles, or a histogram, or less; never an answer that fails."""
    plain = {name: value for name, value in AGE.items() if name not in ("points", "nan_count")}
    plain |= {"present": 90, "finite": 90, "standard_histogram": [], "quantiles_histogram": []}
    quantiles = {"quantiles_histogram": [[18, 40, 45], [40, 90, 45]]}
    drawn = {"standard_histogram": [[18, 54, 60], [54, 90, 30]]}

    def window(hour: int, **told: Any) -> dict[str, Any]:
        times = {f"window_{end}": f"2026-11-23T{hour + n:02}:00:00Z" for n, end in enumerate(("start", "end"))}
        return plain | times | told

    features = {"age": quantiles, "height": drawn, "weight": {}, "width": {"min": None, "max": None, **quantiles}}
    told = [window(hour, feature=name, **more) for hour in (10, 11) for name, more in features.items()]
    assert post(shared_server, project, told).json() == {"accepted": 8, "refused": []}
    query = {"project": project, "model": "income", "from": "2026-11-23T10:00:00Z", "to": "2026-11-23T12:00:00Z"}
    found = shared_server.client.get("/api/v1/feature_statistics/features", params=query)
    assert found.status_code == 200, found.text
    age, height, weight, width = found.json()["features"]
    assert (age["finite"], age["points"][0], age["median"], age["points"][-1]) == (180, 18, pytest.approx(40), 90)
    # Two of three values are in the lower half of the histogram.
    assert height["median"] == pytest.approx(18 + 36 * 45 / 60, rel=0.01)
    assert (weight["finite"], weight["mean"], weight["points"], weight["quantiles_histogram"]) == (180, 41.5, [], [])
    assert [round(sum(bucket[2] for bucket in one["standard_histogram"])) for one in (age, height, width)] == [180] * 3
    drift = shared_server.client.get(
        "/api/v1/models/drift", params={**query, "from": "2026-11-23T11:00:00Z", "source": "states"}
    )
    assert drift.status_code == 200, drift.text
    assert {one["name"]: one["verdict"] for one in drift.json()["features"]}.keys() == {"age", "height", "width"}
    assert {"name": "weight", "reason": "what is kept tells no distribution of it"} in drift.json()["not_compared"]


@pytest.mark.covers("feature-distances")
def test_what_is_kept_comes_out_as_a_file_and_is_held_against_a_baseline(
    shared_server: RunningServer, project: str
) -> None:
    """The file says what TFDV's did; distances are those that `tapetum validate` tells of the same files."""
    census = TFDV / "census"
    for name, file in (("now", "window_faults"), ("then", "baseline")):
        imported = tapetum(
            "import", "tfdv", census / f"{file}.FeatureStats.pb", "--dataset", name, "--url", shared_server.url,
            "--project", project,
        )  # fmt: skip
        assert imported.returncode == 0, imported.stderr

    def ask(path: str, **query: str) -> httpx.Response:
        asked = {"project": project, "dataset": "now", **query}
        return shared_server.client.get(f"/api/v1/feature_statistics/{path}", params=asked)

    written = ask("file")
    assert written.headers["content-type"] == "application/octet-stream"
    (whole,) = DatasetFeatureStatisticsList.FromString(written.content).datasets
    (original,) = DatasetFeatureStatisticsList.FromString(
        (census / "window_faults.FeatureStats.pb").read_bytes()
    ).datasets
    assert {one.path.step[0]: one.type for one in whole.features} == {
        one.path.step[0]: one.type for one in original.features
    }
    rows = ask("distances", base_dataset="then").json()["rows"]
    validated = tapetum(
        "validate", census / "window_faults.FeatureStats.pb", "--schema", census / "schema.pbtxt",
        "--previous", census / "baseline.FeatureStats.pb", "--format", "json",
    )  # fmt: skip
    told = {one["feature"]: one["value"] for one in json.loads(validated.stdout)["shifts"]}
    found = {row["feature"]: row["distance"] for row in rows}
    assert told
    assert {name: found[name] for name in told} == pytest.approx(told)
    assert [row["feature"] for row in rows[:2]] == ["year", "id"]
    assert "extra_col" not in found, "the baseline does not have it"
    assert found["MIL"] is None, "a number now, a text then"
    assert all(row["distance"] == 0 for row in ask("distances", base_dataset="now").json()["rows"])
    assert ask("distances", base_dataset="nobody").status_code == 404
    assert ask("distances").json()["error"]["code"] == "no_subject"
