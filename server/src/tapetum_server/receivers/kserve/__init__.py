"""KServe's payload logger: CloudEvents of inference requests and responses into predictions."""
