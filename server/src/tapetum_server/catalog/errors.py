"""What can go wrong with the catalog, in words that say what to do next."""

from __future__ import annotations


class CatalogError(Exception):
    """The catalog could not be opened or would not take a change."""


class CatalogTooNew(CatalogError):
    """A newer Tapetum wrote this catalog; this one would damage it."""


class InvalidName(CatalogError):
    """A project or key name that cannot be used."""

    def __init__(self, message: str, field: str = "name") -> None:
        super().__init__(message)
        self.field = field


class InvalidRetention(CatalogError):
    """A number of days that cannot be kept."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


class InvalidExpiry(CatalogError):
    """An expiry that is not in the future."""


class TooManyProjects(CatalogError):
    """A sender that invents project names is stopped before it fills the catalog."""


class ProjectExists(CatalogError):
    """The project is there already."""


class UnknownProject(CatalogError):
    """No project of that name."""


class UnknownKey(CatalogError):
    """No key of that id."""


class UnknownMonitor(CatalogError):
    """No monitor of that id."""


class MonitorExists(CatalogError):
    """The project has a monitor of that name already."""


class TooManyMonitors(CatalogError):
    """Every monitor is a query that runs for ever: there is an end to how many a project may have."""


class UnknownDashboard(CatalogError):
    """No dashboard of that id in the project."""


class DashboardChanged(CatalogError):
    """Somebody else changed the dashboard meanwhile."""


class UnknownView(CatalogError):
    """No saved view of that id in the project."""


class ViewExists(CatalogError):
    """A view of that page has the name already."""


class TooMany(CatalogError):
    """As many of something as a project can have are there."""


class UnknownPrompt(CatalogError):
    """No prompt of that name, or no version or label of it; `field` says which."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


class RedactionChanged(CatalogError):
    """Somebody else changed the rules of redaction meanwhile."""


class PromptVersionExists(CatalogError):
    """The prompt has that version, or a newer one: versions never change, and each is newer than the last."""


class UnknownDataSchema(CatalogError):
    """No schema of that model or data set, or no such version of it; `field` says which."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


class DataSchemaChanged(CatalogError):
    """Somebody else kept a version since: what was built on the one before would undo it."""


class UnknownDataset(CatalogError):
    """No dataset of that name, or no version or item of it; `field` says which."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


class DatasetChanged(CatalogError):
    """Somebody else changed an item since the version that the caller saw."""


class DatasetFull(CatalogError):
    """The dataset would get larger than one may be; `field` says by what."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


class UnknownScore(CatalogError):
    """No score of that name is defined in the project."""


class UnknownPrice(CatalogError):
    """No price of that id for the project."""
