"""Changes, as people and pipelines record them: `POST /v1/changes`."""
