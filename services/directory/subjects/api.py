"""Routes that set the subjects by which people sign in, or propose and approve them."""

from uuid import UUID

from litestar.params import FromPath, JSONBody

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.commands import change
from services.directory.commands import Confirm, ProposeSubjects, SetSubjects, kept_subjects
from services.directory.people import actions
from services.directory.people.views import read_view
from services.directory.policy import Action


@change(
    "/v1/people/{person_id:uuid}/subjects",
    Action.SET_SUBJECTS,
    "Set by which subjects a person of the own State signs in",
    read=read_view,
    method="PUT",
)
async def set_subjects(tx: Tx, ctx: Context, person_id: FromPath[UUID], data: JSONBody[SetSubjects]) -> None:
    """Requires the role `focal_point` of the State.

    Subjects of a person whose appointment required two people have to be proposed instead.
    """
    await actions.identify(tx, ctx, person_id, kept_subjects(data.subjects))


@change(
    "/v1/people/{person_id:uuid}/propose-subjects",
    Action.PROPOSE_SUBJECTS,
    "Propose by which subjects a person is to sign in",
    read=read_view,
)
async def propose_subjects(tx: Tx, ctx: Context, person_id: FromPath[UUID], data: JSONBody[ProposeSubjects]) -> None:
    """Requires the role `administrator`, or `focal_point` of the State; another of these has to approve."""
    await actions.propose_subjects(tx, ctx, person_id, kept_subjects(data.subjects))


@change(
    "/v1/people/{person_id:uuid}/approve-subjects",
    Action.APPROVE_SUBJECTS,
    "Approve by which subjects a person is to sign in",
    read=read_view,
)
async def approve_subjects(tx: Tx, ctx: Context, person_id: FromPath[UUID], data: JSONBody[Confirm]) -> None:
    """Requires the role `administrator`, or `focal_point` of the State, but neither the proposer nor the person."""
    await actions.approve_subjects(tx, ctx, person_id)


@change(
    "/v1/people/{person_id:uuid}/decline-subjects",
    Action.DECLINE_SUBJECTS,
    "Decline proposed subjects, or take them back",
    read=read_view,
)
async def decline_subjects(tx: Tx, ctx: Context, person_id: FromPath[UUID], data: JSONBody[Confirm]) -> None:
    await actions.decline_subjects(tx, ctx, person_id)


ROUTES = [set_subjects, propose_subjects, approve_subjects, decline_subjects]
