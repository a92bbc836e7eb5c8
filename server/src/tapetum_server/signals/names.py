"""Names that strangers may invent, kept few."""

from __future__ import annotations

from tapetum_server.signals.identity import DEFAULT_PROJECT, OWN_SENDER

MAX_PROJECTS = 1000
MAX_SENDERS = 1000
"""Of one project."""
MAX_SENDERS_IN_ALL = 20_000
OTHER_SENDERS = "__other__"


MAX_PLACES = 300
"""Of one project."""
MAX_PLACES_IN_ALL = 5_000
MAX_PLACE_CHARACTERS = 200
OTHER_PLACES = "__other__"


class CountedPlaces:
    """Under which key something is counted that was found in an attribute: strangers invent keys too."""

    def __init__(self) -> None:
        self._places: dict[str, set[str]] = {}
        self._known = 0

    def of(self, project: str, place: str) -> str:
        """The place to count under. `project` is one that `CountedNames` gave."""
        places = self._places.setdefault(project, set())
        if place not in places:
            if len(place) > MAX_PLACE_CHARACTERS or len(places) >= MAX_PLACES or self._known >= MAX_PLACES_IN_ALL:
                return OTHER_PLACES
            places.add(place)
            self._known += 1
        return place


class CountedNames:
    """Under which project and sender something is counted.

    Anyone who may send may invent names of services, and of projects, which only an accepted record makes: counters
    must not grow with them, and what one project invents must not cost another its names.
    """

    def __init__(self) -> None:
        self._senders: dict[str, set[str]] = {}
        self._known = 0

    def of(self, project: str, sender: str, *, accepted: bool) -> tuple[str, str]:
        """The names to count under."""
        senders = self._senders.get(project)
        if senders is None:
            if len(self._senders) >= MAX_PROJECTS and not accepted:
                project = DEFAULT_PROJECT
            senders = self._senders.setdefault(project, set())
        if sender == OWN_SENDER:  # which the Ingest page leaves out: nobody hides behind it
            return project, OTHER_SENDERS
        if sender not in senders:
            if len(senders) >= MAX_SENDERS or self._known >= MAX_SENDERS_IN_ALL:
                return project, OTHER_SENDERS
            senders.add(sender)
            self._known += 1
        return project, sender
