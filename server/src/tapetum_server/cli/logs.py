"""`tapetum logs`."""


def logs() -> None:
    """Placeholder until it lands."""
