"""Reads figures of all groups and of a State from an index in memory, which is updated before each answer."""

import asyncio
from datetime import date
from uuid import UUID

from chassis.db.database import Database
from services.reports.figures.counting import Cell, Published
from services.reports.figures.index import FigureIndex
from services.reports.folding import store
from services.reports.folding.actions import by_group

PAGE = 2_000
GROUPS = 500
FIRST_ID, LAST_ID = UUID(int=0), UUID(int=2**128 - 1)


class FigureReader:
    """The index of this process, and the last change of rows that it has read."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._index = FigureIndex()
        self._reached: tuple[int, UUID] | None = None
        self._lock = asyncio.Lock()

    async def cells(self, figure: str, dimension: str, as_of: date, state: str | None) -> dict[Cell, list[int]]:
        """Return records and amount of each value, status and bucket as of a day; the caller has to check the State."""
        async with self._lock:
            await self._read_on()
            return await asyncio.to_thread(self._index.cells, figure, dimension, as_of, state=state)

    async def published(self, figure: str, as_of: date) -> Published:
        """Return the public cells of a figure as of a day, by publisher and dimension."""
        async with self._lock:
            await self._read_on()
            return await asyncio.to_thread(self._index.published, figure, as_of)

    async def read_on(self) -> None:
        """Read the rows that have changed."""
        async with self._lock:
            await self._read_on()

    async def _read_on(self) -> None:
        if self._reached is None or self._index.stale:
            self._reached = await self._read_all()
        more = True
        while more:
            async with self._db.transaction() as tx:
                changed = await store.changed_after(tx, *self._reached, limit=PAGE)
                if not changed:
                    return
                group_ids = list({one.group_id for one in changed})
                groups = by_group(await store.rows_of_groups(tx, group_ids))
            for group_id in group_ids:
                self._index.replace(group_id, groups.get(group_id, ()))
            self._reached = (changed[-1].changed, changed[-1].record_id)
            more = len(changed) == PAGE

    async def _read_all(self) -> tuple[int, UUID]:
        """Read each group once; return the last change that was committed before."""
        index, after = FigureIndex(), FIRST_ID
        async with self._db.transaction() as tx:
            last = await store.last_batch(tx)
        while True:
            async with self._db.transaction() as tx:
                rows = await store.groups_after(tx, after, limit=GROUPS)
            if not rows:
                self._index = index
                return last, LAST_ID
            for group_id, group in by_group(rows).items():
                index.replace(group_id, group)
            after = rows[-1].group_id
