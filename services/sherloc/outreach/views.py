"""Views of the outreach plan."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from contracts.conversion import from_attributes
from contracts.decisions import Later, by_day
from contracts.outreach import OutreachAudience, OutreachKind
from contracts.values import Caller, Language, Money
from services.sherloc import policy
from services.sherloc.outreach import store
from services.sherloc.outreach.model import OutreachActivity, OutreachStatus
from services.sherloc.policy import Action


class OutreachActivityView(Struct, frozen=True, kw_only=True):
    """An activity that makes SHERLOC known to an audience, in `languages`; `title` and `text` are in `language`.

    `reach_target` is the number of people that it is to reach, `reach` the number that it reached, null before it was
    held. `reason` is the code (`/v1/reference/reasons/cancel_outreach_activity`) with which it was cancelled.
    """

    outreach_activity_id: UUID
    status: OutreachStatus
    revision: int
    audience: OutreachAudience
    outreach_kind: OutreachKind
    language: Language
    title: str
    text: str
    languages: tuple[Language, ...]
    starts: date
    ends: date
    budget: Money
    reach_target: int
    reach: int | None
    planned_at: datetime
    changed_at: datetime
    reason: str | None
    moves: tuple[str, ...]
    later: tuple[Later, ...]


async def outreach_view(tx: Tx, ctx: Context, outreach_activity_id: UUID) -> OutreachActivityView:
    """Return an activity as this caller sees it. Raises Missing if this caller may not see it."""
    found = await store.get(tx, outreach_activity_id, ctx.caller)
    policy.decide(ctx.caller, Action.SHOW_OUTREACH_ACTIVITY, found).required()
    return (await views_of(tx, [found], ctx.caller, ctx.today))[0]


async def views_of(
    tx: Tx, found: Sequence[OutreachActivity], caller: Caller, today: date
) -> list[OutreachActivityView]:
    """Convert activities into views for a caller who may see them."""
    texts = await store.texts_of(tx, [one.outreach_activity_id for one in found])
    views = []
    for one in found:
        own = texts[one.outreach_activity_id]
        moves, later = by_day(policy.outreach_moves_open_to(caller, one), one.opening, today)
        views.append(
            from_attributes(OutreachActivityView, one, title=own.title, text=own.text, moves=moves, later=later)
        )
    return views
