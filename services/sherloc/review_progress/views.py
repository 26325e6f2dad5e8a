"""Views of review progress."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from contracts.conversion import from_attributes
from contracts.effects import Progress
from contracts.values import Caller, Language
from services.sherloc import policy
from services.sherloc.policy import Action
from services.sherloc.review_progress import store
from services.sherloc.review_progress.model import ReviewProgress, ReviewProgressStatus


class ReviewProgressView(Struct, frozen=True, kw_only=True):
    """A State's statement on its progress in a cluster (`/v1/reference/review_clusters`); `text` is in `language`.

    `status` is `own` while only the State and UNODC read it, `shown` while the table for the Conference shows it.
    """

    review_progress_id: UUID
    state: str
    cluster: str
    status: ReviewProgressStatus
    revision: int
    progress: Progress
    language: Language
    text: str
    recorded_at: datetime
    changed_at: datetime
    moves: tuple[str, ...]


class TableEntry(Struct, frozen=True, kw_only=True):
    """A State's statement on a cluster that it agreed to show."""

    state: str
    cluster: str
    progress: Progress
    language: Language
    text: str
    changed_at: datetime


class ReviewProgressTable(Struct, frozen=True, kw_only=True):
    """The table for the Conference, by State and cluster. `agreed` is the number of States that agreed."""

    agreed: int
    entries: list[TableEntry]


async def review_progress_view(tx: Tx, ctx: Context, review_progress_id: UUID) -> ReviewProgressView:
    """Return a record as this caller sees it. Raises Missing if this caller may not see it."""
    found = await store.get(tx, review_progress_id, ctx.caller)
    policy.decide(ctx.caller, Action.SHOW_REVIEW_PROGRESS, found).required()
    return (await views_of(tx, [found], ctx.caller))[0]


async def views_of(tx: Tx, found: Sequence[ReviewProgress], caller: Caller) -> list[ReviewProgressView]:
    """Convert records into views for a caller who may see them."""
    texts = await store.texts_of(tx, [one.review_progress_id for one in found])
    return [
        from_attributes(
            ReviewProgressView,
            one,
            text=texts.get(one.review_progress_id, ""),
            moves=policy.review_progress_moves_open_to(caller, one),
        )
        for one in found
    ]


async def table(tx: Tx, caller: Caller) -> ReviewProgressTable:
    """Return the table for the Conference, of the States that agree at this moment."""
    found = await store.shown_records(tx, caller)
    texts = await store.texts_of(tx, [one.review_progress_id for one in found])
    return ReviewProgressTable(
        agreed=len({one.state for one in found}),
        entries=[from_attributes(TableEntry, one, text=texts.get(one.review_progress_id, "")) for one in found],
    )
