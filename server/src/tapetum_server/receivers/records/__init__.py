"""Our own records, as people and programs send them: `POST /v1/changes`, `POST /v1/evaluations`."""
