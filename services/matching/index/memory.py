"""The available offerings as this process has read them, and who is asked for a line's candidates.

PostgreSQL is the truth: a restart reads all of it again, and every change of an offering or its capacity leaves a row
that each process looks for. What a candidate is scored by in the end is the whole offering, read from its own rows and
kept until it changes. What has changed and is not here yet is looked at besides, so that every process finds the same.
"""

import math
import time
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from chassis.db.database import Database, Tx
from contracts.rankings import SUGGESTIONS_MAX
from services.matching.index import store as entry_store
from services.matching.index.candidates import RERANKED_MAX, best
from services.matching.index.offering_index import OfferingIndex
from services.matching.lines.model import WantedLine
from services.matching.offerings import store as offering_store
from services.matching.offerings.model import Offering
from services.matching.scoring import store as scoring_store
from services.matching.scoring.constraints import violated
from services.matching.scoring.criteria import ScoringContext
from services.matching.scoring.model import Scored, ranked
from services.matching.texts import store as reading_store
from services.matching.texts.reading import Reading, judgements

LOOK_BACK = timedelta(seconds=60)
"""Far above the time a transaction may take: what was changed before is committed by then, or never."""

STALE_SECONDS = 300.0
"""Well below the time for which changes are kept: who has not looked for so long reads all again."""

KNOWN_SECONDS_MAX = 5.0
"""Where nothing was written for a while nobody reads it again each two seconds: the first who asks does."""

ASIDE_MAX = 200
"""So many that have changed are looked at one by one; with more of them PostgreSQL is asked instead."""


WHOLE_MAX = 2000
"""So many are kept whole, as they were read for a score: the most wanted come again and again."""


class Memory:
    """Of one database in this process; `index` is None until all has been read."""

    def __init__(self) -> None:
        self.index: OfferingIndex | None = None
        self._looked_at: datetime | None = None
        self._followed = -math.inf
        self._heard: frozenset[int] = frozenset()
        self._whole: dict[UUID, Offering] = {}
        self._turn = 0
        self._known: ScoringContext | None = None
        self._known_at = -math.inf

    @property
    def outdated(self) -> bool:
        """Where what has changed since cannot be told any more, or nothing was read yet."""
        return self.index is None or time.monotonic() - self._followed > STALE_SECONDS

    def know(self, known: ScoringContext, at: float) -> None:
        """Keep what a score rests on besides, which was read after `at` (`time.monotonic`)."""
        self._known, self._known_at = known, at

    async def known(self, tx: Tx) -> ScoringContext:
        """What a score rests on besides, as it was KNOWN_SECONDS_MAX ago at most."""
        if self._known is not None and time.monotonic() - self._known_at <= KNOWN_SECONDS_MAX:
            return self._known
        assert self.index is not None, "all has been read"
        return await scoring_store.known(tx, self.index.providers.numbers)

    def begin(self, index: OfferingIndex, now: datetime) -> None:
        """All has been read; that was begun `now`, by the database's clock."""
        self.index, self._looked_at, self._heard, self._followed = index, now, frozenset(), time.monotonic()
        self._forget_whole(self._whole.copy())

    async def follow(self, tx: Tx, now: datetime) -> None:
        """Read again what has changed. Nobody else does at the same time."""
        followed = time.monotonic()
        changes = await self._changes(tx)
        changed = {changes[number] for number in changes.keys() - self._heard}
        if len(changed) > entry_store.PAGE_MAX:
            # So many are read sooner from the beginning, page by page.
            self._followed = -math.inf
            return
        found = {one.offering_id: one for one in await entry_store.available(tx, changed)} if changed else {}
        assert self.index is not None, "all has been read"
        self._forget_whole(changed)
        vectors = await reading_store.vectors(tx, list(found)) if found else {}
        for offering_id in changed:
            if offering_id in found:
                self.index.put(found[offering_id])
                self.index.know(offering_id, vectors.get(offering_id))
            else:
                self.index.remove(offering_id)
        self._heard, self._looked_at, self._followed = frozenset(changes), now, followed

    async def unread(self, tx: Tx) -> set[UUID]:
        """Offerings whose change this transaction sees, and the memory does not hold yet."""
        changes = await self._changes(tx)
        return {changes[number] for number in changes.keys() - self._heard}

    async def whole(self, tx: Tx, offering_ids: Collection[UUID], aside: Collection[UUID]) -> dict[UUID, Offering]:
        """Those of these offerings that are available; what stands `aside` is read anew, others as they are known."""
        turn = self._turn
        missing = {one for one in offering_ids if one in aside or one not in self._whole}
        read = {one.offering_id: one for one in await entry_store.available(tx, missing)} if missing else {}
        found = read | {one: self._whole[one] for one in offering_ids if one not in missing}
        # Where changes were heard of meanwhile, what was read may be from before them.
        if turn == self._turn:
            if len(self._whole) + len(read) > WHOLE_MAX:
                self._whole.clear()
            self._whole |= {key: one for key, one in read.items() if key not in aside}
        return found

    def _forget_whole(self, offering_ids: Iterable[UUID]) -> None:
        self._turn += 1
        for offering_id in offering_ids:
            self._whole.pop(offering_id, None)

    async def _changes(self, tx: Tx) -> dict[int, UUID]:
        assert self._looked_at is not None, "all has been read"
        return await entry_store.changes_since(tx, self._looked_at - LOOK_BACK)


async def ranked_for(tx: Tx, lines: Sequence[WantedLine], limit: int = SUGGESTIONS_MAX) -> list[list[Scored]]:
    """For each line the offerings that fit it best, best first."""
    memory = memory_of(tx)
    aside = set() if memory.outdated or not lines else await memory.unread(tx)
    # Also where it became outdated meanwhile, or more has changed than is looked at one by one.
    if memory.index is None or memory.outdated or len(aside) > ASIDE_MAX:
        return await _ranked_by_postgresql(tx, lines, limit)
    known = await memory.known(tx)
    # As many more as may have changed since: those are looked at as they now stand.
    likely = [{one.offering_id for one in best(memory.index, line, limit + len(aside), known=known)} for line in lines]
    every = await memory.whole(tx, aside.union(*likely), aside)
    return [
        ranked(line, _fitting(line, (every[one] for one in (those | aside) & every.keys())), known=known)[:limit]
        for line, those in zip(lines, likely, strict=True)
    ]


async def reranked_for(tx: Tx, line: WantedLine, reading: Reading, also: Collection[UUID]) -> list[Scored]:
    """The offerings that fit a line best by codes and by what its text means, best first; `also` these, if they fit.

    Judged are those that the model has read which read the line.
    """
    memory = memory_of(tx)
    aside = set() if memory.outdated else await memory.unread(tx)
    if memory.index is None or memory.outdated or len(aside) > ASIDE_MAX or not memory.index.can_judge(reading.vector):
        found = [one.offering for one in (await ranked_for(tx, [line], RERANKED_MAX))[0]]
        known = await scoring_store.known(tx, {one.provider for one in found})
    else:
        known = await memory.known(tx)
        likely = best(memory.index, line, SUGGESTIONS_MAX + len(aside), known=known, vector=reading.vector)
        those = aside.union(also, (one.offering_id for one in likely))
        found = _fitting(line, (await memory.whole(tx, those, aside)).values())
    said = judgements(reading, list((await reading_store.of(tx, [one.offering_id for one in found])).values()))
    return ranked(line, found, said, known=known) if said else []


def _fitting(line: WantedLine, offerings: Iterable[Offering]) -> list[Offering]:
    return [one for one in offerings if not violated(line, one)]


async def _ranked_by_postgresql(tx: Tx, lines: Sequence[WantedLine], limit: int) -> list[list[Scored]]:
    found = [await offering_store.candidates(tx, line) for line in lines]
    known = await scoring_store.known(tx, {one.provider for offerings in found for one in offerings})
    return [ranked(line, offerings, known=known)[:limit] for line, offerings in zip(lines, found, strict=True)]


def memory_of(asked: Database | Tx) -> Memory:
    """The memory of a database, which all of its transactions share."""
    memory = asked.memory.setdefault(Memory, Memory())
    assert isinstance(memory, Memory), "it is kept under its own name"
    return memory
