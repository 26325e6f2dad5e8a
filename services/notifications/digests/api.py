"""The route of a digest: the records that the appointment's alerts found in a day or a week."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar.params import FromPath, HeaderParameter
from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.commands import show
from contracts.conversion import from_attributes
from contracts.values import Language, Role
from services.notifications import policy
from services.notifications.alerts.model import AlertSubject, Frequency
from services.notifications.digests import actions, store
from services.notifications.digests.model import Digest, Entry
from services.notifications.digests.wording import words_of
from services.notifications.notices import subscription_store
from services.notifications.policy import Action


class EntryView(Struct, frozen=True, kw_only=True):
    """A record that was found: its reference, its codes, their labels in one line of text, and a link to more.

    `organization` is the State of the request, or the provider of the offering.
    """

    subject: AlertSubject
    request_id: UUID | None
    requirement_id: UUID | None
    offering_id: UUID | None
    reference: str
    organization: str
    kinds: tuple[str, ...]
    text: str
    link: str


class DigestView(Struct, frozen=True, kw_only=True):
    """A digest with the records that the reader may still see, the oldest first."""

    digest_id: UUID
    organization: str
    role: Role
    frequency: Frequency
    day: date
    issued_at: datetime
    language: Language
    entries: list[EntryView]


@show("/v1/digests/{digest_id:uuid}", Action.SHOW_DIGEST, "One digest of what alerts found")
async def show_digest(
    tx: Tx,
    ctx: Context,
    digest_id: FromPath[UUID],
    accept_language: Annotated[str | None, HeaderParameter(name="Accept-Language")] = None,
) -> DigestView:
    """Uses the language that `Accept-Language` prefers, or else that of the subscription."""
    digest = await store.get(tx, digest_id, ctx.caller)
    policy.decide(ctx.caller, Action.SHOW_DIGEST, digest).required()
    language = await subscription_store.language(tx, ctx.caller, accept_language)
    async with tx.as_service():
        found = await actions.visible_entries(tx, {digest_id: digest.organization}, now=ctx.now)
    return _view(digest, found[digest_id], language)


def _view(digest: Digest, entries: list[Entry], language: Language) -> DigestView:
    shown = [from_attributes(EntryView, one, text=words_of(one, language)) for one in entries]
    return from_attributes(DigestView, digest, language=language, entries=shown)


ROUTES = [show_digest]
