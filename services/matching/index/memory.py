"""The in-memory index of available offerings, and the candidates of a line by it.

PostgreSQL is the source of truth: each process reads everything at its start, and polls the rows that changes of
offerings and capacity leave. Final scores use the whole offering, read from its own rows and cached until it changes.
Changes not applied yet are read for each ranking, so that every process gives the same result.
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

CHANGES_LOOKBACK = timedelta(seconds=60)
"""Well above the time a transaction may take: earlier changes are committed by then, or never."""

STALE_SECONDS = 300.0
"""Well below the retention of changes: after a longer pause everything is read again."""

KNOWN_SECONDS_MAX = 5.0
"""Without writes the loop rarely reads the scoring context; an older one is read on demand."""

ASIDE_MAX = 200
"""Up to so many unapplied changes are scored one by one; with more, PostgreSQL selects the candidates."""


WHOLE_MAX = 2000
"""How many whole offerings are cached: the most wanted ones are read again and again."""


class Memory:
    """The state of one database in this process; `index` is None until everything has been read."""

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
        """True before everything was read, and if changes since may have been missed."""
        return self.index is None or time.monotonic() - self._followed > STALE_SECONDS

    def know(self, known: ScoringContext, at: float) -> None:
        """Set the scoring context, which was read after `at` (`time.monotonic`)."""
        self._known, self._known_at = known, at

    async def known(self, tx: Tx) -> ScoringContext:
        """The scoring context, at most KNOWN_SECONDS_MAX old."""
        if self._known is not None and time.monotonic() - self._known_at <= KNOWN_SECONDS_MAX:
            return self._known
        assert self.index is not None, "all has been read"
        return await scoring_store.known(tx, self.index.providers.numbers)

    def begin(self, index: OfferingIndex, now: datetime) -> None:
        """Install a complete index, whose reading began at `now` by the database's clock."""
        self.index, self._looked_at, self._heard, self._followed = index, now, frozenset(), time.monotonic()
        self._forget_whole(self._whole.copy())

    async def follow(self, tx: Tx, now: datetime) -> None:
        """Apply changes to the index. Not to be run concurrently."""
        followed = time.monotonic()
        changes = await self._changes(tx)
        changed = {changes[number] for number in changes.keys() - self._heard}
        if len(changed) > entry_store.PAGE_MAX:
            # Reading everything page by page is faster.
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
        """Offerings with changes visible to this transaction but not applied to the index yet."""
        changes = await self._changes(tx)
        return {changes[number] for number in changes.keys() - self._heard}

    async def whole(self, tx: Tx, offering_ids: Collection[UUID], aside: Collection[UUID]) -> dict[UUID, Offering]:
        """The available ones of these offerings; those in `aside` are always read, others cached if possible."""
        turn = self._turn
        missing = {one for one in offering_ids if one in aside or one not in self._whole}
        read = {one.offering_id: one for one in await entry_store.available(tx, missing)} if missing else {}
        found = read | {one: self._whole[one] for one in offering_ids if one not in missing}
        # If changes were applied meanwhile, what was read may be older.
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
        return await entry_store.changes_since(tx, self._looked_at - CHANGES_LOOKBACK)


async def ranked_for(tx: Tx, lines: Sequence[WantedLine], limit: int = SUGGESTIONS_MAX) -> list[list[Scored]]:
    """For each line the best fitting offerings, best first."""
    memory = memory_of(tx)
    aside = set() if memory.outdated or not lines else await memory.unread(tx)
    # Checked again: it may have become outdated meanwhile.
    if memory.index is None or memory.outdated or len(aside) > ASIDE_MAX:
        return await _ranked_by_postgresql(tx, lines, limit)
    known = await memory.known(tx)
    # Select as many more as may have changed since; those are scored by their current rows.
    likely = [{one.offering_id for one in best(memory.index, line, limit + len(aside), known=known)} for line in lines]
    every = await memory.whole(tx, aside.union(*likely), aside)
    return [
        ranked(line, _fitting(line, (every[one] for one in (those | aside) & every.keys())), known=known)[:limit]
        for line, those in zip(lines, likely, strict=True)
    ]


async def reranked_for(tx: Tx, line: WantedLine, reading: Reading, also: Collection[UUID]) -> list[Scored]:
    """The best fitting offerings by codes and text meaning, best first; with the offerings `also`, if they fit.

    Text meaning is scored only for offerings read by the same model as the line.
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
