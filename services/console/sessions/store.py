"""Sessions, started sign-ins and kept forms in PostgreSQL. They are the console's own: API callers do not see them."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from chassis.db.database import Database
from services.console.sessions.model import (
    IDLE,
    KEPT_TIME,
    LONGEST,
    SEEN_EVERY,
    SIGN_IN_TIME,
    Held,
    KeptForm,
    Session,
    StartedHere,
)
from services.console.sessions.sealing import Sealer, hash_of, new_cookie

OF_ONE_PERSON_MAX = 10
"""Maximum number of sessions of a person. The oldest ends when they sign in once more."""

FORGET_MAX = 1000
"""Maximum number of rows deleted in one transaction."""

ENDED_SESSIONS = """
    DELETE FROM session WHERE session_hash IN
        (SELECT session_hash FROM session WHERE idle_ends_at <= $1 LIMIT $2)
"""
ENDED = (
    """
    DELETE FROM started_sign_in WHERE cookie_hash IN
        (SELECT cookie_hash FROM started_sign_in WHERE ends_at <= $1 LIMIT $2)
    """,
    """
    DELETE FROM kept_form WHERE cookie_hash IN
        (SELECT cookie_hash FROM kept_form WHERE ends_at <= $1 LIMIT $2)
    """,
    ENDED_SESSIONS,
)


class Sessions:
    """The sessions of this console."""

    def __init__(self, db: Database, sealer: Sealer, longest: timedelta = LONGEST) -> None:
        self._db = db
        self.sealer = sealer
        self._longest = longest

    async def create(self, issuer: str, person_id: UUID, held: Held, *, now: datetime) -> Session:
        """Begin a session under a new cookie, so that no value from before sign-in is of use afterwards."""
        cookie, subject, ends_at = new_cookie(), subject_hash(issuer, held), now + self._longest
        async with self._db.transaction() as tx:
            await tx.execute(
                """
                INSERT INTO session
                    (session_hash, subject_hash, person_id, sealed, created_at, seen_at, idle_ends_at, ends_at)
                VALUES ($1, $2, $3, $4, $5, $5, $6, $7)
                """,
                hash_of(cookie),
                subject,
                person_id,
                self.sealer.seal(cookie, held),
                now,
                now + IDLE,
                ends_at,
            )
            await tx.execute(
                """
                DELETE FROM session WHERE session_hash IN
                    (SELECT session_hash FROM session WHERE subject_hash = $1 ORDER BY created_at DESC OFFSET $2)
                """,
                subject,
                OF_ONE_PERSON_MAX,
            )
        return Session(
            cookie=cookie, person_id=person_id, held=held, revision=1, seen_at=now, ends_at=now + self._longest
        )

    async def find(self, cookie: str, *, now: datetime, seen: bool = True) -> Session | None:
        """Return the session of a cookie, or None if it has ended. With `seen`, its idle time starts again."""
        async with self._db.for_reading().transaction() as tx:
            row = await tx.fetchrow(
                """
                SELECT person_id, sealed, revision, seen_at, ends_at
                FROM session WHERE session_hash = $1 AND idle_ends_at > $2
                """,
                hash_of(cookie),
                now,
            )
        if row is None or (held := self.sealer.open(cookie, row["sealed"], Held)) is None:
            return None
        if seen and now - row["seen_at"] >= SEEN_EVERY:
            async with self._db.transaction() as tx:
                await tx.execute(
                    "UPDATE session SET seen_at = $2, idle_ends_at = least($3, ends_at) WHERE session_hash = $1",
                    hash_of(cookie),
                    now,
                    now + IDLE,
                )
        return Session(
            cookie=cookie,
            person_id=row["person_id"],
            held=held,
            revision=row["revision"],
            seen_at=row["seen_at"],
            ends_at=row["ends_at"],
        )

    async def change(self, session: Session, held: Held) -> Session:
        """Replace what a session holds. If another request has changed it since, that change stays."""
        async with self._db.transaction() as tx:
            revision = await tx.fetchval(
                """
                UPDATE session SET sealed = $3, revision = revision + 1
                WHERE session_hash = $1 AND revision = $2 RETURNING revision
                """,
                hash_of(session.cookie),
                session.revision,
                self.sealer.seal(session.cookie, held),
            )
        return msgspec.structs.replace(session, held=held, revision=revision or session.revision)

    async def end(self, cookie: str) -> None:
        async with self._db.transaction() as tx:
            await tx.execute("DELETE FROM session WHERE session_hash = $1", hash_of(cookie))

    async def end_all(self, session: Session) -> int:
        """End all sessions of a session's person, and return their number."""
        async with self._db.transaction() as tx:
            ended = await tx.execute("DELETE FROM session WHERE person_id = $1", session.person_id)
        return int(ended.split()[-1])

    async def begin_sign_in(self, started: StartedHere, *, now: datetime) -> str:
        """Store a started sign-in for the browser with the returned cookie."""
        cookie = new_cookie()
        async with self._db.transaction() as tx:
            await tx.execute(
                "INSERT INTO started_sign_in (cookie_hash, sealed, ends_at) VALUES ($1, $2, $3)",
                hash_of(cookie),
                self.sealer.seal(cookie, started),
                now + SIGN_IN_TIME,
            )
        return cookie

    async def take_sign_in(self, cookie: str, *, now: datetime) -> StartedHere | None:
        """Delete and return the started sign-in of a browser, or None if there is none."""
        async with self._db.transaction() as tx:
            sealed = await tx.fetchval(
                "DELETE FROM started_sign_in WHERE cookie_hash = $1 AND ends_at > $2 RETURNING sealed",
                hash_of(cookie),
                now,
            )
        return None if sealed is None else self.sealer.open(cookie, sealed, StartedHere)

    async def keep_form(self, form: KeptForm, *, now: datetime) -> str:
        """Store a posted form for the browser with the returned cookie."""
        cookie = new_cookie()
        async with self._db.transaction() as tx:
            await tx.execute(
                "INSERT INTO kept_form (cookie_hash, sealed, ends_at) VALUES ($1, $2, $3)",
                hash_of(cookie),
                self.sealer.seal(cookie, form),
                now + KEPT_TIME,
            )
        return cookie

    async def kept_form(self, cookie: str, *, now: datetime) -> KeptForm | None:
        async with self._db.for_reading().transaction() as tx:
            sealed = await tx.fetchval(
                "SELECT sealed FROM kept_form WHERE cookie_hash = $1 AND ends_at > $2", hash_of(cookie), now
            )
        return None if sealed is None else self.sealer.open(cookie, sealed, KeptForm)

    async def forget_form(self, cookie: str) -> None:
        async with self._db.transaction() as tx:
            await tx.execute("DELETE FROM kept_form WHERE cookie_hash = $1", hash_of(cookie))

    async def forget_ended(self, *, now: datetime) -> int:
        """Delete what has ended, and return the number of sessions."""
        ended = 0
        for statement in ENDED:
            deleted = FORGET_MAX
            while deleted == FORGET_MAX:
                async with self._db.transaction() as tx:
                    deleted = int((await tx.execute(statement, now, FORGET_MAX)).split()[-1])
                if statement == ENDED_SESSIONS:
                    ended += deleted
        return ended


def subject_hash(issuer: str, held: Held) -> bytes:
    return hash_of(f"{issuer}\n{held.tokens.subject}")
