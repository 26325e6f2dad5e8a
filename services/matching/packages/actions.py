"""Actions on packages: load for the caller, decide, save, announce. The edge opens the transaction."""

from typing import NamedTuple
from uuid import UUID

from msgspec.structs import replace

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from contracts.budgets import PledgeBalance
from contracts.facts import Fact
from contracts.refusals import Conflict, Mismatch
from contracts.values import Money
from services.matching import policy
from services.matching.lines import consent_store
from services.matching.lines import store as line_store
from services.matching.matches import model as match
from services.matching.matches import presentation_actions
from services.matching.matches import store as match_store
from services.matching.offerings import remark_store
from services.matching.offerings import store as offering_store
from services.matching.packages import model as package
from services.matching.packages import store as package_store
from services.matching.packages.match_actions import record
from services.matching.packages.model import Package, Party, UnitRole
from services.matching.policy import Action


class Asked(NamedTuple):
    """A match to present in the revision that the coordinator read, the unit, and the money asked from the pledge."""

    match_id: UUID
    revision: int
    unit: str
    unit_role: UnitRole | None
    money: Money
    departure: str | None
    comment: str


async def present(tx: Tx, ctx: Context, package_id: UUID, asked: Asked, pledge: PledgeBalance | None) -> None:
    """Present a match with a unit and a pledge; the match itself as `presentation_actions.present` does.

    Raise Conflict if the provider is no State, the donor is a party or may not know of the line, or too much money is
    asked; Mismatch for an unknown pledge.
    """
    policy.decide(ctx.caller, Action.PRESENT_PACKAGE).required()
    if pledge is None:
        raise Mismatch("pledge-unknown", field="pledge_id")
    if not pledge.in_force:
        raise Conflict("pledge-status", status=pledge.status)
    await consent_store.check_consents_current(tx, pledge.donor)
    of_match = replace(ctx, expected=asked.revision)
    shown = await presentation_actions.present(tx, of_match, asked.match_id, asked.departure, comment="")
    async with tx.as_service():
        await package_store.lock_pledge(tx, pledge.pledge_id)
        line = match.check_proposable(await line_store.line(tx, shown.line_id))
        offering = await offering_store.get_as_service(tx, shown.offering_id)
        assert offering is not None, "a match has its offering"
        fact = package.present(
            package_id,
            shown,
            line,
            offering.funding_lacking,
            pledge,
            asked.money,
            unit=asked.unit,
            unit_role=asked.unit_role,
            asked_usd_minor=await package_store.asked_usd_minor(tx, pledge.pledge_id),
            now=ctx.now,
        )
        await _save(tx, None, fact, asked.comment)


async def agree(tx: Tx, ctx: Context, package_id: UUID) -> None:
    """Record that the unit or the donor agrees."""
    found, party = await _of_party(tx, ctx, package_id, Action.AGREE)
    async with tx.as_service():
        await _save(tx, found, found.agree(party, now=ctx.now), "")


async def decline(tx: Tx, ctx: Context, package_id: UUID, reason: str, *, comment: str) -> None:
    """Record that the unit or the donor declines; the match stays presented without the package."""
    found, party = await _of_party(tx, ctx, package_id, Action.DECLINE)
    async with tx.as_service():
        await _save(tx, found, found.decline(party, reason, now=ctx.now), comment)


async def withdraw(tx: Tx, ctx: Context, package_id: UUID, reason: str, *, comment: str) -> None:
    """Withdraw the package as a coordinator; the match stays presented without it."""
    found = await _for_move(tx, ctx, package_id, Action.WITHDRAW)
    async with tx.as_service():
        await _save(tx, found, found.withdraw(reason, now=ctx.now), comment)


async def _of_party(tx: Tx, ctx: Context, package_id: UUID, action: Action) -> tuple[Package, Party]:
    found = await _for_move(tx, ctx, package_id, action)
    party = found.party_of(ctx.caller)
    assert party is not None, "the policy lets only the unit and the donor agree and decline"
    return found, party


async def _for_move(tx: Tx, ctx: Context, package_id: UUID, action: Action) -> Package:
    seen = await package_store.get(tx, package_id, ctx.caller)
    policy.decide(ctx.caller, action, seen).required()
    async with tx.as_service():
        # Lock the match first, as its own moves lock it before the package.
        await match_store.get_as_service(tx, seen.match_id)
        found = await package_store.get_as_service(tx, package_id)
    assert found is not None, "packages are never deleted"
    check_revision(found.revision, ctx.expected)
    return found


async def _save(tx: Tx, before: Package | None, fact: Fact, comment: str) -> None:
    [after] = await record(tx, [(before, fact)])
    if comment:
        await remark_store.save(tx, after.package_id, after.revision, comment)
