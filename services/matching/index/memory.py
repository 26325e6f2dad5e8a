"""The in-memory index of available offerings, and the candidates of a line by it.

PostgreSQL is the source of truth: each process reads everything at its start, and polls the rows that changes of
offerings and capacity leave. Final scores use the whole offering, read from its own rows and cached until it changes.
Changes not applied yet are read for each ranking, so that every process gives the same result.
"""

import math
import time
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from chassis.db.database import Tx
from contracts.rankings import SUGGESTIONS_MAX
from services.matching.index import store as entry_store
from services.matching.index.candidates import RERANKED_MAX, best, selection
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
"""Period before the first reading from which changes are also read; well above the time a transaction may take.

Changes before it are committed by then, or never.
"""

STALE_SECONDS = 300.0
"""Time in seconds after which everything is read again; well below the retention of changes."""

CONTEXT_SECONDS_MAX = 5.0
"""Maximum age of the scoring context, in seconds; an older one is read on demand.

Without writes the loop rarely reads it.
"""

UNAPPLIED_MAX = 200
"""Maximum number of pending changes that are scored one by one; with more, PostgreSQL selects the candidates."""


CACHED_MAX = 2000
"""Maximum number of whole offerings in the cache; the most wanted ones are read again and again."""


class Fitting(NamedTuple):
    """The best offerings that fit a line, best first, and the providers of all that fit."""

    best: list[Scored]
    providers: set[str]


class Memory:
    """The state of one process; `index` is None until everything has been read, and until then PostgreSQL ranks."""

    def __init__(self) -> None:
        self.index: OfferingIndex | None = None
        self._read_at: datetime | None = None
        self._applied_at = -math.inf
        self._applied: frozenset[int] = frozenset()
        self._cached: dict[UUID, Offering] = {}
        self._generation = 0
        self._context: ScoringContext | None = None
        self._context_at = -math.inf

    @property
    def outdated(self) -> bool:
        """True before everything was read, and if later changes may have been missed."""
        return self.index is None or time.monotonic() - self._applied_at > STALE_SECONDS

    def set_context(self, context: ScoringContext, at: float) -> None:
        """Set the scoring context, which was read after `at` (`time.monotonic`)."""
        self._context, self._context_at = context, at

    async def context(self, tx: Tx) -> ScoringContext:
        """Return the scoring context, at most CONTEXT_SECONDS_MAX old."""
        if self._context is not None and time.monotonic() - self._context_at <= CONTEXT_SECONDS_MAX:
            return self._context
        assert self.index is not None, "the index is loaded"
        return await scoring_store.current_context(tx, self.index.providers.numbers)

    def install(self, index: OfferingIndex, now: datetime) -> None:
        """Install a complete index, whose reading began at `now` by the database's clock."""
        self.index, self._read_at, self._applied, self._applied_at = index, now, frozenset(), time.monotonic()
        self._invalidate(self._cached.copy())

    async def apply_changes(self, tx: Tx, now: datetime) -> None:
        """Apply changes to the index. Must not run concurrently."""
        applied_at = time.monotonic()
        changes = await self._changes(tx)
        changed = {changes[number] for number in changes.keys() - self._applied}
        if len(changed) > entry_store.PAGE_MAX:
            # Reading everything page by page is faster.
            self._applied_at = -math.inf
            return
        found = {one.offering_id: one for one in await entry_store.available(tx, changed)} if changed else {}
        assert self.index is not None, "the index is loaded"
        self._invalidate(changed)
        vectors = await reading_store.vectors(tx, list(found)) if found else {}
        for offering_id in changed:
            if offering_id in found:
                self.index.put(found[offering_id])
                self.index.set_vector(offering_id, vectors.get(offering_id))
            else:
                self.index.remove(offering_id)
        self._applied, self._read_at, self._applied_at = frozenset(changes), now, applied_at

    async def unapplied(self, tx: Tx) -> set[UUID]:
        """Return the offerings with changes visible to this transaction but not applied to the index yet."""
        changes = await self._changes(tx)
        return {changes[number] for number in changes.keys() - self._applied}

    async def offerings(
        self, tx: Tx, offering_ids: Collection[UUID], pending: Collection[UUID]
    ) -> dict[UUID, Offering]:
        """Return the available ones of these offerings.

        Those in `pending` are always read; others come from the cache if possible.
        """
        generation = self._generation
        missing = {one for one in offering_ids if one in pending or one not in self._cached}
        read = {one.offering_id: one for one in await entry_store.available(tx, missing)} if missing else {}
        found = read | {one: self._cached[one] for one in offering_ids if one not in missing}
        # If changes were applied meanwhile, what was read may be older.
        if generation == self._generation:
            if len(self._cached) + len(read) > CACHED_MAX:
                self._cached.clear()
            self._cached |= {key: one for key, one in read.items() if key not in pending}
        return found

    async def ranked_for(self, tx: Tx, lines: Sequence[WantedLine], limit: int = SUGGESTIONS_MAX) -> list[list[Scored]]:
        """Return the best fitting offerings of each line, best first."""
        return [one.best for one in await self.fitting_for(tx, lines, limit)]

    async def fitting_for(self, tx: Tx, lines: Sequence[WantedLine], limit: int = SUGGESTIONS_MAX) -> list[Fitting]:
        """Return the best fitting offerings of each line, and the providers of all that fit."""
        pending = set() if self.outdated or not lines else await self.unapplied(tx)
        # Checked again: it may have become outdated meanwhile.
        if self.index is None or self.outdated or len(pending) > UNAPPLIED_MAX:
            return await _fitting_by_postgresql(tx, lines, limit)
        known = await self.context(tx)
        # Select as many more as may have changed since; those are scored by their current rows.
        selected = [selection(self.index, line, limit + len(pending), known=known) for line in lines]
        likely = [{one.offering_id for one in those.best} for those in selected]
        every = await self.offerings(tx, pending.union(*likely), pending)
        found: list[Fitting] = []
        for line, those, (candidates, providers) in zip(lines, likely, selected, strict=True):
            fitting = _fitting(line, (every[one] for one in (those | pending) & every.keys()))
            of_fitting = {one.provider for one in fitting}
            if len(candidates) == limit + len(pending):
                # There may be more candidates than were read.
                of_fitting |= providers
            found.append(Fitting(ranked(line, fitting, known=known)[:limit], of_fitting))
        return found

    async def reranked_for(self, tx: Tx, line: WantedLine, reading: Reading, also: Collection[UUID]) -> list[Scored]:
        """Return the best fitting offerings by codes and text meaning, best first.

        The offerings `also` are included, if they fit. Text meaning is scored only for offerings read by the same model
        as the line.
        """
        pending = set() if self.outdated else await self.unapplied(tx)
        if (
            self.index is None
            or self.outdated
            or len(pending) > UNAPPLIED_MAX
            or not self.index.can_compare(reading.vector)
        ):
            found = [one.offering for one in (await self.ranked_for(tx, [line], RERANKED_MAX))[0]]
            known = await scoring_store.current_context(tx, {one.provider for one in found})
        else:
            known = await self.context(tx)
            likely = best(self.index, line, SUGGESTIONS_MAX + len(pending), known=known, vector=reading.vector)
            those = pending.union(also, (one.offering_id for one in likely))
            found = _fitting(line, (await self.offerings(tx, those, pending)).values())
        said = judgements(
            reading, list((await reading_store.readings_of(tx, [one.offering_id for one in found])).values())
        )
        return ranked(line, found, said, known=known) if said else []

    def _invalidate(self, offering_ids: Iterable[UUID]) -> None:
        self._generation += 1
        for offering_id in offering_ids:
            self._cached.pop(offering_id, None)

    async def _changes(self, tx: Tx) -> dict[int, UUID]:
        assert self._read_at is not None, "the index is loaded"
        return await entry_store.changes_since(tx, self._read_at - CHANGES_LOOKBACK)


def _fitting(line: WantedLine, offerings: Iterable[Offering]) -> list[Offering]:
    return [one for one in offerings if not violated(line, one)]


async def _fitting_by_postgresql(tx: Tx, lines: Sequence[WantedLine], limit: int) -> list[Fitting]:
    found = [await offering_store.candidates(tx, line) for line in lines]
    known = await scoring_store.current_context(tx, {one.provider for offerings in found for one in offerings})
    return [
        Fitting(ranked(line, offerings, known=known)[:limit], {one.provider for one in offerings})
        for line, offerings in zip(lines, found, strict=True)
    ]
