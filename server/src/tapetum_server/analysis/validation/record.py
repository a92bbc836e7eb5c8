"""A validation as plain values, for programs."""

from __future__ import annotations

from typing import Any

from tapetum_server.detectors.validation.findings import RANK, Reason, Severity, Validation
from tapetum_server.detectors.validation.next_steps import next_step
from tapetum_server.detectors.validation.paths import path_text


def passes(found: Validation, fail_on: Severity = "ERROR", shifts: bool = False) -> bool:
    """Whether nothing is as bad as `fail_on`, and with `shifts`, nothing moved too far by our own distance."""
    return RANK[found.severity] < RANK[fail_on] and not (shifts and any(shift.high for shift in found.shifts))


def record_of(found: Validation, passed: bool) -> dict[str, Any]:
    """Everything that was found, as JSON has it."""
    return {
        "passed": passed,
        "severity": found.severity,
        "data_missing": found.data_missing,
        "examples": found.examples,
        "features": len(found.features),
        "anomalies": [
            {
                "feature": path_text(one.path),
                "path": list(one.path),
                "severity": one.severity,
                "reasons": [reason_record(reason) for reason in one.reasons],
            }
            for one in found.anomalies
        ],
        "dataset": [reason_record(reason) for reason in found.dataset],
        "measurements": [
            {
                "feature": path_text(path), "side": one.side, "type": one.type, "value": one.value,
                "threshold": one.threshold, "high": one.value > one.threshold,
            }
            for path, measured in found.measurements.items()
            for one in measured
        ],
        "shifts": [
            {
                "feature": path_text(one.path), "side": one.side, "value": one.value, "threshold": one.threshold,
                "high": one.high,
            }
            for one in sorted(found.shifts, key=lambda one: (-one.value, one.path))
        ],
    }  # fmt: skip


def reason_record(reason: Reason) -> dict[str, Any]:
    """One reason, as JSON has it."""
    step = next_step(reason.type)
    return {
        "type": reason.type, "severity": reason.severity, "short": reason.short, "description": reason.description,
        "values": list(reason.values), "next_step": step.text, "acceptable": step.acceptable,
    }  # fmt: skip
