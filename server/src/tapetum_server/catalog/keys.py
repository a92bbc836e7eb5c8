"""Keys: what a program or person shows to be let in. Only a key's prefix and hash are kept."""

from __future__ import annotations

import hashlib
import hmac
import math
import re
import secrets
import threading
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import cast, get_args

from sqlalchemy import Row, insert, or_, select, update

from tapetum_server.catalog.clock import Clock, utc
from tapetum_server.catalog.database import Database
from tapetum_server.catalog.errors import InvalidExpiry, InvalidName, UnknownKey
from tapetum_server.catalog.projects import Projects
from tapetum_server.catalog.tables import keys
from tapetum_server.signals.identity import Identity, KeyScope

KEY_SCOPES: tuple[KeyScope, ...] = get_args(KeyScope)
PREFIX_LENGTH = 12
"""`tpt_` and 48 bits: enough to tell keys apart, and the other 208 bits stay secret."""
LAST_USED_EVERY_S = 60.0
MAX_LOOK_UPS_PER_S = 50
"""Unknown keys that may cost a query, so that a flood of bad keys cannot keep the database busy."""
_KEY = re.compile(r"tpt_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key as people see it: everything but the key itself."""

    id: str
    name: str
    prefix: str
    scopes: tuple[KeyScope, ...]
    project: str | None  # None is every project
    created_at: datetime
    last_used_at: datetime | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(slots=True, eq=False)
class LiveKey:
    """A key that opens doors now, in memory."""

    id: str
    prefix: str
    digest: bytes
    identity: Identity
    expires_at: float
    used_at: float
    noted_at: float
    """The use that the database knows of."""


class Keys:
    """The keys. Checking one costs a hash and a dictionary look-up, never a query."""

    def __init__(self, database: Database, projects: Projects, clock: Clock) -> None:
        self._database = database
        self._projects = projects
        self._clock = clock
        # Held from before a query until memory agrees with it; else a refresh that read a key just before
        # it was revoked would bring it back to life.
        self._changing = threading.Lock()
        # Replaced as a whole, never changed: readers on other threads need no lock.
        self._by_prefix: dict[str, tuple[LiveKey, ...]] = {}
        self._by_id: dict[str, LiveKey] = {}
        self._look_up_second = 0
        self._look_ups = 0

    def create(
        self,
        name: str,
        scopes: Collection[str],
        *,
        project: str | None = None,
        expires_at: datetime | None = None,
    ) -> tuple[Key, str]:
        """Make a key and its project. The second value is the key itself: show it once, it is not kept."""
        _check_name(name)
        ordered = _check_scopes(scopes)
        now = self._clock()
        if expires_at is not None and expires_at.timestamp() <= now:
            raise InvalidExpiry(f"The key would expire at {expires_at.isoformat()}, which is not in the future.")
        if project is not None:
            self._projects.ensure(project)
        token = f"tpt_{secrets.token_urlsafe(32)}"
        key = Key(
            id=secrets.token_hex(8),
            name=name,
            prefix=token[:PREFIX_LENGTH],
            scopes=ordered,
            project=project,
            created_at=utc(now),
            expires_at=expires_at,
        )
        digest = _digest(token)
        with self._changing, self._database.writing() as connection:
            connection.execute(
                insert(keys).values(
                    id=key.id,
                    name=key.name,
                    prefix=key.prefix,
                    sha256=digest,
                    scopes=",".join(ordered),
                    project=project,
                    created_at=key.created_at,
                    expires_at=expires_at,
                )
            )
            self._remember(_live(key, digest))
        return key, token

    def all(self) -> list[Key]:
        """Every key, revoked and expired ones too, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(select(keys).order_by(keys.c.created_at, keys.c.id)).all()
        return [_key(row) for row in rows]

    def get(self, key_id: str) -> Key:
        """One key. Raises `UnknownKey`."""
        with self._database.reading() as connection:
            row = connection.execute(select(keys).where(keys.c.id == key_id)).one_or_none()
        if row is None:
            raise UnknownKey(f"There is no key {key_id!r}.")
        return _key(row)

    def revoke(self, key_id: str) -> Key:
        """Make the key useless: at once in this process, at the next refresh in others. Twice is safe."""
        with self._changing:
            with self._database.writing() as connection:
                live = (keys.c.id == key_id) & keys.c.revoked_at.is_(None)
                connection.execute(update(keys).where(live).values(revoked_at=utc(self._clock())))
            self._replace([key for key in self._by_id.values() if key.id != key_id])
        return self.get(key_id)

    def any_usable(self) -> bool:
        """Whether some key opens a door now."""
        now = self._clock()
        return any(key.expires_at > now for key in self._by_id.values())

    def verify(self, token: str) -> LiveKey | None:
        """The live key that `token` is, from memory, in microseconds; `None` when it opens nothing."""
        candidates = self._by_prefix.get(token[:PREFIX_LENGTH])
        if candidates is None:
            return None
        digest = _digest(token)
        for key in candidates:
            if hmac.compare_digest(key.digest, digest):
                return self._if_usable(key)
        return None

    def by_id(self, key_id: str) -> LiveKey | None:
        """The live key of that id, from memory."""
        key = self._by_id.get(key_id)
        return None if key is None else self._if_usable(key)

    def worth_a_look(self, token: str) -> bool:
        """Whether `token`, which `verify` did not know, may be a key that another process just made."""
        return _KEY.fullmatch(token) is not None and token[:PREFIX_LENGTH] not in self._by_prefix

    def look_up(self, token: str) -> LiveKey | None:
        """As `verify`, asking the database. At most `MAX_LOOK_UPS_PER_S` a second do; the rest are unknown."""
        if not self.worth_a_look(token) or not self.may_look_up():
            return None
        query = select(keys).where(keys.c.sha256 == _digest(token), keys.c.revoked_at.is_(None))
        with self._changing:
            with self._database.reading() as connection:
                row = connection.execute(query).one_or_none()
            if row is None:
                return None
            self._remember(_live(_key(row), row.sha256))
        return self.verify(token)

    def may_look_up(self) -> bool:
        """Whether an unknown credential may still cost a query in this second."""
        second = int(self._clock())
        if second != self._look_up_second:
            self._look_up_second, self._look_ups = second, 0
        self._look_ups += 1
        return self._look_ups <= MAX_LOOK_UPS_PER_S

    def refresh(self) -> None:
        """Learn what other processes changed."""
        query = select(keys).where(
            keys.c.revoked_at.is_(None), or_(keys.c.expires_at.is_(None), keys.c.expires_at > utc(self._clock()))
        )
        with self._changing:
            with self._database.reading() as connection:
                rows = connection.execute(query).all()
            # A key that is known already stays the same object, because its last use is written on it.
            self._replace([self._by_id.get(row.id) or _live(_key(row), row.sha256) for row in rows])

    def note_uses(self, *, at_once: bool = False) -> None:
        """Write down when keys were last used, for each at most once a minute."""
        pause = 0.0 if at_once else LAST_USED_EVERY_S
        due = [
            key for key in self._by_id.values() if key.used_at > key.noted_at and key.used_at - key.noted_at >= pause
        ]
        if not due:
            return
        with self._database.writing() as connection:
            for key in due:
                used_at = key.used_at
                connection.execute(update(keys).where(keys.c.id == key.id).values(last_used_at=utc(used_at)))
                key.noted_at = used_at

    def _if_usable(self, key: LiveKey) -> LiveKey | None:
        now = self._clock()
        if key.expires_at <= now:
            return None
        key.used_at = now
        return key

    def _remember(self, key: LiveKey) -> None:
        self._replace([*(k for k in self._by_id.values() if k.id != key.id), key])

    def _replace(self, live: list[LiveKey]) -> None:
        by_prefix: dict[str, tuple[LiveKey, ...]] = {}
        for key in live:
            by_prefix[key.prefix] = (*by_prefix.get(key.prefix, ()), key)
        self._by_id = {key.id: key for key in live}
        self._by_prefix = by_prefix


def _digest(token: str) -> bytes:
    # A key is 256 random bits: nothing shorter than trying them all undoes a plain fast hash of it.
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _live(key: Key, digest: bytes) -> LiveKey:
    used_at = key.last_used_at.timestamp() if key.last_used_at else 0.0
    return LiveKey(
        id=key.id,
        prefix=key.prefix,
        digest=digest,
        identity=Identity(name=key.name, scopes=frozenset(key.scopes), project=key.project),
        expires_at=key.expires_at.timestamp() if key.expires_at else math.inf,
        used_at=used_at,
        noted_at=used_at,
    )


def _key(row: Row[tuple[object, ...]]) -> Key:
    return Key(
        id=row.id,
        name=row.name,
        prefix=row.prefix,
        scopes=tuple(cast(KeyScope, scope) for scope in row.scopes.split(",")),
        project=row.project,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )


def _check_name(name: str) -> None:
    if not name.strip() or len(name) > 100 or not name.isprintable():
        raise InvalidName("A key's name is 1 to 100 printable characters; it is shown as the sender of what it sends.")


def _check_scopes(scopes: Collection[str]) -> tuple[KeyScope, ...]:
    unknown = sorted(set(scopes) - set(KEY_SCOPES))
    if unknown:
        raise InvalidName(f"{unknown[0]!r} is not a scope; expected any of {', '.join(KEY_SCOPES)}.", "scopes")
    if not scopes:
        raise InvalidName(f"A key needs at least one scope of {', '.join(KEY_SCOPES)}.", "scopes")
    return tuple(scope for scope in KEY_SCOPES if scope in scopes)
