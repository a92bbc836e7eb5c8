"""What the lender expects of applications to `credit-risk`: the schema of what the model is asked and answers."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from tapetum_demo.door import post

_logger = logging.getLogger(__name__)
_MODEL = "credit-risk"

SCHEMA = """
feature {
  name: "late_share" type: FLOAT presence { min_fraction: 1 } float_domain { min: 0 max: 1 disallow_nan: true }
}
feature { name: "burden" type: FLOAT presence { min_fraction: 1 } float_domain { min: 0 max: 1 disallow_nan: true } }
feature { name: "age_years" type: INT presence { min_fraction: 1 } int_domain { min: 18 max: 100 } }
feature {
  name: "income_per_year" type: FLOAT presence { min_fraction: 1 }
  float_domain { min: 7000 max: 400000 disallow_nan: true }
}
feature { name: "term_months" type: INT presence { min_fraction: 1 } int_domain { min: 6 max: 36 } }
feature { name: "region" type: BYTES presence { min_fraction: 1 } domain: "region" }
feature { name: "channel" type: BYTES presence { min_fraction: 1 } domain: "channel" }
feature {
  name: "score" type: FLOAT presence { min_fraction: 1 } float_domain { min: 0 max: 1 disallow_nan: true }
  skew_comparator { jensen_shannon_divergence { threshold: 0.1 } }
}
string_domain { name: "region" value: "north" value: "south" value: "east" value: "west" }
string_domain { name: "channel" value: "web" value: "mobile" value: "branch" }
"""


def keep_schema(otlp_endpoint: str, headers: Mapping[str, str]) -> None:
    """Keep it as the first version. The world goes on where the receiver takes none, or has a newer one."""
    told = {"kind": "model", "name": _MODEL, "text": SCHEMA, "message": "what it was trained for", "after": 0}
    try:
        post(otlp_endpoint, headers, "/api/v1/data-schemas", told)
    except OSError as error:
        _logger.info("the demo's schema was not kept: %s", error)
