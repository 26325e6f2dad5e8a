"""Rebuild the rows of all figures from the owners' journals, in batches, while facts continue to arrive.

Rows are emptied and folded again. Facts that arrive meanwhile are stored and folded afterwards; those that the rebuild
has read are then recognized by their versions.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec import Struct

from chassis.db.database import Database
from chassis.journal.outbox import JournalPosition, read_with_positions
from contracts.facts import Event
from services.reports.folding import store
from services.reports.folding.actions import FOLDED, fold_rows, newest_of

PAGE = 5_000
EMPTIED = 10_000
"""Maximum number of rows that one statement empties."""

LEASE_SECONDS = 60
REACH_SECONDS = 30.0
"""Maximum time for which an older transaction of its owner may hide a fact that was counted before."""

POLL_SECONDS = 0.2

Say = Callable[[str, int, int], None]


class RebuildUnderWay(Exception):
    """Another process rebuilds the figures, or its lease has not ended."""


class Rebuilt(Struct, frozen=True, kw_only=True):
    """Facts read, groups counted, and rows whose journal has fewer facts than were counted before (`lost`)."""

    facts: int
    groups: int
    lost: int


async def rebuild(db: Database, journals: Mapping[str, Database], *, say: Say) -> Rebuilt:
    """Rebuild all figures. Raises RebuildUnderWay if another rebuild is running, or the lease has ended."""
    async with db.transaction() as tx:
        if not await store.begin_rebuild(tx, lease_seconds=LEASE_SECONDS):
            raise RebuildUnderWay
    await _empty(db)
    reading = _Reading(db, journals, say)
    await reading.read_all()
    lost = await reading.reach()
    async with db.transaction() as tx:
        groups = await store.count_groups(tx)
        await store.forget_freshness(tx)
        await store.refresh(tx, reading.newest)
        await store.end_rebuild(tx)
    return Rebuilt(facts=reading.facts, groups=groups, lost=lost)


async def _renew(db: Database) -> None:
    async with db.transaction() as tx:
        if not await store.renew_lease(tx, lease_seconds=LEASE_SECONDS):
            raise RebuildUnderWay


async def _empty(db: Database) -> None:
    more = True
    while more:
        async with db.transaction() as tx:
            more = await store.empty_rows(tx, limit=EMPTIED) > 0
        await _renew(db)


class _Reading:
    """Reads the journals, each after its last position."""

    def __init__(self, db: Database, journals: Mapping[str, Database], say: Say) -> None:
        self._db = db
        self._journals = journals
        self._say = say
        self._after = dict.fromkeys(journals, JournalPosition(0, 0))
        self.facts = 0
        self.of = 0
        self.newest: dict[str, datetime] = {}

    async def read_all(self) -> None:
        for journal in self._journals.values():
            async with journal.transaction() as tx:
                self.of += int(await tx.fetchval("SELECT count(*) FROM journal"))
        await self._read_on()

    async def reach(self) -> int:
        """Read on until every row has its former version; return the number of rows that do not reach it in time."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + REACH_SECONDS
        while True:
            async with self._db.transaction() as tx:
                left = await store.unreached(tx)
            if not left or loop.time() > deadline:
                return left
            await asyncio.sleep(POLL_SECONDS)
            await self._read_on()

    async def _read_on(self) -> None:
        for owner, journal in self._journals.items():
            more = True
            while more:
                async with journal.transaction() as tx:
                    found = await read_with_positions(tx, after=self._after[owner], limit=PAGE)
                if found:
                    self._after[owner] = found[-1][0]
                    await self._fold([event for _, event in found if f"{owner}.{event.aggregate}" in FOLDED])
                    self.facts += len(found)
                    self._say("facts", self.facts, max(self.of, self.facts))
                more = len(found) == PAGE
                await _renew(self._db)

    async def _fold(self, events: list[Event]) -> None:
        async with self._db.transaction() as tx:
            known = await store.rows_of(tx, list({event.aggregate_id for event in events}))
            folded, done = fold_rows(known, events)
            await store.save(tx, folded.values())
        for owner, newest in newest_of(done).items():
            self.newest[owner] = max(newest, self.newest.get(owner, newest))
