"""What is in force on the handles that run user SQL. The gate decides what runs, these how much of it."""

from __future__ import annotations

from collections.abc import Mapping

GATE_MAX_ROWS: Mapping[str, int] = {"gate": 100_000, "gate_export": 1_000_000}
"""Rows that one answer may have at most."""

_COMMON: dict[str, int | float | str] = {
    "max_execution_time": 30,
    "timeout_overflow_mode": "throw",
    "max_threads": 2,
    "max_memory_usage": 1_500_000_000,
    # An answer that was cut without a word looks like good news: too much is an error that says so.
    "result_overflow_mode": "throw",
    "max_ast_depth": 500,
    "max_ast_elements": 20_000,
    "max_expanded_ast_elements": 100_000,
    "max_subquery_depth": 40,
    "max_rows_in_join": 20_000_000,
    "function_range_max_elements_in_block": 10_000_000,
    "max_temporary_columns": 2_000,
    "allow_introspection_functions": 0,
    "allow_ddl": 0,
    "use_query_cache": 0,
    "use_query_condition_cache": 0,
    # The project's condition is a barrier. Where the engine may move or merge filters, it can
    # evaluate the user's expression on other projects' rows first, and an error message such as
    # "Cannot parse 'their text' as UInt32" carries their data out.
    "optimize_move_to_prewhere": 0,
    "query_plan_merge_filters": 0,
    # Answers: times as ISO-8601 in UTC, 64-bit integers as texts, NaN and infinity as null.
    "date_time_output_format": "iso",
    "output_format_json_quote_64bit_integers": 1,
    "output_format_json_quote_denormals": 0,
    "output_format_json_validate_utf8": 1,
    "output_format_parquet_string_as_string": 1,
    "output_format_arrow_string_as_string": 1,
    "output_format_arrow_low_cardinality_as_dictionary": 0,
}

GATE_SETTINGS: Mapping[str, Mapping[str, int | float | str]] = {
    "gate": {
        **_COMMON,
        "max_result_rows": GATE_MAX_ROWS["gate"] + 1,
        "max_result_bytes": 64 * 1024 * 1024,
        "readonly": 1,
    },
    "gate_export": {
        **_COMMON,
        "max_result_rows": GATE_MAX_ROWS["gate_export"] + 1,
        "max_result_bytes": 512 * 1024 * 1024,
        "readonly": 1,
    },
}
"""What must be SET, in this order, on a handle before it runs gated SQL. `readonly` comes last and locks the others."""
