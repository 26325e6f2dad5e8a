"""Views of agreements."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from contracts.agreements import AgreementTerms
from contracts.conversion import from_attributes
from contracts.values import Language, Side
from services.delivery import policy
from services.delivery.agreements import model, store
from services.delivery.agreements.model import AgreementStatus
from services.delivery.agreements.store import AgreementTexts, Version
from services.delivery.deliveries import store as delivery_store
from services.delivery.policy import Action


class VersionView(Struct, frozen=True, kw_only=True):
    """A version of an agreement with both sides' signatures; the files are those with the signatures.

    `changed` lists the terms and texts that differ from the previous version.
    """

    version: int
    side: Side
    terms: AgreementTerms
    language: Language
    proposed_at: datetime
    state_signed_on: date | None
    provider_signed_on: date | None
    state_file_id: UUID | None
    provider_file_id: UUID | None
    dropped_at: datetime | None
    texts: AgreementTexts
    changed: tuple[str, ...]


class AgreementView(Struct, frozen=True, kw_only=True):
    """The agreement of a delivery with its versions, the last one first.

    `turn` is the side that signs the last version or proposes another one; null while nothing is proposed. `in_force`
    is the version that both sides signed. `moves` are the moves that the caller may make now.
    """

    agreement_id: UUID
    delivery_id: UUID
    state: str
    provider: str
    status: AgreementStatus
    revision: int
    version: int
    turn: Side | None
    in_force: int | None
    in_force_since: datetime | None
    versions: tuple[VersionView, ...]
    moves: tuple[str, ...]


async def agreement_view(tx: Tx, ctx: Context, delivery_id: UUID) -> AgreementView:
    """Return the agreement for the caller. Raises Missing if none was proposed or the caller may not see it."""
    delivery = await delivery_store.get(tx, delivery_id, ctx.caller)
    policy.decide(ctx.caller, Action.SHOW_AGREEMENT, delivery).required()
    found = await store.get(tx, model.agreement_id_of(delivery_id), ctx.caller)
    versions = await store.versions(tx, found.agreement_id)
    return from_attributes(
        AgreementView,
        found,
        versions=tuple(
            from_attributes(VersionView, one, changed=_changed(one, versions[place + 1 : place + 2]))
            for place, one in enumerate(versions)
        ),
        moves=policy.agreement_moves_open_to(ctx.caller, delivery, found),
    )


def _changed(version: Version, before: Sequence[Version]) -> tuple[str, ...]:
    """Return the names of the terms and texts that differ from the previous version; none for the first version."""
    return tuple(
        name
        for other in before
        for mine, theirs in ((version.terms, other.terms), (version.texts, other.texts))
        for name in mine.__struct_fields__
        if getattr(mine, name) != getattr(theirs, name)
    )
