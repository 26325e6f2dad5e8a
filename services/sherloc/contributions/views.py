"""Views of contributions."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from contracts.contributions import CaseOutcome, ContributionKind, Rights
from contracts.conversion import from_attributes
from contracts.values import Caller, Language
from services.sherloc import policy
from services.sherloc.contributions import store
from services.sherloc.contributions.model import (
    Contribution,
    ContributionStatus,
    ContributionTexts,
    marks_in,
    parties_of,
)
from services.sherloc.contributions.screening import Mark
from services.sherloc.policy import Action

_NO_TEXTS = ContributionTexts()


class ContributionView(Struct, frozen=True, kw_only=True):
    """A contribution of a State to SHERLOC. Its texts are in `language`, and deleted once it is `withdrawn`.

    `address` is where the text can be read, `portal_address` the page of SHERLOC. `marks` are passages of its texts
    that look like personal data; `marks_cleared` says that a person found no personal data in them. `reason` is the
    code (`/v1/reference/reasons/return_contribution`) with which a coordinator returned it, `comment` that on the last
    move. These four are shown to the State and UNODC only.
    """

    contribution_id: UUID
    state: str
    kind: ContributionKind
    status: ContributionStatus
    revision: int
    language: Language
    title: str
    text: str
    articles: tuple[str, ...]
    rights: Rights
    court: str
    decided_on: date | None
    parties: tuple[str, ...]
    offence: str | None
    outcome: CaseOutcome | None
    authors: str
    address: str
    portal_address: str
    marks: tuple[Mark, ...]
    marks_cleared: bool
    drafted_at: datetime
    changed_at: datetime
    published_at: datetime | None
    superseded_by: UUID | None
    reason: str | None
    comment: str
    moves: tuple[str, ...]


async def contribution_view(tx: Tx, ctx: Context, contribution_id: UUID) -> ContributionView:
    """Return a contribution as this caller sees it. Raises Missing if this caller may not see it."""
    found = await store.get(tx, contribution_id, ctx.caller)
    policy.decide(ctx.caller, Action.SHOW_CONTRIBUTION, found).required()
    return (await views_of(tx, [found], ctx.caller))[0]


async def views_of(tx: Tx, found: Sequence[Contribution], caller: Caller) -> list[ContributionView]:
    """Convert contributions into views for a caller who may see them."""
    ids = [one.contribution_id for one in found]
    texts, comments = await store.texts_of(tx, ids), await store.comments_of(tx, ids)
    return [
        _view(
            one,
            texts.get(one.contribution_id, _NO_TEXTS),
            comments.get((one.contribution_id, one.revision), ""),
            caller,
        )
        for one in found
    ]


def _view(one: Contribution, texts: ContributionTexts, comment: str, caller: Caller) -> ContributionView:
    of_party = policy.is_party_to(caller, one.state)
    words = {name: getattr(texts, name) for name in ContributionTexts.__struct_fields__ if name != "parties"}
    return from_attributes(
        ContributionView,
        one,
        **words,
        parties=parties_of(texts),
        marks=marks_in(texts) if of_party else (),
        marks_cleared=one.marks_cleared and of_party,
        reason=one.reason if of_party else None,
        comment=comment,
        moves=policy.contribution_moves_open_to(caller, one),
    )
