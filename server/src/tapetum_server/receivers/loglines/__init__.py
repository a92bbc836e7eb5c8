"""Logs that do not speak OTLP: lines of JSON or text, and Loki's push API.

`http` is the door and hands on what `ndjson` and `loki` decode; `records` is what both make of a record.
"""
