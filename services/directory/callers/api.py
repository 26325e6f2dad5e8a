"""Routes for the other services: appointments in force, and the people of a subject or an address."""

from typing import Annotated

from litestar import get, post
from litestar.params import JSONBody, QueryParameter

from chassis.http.application import INTERNAL, CurrentCaller, Db
from contracts.callers import Address, CallerChanges, KnownSubject, Subject
from contracts.refusals import Missing
from contracts.values import END
from services.directory.callers import store as feed
from services.directory.people import store
from services.directory.subjects import store as subject_store


@get("/internal/callers", opt=INTERNAL, summary="What has changed in who may act")
async def callers(
    db: Db, caller: CurrentCaller, after: Annotated[str, QueryParameter(pattern=r"^\d{1,19}\.\d{1,18}" + END)] = "0.0"
) -> CallerChanges:
    """Returns changes since a watermark. Every service polls it every 2 seconds, or every 4.2 seconds without calls."""
    async with db.transaction(by=caller) as tx:
        return await feed.changes_since(tx, after=after)


# POST, so that subjects do not appear in access logs.
@post("/internal/subjects", opt=INTERNAL, status_code=200, summary="Who signs in by a subject")
async def subjects(data: JSONBody[Subject], db: Db, caller: CurrentCaller) -> KnownSubject:
    # Reserved connections for reading keep a sign-in from waiting for one, except the first of each subject.
    async with db.for_reading().transaction(by=caller) as tx:
        holders = await subject_store.holders(tx, data)
    if not holders:
        raise Missing("not-found")
    used = [person_id for person_id in holders if holders[person_id]]
    if len(holders) == 1 and not used:
        async with db.transaction(by=caller) as tx:
            await subject_store.save_used(tx, next(iter(holders)), data)
    people = used or list(holders)
    return KnownSubject(
        person_id=people[0], others=tuple(people[1:]), foreign=tuple(one for one in holders if one not in people)
    )


# POST, so that addresses do not appear in access logs.
@post("/internal/addresses", opt=INTERNAL, status_code=200, summary="Who has an e-mail address")
async def addresses(data: JSONBody[Address], db: Db, caller: CurrentCaller) -> KnownSubject:
    async with db.for_reading().transaction(by=caller) as tx:
        people = await store.people_at(tx, data)
    if not people:
        raise Missing("not-found")
    return KnownSubject(person_id=people[0], others=tuple(people[1:]))


ROUTES = [callers, subjects, addresses]
