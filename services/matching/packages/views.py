"""Views of packages."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from contracts.conversion import from_attributes
from contracts.values import Caller, Money
from services.matching import policy
from services.matching.offerings import remark_store
from services.matching.packages import store as package_store
from services.matching.packages.model import Package, PackageStatus, Party, UnitRole
from services.matching.policy import Action


class PackageView(Struct, frozen=True, kw_only=True):
    """A package with its agreements; `waiting_for` are the parties that have not agreed.

    The State and the provider agree by `accept` and `confirm` of the match, the unit and the donor by `agree` of the
    package. `money` is asked from the pledge, `usd_minor` is its value in US cents when the package was presented.
    `reason` is why the package ended: a code of `/v1/reference/reasons/…`, `match_ended` or `consent_lost`. `comment`
    is the coordinator's, `end_comment` the comment of the party that declined or of the coordinator who withdrew.
    `moves` are those that the caller may make now.
    """

    package_id: UUID
    match_id: UUID
    request_id: UUID
    line_id: UUID
    state: str
    provider: str
    unit: str
    unit_role: UnitRole | None
    donor: str
    pledge_id: UUID
    fund: str
    money: Money
    usd_minor: int
    status: PackageStatus
    revision: int
    presented_at: datetime
    state_agreed_at: datetime | None
    provider_agreed_at: datetime | None
    unit_agreed_at: datetime | None
    donor_agreed_at: datetime | None
    waiting_for: tuple[Party, ...]
    confirmed_at: datetime | None
    ended_at: datetime | None
    declined_by: Party | None
    reason: str | None
    comment: str
    end_comment: str
    moves: tuple[str, ...]


async def package_view(tx: Tx, ctx: Context, package_id: UUID) -> PackageView:
    """Return the view of a package. Raise Missing if this caller may not see it."""
    return (await views_of(tx, [await package_store.get(tx, package_id, ctx.caller)], ctx.caller))[0]


async def views_of(tx: Tx, found: Sequence[Package], caller: Caller) -> list[PackageView]:
    """Return views for the caller, with the comments of the presentation and of the last move."""
    about = [(one.package_id, revision) for one in found for revision in (1, one.revision)]
    comments = await remark_store.comments_of(tx, about)
    for one in found:
        policy.decide(caller, Action.SHOW_PACKAGE, one).required()
    return [
        from_attributes(
            PackageView,
            one,
            comment=comments.get((one.package_id, 1), ""),
            end_comment=comments.get((one.package_id, one.revision), "") if one.ended_at else "",
            moves=policy.moves_open_to(caller, one),
        )
        for one in found
    ]
