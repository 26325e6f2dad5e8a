"""The routes by which it is set, or proposed and approved by two people, how somebody signs in."""

from uuid import UUID

from litestar import Response, post, put
from litestar.params import FromPath, JSONBody

from chassis.http.application import Calling, Commanded, Db, Expected, Now, asks, shown
from chassis.http.idempotency import claim
from services.directory.commands import Confirm, ProposeSubjects, SetSubjects, kept_subjects
from services.directory.people import actions
from services.directory.people.views import PersonView, read_view
from services.directory.policy import Action


@put(
    "/v1/people/{person_id:uuid}/subjects",
    opt=asks(Action.SET_SUBJECTS),
    summary="Set by which subjects a person of the own State signs in",
)
async def set_subjects(
    person_id: FromPath[UUID], data: JSONBody[SetSubjects], db: Db, caller: Calling, expected: Expected, now: Now
) -> Response[PersonView]:
    """By the State's focal point; of somebody whom it took two people to appoint they are proposed instead."""
    async with db.transaction(by=caller) as tx:
        subjects = kept_subjects(data.subjects)
        await actions.identify(tx, person_id, subjects, caller=caller, expected=expected, now=now)
        view = await read_view(tx, person_id, caller)
    return shown(view, revision=view.revision)


@post(
    "/v1/people/{person_id:uuid}/propose-subjects",
    opt=asks(Action.PROPOSE_SUBJECTS),
    status_code=200,
    summary="Propose by which subjects a person is to sign in",
)
async def propose_subjects(
    person_id: FromPath[UUID],
    data: JSONBody[ProposeSubjects],
    db: Db,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[PersonView]:
    """By an administrator or the State's focal point; another of these has to approve."""
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=person_id)
        if claimed.first:
            subjects = kept_subjects(data.subjects)
            await actions.propose_subjects(tx, person_id, subjects, caller=caller, expected=expected, now=now)
        view = await read_view(tx, person_id, caller)
    return shown(view, revision=view.revision)


@post(
    "/v1/people/{person_id:uuid}/approve-subjects",
    opt=asks(Action.APPROVE_SUBJECTS),
    status_code=200,
    summary="Approve by which subjects a person is to sign in",
)
async def approve_subjects(
    person_id: FromPath[UUID],
    data: JSONBody[Confirm],
    db: Db,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[PersonView]:
    """By an administrator or the State's focal point: somebody else than who proposed them, and than the person."""
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=person_id)
        if claimed.first:
            await actions.approve_subjects(tx, person_id, caller=caller, expected=expected, now=now)
        view = await read_view(tx, person_id, caller)
    return shown(view, revision=view.revision)


@post(
    "/v1/people/{person_id:uuid}/decline-subjects",
    opt=asks(Action.DECLINE_SUBJECTS),
    status_code=200,
    summary="Decline proposed subjects, or take them back",
)
async def decline_subjects(
    person_id: FromPath[UUID],
    data: JSONBody[Confirm],
    db: Db,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[PersonView]:
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=person_id)
        if claimed.first:
            await actions.decline_subjects(tx, person_id, caller=caller, expected=expected, now=now)
        view = await read_view(tx, person_id, caller)
    return shown(view, revision=view.revision)


ROUTES = [set_subjects, propose_subjects, approve_subjects, decline_subjects]
