"""Rescoring of matches by the meaning of both texts, after those of a line or an offering were read.

The first suggestion uses codes only, without waiting. Here up to five hundred offerings that violate no hard constraint
are reranked; matches not shown yet get new scores, and offerings new among the best twenty are suggested.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from chassis.db.database import Tx
from chassis.ids import new_id
from contracts.matching import Judgement
from contracts.rankings import SUGGESTIONS_MAX
from services.matching.index.candidates import RERANKED_MAX
from services.matching.index.memory import Memory
from services.matching.lines import store as line_store
from services.matching.lines.model import SEEKING, WantedLine
from services.matching.matches import model as match
from services.matching.matches import store as match_store
from services.matching.matches import suggestions
from services.matching.matches.model import Match
from services.matching.offerings.model import Offering, OfferingStatus
from services.matching.scoring import store as scoring_store
from services.matching.scoring.constraints import violated
from services.matching.scoring.model import Scored, scored
from services.matching.texts import store as reading_store
from services.matching.texts.reading import judgements


async def judgement(tx: Tx, line_id: UUID, offering_id: UUID) -> Judgement | None:
    """Return the model's judgement of a line and an offering; None if it has not read both texts."""
    read = await reading_store.readings_of(tx, [line_id, offering_id])
    offerings = [read[offering_id]] if offering_id in read else []
    return judgements(read.get(line_id), offerings).get(offering_id)


async def lines(tx: Tx, memory: Memory, lines: Sequence[WantedLine], *, now: datetime) -> int:
    """Rerank the offerings of each line, locked by this transaction; return how many matches changed or began."""
    seeking = [line for line in lines if line.status in SEEKING and line.left]
    read = await reading_store.readings_of(tx, [line.line_id for line in seeking])
    changes: list[suggestions.Change] = []
    for line in seeking:
        reading = read.get(line.line_id)
        if reading is not None and reading.vector is not None:
            not_shown = {one.offering_id: one for one in await match_store.never_shown(tx, [line.line_id])}
            reranked = await memory.reranked_for(tx, line, reading, not_shown.keys())
            changes += await _changes(tx, line, reranked, not_shown, now=now)
    await suggestions.record(tx, changes)
    return len(changes)


async def _changes(
    tx: Tx, line: WantedLine, reranked: Sequence[Scored], not_shown: Mapping[UUID, Match], *, now: datetime
) -> list[suggestions.Change]:
    held = await match_store.between(tx, [line.line_id], [one.offering.offering_id for one in reranked])
    changes: list[suggestions.Change] = []
    for rank, found in enumerate(reranked, 1):
        offering_id = found.offering.offering_id
        before = not_shown.get(offering_id)
        if before is not None:
            changes += _rescored(before, found, now=now)
        elif rank <= SUGGESTIONS_MAX and suggestions.may_begin(over := held.get((line.line_id, offering_id))):
            changes.append((over, match.suggest(over, new_id(), line, found, rank, now=now)))
    return changes


async def offering(tx: Tx, found: Offering, *, now: datetime) -> int:
    """Rescore an offering for the lines it fits; return how many matches changed or began."""
    if found.status is not OfferingStatus.AVAILABLE:
        return 0
    fitting = [line for line in await line_store.lines_for(tx, found) if not violated(line, found)]
    read = await reading_store.readings_of(tx, [found.offering_id, *(line.line_id for line in fitting)])
    # Closeness is symmetric.
    said = judgements(read.pop(found.offering_id, None), list(read.values()))
    known = await scoring_store.current_context(tx, [found.provider])
    judged = [(line, scored(line, found, said[line.line_id], known=known)) for line in fitting if line.line_id in said]
    best = sorted(judged, key=lambda pair: -pair[1].score)[:RERANKED_MAX]
    line_ids = [line.line_id for line, _ in best]
    held = await line_store.lock_lines(tx, line_ids)
    not_shown = {one.line_id: one for one in await match_store.never_shown(tx, line_ids, of=found.offering_id)}
    existing = await match_store.between(tx, line_ids, [found.offering_id])
    better = await match_store.count_better(tx, line_ids, [one.score for _, one in best], found.offering_id)
    changes: list[suggestions.Change] = []
    for line, reranked in best:
        rank, before = better[line.line_id] + 1, not_shown.get(line.line_id)
        if before is not None:
            changes += _rescored(before, reranked, now=now)
        elif line.line_id in held and rank <= SUGGESTIONS_MAX:
            over = existing.get((line.line_id, found.offering_id))
            if suggestions.may_begin(over):
                changes.append((over, match.suggest(over, new_id(), line, reranked, rank, now=now)))
    await suggestions.record(tx, changes)
    return len(changes)


def _rescored(before: Match, found: Scored, *, now: datetime) -> list[suggestions.Change]:
    """Return the change, if the score changed; repetition has no effect."""
    same = (before.score, before.shares, before.judgement) == (found.score, found.shares, found.judgement)
    return [] if same or found.judgement is None else [(before, before.rescore(found, now=now))]
