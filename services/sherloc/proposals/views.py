"""Views of proposals."""

from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from contracts.conversion import from_attributes
from contracts.values import Caller
from services.sherloc import policy
from services.sherloc.policy import Action
from services.sherloc.proposals import store
from services.sherloc.proposals.model import LegislationProposal, LegislationProposalStatus


class LegislationProposalView(Struct, frozen=True, kw_only=True):
    """A proposal to a State to record its law after a delivery, on an article of the request's line.

    Without an `article` the State names it. `legislation_id` is the record that resulted from its acceptance; `reason`
    is the code (`/v1/reference/reasons/drop_proposal`) with which it was dropped. `moves` are those that the caller may
    make now.
    """

    legislation_proposal_id: UUID
    state: str
    delivery_id: UUID
    request_id: UUID
    kind: str
    completed_on: date
    article: str | None
    status: LegislationProposalStatus
    revision: int
    made_at: datetime
    legislation_id: UUID | None
    accepted_at: datetime | None
    reason: str | None
    dropped_at: datetime | None
    moves: tuple[str, ...]


async def proposal_view(tx: Tx, ctx: Context, legislation_proposal_id: UUID) -> LegislationProposalView:
    """Return a proposal as this caller sees it. Raises Missing if this caller may not see it."""
    found = await store.get(tx, legislation_proposal_id, ctx.caller)
    policy.decide(ctx.caller, Action.SHOW_PROPOSAL, found).required()
    return view_of(found, ctx.caller)


def view_of(found: LegislationProposal, caller: Caller) -> LegislationProposalView:
    """Convert a proposal into the view for a caller."""
    return from_attributes(LegislationProposalView, found, moves=policy.proposal_moves_open_to(caller, found))
