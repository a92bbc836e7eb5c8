"""`tapetum import langfuse|phoenix|mlflow`: asking those tools, and sending what is found through the public doors."""
