"""Routes of proposals for the register."""

from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta, Struct

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import CurrentCaller, Db, requires
from chassis.http.commands import change, show
from chassis.http.pages import Pagination
from chassis.http.queries import query_parameter
from contracts import reference
from contracts.codes import ArticleCode, unknown_code
from contracts.values import Code, State
from services.sherloc.bodies import check_reason
from services.sherloc.commands import ReviseLegislation, stated
from services.sherloc.policy import Action
from services.sherloc.proposals import actions, store
from services.sherloc.proposals.model import LegislationProposalStatus
from services.sherloc.proposals.views import LegislationProposalView, proposal_view, view_of

PROPOSALS = "/v1/legislation/proposals"
PROPOSAL = f"{PROPOSALS}/{{legislation_proposal_id:uuid}}"


class AcceptProposal(ReviseLegislation, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The law as on SHERLOC, with the fields of the register. `article` is needed if the proposal has none.

    An existing record is revised: `legislation_revision` is the revision that was read, or 0 if there is no record.
    """

    article: ArticleCode | None = None
    legislation_revision: Annotated[int, Meta(ge=0, le=1_000_000)] = 0

    def check(self) -> None:
        """Raise Invalid for an unknown article."""
        if self.article is not None and self.article not in (known := reference.articles()):
            raise unknown_code("article", self.article, known, code_list="articles")


class DropProposal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A coded reason (`/v1/reference/reasons/drop_proposal`), which the State and UNODC read."""

    reason: Code


class LegislationProposalPage(Struct, frozen=True, kw_only=True):
    """Proposals, newest first; `cursor` leads to the next page."""

    proposals: list[LegislationProposalView]
    cursor: UUID | None


@get(PROPOSALS, opt=requires(Action.LIST_PROPOSALS), summary="Proposals for the register after deliveries")
async def list_legislation_proposals(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    of_state: Annotated[str | None, query_parameter(State, name="state")] = None,
    status: FromQuery[LegislationProposalStatus | None] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[LegislationProposalPage]:
    """Lists a State's own proposals, or all proposals for UNODC."""
    async with db.transaction(by=caller) as tx:
        found = await store.page(tx, caller, state=of_state, status=status, before=cursor, limit=limit + 1)
    return paging.page(LegislationProposalPage, [view_of(one, caller) for one in found], limit)


@show(PROPOSAL, Action.SHOW_PROPOSAL, "One proposal for the register")
async def show_legislation_proposal(
    tx: Tx, ctx: Context, legislation_proposal_id: FromPath[UUID]
) -> LegislationProposalView:
    """Shows a proposal, with its decision if it has one."""
    return await proposal_view(tx, ctx, legislation_proposal_id)


@change(f"{PROPOSAL}/accept", Action.ACCEPT_PROPOSAL, "Accept a proposal for the register", read=proposal_view)
async def accept_legislation_proposal(
    tx: Tx, ctx: Context, legislation_proposal_id: FromPath[UUID], data: JSONBody[AcceptProposal]
) -> None:
    """Requires the role `focal_point` or `official` of the State. The law is recorded in the register as entered."""
    data.check()
    await actions.accept(
        tx,
        ctx,
        legislation_proposal_id,
        data.article,
        *stated(data),
        legislation_revision=data.legislation_revision,
        comment=data.comment,
    )


@change(f"{PROPOSAL}/drop", Action.DROP_PROPOSAL, "Drop a proposal for the register", read=proposal_view)
async def drop_legislation_proposal(
    tx: Tx, ctx: Context, legislation_proposal_id: FromPath[UUID], data: JSONBody[DropProposal]
) -> None:
    """Requires the role `focal_point` or `official` of the State, and a coded reason. No law is recorded."""
    await actions.drop(tx, ctx, legislation_proposal_id, check_reason("drop_proposal", data.reason))


ROUTES = [list_legislation_proposals, show_legislation_proposal, accept_legislation_proposal, drop_legislation_proposal]
