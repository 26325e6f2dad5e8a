"""Appointments, polled from the directory every two seconds, so that an end takes effect without the broker.

Each process keeps all of them in memory, and stores them in its service's schema for the next process. Repeated changes
have no effect, and versions order them.
"""

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec
import structlog

from chassis.activity import Activity
from chassis.db.database import Database, Tx
from chassis.journal.outbox import JournalPosition
from chassis.journal.peers import PeerError, Peers
from contracts.callers import CallerChanges, HeldAppointment, KnownSubject, Subject
from contracts.values import Role

PULL_SECONDS = 2.0
PULL_IDLE_SECONDS = 4.2
"""Interval without calls of people and API clients; a call ends the pause."""

FAILED_SECONDS = 0.5
FIRST_SECONDS = 0.1
"""Interval until the first answer, because a starting process needs the appointments before it serves."""

STALE_SECONDS = 5.0
"""Age from which the appointments count as stale."""

REFRESH_SECONDS = 1.0
"""Maximum time that a call waits for the directory if the appointments are stale."""

SUBJECTS_MAX = 10_000
DIRECTORY = "directory"
CONSUMER = "callers"

log = structlog.get_logger()


class AppointmentLookup(Protocol):
    """Appointment lookup for work that is done for people outside their calls."""

    def holds(self, person_id: UUID, organization: str, role: Role, at: datetime) -> bool: ...

    def stale(self) -> bool: ...


class Callers:
    """All appointments, in memory."""

    def __init__(self, db: Database, peers: Peers) -> None:
        self._db = db
        self._peers = peers
        self._after = "0.0"
        self._answered_at = float("-inf")
        self._answered = asyncio.Event()
        self._reachable = False
        self._started_at = time.monotonic()
        self.calls = Activity()
        """Calls of people and API clients."""

        self._held: dict[UUID, dict[UUID, HeldAppointment]] = {}
        self._subjects: OrderedDict[Subject, tuple[int, KnownSubject | None]] = OrderedDict()
        """Maps each subject to the value of `_people_changes` at its query, and to its people; None if unknown."""

        self._others: Sequence[Callers] = ()
        self._people_changes = 0
        """Number of changes of people, each of which may change the person of a subject."""

    def in_force(self, person_id: UUID, at: datetime) -> Sequence[HeldAppointment]:
        """The appointments of a person in force at a time; none for an unknown person."""
        return [one for one in self._held.get(person_id, {}).values() if one.in_force(at.date())]

    def holds(self, person_id: UUID, organization: str, role: Role, at: datetime) -> bool:
        """True if the person holds this appointment at a time."""
        return any(one.organization == organization and one.role is role for one in self.in_force(person_id, at))

    def is_held(self, organization: str, role: Role, at: datetime) -> bool:
        """True if anyone holds this appointment at a time."""
        return any(self.holds(person_id, organization, role, at) for person_id in self._held)

    def stale(self) -> bool:
        """True if the last answer of the directory is older than STALE_SECONDS: an appointment may have ended."""
        return time.monotonic() - self._answered_at > STALE_SECONDS

    async def refresh(self) -> None:
        """Record a call; if the appointments are stale, wait for the directory, at most REFRESH_SECONDS.

        The last poll may be that old after a pause without calls, or on a busy machine; in the first seconds of a
        process there was none. Otherwise a call does not wait for a directory that has not answered the last poll.
        """
        self.calls.record()
        is_starting = time.monotonic() - self._started_at < STALE_SECONDS
        if self.stale() and (self._reachable or is_starting):
            self._answered.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REFRESH_SECONDS):
                    await self._answered.wait()

    async def people_of(self, subject: Subject) -> KnownSubject | None:
        """The people of a subject, one per organization; None if it is unknown.

        If the directory is unreachable, the cached people are returned, unless a later change concerned one of them.
        Raises PeerError if nothing is cached.
        """
        asked, known = self._subjects.get(subject, (None, None))
        news = self._people_changes
        if asked == news:
            return known
        try:
            answer = await self._peers.ask(DIRECTORY, "/internal/subjects", msgspec.json.encode(subject))
        except PeerError:
            if asked is None or subject not in self._subjects:
                raise
            return known
        people = None if answer is None else msgspec.json.decode(answer, type=KnownSubject)
        if news == self._people_changes:
            self.cache_people(subject, people)
        return people

    def cache_people(self, subject: Subject, people: KnownSubject | None) -> None:
        """Cache the people of a subject until people change."""
        self._subjects[subject] = (self._people_changes, people)
        if len(self._subjects) > SUBJECTS_MAX:
            self._subjects.popitem(last=False)

    # -- polling -------------------------------------------------------------------------------------------------

    async def follow(self, others: "Sequence[Callers]" = ()) -> None:
        """Poll changes every two seconds, also for the other services of this process."""
        self._others = others
        for one in (self, *others):
            one.calls = self.calls
            one._started_at = time.monotonic()
            await one.load()
        # Changes that one of the services has not stored yet are received again by all.
        self._after = min((one._after for one in (self, *others)), key=JournalPosition.parse)
        is_logged = False
        while True:
            try:
                await self.pull()
                is_logged = False
                self._set_reachable(True)
            except PeerError as error:
                if not is_logged:
                    log.warning("directory not reached", service=self._db.source, reason=str(error))
                is_logged = True
                self._set_reachable(False)
            if self._answered_at == float("-inf"):
                await asyncio.sleep(FIRST_SECONDS)
            elif not self._reachable:
                await asyncio.sleep(FAILED_SECONDS)
            else:
                await self.calls.pause(PULL_SECONDS, idle_seconds=PULL_IDLE_SECONDS)

    def _set_reachable(self, reachable: bool) -> None:
        for one in (self, *self._others):
            one._reachable = reachable

    async def load(self) -> None:
        """Load the stored appointments and the watermark. They are stale until the directory answers."""
        async with self._db.transaction() as tx:
            # The watermark is read first: rows stored in the meantime are then received again, without effect.
            after = await tx.fetchval(
                "SELECT after FROM watermark WHERE consumer = $1 AND owner = $2", CONSUMER, DIRECTORY
            )
            rows = await tx.fetch(
                """
                SELECT appointment_id, person_id, organization, role, starts AS from, ends AS until, ended, version,
                    scopes, regions, topics, head
                FROM caller
                """
            )
        self._hold(msgspec.convert([dict(row) for row in rows], list[HeldAppointment]))
        self._after = after or "0.0"

    async def pull(self) -> None:
        """Receive all changes since the last call. Raises PeerError."""
        more = True
        while more:
            asked_at = time.monotonic()
            news = await self._ask()
            for one in (self, *self._others):
                one.apply(news, asked_at=asked_at)
            # Changes take effect even if they cannot be stored; in that case they are received again.
            if news.holdings:
                for one in (self, *self._others):
                    await one._keep(news)
            self._after, more = news.after, news.more

    def apply(self, news: CallerChanges, *, asked_at: float) -> None:
        """Apply an answer of the directory to a query sent at `asked_at` (`time.monotonic`)."""
        self._hold(news.holdings)
        self._forget(news.people)
        if not news.more:
            self._answered_at = asked_at
            self._answered.set()

    async def _ask(self) -> CallerChanges:
        body = await self._peers.get(DIRECTORY, "/internal/callers", {"after": self._after})
        try:
            return msgspec.json.decode(body, type=CallerChanges)
        except msgspec.DecodeError as error:
            raise PeerError("the answer is not a list of changes") from error

    def _hold(self, holdings: Sequence[HeldAppointment]) -> None:
        for one in holdings:
            own = self._held.setdefault(one.person_id, {})
            held = own.get(one.appointment_id)
            if held is None or held.version <= one.version:
                own[one.appointment_id] = one

    def _forget(self, people: Sequence[UUID]) -> None:
        if people:
            self._people_changes += 1
            gone = set(people)
            self._subjects = OrderedDict(
                (subject, (asked, known))
                for subject, (asked, known) in self._subjects.items()
                if known and gone.isdisjoint(known.people + known.foreign)
            )

    async def _keep(self, news: CallerChanges) -> None:
        async with self._db.transaction() as tx:
            await tx.execute(
                """
                INSERT INTO caller (appointment_id, person_id, organization, role, starts, ends, ended, version, scopes,
                    regions, topics, head)
                SELECT appointment_id, person_id, organization, role, starts, ends, ended, version, scopes, regions,
                    topics, head
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
    """Check whether any appointment of an organization is or was known here."""
    return bool(await tx.fetchval("SELECT EXISTS (SELECT FROM caller WHERE organization = $1)", organization))
