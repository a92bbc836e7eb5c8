"""`tapetum import langfuse|phoenix|mlflow`: another tool's export, told as its own emitter would have told it live."""
