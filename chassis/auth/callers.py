"""Who may act, as the directory last said: asked every two seconds, so that an end is known with the broker away.

Each process holds all of it, and keeps it in its service's schema for the next one. What is heard twice changes
nothing, and what comes late is known by its version.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec
import structlog

from chassis.db.database import Database, Tx
from chassis.journal.outbox import Place
from chassis.journal.peers import PeerError, Peers
from contracts.callers import Holding, Known, News, Subject
from contracts.values import Role

PULL_SECONDS = 2.0
PULL_IDLE_SECONDS = 3.5
"""Where this process writes nothing, and hears of nothing that others wrote."""

FAILED_SECONDS = 1.0
FIRST_SECONDS = 0.1
"""Between questions as long as none has been answered: a process that starts has to know before it serves."""

STALE_SECONDS = 5.0
"""After so long without an answer what is held may no longer be so."""

SUBJECTS_MAX = 10_000
DIRECTORY = "directory"
CONSUMER = "callers"

log = structlog.get_logger()


class AppointmentLookup(Protocol):
    """Who holds which appointment, asked by what works for people without being called by them."""

    def holds(self, person_id: UUID, organization: str, role: Role, at: datetime) -> bool: ...

    def stale(self) -> bool: ...


class Callers:
    """The appointments of everybody who has any, in memory."""

    def __init__(self, db: Database, peers: Peers) -> None:
        self._db = db
        self._peers = peers
        self._after = "0.0"
        self._heard_at = float("-inf")
        self._held: dict[UUID, dict[UUID, Holding]] = {}
        self._subjects: OrderedDict[Subject, tuple[int, tuple[UUID, ...]]] = OrderedDict()
        """The people of a subject, and of which `_news` that is; nobody for who was not known."""

        self._others: Sequence[Callers] = ()
        self._news = 0
        """How often there was news of people: a subject may be of one more, or of others, after it."""

    def in_force(self, person_id: UUID, at: datetime) -> Sequence[Holding]:
        """The appointments that a person may act in at a moment; none for somebody who is not known."""
        return [one for one in self._held.get(person_id, {}).values() if one.in_force(at.date())]

    def holds(self, person_id: UUID, organization: str, role: Role, at: datetime) -> bool:
        """True where a person may act in this appointment at a moment."""
        return any(one.organization == organization and one.role is role for one in self.in_force(person_id, at))

    def stale(self) -> bool:
        """True where the directory has not been heard for five seconds, or ever: somebody may have ended meanwhile."""
        return time.monotonic() - self._heard_at > STALE_SECONDS

    async def people_of(self, subject: Subject) -> Sequence[UUID]:
        """Who signs in by a subject, one person in an organization; nobody if it is not known there.

        Where the directory cannot be asked it is who was known before the last news, if that was not of them. Raises
        PeerError where nothing was known.
        """
        asked, known = self._subjects.get(subject, (None, ()))
        news = self._news
        if asked == news:
            return known
        try:
            answer = await self._peers.ask(DIRECTORY, "/internal/subjects", msgspec.json.encode(subject))
        except PeerError:
            if asked is None or subject not in self._subjects:
                raise
            return known
        people = () if answer is None else msgspec.json.decode(answer, type=Known).people
        if news == self._news:
            self.remember(subject, *people)
        return people

    def remember(self, subject: Subject, *people: UUID) -> None:
        """Who signs in by a subject, until there is news."""
        self._subjects[subject] = (self._news, people)
        if len(self._subjects) > SUBJECTS_MAX:
            self._subjects.popitem(last=False)

    # -- hearing -------------------------------------------------------------------------------------------------

    async def follow(self, others: "Sequence[Callers]" = ()) -> None:
        """Every two seconds hear what has changed, for the other services of this process as well."""
        self._others = others
        for one in (self, *others):
            await one.load()
        # What one of them has not kept yet is heard again by all.
        self._after = min((one._after for one in (self, *others)), key=Place.parse)
        silent = False
        while True:
            try:
                await self.pull()
                silent = False
            except PeerError as error:
                if not silent:
                    log.warning("the directory is not heard", service=self._db.source, reason=str(error))
                silent = True
            if self._heard_at == float("-inf"):
                await asyncio.sleep(FIRST_SECONDS)
            elif silent:
                await asyncio.sleep(FAILED_SECONDS)
            else:
                await self._db.activity.pause(PULL_SECONDS, idle_seconds=PULL_IDLE_SECONDS)

    async def load(self) -> None:
        """Hold what was kept, and go on from there. It is stale until the directory is heard."""
        async with self._db.transaction() as tx:
            # The watermark first: rows that are kept meanwhile are then merely heard again.
            after = await tx.fetchval(
                "SELECT after FROM watermark WHERE consumer = $1 AND owner = $2", CONSUMER, DIRECTORY
            )
            rows = await tx.fetch(
                """
                SELECT appointment_id, person_id, organization, role, starts AS from, ends AS until, ended, version,
                    scopes
                FROM caller
                """
            )
        self._hold(msgspec.convert([dict(row) for row in rows], list[Holding]))
        self._after = after or "0.0"

    async def pull(self) -> None:
        """Hear all that has changed since the last time. Raises PeerError."""
        more = True
        while more:
            asked_at = time.monotonic()
            news = await self._ask()
            for one in (self, *self._others):
                one.hear(news, asked_at=asked_at)
            # What is held has effect even where it cannot be kept: it is then heard again.
            if news.holdings:
                for one in (self, *self._others):
                    await one._keep(news)
            self._after, more = news.after, news.more

    def hear(self, news: News, *, asked_at: float) -> None:
        """Hold what the directory answered to a question of that moment (`time.monotonic`)."""
        self._hold(news.holdings)
        self._forget(news.people)
        if not news.more:
            self._heard_at = asked_at

    async def _ask(self) -> News:
        body = await self._peers.get(DIRECTORY, "/internal/callers", {"after": self._after})
        try:
            return msgspec.json.decode(body, type=News)
        except msgspec.DecodeError as error:
            raise PeerError("the answer is not news of callers") from error

    def _hold(self, holdings: Sequence[Holding]) -> None:
        for one in holdings:
            own = self._held.setdefault(one.person_id, {})
            held = own.get(one.appointment_id)
            if held is None or held.version <= one.version:
                own[one.appointment_id] = one

    def _forget(self, people: Sequence[UUID]) -> None:
        if people:
            self._news += 1
            gone = set(people)
            self._subjects = OrderedDict(
                (subject, (asked, known))
                for subject, (asked, known) in self._subjects.items()
                if known and gone.isdisjoint(known)
            )

    async def _keep(self, news: News) -> None:
        async with self._db.transaction() as tx:
            await tx.execute(
                """
                INSERT INTO caller (appointment_id, person_id, organization, role, starts, ends, ended, version, scopes)
                SELECT appointment_id, person_id, organization, role, starts, ends, ended, version, scopes
                FROM json_populate_recordset(NULL::caller, $1::text::json)
                ON CONFLICT (appointment_id) DO UPDATE SET starts = excluded.starts, ends = excluded.ends,
                    ended = excluded.ended, version = excluded.version
                WHERE caller.version < excluded.version
                """,
                msgspec.json.encode(
                    [msgspec.structs.asdict(one) for one in sorted(news.holdings, key=lambda h: h.appointment_id)]
                ).decode(),
            )
            await tx.execute(
                """
                INSERT INTO watermark (consumer, owner, after, read_at) VALUES ($1, $2, $3, clock_timestamp())
                ON CONFLICT (consumer, owner) DO UPDATE SET after = $3, read_at = clock_timestamp()
                """,
                CONSUMER,
                DIRECTORY,
                news.after,
            )


async def is_known(tx: Tx, organization: str) -> bool:
    """Whether anybody is or was appointed in an organization, as far as the directory has been heard."""
    return bool(await tx.fetchval("SELECT EXISTS (SELECT FROM caller WHERE organization = $1)", organization))
