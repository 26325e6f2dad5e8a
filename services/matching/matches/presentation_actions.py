"""Present matches to their States and providers: one, or several in one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from contracts.matching import MatchPresented
from contracts.refusals import Conflict, FieldError, Invalid, Missing, Refusal, Stale
from contracts.values import Caller, is_unodc
from services.matching import policy
from services.matching.lines import consent_store
from services.matching.lines import store as line_store
from services.matching.lines.model import WantedLine
from services.matching.matches import model as match
from services.matching.matches import store as match_store
from services.matching.matches import suggestions
from services.matching.matches.actions import check_fits, for_move, record, save_comment
from services.matching.matches.explanation import as_presented
from services.matching.matches.model import Match
from services.matching.offerings import store as offering_store
from services.matching.offerings.model import Offering
from services.matching.policy import Action
from services.matching.scoring import store as scoring_store
from services.matching.scoring.criteria import ScoringContext
from services.matching.scoring.model import scored

ANY_ORGANIZATION = "any"
_FIELDS: Mapping[str, str] = {"revision-stale": "revision", "departure-reason-missing": "departure"}
"""Maps the slug of a refusal to the field of the refused match; `match_id` for all others."""


class Chosen(NamedTuple):
    """A match to present in the revision that the coordinator read, and the reason if it passes over a better one."""

    match_id: UUID
    revision: int
    departure: str | None
    comment: str


async def present(tx: Tx, ctx: Context, match_id: UUID, departure: str | None, *, comment: str) -> Match:
    """Show a match to the State, and to the provider if it may know of the line and the offering still fits.

    It is scored again, so that each share shown has its reason.
    """
    before = await for_move(tx, ctx, match_id, Action.PRESENT)
    await consent_store.check_consents_current(tx, before.provider)
    async with tx.as_service():
        line = await line_store.line(tx, before.line_id)
        passes_over = await match_store.skips_better_match(tx, before)
        offering = await offering_store.get_as_service(tx, before.offering_id)
        assert offering is not None, "a match has its offering"
        known = await scoring_store.current_context(tx, [offering.provider])
        fact = presentation(before, line, offering, known, ctx, passes_over=passes_over, departure=departure)
        return await record(tx, before, fact, comment)


async def present_several(tx: Tx, ctx: Context, chosen: Sequence[Chosen]) -> None:
    """Present all of these matches, or none. Each is checked as if it were presented alone, after the others.

    Raise Conflict with the errors of all of them.
    """
    policy.decide(ctx.caller, Action.PRESENT_SEVERAL).required()
    async with tx.as_service():
        matches = await _held(tx, [one.match_id for one in chosen])
        named = [matches[one.match_id] for one in chosen if one.match_id in matches]
        if any(not is_unodc(one.provider) for one in named):
            await consent_store.check_consents_current(tx, ANY_ORGANIZATION)
        lines, offerings, known = await _terms_of(tx, named)
        passed = match.presented_out_of_order(matches.values(), named)
        changes: list[tuple[Match, MatchPresented]] = []
        errors: list[FieldError] = []
        for position, one in enumerate(chosen):
            try:
                before = _checked(one, matches, chosen[:position], ctx.caller)
                line, offering = lines[before.line_id], offerings[before.offering_id]
                passes_over = before.match_id in passed
                fact = presentation(
                    before, line, offering, known, ctx, passes_over=passes_over, departure=one.departure
                )
                changes.append((before, fact))
            except (Conflict, Invalid, Missing, Stale) as refusal:
                errors += _errors(position, refusal)
        if errors:
            raise Conflict("matches-not-presented", errors=errors)
        for after, (_, fact), one in zip(await suggestions.record(tx, changes), changes, chosen, strict=True):
            await save_comment(tx, after, fact, one.comment)


def presentation(
    before: Match,
    line: WantedLine | None,
    offering: Offering,
    known: ScoringContext,
    ctx: Context,
    *,
    passes_over: bool,
    departure: str | None,
    joint_delivery_id: UUID | None = None,
) -> MatchPresented:
    """Return the fact that the match is presented. Raise Conflict or Invalid if it cannot be."""
    line = match.check_proposable(line)
    score = as_presented(scored(line, offering, before.judgement, known=known), line, known.of(offering.provider))
    fact = before.present(
        line,
        passes_over=passes_over,
        departure=departure,
        scored=score,
        joint_delivery_id=joint_delivery_id,
        now=ctx.now,
    )
    check_fits(line, offering, before.covers, before.override, ctx)
    return fact


def _checked(one: Chosen, matches: Mapping[UUID, Match], earlier: Iterable[Chosen], caller: Caller) -> Match:
    """Return the match that was chosen. Raise Missing, Stale, or Invalid for a match that is named twice."""
    before = matches.get(one.match_id)
    if before is None:
        raise Missing("not-found")
    if any(one.match_id == other.match_id for other in earlier):
        raise Invalid("decided-twice")
    policy.decide(caller, Action.PRESENT, before).required()
    check_revision(before.revision, one.revision)
    return before


def _errors(position: int, refusal: Refusal) -> list[FieldError]:
    """Return the errors of one match; for an offering that does not fit, one for each constraint."""
    field = f"matches[{position}].{_FIELDS.get(refusal.slug, 'match_id')}"
    violated = refusal.details.get("violated")
    if isinstance(violated, list):
        return [FieldError(field=field, problem=refusal.slug, expected=one) for one in violated]
    current = refusal.details.get("current")
    return [FieldError(field=field, problem=refusal.slug, expected=None if current is None else str(current))]


async def _held(tx: Tx, match_ids: Sequence[UUID]) -> Mapping[UUID, Match]:
    """Return the matches of the lines of these matches, by id, locked until the transaction ends."""
    line_ids = await match_store.lines_of(tx, match_ids)
    return {one.match_id: one for one in await match_store.of_lines(tx, sorted(line_ids), lock=True)}


async def _terms_of(
    tx: Tx, matches: Sequence[Match]
) -> tuple[Mapping[UUID, WantedLine | None], Mapping[UUID, Offering], ScoringContext]:
    """Return the lines and the offerings of the matches, and the context that their scores also depend on."""
    lines = {line_id: await line_store.line(tx, line_id) for line_id in sorted({one.line_id for one in matches})}
    offering_ids = sorted({one.offering_id for one in matches})
    offerings = [await offering_store.get_as_service(tx, offering_id) for offering_id in offering_ids]
    known = await scoring_store.current_context(tx, {one.provider for one in matches})
    return lines, {one.offering_id: one for one in offerings if one is not None}, known
