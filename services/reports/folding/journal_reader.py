"""Rebuild the figures from the owners' journals, in batches, while facts keep arriving.

Rows are emptied and folded again from the journals, then the figures are summed from the rows. Facts that arrive
meanwhile are kept, and folded afterwards: those that the rebuild has read are then known by their versions.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from chassis.db.database import Database
from chassis.journal.outbox import JournalPosition, read_with_positions
from contracts.facts import Event
from services.reports.figures.counting import Changes
from services.reports.folding import store
from services.reports.folding.actions import FOLDED, by_group, fold_rows, newest_of

PAGE = 5_000
GROUPS = 500
KEYS_MAX = 50_000
"""Changes that are added up in memory before they are written."""

WRITTEN_MAX = 10_000
"""Rows of one statement."""

LEASE_SECONDS = 60
REACH_SECONDS = 30.0
"""So long a fact that was counted before may be hidden by an older transaction of its owner."""

POLL_SECONDS = 0.2

Say = Callable[[str, int, int], None]


class RebuildUnderWay(Exception):
    """Another process rebuilds the figures, or has not ended its lease."""


class Rebuilt(Struct, frozen=True, kw_only=True):
    """Facts read, groups summed, and rows whose journal has fewer facts than were counted before (`lost`)."""

    facts: int
    groups: int
    lost: int


async def rebuild(db: Database, journals: Mapping[str, Database], *, say: Say) -> Rebuilt:
    """Rebuild all figures. Raises RebuildUnderWay if another rebuild is under way."""
    async with db.transaction() as tx:
        if not await store.begin_rebuild(tx, lease_seconds=LEASE_SECONDS):
            raise RebuildUnderWay
    await _empty(db)
    reading = _Reading(db, journals, say)
    await reading.read_all()
    lost = await reading.reach()
    groups = await _sum(db, say)
    async with db.transaction() as tx:
        await store.refresh(tx, reading.newest)
        await store.end_rebuild(tx)
    return Rebuilt(facts=reading.facts, groups=groups, lost=lost)


async def _renew(db: Database) -> None:
    async with db.transaction() as tx:
        if not await store.renew_lease(tx, lease_seconds=LEASE_SECONDS):
            raise RebuildUnderWay


async def _empty(db: Database) -> None:
    for empty in (store.empty_rows, store.empty_figures):
        while True:
            async with db.transaction() as tx:
                if not await empty(tx, limit=WRITTEN_MAX):
                    break
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
        """Read on until every row has its former version; return how many never get it."""
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


async def _sum(db: Database, say: Say) -> int:
    """Sum what all groups add to the figures; return how many groups there are."""
    changes, after, groups = Changes(), UUID(int=0), 0
    while True:
        async with db.transaction() as tx:
            rows = await store.groups_after(tx, after, limit=GROUPS)
        if not rows:
            break
        for group in by_group(rows).values():
            changes.add(group)
            groups += 1
        after = rows[-1].group_id
        if len(changes.by_key) > KEYS_MAX:
            await _write(db, changes)
            changes = Changes()
        say("groups", groups, groups)
    await _write(db, changes)
    return groups


async def _write(db: Database, changes: Changes) -> None:
    written = changes.nonzero()
    for start in range(0, len(written), WRITTEN_MAX):
        async with db.transaction() as tx:
            await store.add(tx, written[start : start + WRITTEN_MAX])
        await _renew(db)
