"""A plan becomes matches that are before their States and providers: all of them in one transaction, or none."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
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
from services.matching.matches.model import NOT_SHOWN, SHOWN, Match, MatchStatus
from services.matching.matches.suggestions import Change
from services.matching.offerings import store as offering_store
from services.matching.offerings.model import Offering, OfferingStatus
from services.matching.policy import Action
from services.matching.rounds import actions as round_actions
from services.matching.rounds import snapshot
from services.matching.rounds import store as round_store
from services.matching.rounds.answer import Assigned, told
from services.matching.rounds.model import Round
from services.matching.scoring import store as scoring_store
from services.matching.scoring.constraints import CAPACITY, violated
from services.matching.scoring.criteria import ScoringContext
from services.matching.scoring.model import scored

DEPARTURE = "allocation_round"
"""The coded reason for which a round passes over a better ranked match: the plan as a whole is better."""

LINES_TOLD_MAX = 100


async def adopt(tx: Tx, ctx: Context, round_id: UUID) -> Round:
    """Present every delivery of the plan to its State and its provider.

    Raises Conflict where a line, an offering or a match of the plan is not what it was when the plan was made, or the
    plan gives out what there never was; nothing is done then.
    """
    before = await round_actions.for_move(tx, ctx, round_id, Action.ADOPT_ROUND)
    before.require("adopt")
    papers = await round_store.papers(tx, round_id)
    assert papers.world is not None, "it is planned"
    assert papers.answer is not None, "it is planned"
    plan = told(papers.world, papers.answer).plan
    if any(not is_unodc(one.offering.provider) for one in plan):
        await consent_store.check_heard(tx, snapshot.ANYBODY)
    async with tx.as_service():
        standing = await _held(tx, plan)
        changed = sorted({one.line.line_id for one in plan if standing.has_changed(one)} | standing.overbooked(plan))
        if changed:
            raise Conflict("round-outdated", line_ids=changed[:LINES_TOLD_MAX], lines=len(changed))
        adopted = await round_actions.record(tx, before, before.adopt(len(plan), now=ctx.now))
        because = tx.announced[-1]
        begun = [_begun(one, standing, now=ctx.now) for one in plan]
        fresh = [change for change in begun if not isinstance(change, Match)]
        nominated = iter(await suggestions.record(tx, fresh, because=because))
        matches = [one if isinstance(one, Match) else next(nominated) for one in begun]
        for one in matches:
            policy.decide(ctx.caller, Action.PRESENT, one).required()
        passed = _passed_over(standing.matches, matches)
        presented: list[Change] = [
            (
                one,
                one.present(
                    standing.lines[one.line_id],
                    passes_over=one.match_id in passed,
                    departure=DEPARTURE if one.match_id in passed else None,
                    planned_period=assigned.period,
                    scored=standing.score(one),
                    now=ctx.now,
                ),
            )
            for one, assigned in zip(matches, plan, strict=True)
        ]
        await suggestions.record(tx, presented, because=because)
    return adopted


class _Standing:
    """What the plan is about as it stands now, held until the transaction ends."""

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
        """Its score and the reasons as things now stand."""
        line, offering = self.lines[one.line_id], self.offerings[one.offering_id]
        found = scored(line, offering, one.judgement, known=self.known)
        return as_presented(found, line, self.known.of(offering.provider))

    def has_changed(self, one: Assigned) -> bool:
        """Whether the line, the offering or what is between the two is not what the plan was made of."""
        line, offering = self.lines.get(one.line.line_id), self.offerings.get(one.offering.offering_id)
        if line is None or offering is None:
            return True
        between = self.between(one)
        return (
            snapshot.asked(line, self.matches[line.line_id]) != one.line
            or offering.status is not OfferingStatus.AVAILABLE
            or offering.revision != one.offering.revision
            or (between.revision if between else 0) != one.fitting.match_revision
            or snapshot.bar(line, offering, between) is not None
            or bool(set(violated(line, offering)) - {CAPACITY})
        )

    def overbooked(self, plan: Iterable[Assigned]) -> set[UUID]:
        """The lines of periods that have less left than the plan gives out."""
        given: Counter[tuple[UUID, date]] = Counter()
        lines: defaultdict[tuple[UUID, date], set[UUID]] = defaultdict(set)
        for one in plan:
            at = one.offering.offering_id, one.starts
            given[at] += 1
            lines[at].add(one.line.line_id)
        return {line for at, units in given.items() if units > self.left.get(at, 0) for line in lines[at]}


async def _held(tx: Tx, plan: Sequence[Assigned]) -> _Standing:
    """Held as in any other move: offerings, lines, matches.

    Two rounds that give out of the same offering wait for each other at it, and the second sees what is promised. What
    is promised is read before what is taken: what is agreed in between counts twice, and never not at all.
    """
    offering_ids = sorted({one.offering.offering_id for one in plan})
    for offering_id in offering_ids:
        await offering_store.known(tx, offering_id, lock=True)
    line_ids = sorted({one.line.line_id for one in plan})
    await line_store.hold(tx, line_ids)
    matches: defaultdict[UUID, list[Match]] = defaultdict(list)
    for one in await match_store.of_lines(tx, line_ids, lock=True):
        matches[one.line_id].append(one)
    lines = {line.line_id: line for line in await line_store.open_lines(tx, limit=len(line_ids), line_ids=line_ids)}
    promises = await round_store.promises(tx, list(SHOWN))
    found = [await offering_store.known(tx, offering_id) for offering_id in offering_ids]
    offerings = {one.offering_id: one for one in found if one is not None}
    known = await scoring_store.known(tx, {one.provider for one in offerings.values()})
    return _Standing(lines, matches, offerings, snapshot.free(offerings.values(), promises), known)


def _begun(one: Assigned, standing: _Standing, *, now: datetime) -> Match | Change:
    """The match that is there, or the nomination with which one begins."""
    before = standing.between(one)
    if before is not None and before.status is not MatchStatus.EXPIRED:
        return before
    line, offering = standing.lines[one.line.line_id], standing.offerings[one.offering.offering_id]
    return before, match.nominate(before, new_id(), line, scored(line, offering, known=standing.known), now=now)


def _passed_over(standing: Mapping[UUID, Sequence[Match]], presented: Sequence[Match]) -> set[UUID]:
    """Those of the presented before which a match of the same line ranks that is not: as `match_store.passes_over`."""
    shown = {one.match_id for one in presented}
    passed = set()
    for one in presented:
        others = (m for m in standing[one.line_id] if m.match_id not in shown and m.status in NOT_SHOWN)
        if any((-m.score, str(m.offering_id)) < (-one.score, str(one.offering_id)) for m in others):
            passed.add(one.match_id)
    return passed
