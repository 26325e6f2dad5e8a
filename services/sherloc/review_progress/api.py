"""Routes of review progress. Each opens one transaction; a repeated command gets the recorded answer."""

from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import CurrentCaller, Db, requires
from chassis.http.commands import change, create, show
from chassis.http.pages import Pagination
from chassis.http.queries import query_parameter
from contracts import reference
from contracts.codes import unknown_code
from contracts.values import Code, State
from services.sherloc.bodies import Nothing
from services.sherloc.policy import Action
from services.sherloc.review_progress import actions, store, views
from services.sherloc.review_progress.commands import RecordReviewProgress, ReviseReviewProgress
from services.sherloc.review_progress.model import review_progress_id_of
from services.sherloc.review_progress.views import ReviewProgressTable, ReviewProgressView, review_progress_view

ALL = "/v1/review-progress"
ONE = "/v1/review-progress/{review_progress_id:uuid}"


class ReviewProgressPage(Struct, frozen=True, kw_only=True):
    """Records of review progress; `cursor` leads to the next page."""

    review_progress: list[ReviewProgressView]
    cursor: str | None


@get(ALL, opt=requires(Action.LIST_REVIEW_PROGRESS), summary="Records of review progress")
async def list_review_progress(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    of_state: Annotated[str | None, query_parameter(State, name="state")] = None,
    cluster: Annotated[str | None, query_parameter(Code)] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 100,
) -> Response[ReviewProgressPage]:
    """Lists a State's own records and those that others agreed to show; all for coordinators and auditors."""
    for name, code, known, codes in (
        ("state", of_state, reference.countries(), "countries"),
        ("cluster", cluster, reference.review_clusters(), "review_clusters"),
    ):
        if code is not None and code not in known:
            raise unknown_code(name, code, known, code_list=codes)
    async with db.transaction(by=caller) as tx:
        found = await store.page(tx, caller, state=of_state, cluster=cluster, before=cursor, limit=limit + 1)
        shown = await views.views_of(tx, found, caller)
    return paging.page(ReviewProgressPage, shown, limit)


@get(
    f"{ALL}/table", opt=requires(Action.SHOW_PROGRESS_TABLE), summary="The table of review progress for the Conference"
)
async def show_progress_table(db: Db, caller: CurrentCaller) -> ReviewProgressTable:
    """Shows the records of the States that agree to it at this moment. The table is the same for every appointment."""
    async with db.transaction(by=caller) as tx:
        return await views.table(tx, caller)


@create(
    ALL,
    Action.RECORD_REVIEW_PROGRESS,
    "Record progress in a cluster of the review",
    read=review_progress_view,
    key=lambda data: review_progress_id_of(data.state, data.cluster),
)
async def record_review_progress(
    tx: Tx, ctx: Context, review_progress_id: UUID, data: JSONBody[RecordReviewProgress]
) -> None:
    """Requires the role `focal_point` or `official` of the State. It is voluntary; only the State and UNODC see it."""
    data.check()
    await actions.record_review_progress(
        tx, ctx, review_progress_id, data.state, data.cluster, data.progress, data.language, data.text
    )


@show(ONE, Action.SHOW_REVIEW_PROGRESS, "One record of review progress")
async def show_review_progress(tx: Tx, ctx: Context, review_progress_id: FromPath[UUID]) -> ReviewProgressView:
    """Shows a record as the State entered it."""
    return await review_progress_view(tx, ctx, review_progress_id)


@change(f"{ONE}/revise", Action.REVISE_REVIEW_PROGRESS, "Revise a record of review progress", read=review_progress_view)
async def revise_review_progress(
    tx: Tx, ctx: Context, review_progress_id: FromPath[UUID], data: JSONBody[ReviseReviewProgress]
) -> None:
    """Requires the role `focal_point` or `official` of the State. A withdrawn record is recorded again.

    The table shows the revision immediately if the State has agreed.
    """
    await actions.revise_review_progress(tx, ctx, review_progress_id, data.progress, data.language, data.text)


@change(
    f"{ONE}/consent",
    Action.CONSENT_TO_TABLE,
    "Consent to appear in the table of review progress",
    read=review_progress_view,
)
async def consent_to_table(tx: Tx, ctx: Context, review_progress_id: FromPath[UUID], data: JSONBody[Nothing]) -> None:
    """Requires the role `focal_point` of the State.

    Every appointment sees the record until the consent is withdrawn.
    """
    await actions.move(tx, ctx, review_progress_id, Action.CONSENT_TO_TABLE, lambda one: one.consent(now=ctx.now))


@change(
    f"{ONE}/withdraw-consent",
    Action.WITHDRAW_TABLE_CONSENT,
    "Withdraw the consent to appear in the table",
    read=review_progress_view,
)
async def withdraw_table_consent(
    tx: Tx, ctx: Context, review_progress_id: FromPath[UUID], data: JSONBody[Nothing]
) -> None:
    """Requires the role `focal_point` of the State. Other States no longer see the record."""
    await actions.move(
        tx, ctx, review_progress_id, Action.WITHDRAW_TABLE_CONSENT, lambda one: one.withdraw_consent(now=ctx.now)
    )


@change(
    f"{ONE}/withdraw",
    Action.WITHDRAW_REVIEW_PROGRESS,
    "Withdraw a record of review progress",
    read=review_progress_view,
)
async def withdraw_review_progress(
    tx: Tx, ctx: Context, review_progress_id: FromPath[UUID], data: JSONBody[Nothing]
) -> None:
    """Requires the role `focal_point` of the State. The text is deleted, and the table no longer shows the record."""
    await actions.move(
        tx, ctx, review_progress_id, Action.WITHDRAW_REVIEW_PROGRESS, lambda one: one.withdraw(now=ctx.now)
    )


ROUTES = [
    list_review_progress,
    show_progress_table,
    record_review_progress,
    show_review_progress,
    revise_review_progress,
    consent_to_table,
    withdraw_table_consent,
    withdraw_review_progress,
]
