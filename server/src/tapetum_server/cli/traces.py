"""`tapetum traces`."""


def traces() -> None:
    """Placeholder until it lands."""
