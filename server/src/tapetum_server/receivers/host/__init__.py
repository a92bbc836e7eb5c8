"""The machine that the server runs on, as metrics: OpenTelemetry's `system.*`, `process.*` and `hw.*`."""
