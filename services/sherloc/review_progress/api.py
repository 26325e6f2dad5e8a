"""Routes of review progress: those of the declaration, and the table for the Conference."""

from datetime import datetime

from litestar import get
from msgspec import Struct

from chassis.http.application import CurrentCaller, Db, requires
from chassis.nouns import statements
from chassis.nouns.routes import routes
from contracts.conversion import from_attributes
from contracts.effects import Progress
from contracts.values import Language
from services.sherloc.policy import Action
from services.sherloc.review_progress import store
from services.sherloc.review_progress.model import REVIEW_PROGRESS


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


@get(
    "/v1/review-progress/table",
    opt=requires(Action.SHOW_PROGRESS_TABLE),
    summary="The table of review progress for the Conference",
)
async def show_progress_table(db: Db, caller: CurrentCaller) -> ReviewProgressTable:
    """Shows the records of the States that agree to it at this moment. The table is the same for every appointment."""
    async with db.transaction(by=caller) as tx:
        found = await store.shown_records(tx)
        texts = await statements.texts_of(tx, REVIEW_PROGRESS, [one.review_progress_id for one in found])
    return ReviewProgressTable(
        agreed=len({one.state for one in found}),
        entries=[from_attributes(TableEntry, one, **texts[one.review_progress_id]) for one in found],
    )


ROUTES = [*routes(REVIEW_PROGRESS), show_progress_table]
