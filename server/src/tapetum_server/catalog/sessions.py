"""Sessions: a browser's cookie, standing for the key that its user typed once."""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, or_, select

from tapetum_server.catalog.clock import Clock, utc
from tapetum_server.catalog.database import Database
from tapetum_server.catalog.keys import Keys, LiveKey
from tapetum_server.catalog.tables import keys, sessions

SESSION_LIFETIME_S = 7 * 24 * 3600
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Session:
    """What a new session is worth."""

    token: str
    """The cookie's value. Only its hash is kept."""
    expires_at: datetime
    lifetime_s: int


@dataclass(frozen=True, slots=True)
class _Known:
    key_id: str
    expires_at: float


class Sessions:
    """The sessions, with those that were seen kept in memory. One ends with its key."""

    def __init__(self, database: Database, keys: Keys, clock: Clock) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock
        self._changing = threading.Lock()
        self._known: dict[bytes, _Known] = {}

    def open(self, key: LiveKey) -> Session:
        """Start a session for the holder of `key`."""
        now = self._clock()
        expires_at = min(now + SESSION_LIFETIME_S, key.expires_at)
        token = secrets.token_urlsafe(32)
        digest = _digest(token)
        row = {"sha256": digest, "key_id": key.id, "created_at": utc(now), "expires_at": utc(expires_at)}
        with self._changing:
            with self._database.writing() as connection:
                connection.execute(insert(sessions).values(**row))
            self._known = {**self._known, digest: _Known(key.id, expires_at)}
        return Session(token, utc(expires_at), int(expires_at - now))

    def verify(self, token: str) -> LiveKey | None:
        """The live key that the session stands for, from memory."""
        known = self._known.get(_digest(token))
        if known is None or known.expires_at <= self._clock():
            return None
        return self._keys.by_id(known.key_id)

    def worth_a_look(self, token: str) -> bool:
        """Whether `token`, which `verify` did not know, may be a session that another process just opened."""
        return _TOKEN.fullmatch(token) is not None and _digest(token) not in self._known

    def look_up(self, token: str) -> LiveKey | None:
        """As `verify`, asking the database."""
        if not self.worth_a_look(token) or not self._keys.may_look_up():
            return None
        digest = _digest(token)
        with self._changing:
            with self._database.reading() as connection:
                row = connection.execute(select(sessions).where(sessions.c.sha256 == digest)).one_or_none()
            if row is None:
                return None
            self._known = {**self._known, digest: _Known(row.key_id, row.expires_at.timestamp())}
        return self.verify(token)

    def close(self, token: str) -> None:
        """End the session. Twice is safe."""
        digest = _digest(token)
        with self._changing:
            with self._database.writing() as connection:
                connection.execute(delete(sessions).where(sessions.c.sha256 == digest))
            self._known = {k: v for k, v in self._known.items() if k != digest}

    def refresh(self) -> None:
        """Learn what other processes changed."""
        with self._changing:
            with self._database.reading() as connection:
                rows = connection.execute(select(sessions)).all()
            self._known = {row.sha256: _Known(row.key_id, row.expires_at.timestamp()) for row in rows}

    def forget_ended(self) -> None:
        """Delete the sessions that expired, and those of revoked keys."""
        revoked = select(keys.c.id).where(keys.c.revoked_at.is_not(None))
        ended = or_(sessions.c.expires_at <= utc(self._clock()), sessions.c.key_id.in_(revoked))
        with self._database.reading() as connection:
            if connection.execute(select(sessions.c.sha256).where(ended).limit(1)).first() is None:
                return
        with self._database.writing() as connection:
            connection.execute(delete(sessions).where(ended))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
