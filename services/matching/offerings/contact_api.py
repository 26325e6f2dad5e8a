"""The routes of contact points: named by the provider, read by the sides of a confirmed match and by coordinators."""

from typing import Annotated
from uuid import UUID

from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.commands import change, show
from contracts.conversion import from_attributes
from contracts.values import END
from services.matching import policy
from services.matching.matches import store as match_store
from services.matching.offerings import contact_actions, contact_store
from services.matching.offerings import store as offering_store
from services.matching.offerings.contact_store import Contact
from services.matching.policy import Action

CONTACT = "/v1/offerings/{offering_id:uuid}/contact"


class ContactBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The contact point of an offering: a person of the provider, who knows of being named."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    email: Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+" + END, min_length=3, max_length=254)]
    function: Annotated[str, Meta(max_length=200)] = ""


class ContactView(Struct, frozen=True, kw_only=True):
    """The contact point of an offering, null if none is named; `revision` is that of the offering."""

    offering_id: UUID
    revision: int
    contact: Contact | None


async def _read(tx: Tx, ctx: Context, offering_id: UUID) -> ContactView:
    found = await offering_store.get(tx, offering_id, ctx.caller)
    policy.decide(ctx.caller, Action.READ_CONTACT, found).required()
    contact = await contact_store.get(tx, offering_id)
    return ContactView(offering_id=offering_id, revision=found.revision, contact=contact)


@show(CONTACT, Action.READ_CONTACT, "The contact point of an offering")
async def show_offering_contact(tx: Tx, ctx: Context, offering_id: FromPath[UUID]) -> ContactView:
    """Requires an officer of the offering's provider, or a coordinator."""
    return await _read(tx, ctx, offering_id)


@change(CONTACT, Action.CHANGE_CONTACT, "Name the contact point of an offering", read=_read, method="PUT")
async def name_offering_contact(tx: Tx, ctx: Context, offering_id: FromPath[UUID], data: JSONBody[ContactBody]) -> None:
    """Requires an officer of the offering's provider, and names a person of that provider.

    Replaces the previous contact point. An approved offering stays approved.
    """
    await contact_actions.name(tx, ctx, offering_id, from_attributes(Contact, data))


@change(CONTACT, Action.REMOVE_CONTACT, "Remove the contact point of an offering", read=_read, method="DELETE")
async def remove_offering_contact(tx: Tx, ctx: Context, offering_id: FromPath[UUID]) -> None:
    """Requires an officer of the offering's provider, or a coordinator. The name and address are deleted.

    The contact point of an offering that has ended can be removed, too.
    """
    await contact_actions.remove(tx, ctx, offering_id)


@show("/v1/matches/{match_id:uuid}/contact", Action.READ_CONTACT, "The contact point of a confirmed match")
async def show_match_contact(tx: Tx, ctx: Context, match_id: FromPath[UUID]) -> ContactView:
    """Requires one of the two sides, or a coordinator.

    The contact point is shown once both sides have agreed, until the match is revoked.
    """
    match = (await match_store.ranked(tx, match_id, ctx.caller)).match
    policy.decide(ctx.caller, Action.READ_CONTACT, match).required()
    # The State may not see the offering any more. The contact is read as the caller.
    async with tx.as_service():
        offering = await offering_store.get_as_service(tx, match.offering_id)
    assert offering is not None, "a match has its offering"
    contact = await contact_store.get(tx, match.offering_id)
    return ContactView(offering_id=match.offering_id, revision=offering.revision, contact=contact)


ROUTES = [show_offering_contact, name_offering_contact, remove_offering_contact, show_match_contact]
