"""A validation as CI systems read it: JUnit's XML, and SARIF."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any
from xml.etree import ElementTree as Xml

from tapetum_server.detectors.validation.findings import RANK, Reason, Severity, Shift, Validation, digits
from tapetum_server.detectors.validation.paths import Path, path_text

DATASET = "data set"
SHIFT = "SHIFT_HIGH"
_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(found: Validation, *, data: str, fail_on: Severity, shifts: bool) -> bytes:
    """A test case for the data set and for each feature; what only warns stands in its output."""
    suite = Xml.Element("testsuite", name=f"tapetum validate {_xml(data)}")
    cases = [(DATASET, found.dataset), *((path_text(path), _reasons(found, path)) for path in found.features)]
    failures = 0
    for name, reasons in cases:
        case = Xml.SubElement(suite, "testcase", classname=_xml(data), name=_xml(name))
        bad = [reason for reason in reasons if RANK[reason.severity] >= RANK[fail_on]]
        moved = [shift for shift in found.shifts if shifts and shift.high and path_text(shift.path) == name]
        told = [f"{reason.type}: {reason.description}" for reason in bad] + [shift_words(shift) for shift in moved]
        if told:
            failures += 1
            kind = bad[0].type if bad else SHIFT
            failure = Xml.SubElement(case, "failure", type=kind, message=_xml(told[0]))
            failure.text = _xml("\n".join(told))
        if rest := [reason for reason in reasons if reason not in bad]:
            output = Xml.SubElement(case, "system-out")
            output.text = _xml("\n".join(f"{reason.severity} {reason.type}: {reason.description}" for reason in rest))
    for name, value in (("tests", len(cases)), ("failures", failures), ("errors", 0), ("skipped", 0)):
        suite.set(name, str(value))
    root = Xml.Element("testsuites")
    root.append(suite)
    Xml.indent(root)
    return bytes(Xml.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def sarif(found: Validation, *, schema: str, schema_text: str, version: str, shifts: bool) -> dict[str, Any]:
    """A result for each reason, at the line of the schema that describes the feature."""
    lines = _lines(schema_text)
    results = [_result(reason.type, reason.severity, reason.description, (), schema, lines) for reason in found.dataset]
    for one in found.anomalies:
        results += [
            _result(reason.type, reason.severity, reason.description, one.path, schema, lines) for reason in one.reasons
        ]
    results += [
        _result(SHIFT, "ERROR" if shifts else "WARNING", shift_words(shift), shift.path, schema, lines)
        for shift in found.shifts
        if shift.high
    ]
    driver = {
        "name": "tapetum validate",
        "version": version,
        "rules": [{"id": rule} for rule in Counter(result["ruleId"] for result in results)],
    }
    return {"$schema": _SARIF, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def shift_words(shift: Shift) -> str:
    """One sentence about a feature that moved."""
    than = "before" if shift.side == "drift" else "in training"
    return f"The values are others than {than}: moved by {digits(shift.value)}, above {digits(shift.threshold)}."


def _reasons(found: Validation, path: Path) -> tuple[Reason, ...]:
    return next((one.reasons for one in found.anomalies if one.path == path), ())


def _result(rule: str, severity: Severity, text: str, path: Path, schema: str, lines: dict[str, int]) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": schema}}
    if path and (line := lines.get(path[-1])):
        physical["region"] = {"startLine": line}
    name = path_text(path) or DATASET
    return {
        "ruleId": rule,
        "level": {"ERROR": "error", "WARNING": "warning"}.get(severity, "note"),
        "message": {"text": f"{name}: {text}"},
        "locations": [
            {"physicalLocation": physical, "logicalLocations": [{"fullyQualifiedName": name, "kind": "member"}]}
        ],
    }


def _lines(schema_text: str) -> dict[str, int]:
    """On which line a name first stands."""
    found: dict[str, int] = {}
    for number, line in enumerate(schema_text.splitlines(), start=1):
        if named := re.search(r'\bname:\s*"((?:[^"\\]|\\.)*)"', line):
            found.setdefault(named[1], number)
    return found


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
