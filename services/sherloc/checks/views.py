"""Views of checks."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from contracts.conversion import from_attributes
from contracts.legislation_checks import CheckResult
from contracts.values import Caller
from services.sherloc import policy
from services.sherloc.checks import store
from services.sherloc.checks.model import CheckStatus, LegislationCheck
from services.sherloc.policy import Action


class LegislationCheckView(Struct, frozen=True, kw_only=True):
    """A check: a State is asked whether SHERLOC still has its law in force.

    It can be answered, and answered again, until it closes. `confirmed` is the number of published records that the
    last answer confirmed; `moves` are those that the caller may make now.
    """

    legislation_check_id: UUID
    state: str
    status: CheckStatus
    revision: int
    due_at: datetime
    asked_at: datetime
    closes_at: datetime
    result: CheckResult | None
    confirmed: int
    answered_at: datetime | None
    moves: tuple[str, ...]


class LinkedCheck(Struct, frozen=True, kw_only=True):
    """A check as shown by the link of a mail, without the State and texts. `published` counts the State's records."""

    status: CheckStatus
    result: CheckResult | None
    closes_at: datetime
    published: int
    confirmed: int


async def check_view(tx: Tx, ctx: Context, legislation_check_id: UUID) -> LegislationCheckView:
    """Return a check as this caller sees it. Raises Missing if this caller may not see it."""
    found = await store.get(tx, legislation_check_id, ctx.caller)
    policy.decide(ctx.caller, Action.SHOW_CHECK, found).required()
    return view_of(found, ctx.caller)


def view_of(found: LegislationCheck, caller: Caller) -> LegislationCheckView:
    """Convert a check into the view for a caller."""
    return from_attributes(LegislationCheckView, found, moves=policy.check_moves_open_to(caller, found))


async def linked_view(tx: Tx, found: LegislationCheck) -> LinkedCheck:
    return from_attributes(LinkedCheck, found, published=await store.published_count(tx, found.state))
