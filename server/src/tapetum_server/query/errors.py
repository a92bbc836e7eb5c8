"""What can be wrong with a question, and what to do about it."""

from __future__ import annotations


class QueryError(ValueError):
    """A question that cannot be asked as it stands. The caller can mend it."""

    def __init__(self, message: str, *, code: str = "invalid", field: str | None = None, hint: str | None = None):
        super().__init__(message)
        self.code = code
        """A short stable name that programs may depend on."""
        self.message = message
        self.field = field
        """The request's field that is at fault, where one is."""
        self.hint = hint


class NotFound(LookupError):
    """What was asked for by its id is not in this project."""

    def __init__(self, message: str, *, hint: str | None = None):
        super().__init__(message)
        self.message = message
        self.hint = hint


class Unavailable(RuntimeError):
    """The store cannot answer now; asking again later may help."""
