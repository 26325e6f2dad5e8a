"""Actions on joint deliveries: load for the caller, decide, save, announce. The edge opens the transaction."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from msgspec.structs import replace

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.ids import new_id
from chassis.journal.outbox import announce
from contracts.facts import Fact
from contracts.refusals import Conflict, FieldError, Invalid, Refusal
from contracts.values import is_unodc
from services.matching import policy
from services.matching.cohorts.model import Cohort, form_cohort
from services.matching.joint_deliveries import model as joint_delivery
from services.matching.joint_deliveries import store as joint_store
from services.matching.joint_deliveries.model import JointDelivery
from services.matching.lines import consent_store
from services.matching.lines import store as line_store
from services.matching.lines.model import WantedLine
from services.matching.matches import actions as match_actions
from services.matching.matches import model as match
from services.matching.matches import presentation_actions, rescoring, suggestions
from services.matching.matches import store as match_store
from services.matching.matches.evolve import evolve
from services.matching.matches.model import Match, MatchStatus
from services.matching.matches.presentation_actions import ANY_ORGANIZATION
from services.matching.matches.suggestions import Change
from services.matching.offerings import store as offering_store
from services.matching.offerings.model import Offering
from services.matching.policy import Action
from services.matching.scoring import store as scoring_store
from services.matching.scoring.criteria import ScoringContext
from services.matching.scoring.model import scored


class Asked(NamedTuple):
    """The offering and the lines of a joint delivery, and the reason for passing over better ranked matches."""

    offering_id: UUID
    lines: Sequence[UUID]
    departure: str | None
    comment: str


class _Inputs(NamedTuple):
    """The offering, the lines that exist in the order asked for, and their matches, locked."""

    offering: Offering
    lines: Sequence[WantedLine]
    matches: Sequence[Match]
    known: ScoringContext


class _Begun(NamedTuple):
    """The match of a line with the offering, by a nomination if there was none, and its fact of being presented."""

    nominated: Change | None
    match: Match
    presented: Fact


async def propose(tx: Tx, ctx: Context, joint_delivery_id: UUID, asked: Asked) -> None:
    """Present one delivery to all of these States and to the provider, or to none.

    Raise Conflict with the errors of each line, and their States in the same order.
    """
    policy.decide(ctx.caller, Action.PROPOSE_JOINTLY).required()
    async with tx.as_service():
        given = await _inputs(tx, ctx, asked)
        errors = _absent(asked, given.lines)
        held = {one.line_id: one for one in given.matches if one.offering_id == asked.offering_id}
        parts = [_part(line, held.get(line.line_id)) for line in given.lines]
        cohort, apart = (
            form_cohort(parts, given.offering, today=ctx.now.date()) if parts else (None, dict[UUID, Sequence[str]]())
        )
        errors += [
            FieldError(field=_place(asked, line_id), problem="lines-not-servable-together", expected=one)
            for line_id, some in apart.items()
            for one in some
        ]
        begun: dict[UUID, _Begun] = {}
        for line in given.lines:
            try:
                begun[line.line_id] = await _begin(tx, ctx, joint_delivery_id, asked, given, line, held)
            except (Conflict, Invalid) as refusal:
                errors += _errors(asked, line.line_id, refusal)
        if errors:
            state_of = {line.line_id: line.state for line in given.lines}
            states = [state_of.get(line_id) for line_id in asked.lines]
            raise Conflict("lines-not-servable-together", errors=list(dict.fromkeys(errors)), states=states)
        assert cohort is not None, "without lines there are errors"
        await _record(tx, ctx, joint_delivery_id, cohort, begun, asked.comment)


async def _inputs(tx: Tx, ctx: Context, asked: Asked) -> _Inputs:
    offering = await offering_store.get(tx, asked.offering_id, ctx.caller)
    if not is_unodc(offering.provider):
        await consent_store.check_consents_current(tx, ANY_ORGANIZATION)
    await line_store.lock_lines(tx, asked.lines)
    matches = await match_store.of_lines(tx, sorted(asked.lines), lock=True)
    found = [await line_store.line(tx, line_id) for line_id in asked.lines]
    known = await scoring_store.current_context(tx, [offering.provider])
    return _Inputs(offering, [line for line in found if line is not None], matches, known)


def _part(line: WantedLine, held: Match | None) -> WantedLine:
    """Return the line for the persons whom the match covers, or a new one would."""
    return line.rest() if held is None or _begins_again(line, held) else line.part(held.covers)


def _begins_again(line: WantedLine, held: Match) -> bool:
    """Return True if the match is nominated again: it has expired, or was suggested for persons who are covered now."""
    return held.status is MatchStatus.EXPIRED or (held.status is MatchStatus.SUGGESTED and line.left < line.group_size)


async def _begin(
    tx: Tx,
    ctx: Context,
    joint_delivery_id: UUID,
    asked: Asked,
    given: _Inputs,
    line: WantedLine,
    held: Mapping[UUID, Match],
) -> _Begun:
    """Return the line's match, nominated if there was none, and the fact that it is presented.

    Raise Conflict or Invalid if it cannot be presented.
    """
    nominated, one = None, held.get(line.line_id)
    if one is None or _begins_again(line, one):
        judgement = await rescoring.judgement(tx, line.line_id, given.offering.offering_id)
        found = scored(line, given.offering, judgement, known=given.known)
        nominated = one, match.nominate(one, new_id(), line, found, covers=line.covered_by(None), now=ctx.now)
        one = evolve(*nominated)
    policy.decide(ctx.caller, Action.PRESENT, one).required()
    presented = presentation_actions.presentation(
        one,
        line,
        given.offering,
        given.known,
        ctx,
        passes_over=one.match_id in match.presented_out_of_order(given.matches, [one]),
        departure=asked.departure,
        joint_delivery_id=joint_delivery_id,
    )
    return _Begun(nominated, one, presented)


async def _record(
    tx: Tx, ctx: Context, joint_delivery_id: UUID, cohort: Cohort, begun: Mapping[UUID, _Begun], comment: str
) -> None:
    match_ids = [begun[line.line_id].match.match_id for line in cohort.lines]
    proposed = joint_delivery.propose(joint_delivery_id, cohort, match_ids, now=ctx.now)
    await joint_store.save(tx, joint_delivery.evolve(proposed))
    await announce(tx, proposed, version=1)
    because = tx.announced[-1]
    await suggestions.record(tx, [one.nominated for one in begun.values() if one.nominated], because=because)
    changes: list[Change] = [(one.match, one.presented) for one in begun.values()]
    after = await suggestions.record(tx, changes, because=because)
    for changed, (_, fact) in zip(after, changes, strict=True):
        await match_actions.save_comment(tx, changed, fact, comment)


def _absent(asked: Asked, lines: Sequence[WantedLine]) -> list[FieldError]:
    found = {line.line_id for line in lines}
    return [
        FieldError(field=_place(asked, line_id), problem="not-found") for line_id in asked.lines if line_id not in found
    ]


def _errors(asked: Asked, line_id: UUID, refusal: Refusal) -> list[FieldError]:
    """Return the errors of one line; for an offering that does not fit, one for each constraint."""
    field = "departure" if refusal.slug == "departure-reason-missing" else _place(asked, line_id)
    violated = refusal.details.get("violated")
    return [
        FieldError(field=field, problem=refusal.slug, expected=one)
        for one in (violated if isinstance(violated, list) else [None])
    ]


def _place(asked: Asked, line_id: UUID) -> str:
    return f"lines[{asked.lines.index(line_id)}]"


# -- moves ------------------------------------------------------------------------------------------------------------


async def confirm(tx: Tx, ctx: Context, joint_delivery_id: UUID, *, comment: str) -> None:
    """Confirm, as the provider, all matches that it has not confirmed, or none."""
    before = await _for_move(tx, ctx, joint_delivery_id, Action.CONFIRM)
    for one in before.require("confirm"):
        if policy.may_see_match(ctx.caller, one):
            of_match = replace(ctx, expected=one.revision)
            await match_actions.agree(tx, of_match, one.match_id, Action.CONFIRM, comment=comment)


async def withdraw(tx: Tx, ctx: Context, joint_delivery_id: UUID, reason: str, *, comment: str) -> None:
    """End its matches as a coordinator, while none is confirmed."""
    before = await _for_move(tx, ctx, joint_delivery_id, Action.WITHDRAW)
    changes: list[Change] = [(one, one.not_pursue(reason, now=ctx.now)) for one in before.require("withdraw")]
    async with tx.as_service():
        for after, (_, fact) in zip(await suggestions.record(tx, changes), changes, strict=True):
            await match_actions.save_comment(tx, after, fact, comment)


async def _for_move(tx: Tx, ctx: Context, joint_delivery_id: UUID, action: Action) -> JointDelivery:
    found = await joint_store.get(tx, joint_delivery_id, ctx.caller, lock=True)
    policy.decide(ctx.caller, action, found).required()
    check_revision(found.revision, ctx.expected)
    return found
