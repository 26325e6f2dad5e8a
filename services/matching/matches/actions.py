"""Actions on matches: load for the caller, decide, save, announce. The edge opens the transaction."""

from collections.abc import Callable, Collection
from uuid import UUID

from chassis import translations
from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.ids import new_id
from contracts.facts import Event, Fact
from contracts.joint_deliveries import JointDeliveryProposed
from contracts.matching import (
    MatchConfirmed,
    MatchEvaluated,
    MatchRevoked,
    Override,
)
from contracts.rankings import LineRanked
from contracts.refusals import Conflict, Missing
from contracts.registry import decode_fact
from contracts.treaties import TreatyStatusRecorded
from contracts.values import Caller, Role, Side
from contracts.weights import WeightsAdopted
from services.matching import policy
from services.matching.choices import store as choice_store
from services.matching.choices.model import move_of
from services.matching.fields import check_reason
from services.matching.joint_deliveries import model as joint_delivery
from services.matching.joint_deliveries import store as joint_store
from services.matching.joint_deliveries.model import JointDelivery
from services.matching.lines import consent_store
from services.matching.lines import store as line_store
from services.matching.lines.model import SEEKING, WantedLine
from services.matching.matches import model as match
from services.matching.matches import rescoring, suggestions
from services.matching.matches import store as match_store
from services.matching.matches.evolve import evolve
from services.matching.matches.model import NOT_CONFIRMED, Match, MatchStatus
from services.matching.offerings import actions as offering_actions
from services.matching.offerings import remark_store
from services.matching.offerings import store as offering_store
from services.matching.offerings.model import ENDED, Offering, OfferingStatus
from services.matching.offerings.translation import OFFERING_TRANSLATIONS
from services.matching.packages import match_actions as package_actions
from services.matching.packages import store as package_store
from services.matching.packages.evolve import evolve as evolve_package
from services.matching.policy import Action
from services.matching.rounds import actions as round_actions
from services.matching.rounds import store as round_store
from services.matching.scoring import store as scoring_store
from services.matching.scoring.constraints import CAPACITY, GROUP_SIZE
from services.matching.scoring.model import scored
from services.matching.treaties import store as treaty_store


async def match_id_of(tx: Tx, line_id: UUID, offering_id: UUID) -> UUID:
    """Return the match id of a line and an offering, existing or new; locked against concurrent creation."""
    async with tx.as_service():
        await line_store.lock_lines(tx, [line_id])
        held = await match_store.between(tx, [line_id], [offering_id])
    return held[line_id, offering_id].match_id if held else new_id()


async def begin(
    tx: Tx,
    ctx: Context,
    match_id: UUID,
    line_id: UUID,
    offering_id: UUID,
    *,
    covers: int | None,
    override: Override | None,
    comment: str,
) -> Match:
    """Nominate an offering for a line as a coordinator, or express interest in a circulated line as a provider.

    The match is for `covers` persons, else for all that no confirmed match covers. Raise Conflict if the offering is
    unavailable or violates a hard constraint that is not overridden.
    """
    caller = ctx.caller
    policy.decide(caller, Action.PROPOSE).required()
    if override is not None:
        policy.decide(caller, Action.OVERRIDE).required()
    async with tx.as_service():
        line = await _line_for(tx, line_id, caller)
        offering = await offering_store.get(tx, offering_id, caller)
        policy.decide(caller, Action.PROPOSE, offering).required()
        covers = line.covered_by(covers)
        if override is not None:
            match.check_override(line, offering, covers, override)
        check_fits(line, offering, covers, override, ctx)
        before = (await match_store.between(tx, [line_id], [offering_id])).get((line_id, offering_id))
        known = await scoring_store.current_context(tx, [offering.provider])
        found = scored(line, offering, await rescoring.judgement(tx, line_id, offering_id), known=known)
        fact: Fact
        if caller.role is Role.COORDINATOR:
            fact = match.nominate(before, match_id, line, found, covers=covers, override=override, now=ctx.now)
        else:
            fact = match.express_interest(before, match_id, line, found, covers=covers, now=ctx.now)
        return await record(tx, before, fact, comment)


async def _line_for(tx: Tx, line_id: UUID, caller: Caller) -> WantedLine:
    await consent_store.check_consents_current_for(tx, caller)
    line = await line_store.line(tx, line_id, lock=True)
    if line is None:
        raise Missing("not-found")
    policy.decide(caller, Action.PROPOSE, line).required()
    if line.status not in SEEKING:
        raise Conflict("request-not-open", status=line.status)
    return line


def check_fits(
    line: WantedLine, offering: Offering, covers: int | None, override: Override | None, ctx: Context
) -> None:
    """Raise Conflict unless the offering is available and violates no constraint that was not overridden."""
    if offering.status is not OfferingStatus.AVAILABLE:
        raise Conflict("offering-not-available", status=offering.status)
    _check_violations(match.violations(line, offering, covers, override, today=ctx.now.date()), ctx.caller)


def _check_violations(violated: Collection[str], caller: Caller) -> None:
    # A provider sees that it does not fit but not why: a State's exclusions are not visible to it.
    if violated:
        raise Conflict("offering-does-not-fit", **({"violated": violated} if caller.role is Role.COORDINATOR else {}))


async def move(
    tx: Tx, ctx: Context, match_id: UUID, action: Action, decide: Callable[[Match], Fact], *, comment: str
) -> Match:
    """Make a move that neither takes nor gives back capacity, nor needs the line."""
    before = await for_move(tx, ctx, match_id, action)
    fact = decide(before)
    async with tx.as_service():
        return await record(tx, before, fact, comment)


def decline(found: Match, reason: str, ctx: Context) -> Fact:
    """Return the fact that the caller's side declines. Raises Invalid for a reason of the other side, and Conflict."""
    side = "decline_by_state" if ctx.caller.role is Role.FOCAL_POINT else "decline_by_provider"
    return found.decline(ctx.caller.role, check_reason(side, reason), now=ctx.now)


async def agree(
    tx: Tx, ctx: Context, match_id: UUID, action: Action, *, covers: int | None = None, comment: str
) -> Match:
    """Record `accept` by the State or `confirm` by the provider; the second of the two takes capacity.

    Matches of a joint delivery have one unit of one period in common. Raise Conflict if the match covers more persons
    than the line's confirmed matches leave, unless `covers` is as many as they leave; if no capacity is left, if the
    offering has ended or does not fit any more, or if the unit or the donor of its package has not agreed. The line's
    other open matches lapse when all of its group is covered.
    """
    joint, line, others = await lock_for_agreement(tx, match_id, ctx.caller)
    before = await _seen(tx, ctx, match_id, action)
    if line is not None and before.status in {MatchStatus.EXPIRED, *match.MOVES[action]}:
        # Before the revision: a match that lapsed because nothing is left has changed.
        covers = line.agreed(match_id, before.covers, covers)
    check_revision(before.revision, ctx.expected)
    second = before.agrees_with(action)
    async with tx.as_service():
        line = match.check_proposable(line)
        offering = await offering_store.get_as_service(tx, before.offering_id)
        assert offering is not None, "a match has its offering"
        if offering.status in ENDED:
            raise Conflict("offering-not-available", status=offering.status)
        today = ctx.now.date()
        violated = match.violations(line, offering, covers, before.override, today=today)
        # Capacity is checked when it is taken.
        violated = [one for one in violated if one != CAPACITY]
        most = offering.terms.group_size_max
        if joint is not None and most is not None and joint.open_people > most:
            violated = [*violated, GROUP_SIZE]
        _check_violations(violated, ctx.caller)
        if not second:
            agreed = before.accept if action is Action.ACCEPT else before.confirm_by_provider
            fact = agreed(covers, now=ctx.now)
            return await record(tx, before, fact, comment)
        await package_actions.check_agreed(tx, match_id)
        taken = joint.capacity_period if joint else None
        window = joint.window if joint else match.window_of(line, offering, before.override, today=today)
        period = taken or await offering_store.take(
            tx, before.offering_id, window, before.planned_period, line_id=before.line_id
        )
        if period is None:
            raise Conflict("capacity-exhausted")
        needed = joint.member(match_id).funding_needed if joint else offering.funding_lacking
        confirmed = before.confirm(line, period, needed, covers=covers, capacity_taken=taken is None, now=ctx.now)
        after = await record(tx, before, confirmed, comment)
        if line.left == (covers or line.group_size):
            rest = [one for one in others if one.status in NOT_CONFIRMED]
            await suggestions.expire(tx, rest, because=tx.announced[-1], now=ctx.now)
        return after


async def lock_for_agreement(
    tx: Tx, match_id: UUID, caller: Caller
) -> tuple[JointDelivery | None, WantedLine | None, list[Match]]:
    """Return the joint delivery of a match, its line and the line's other matches, locked. Raises Missing, Unavailable.

    They are locked in the order of all moves; the line's lock makes confirmations wait.
    """
    joint = await joint_store.of_match(tx, match_id, caller)
    line_id, _ = await match_store.ends_of(tx, match_id, caller)
    async with tx.as_service():
        line = await line_store.line(tx, line_id, lock=True)
        others = [one for one in await match_store.of_lines(tx, [line_id], lock=True) if one.match_id != match_id]
    return joint, line, others


async def record(tx: Tx, before: Match | None, fact: Fact, comment: str) -> Match:
    after = (await suggestions.record(tx, [(before, fact)]))[0]
    await save_comment(tx, after, fact, comment)
    return after


async def save_comment(tx: Tx, after: Match, fact: Fact, comment: str) -> None:
    if comment:
        side = Side(fact.side) if isinstance(fact, MatchEvaluated) else None
        await remark_store.save(tx, after.match_id, after.revision, comment, side)


async def for_move(tx: Tx, ctx: Context, match_id: UUID, action: Action) -> Match:
    found = await _seen(tx, ctx, match_id, action)
    check_revision(found.revision, ctx.expected)
    return found


async def _seen(tx: Tx, ctx: Context, match_id: UUID, action: Action) -> Match:
    found = await match_store.get(tx, match_id, ctx.caller)
    policy.decide(ctx.caller, action, found).required()
    return found


async def rebuild(tx: Tx, event: Event) -> None:
    """Fold one fact of the service's own journal into the tables, as the action that announced it did."""
    fact = decode_fact(event)
    assert fact is not None, "the service's journal has only known facts"
    if isinstance(fact, TreatyStatusRecorded):
        await treaty_store.save(tx, fact)
        return
    if isinstance(fact, WeightsAdopted):
        await scoring_store.save(tx, fact)
        return
    if fact.aggregate == "offering":
        await offering_actions.fold(tx, await offering_store.get_as_service(tx, event.aggregate_id), fact)
        return
    if fact.aggregate == "offering_translation":
        await translations.rebuild(tx, OFFERING_TRANSLATIONS, fact)
        return
    if fact.aggregate == "round":
        await round_actions.fold(tx, await round_store.get_as_service(tx, event.aggregate_id), fact)
        return
    if fact.aggregate == "package":
        await package_store.save(tx, [evolve_package(await package_store.get_as_service(tx, event.aggregate_id), fact)])
        return
    if isinstance(fact, LineRanked):
        await match_store.rank(tx, fact)
        return
    if isinstance(fact, JointDeliveryProposed):
        await joint_store.save(tx, joint_delivery.evolve(fact))
        return
    after = evolve(await match_store.get_as_service(tx, event.aggregate_id), fact)
    await match_store.save(tx, after)
    await choice_store.save(tx, [move_of(after, fact)])
    if isinstance(fact, MatchConfirmed) and fact.capacity_taken:
        await offering_store.take_unit(tx, fact.offering_id, fact.capacity_period)
    if isinstance(fact, MatchRevoked) and fact.capacity_released:
        await offering_store.give_back(tx, fact.offering_id, fact.capacity_period)
