"""The claim check of a submission: its fact has a hash of the texts, and services fetch the texts here."""

from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from chassis.http.application import INTERNAL, CurrentCaller, Db
from contracts.refusals import Missing
from contracts.words import LineWords, RequestTitle, RequestWords, TitleQuery
from services.requests import policy
from services.requests.audience import store as audience_store
from services.requests.policy import Action, Guarded
from services.requests.request import store, title_store
from services.requests.request.model import Request
from services.requests.request.values import Status

STANDING = frozenset(
    {Status.SUBMITTED, Status.REGISTERED, Status.OPEN, Status.IN_DELIVERY, Status.DELIVERED, Status.ON_HOLD}
    | {Status.CLOSED}
)
"""Statuses in which the texts are the submitted ones.

A returned request is a draft again; texts of a withdrawn, declined or lapsed request are not served.
"""


@get("/internal/requests/{request_id:uuid}/words", opt=INTERNAL, summary="What a submitted request says, for services")
async def show_words(
    request_id: FromPath[UUID],
    db: Db,
    caller: CurrentCaller,
    texts_hash: Annotated[str | None, QueryParameter(name="texts", max_length=64)] = None,
) -> RequestWords:
    """Shows the texts with this hash, or those submitted last. The read is recorded in the audit."""
    async with db.transaction(by=caller) as tx:
        request = await store.get(tx, request_id, caller)
        guarded = policy.decide(caller, Action.SHOW, request).required().fields
        if (
            Guarded.WORDS not in guarded
            or request.status not in STANDING
            or texts_hash not in (None, request.texts_hash)
        ):
            raise Missing("not-found")
        await audience_store.log_access(tx, request, caller)
        return _words(request, await store.texts(tx, request))


# A POST, so that no access log contains the ids of requests.
@post("/internal/titles", opt=INTERNAL, status_code=200, summary="The titles of requests that a role may read")
async def show_titles(data: JSONBody[TitleQuery], db: Db, caller: CurrentCaller) -> list[RequestTitle]:
    """Lists titles for records of other services. As in the list of requests, this does not count as a read."""
    async with db.transaction(by=caller) as tx:
        return await title_store.titles(tx, data)


def _words(request: Request, texts: store.Texts) -> RequestWords:
    return RequestWords(
        request_id=request.request_id,
        texts_hash=request.texts_hash,
        title=texts.title,
        need=texts.need,
        lines=tuple(
            LineWords(line_id=line.line_id, outcome=text.outcome, in_place=text.in_place)
            for line, text in zip(request.lines, texts.lines, strict=True)
        ),
    )


ROUTES = [show_words, show_titles]
