"""Adoption of a plan: all of its matches are presented in one transaction, or none."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import chain
from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from chassis.ids import new_id
from contracts.matching import PresentedScore
from contracts.refusals import Conflict
from contracts.values import is_unodc
from services.matching import policy
from services.matching.lines import consent_store
from services.matching.lines import store as line_store
from services.matching.lines.model import WantedLine
from services.matching.matches import model as match
from services.matching.matches import store as match_store
from services.matching.matches import suggestions
from services.matching.matches.explanation import as_presented
from services.matching.matches.model import SHOWN, Match, MatchStatus
from services.matching.matches.suggestions import Change
from services.matching.offerings import store as offering_store
from services.matching.offerings.model import Offering, OfferingStatus
from services.matching.policy import Action
from services.matching.rounds import actions as round_actions
from services.matching.rounds import snapshot
from services.matching.rounds import store as round_store
from services.matching.rounds.answer import Assigned, plan_report
from services.matching.rounds.model import Round
from services.matching.scoring import store as scoring_store
from services.matching.scoring.constraints import CAPACITY, violated
from services.matching.scoring.criteria import ScoringContext
from services.matching.scoring.model import scored

DEPARTURE = "allocation_round"
"""Coded reason of a round for passing over a better ranked match: the plan as a whole is better."""

LINES_LISTED_MAX = 100


async def adopt(tx: Tx, ctx: Context, round_id: UUID) -> Round:
    """Present every delivery of the plan to its State and its provider.

    Raise Conflict, without effect, if a line, an offering or a match of the plan has changed since the plan was made,
    or if the plan allocates capacity that is not left.
    """
    before = await round_actions.for_move(tx, ctx, round_id, Action.ADOPT_ROUND)
    before.require("adopt")
    documents = await round_store.documents(tx, round_id)
    assert documents.world is not None, "a planned round has inputs"
    assert documents.answer is not None, "a planned round has an answer"
    plan = plan_report(documents.world, documents.answer).plan
    if any(not is_unodc(one.offering.provider) for one in plan):
        await consent_store.check_consents_current(tx, snapshot.ANY_ORGANIZATION)
    async with tx.as_service():
        current = await _held(tx, plan)
        changed = sorted({one.line.line_id for one in plan if current.has_changed(one)} | current.overbooked(plan))
        if changed:
            raise Conflict("round-outdated", line_ids=changed[:LINES_LISTED_MAX], lines=len(changed))
        adopted = await round_actions.record(tx, before, before.adopt(len(plan), now=ctx.now))
        because = tx.announced[-1]
        begun = [_begun(one, current, now=ctx.now) for one in plan]
        fresh = [change for change in begun if not isinstance(change, Match)]
        nominated = iter(await suggestions.record(tx, fresh, because=because))
        matches = [one if isinstance(one, Match) else next(nominated) for one in begun]
        for one in matches:
            policy.decide(ctx.caller, Action.PRESENT, one).required()
        passed = match.presented_out_of_order(chain.from_iterable(current.matches.values()), matches)
        presented: list[Change] = [
            (
                one,
                one.present(
                    current.lines[one.line_id],
                    passes_over=one.match_id in passed,
                    departure=DEPARTURE if one.match_id in passed else None,
                    planned_period=assigned.period,
                    scored=current.score(one),
                    now=ctx.now,
                ),
            )
            for one, assigned in zip(matches, plan, strict=True)
        ]
        await suggestions.record(tx, presented, because=because)
    return adopted


class _CurrentState:
    """The current lines, matches and offerings of the plan, locked until the transaction ends."""

    def __init__(
        self,
        lines: Mapping[UUID, WantedLine],
        matches: Mapping[UUID, Sequence[Match]],
        offerings: Mapping[UUID, Offering],
        left: snapshot.Free,
        known: ScoringContext,
    ) -> None:
        self.lines, self.matches, self.offerings, self.left, self.known = lines, matches, offerings, left, known

    def between(self, one: Assigned) -> Match | None:
        offering_id = one.offering.offering_id
        return next((m for m in self.matches[one.line.line_id] if m.offering_id == offering_id), None)

    def score(self, one: Match) -> PresentedScore:
        """Return the match's current score and explanation."""
        line, offering = self.lines[one.line_id], self.offerings[one.offering_id]
        found = scored(line, offering, one.judgement, known=self.known)
        return as_presented(found, line, self.known.of(offering.provider))

    def has_changed(self, one: Assigned) -> bool:
        """Return True if the line, the offering or their match differs from the plan's inputs."""
        line, offering = self.lines.get(one.line.line_id), self.offerings.get(one.offering.offering_id)
        if line is None or offering is None:
            return True
        between = self.between(one)
        return (
            snapshot.round_line(line, self.matches[line.line_id]) != one.line
            or offering.status is not OfferingStatus.AVAILABLE
            or offering.revision != one.offering.revision
            or (between.revision if between else 0) != one.fitting.match_revision
            or snapshot.exclusion_of(line, offering, between) is not None
            or bool(set(violated(line, offering)) - {CAPACITY})
        )

    def overbooked(self, plan: Iterable[Assigned]) -> set[UUID]:
        """Return the lines of periods with less capacity left than the plan allocates."""
        given: Counter[tuple[UUID, date]] = Counter()
        lines: defaultdict[tuple[UUID, date], set[UUID]] = defaultdict(set)
        for one in plan:
            at = one.offering.offering_id, one.starts
            given[at] += 1
            lines[at].add(one.line.line_id)
        return {line for at, units in given.items() if units > self.left.get(at, 0) for line in lines[at]}


async def _held(tx: Tx, plan: Sequence[Assigned]) -> _CurrentState:
    """Lock offerings, lines and matches, in the order of all moves, and return their current state.

    Rounds with a common offering wait for each other at its lock, and the second sees the promises of the first.
    Promises are read before capacity taken: a concurrent agreement counts twice rather than not at all.
    """
    offering_ids = sorted({one.offering.offering_id for one in plan})
    for offering_id in offering_ids:
        await offering_store.get_as_service(tx, offering_id, lock=True)
    line_ids = sorted({one.line.line_id for one in plan})
    await line_store.lock_lines(tx, line_ids)
    matches: defaultdict[UUID, list[Match]] = defaultdict(list)
    for one in await match_store.of_lines(tx, line_ids, lock=True):
        matches[one.line_id].append(one)
    lines = {line.line_id: line for line in await line_store.open_lines(tx, limit=len(line_ids), line_ids=line_ids)}
    promises = await round_store.promises(tx, list(SHOWN))
    found = [await offering_store.get_as_service(tx, offering_id) for offering_id in offering_ids]
    offerings = {one.offering_id: one for one in found if one is not None}
    known = await scoring_store.current_context(tx, {one.provider for one in offerings.values()})
    return _CurrentState(lines, matches, offerings, snapshot.free(offerings.values(), promises), known)


def _begun(one: Assigned, current: _CurrentState, *, now: datetime) -> Match | Change:
    """Return the existing match, or a new one by nomination."""
    before = current.between(one)
    if before is not None and before.status is not MatchStatus.EXPIRED:
        return before
    line, offering = current.lines[one.line.line_id], current.offerings[one.offering.offering_id]
    found, covers = scored(line, offering, known=current.known), line.covered_by(None)
    return before, match.nominate(before, new_id(), line, found, covers=covers, now=now)
