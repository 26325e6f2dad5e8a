"""Suggestion of offerings for lines: hard constraints select, the score ranks, the best are announced."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from chassis.db.database import Tx
from chassis.ids import new_id, new_ids
from chassis.journal.outbox import announce_all
from contracts.facts import Event, Fact
from contracts.rankings import SUGGESTIONS_MAX, LineRanked
from services.matching.choices import store as choice_store
from services.matching.choices.model import move_of
from services.matching.index.memory import Memory
from services.matching.lines import store as line_store
from services.matching.lines.model import SEEKING, WantedLine
from services.matching.matches import model as match
from services.matching.matches import store as match_store
from services.matching.matches.evolve import evolve
from services.matching.matches.model import NOT_CONFIRMED, Match, MatchStatus
from services.matching.offerings import store as offering_store
from services.matching.offerings.model import Offering
from services.matching.packages import match_actions as package_actions
from services.matching.scoring import store as scoring_store
from services.matching.scoring.constraints import CAPACITY, violated
from services.matching.scoring.model import scored

SUGGESTED_LINES_MAX = 200
"""Maximum number of lines that an offering that becomes available is suggested to at once, best fit first."""

Change = tuple[Match | None, Fact]


async def record(tx: Tx, changes: Sequence[Change], *, because: Event | None = None) -> list[Match]:
    """Fold a fact into each match, save the matches, announce the facts, and apply them to packages."""
    after = [evolve(before, fact) for before, fact in changes]
    if after:
        await match_store.save(tx, *after)
        await choice_store.save(tx, [move_of(changed, fact) for changed, (_, fact) in zip(after, changes, strict=True)])
        facts = [(fact, changed.revision) for changed, (_, fact) in zip(after, changes, strict=True)]
        await announce_all(tx, facts, because=because)
        await package_actions.follow(tx, [fact for _, fact in changes])
    return after


async def record_rankings(tx: Tx, rankings: Sequence[LineRanked], *, because: Event) -> None:
    """Store and announce the rankings of lines that had no match; a line has only one."""
    if rankings:
        await match_store.rank(tx, *rankings)
        await announce_all(tx, [(ranking, 1) for ranking in rankings], because=because)


async def resuggest(
    tx: Tx,
    memory: Memory,
    request_id: UUID,
    *,
    because: Event,
    now: datetime,
    begins: bool = False,
    changed: Collection[UUID] = (),
) -> None:
    """End the matches that a request's lines no longer fit, and suggest the best offerings.

    If the request `begins`, it has no matches yet and none are read. Matches of `changed` lines end, because they were
    scored on the earlier content.
    """
    lines = await line_store.lines_of(tx, request_id)
    matches = [] if begins else await match_store.of_request(tx, request_id)
    comparable = [line for line in lines if line.line_id not in changed]
    ended = await _expire_unfit(tx, matches, comparable, because=because, now=now)
    held = {(one.line_id, one.offering_id): one for one in (*matches, *ended)}
    await _suggest(tx, memory, lines, held, because=because, now=now)


async def _suggest(
    tx: Tx,
    memory: Memory,
    lines: Sequence[WantedLine],
    held: Mapping[tuple[UUID, UUID], Match],
    *,
    because: Event,
    now: datetime,
) -> None:
    """Suggest the best offerings to each line; lines and their matches are locked by this transaction.

    A line without matches gets one fact, its ranking; later matches have a fact each.
    """
    seeking = [line for line in lines if line.status in SEEKING and line.left]
    matched = {line_id for line_id, _ in held}
    rankings: list[LineRanked] = []
    changes: list[Change] = []
    for line, (best, providers) in zip(seeking, await memory.fitting_for(tx, seeking), strict=True):
        if line.line_id in matched:
            for rank, found in enumerate(best, 1):
                before = held.get((line.line_id, found.offering.offering_id))
                if may_begin(before):
                    changes.append((before, match.suggest(before, new_id(), line, found, rank, now=now)))
        elif best:
            rankings.append(match.rank(line, best, new_ids(len(best)), providers, now=now))
    await record_rankings(tx, rankings, because=because)
    await record(tx, changes, because=because)


async def for_offering(tx: Tx, offering: Offering, *, because: Event | None, now: datetime) -> int:
    """Suggest an offering that has become available to the lines it fits; return the number of suggestions."""
    fitting = [line for line in await line_store.lines_for(tx, offering) if not violated(line, offering)]
    known = await scoring_store.current_context(tx, [offering.provider])
    best = sorted(((line, scored(line, offering, known=known)) for line in fitting), key=lambda pair: -pair[1].score)
    best = best[:SUGGESTED_LINES_MAX]
    held = await line_store.lock_lines(tx, [line.line_id for line, _ in best])
    existing = await match_store.between(tx, list(held), [offering.offering_id])
    better = await match_store.count_better(
        tx, [line.line_id for line, _ in best], [found.score for _, found in best], offering.offering_id
    )
    changes: list[Change] = []
    for line, found in best:
        before, rank = existing.get((line.line_id, offering.offering_id)), better[line.line_id] + 1
        if line.line_id in held and rank <= SUGGESTIONS_MAX and may_begin(before):
            changes.append((before, match.suggest(before, new_id(), line, found, rank, now=now)))
    await record(tx, changes, because=because)
    return len(changes)


def may_begin(before: Match | None) -> bool:
    """Return True if the system may suggest: there is no match yet, or it has expired."""
    return before is None or before.status is MatchStatus.EXPIRED


async def expire(tx: Tx, matches: Sequence[Match], *, because: Event | None, now: datetime) -> list[Match]:
    """End matches that both sides have not confirmed."""
    return await record(tx, [(before, before.expire(now=now)) for before in matches], because=because)


async def _expire_unfit(
    tx: Tx, matches: Sequence[Match], lines: Sequence[WantedLine], *, because: Event, now: datetime
) -> list[Match]:
    """End unconfirmed matches whose line is gone or does not fit the offering any more."""
    by_id = {line.line_id: line for line in lines}
    open_ones = [one for one in matches if one.status in NOT_CONFIRMED]
    unfit = [one for one in open_ones if not await _still_fits(tx, by_id.get(one.line_id), one, now=now)]
    return await expire(tx, unfit, because=because, now=now)


async def _still_fits(tx: Tx, line: WantedLine | None, one: Match, *, now: datetime) -> bool:
    offering = await offering_store.get_as_service(tx, one.offering_id)
    if line is None or offering is None:
        return False
    # Capacity may be given back; it is checked again when it is taken.
    return set(match.violations(line, offering, one.covers, one.override, today=now.date())) <= {CAPACITY}
