"""The routes of appointments. Each opens one transaction."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct, field

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import CurrentCaller, Db, Now, requires
from chassis.http.commands import change, create, show
from chassis.http.pages import Pagination, Part
from chassis.http.queries import query_parameter
from contracts.callers import Subject
from contracts.conversion import from_attributes
from contracts.values import Caller, Organization, Role, Scope
from services.directory import policy
from services.directory.appointments.model import Appointment, ShownStatus, Status
from services.directory.commands import Appoint, Confirm, Reason, check_reason
from services.directory.people import actions, office_store, store
from services.directory.policy import Action, ExistingAppointment, Guarded
from services.directory.subjects import store as subject_store


class AppointmentView(Struct, frozen=True, kw_only=True):
    """An appointment as of today, with the `name` of its person.

    `settled_at` is the time when it was refused, withdrawn or ended. While it is proposed, `subjects` are those by
    which its person will sign in: visible to the person and to those who may approve, and null if they have changed
    since, so that it has to be proposed again. `moves` are those that the caller may make now.
    """

    appointment_id: UUID
    person_id: UUID
    name: str | None
    organization: str
    role: Role
    starts: date = field(name="from")
    ends: date | None = field(name="until")
    regions: tuple[str, ...]
    topics: tuple[str, ...]
    head: bool
    status: ShownStatus
    revision: int
    letter: str
    subjects: tuple[Subject, ...] | None
    proposed_by: UUID | None
    proposed_at: datetime
    approved_by: UUID | None
    made_at: datetime | None
    settled_at: datetime | None
    reason: str | None
    moves: tuple[str, ...]


class AppointmentPage(Struct, frozen=True, kw_only=True):
    """The appointments this caller may see, newest first; `cursor` leads to the next page."""

    appointments: list[AppointmentView]
    cursor: str | None


class Coordinator(Struct, frozen=True, kw_only=True):
    """A coordinator in office, with a remit; empty `regions` and `topics` mean all.

    Overdue work of the remit is escalated to its `head`.
    """

    person_id: UUID
    name: str | None
    regions: tuple[str, ...]
    topics: tuple[str, ...]
    head: bool


class CoordinatorList(Struct, frozen=True, kw_only=True):
    """The coordinators in office, by name; at most 500."""

    coordinators: list[Coordinator]
    cursor: str | None = None


class FinanceOfficer(Struct, frozen=True, kw_only=True):
    """One who is or was a finance officer of UNODC; `name` is null once it is erased."""

    person_id: UUID
    name: str | None


class FinanceOfficers(Struct, frozen=True, kw_only=True):
    """Those who are or were finance officers of UNODC, by name; at most 500."""

    finance_officers: list[FinanceOfficer]
    cursor: str | None = None


class Links(Struct, frozen=True, kw_only=True):
    """Addresses at other services: the caller's open work, notifications and permissions."""

    work: str = "/v1/work"
    work_counts: str = "/v1/work/counts"
    views: str = "/v1/views"
    notifications: str = "/v1/notifications?unread=true"
    permissions: str = "/docs/permissions"


class Me(Struct, frozen=True, kw_only=True):
    """The caller, in the appointment it acts in (`organization`, `role`), with all its appointments in force.

    An API client has `scopes` and no name or appointment; a person has no scopes. `elsewhere` are appointments of other
    organizations, `NOR:official`, that entered the caller's subject as one of their own person's while it was in use:
    without effect unless `Acting-As` names them.
    """

    person_id: UUID
    organization: str
    role: Role
    name: str | None
    scopes: tuple[Scope, ...] | None
    appointments: list[AppointmentView]
    elsewhere: list[str]
    links: Links


async def _read(tx: Tx, ctx: Context, appointment_id: UUID) -> AppointmentView:
    return (await _views(tx, [await store.get_appointment(tx, appointment_id, ctx.caller)], ctx.caller, ctx.now))[0]


@create("/v1/appointments", Action.APPOINT, "Appoint a person, or propose to", read=_read)
async def appoint(tx: Tx, ctx: Context, appointment_id: UUID, data: JSONBody[Appoint]) -> None:
    """Appoints a person at once, or proposes the appointment to a second person.

    An appointment by a focal point as official, provider officer or donor officer of its State is in force at once. All
    others require the approval of a second person.
    """
    await actions.appoint(tx, ctx, appointment_id, data.person_id, data.organization, data.mandate(), data.letter)


@get(
    "/v1/appointments",
    opt=requires(Action.LIST_APPOINTMENTS),
    summary="The appointments this caller may see, newest first",
)
async def list_appointments(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    now: Now,
    organization: Annotated[str | None, query_parameter(Organization)] = None,
    person: FromQuery[UUID | None] = None,
    status: FromQuery[ShownStatus | None] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[AppointmentPage]:
    async with db.transaction(by=caller) as tx:
        found = await store.appointments(
            tx,
            caller,
            organization=organization,
            person_id=person,
            status=status,
            today=now.date(),
            before=cursor,
            limit=limit + 1,
        )
        return paging.page(AppointmentPage, await _views(tx, found, caller, now), limit)


@get("/v1/coordinators", opt=requires(Action.LIST_COORDINATORS), summary="The coordinators in office")
async def list_coordinators(db: Db, caller: CurrentCaller, now: Now, part: Part) -> CoordinatorList:
    """Requires the role `coordinator`, `administrator` or `auditor`. Coordinators assign requests to each other."""
    policy.decide(caller, Action.LIST_COORDINATORS).required()
    async with db.transaction(by=None) as tx:
        found = await office_store.coordinators(tx, today=now.date())
    named = [from_attributes(Coordinator, one, name=name) for one, name in found]
    return part.of(CoordinatorList(coordinators=named))


@get(
    "/v1/finance-officers",
    opt=requires(Action.LIST_FINANCE_OFFICERS),
    summary="Who is or was a finance officer of UNODC",
)
async def list_finance_officers(db: Db, caller: CurrentCaller, part: Part) -> FinanceOfficers:
    """Requires the role `finance_officer` at UNODC, `administrator` or `auditor`: proposals of money name people."""
    policy.decide(caller, Action.LIST_FINANCE_OFFICERS).required()
    async with db.transaction(by=None) as tx:
        found = await office_store.finance_officers(tx)
    return part.of(FinanceOfficers(finance_officers=[FinanceOfficer(**one) for one in found]))


@get("/v1/me", opt=requires(Action.SHOW_SELF), summary="The caller, in its current appointment")
async def show_me(db: Db, caller: CurrentCaller, now: Now) -> Me:
    """Shows the caller. To act in another appointment, send its organization and role in the header `Acting-As`."""
    async with db.transaction(by=caller) as tx:
        found = await store.appointments(
            tx,
            caller,
            organization=None,
            person_id=caller.person_id,
            status=ShownStatus.IN_FORCE,
            today=now.date(),
            before=None,
            limit=store.LIST_MAX,
        )
        texts = (await store.person_texts(tx, [caller.person_id])).get(caller.person_id)
        async with tx.as_service():
            elsewhere = await subject_store.elsewhere(tx, caller.person_id, today=now.date())
        return from_attributes(
            Me,
            caller,
            name=texts.name if texts else None,
            scopes=None if caller.scopes is None else tuple(sorted(caller.scopes)),
            appointments=await _views(tx, found, caller, now),
            elsewhere=elsewhere,
            links=Links(),
        )


@show("/v1/appointments/{appointment_id:uuid}", Action.SHOW_APPOINTMENT, "One appointment")
async def show_appointment(tx: Tx, ctx: Context, appointment_id: FromPath[UUID]) -> AppointmentView:
    return await _read(tx, ctx, appointment_id)


@change(
    "/v1/appointments/{appointment_id:uuid}/approve",
    Action.APPROVE,
    "Approve what another person proposed",
    read=_read,
    name="approve appointment",
)
async def approve(tx: Tx, ctx: Context, appointment_id: FromPath[UUID], data: JSONBody[Confirm]) -> None:
    await actions.approve(tx, ctx, appointment_id)


@change(
    "/v1/appointments/{appointment_id:uuid}/refuse",
    Action.REFUSE,
    "Refuse a proposed appointment",
    read=_read,
    name="refuse appointment",
)
async def refuse(tx: Tx, ctx: Context, appointment_id: FromPath[UUID], data: JSONBody[Reason]) -> None:
    await actions.refuse(tx, ctx, appointment_id, check_reason("refuse_appointment", data.reason))


@change(
    "/v1/appointments/{appointment_id:uuid}/withdraw",
    Action.WITHDRAW,
    "Withdraw a proposed appointment",
    read=_read,
    name="withdraw appointment",
)
async def withdraw(tx: Tx, ctx: Context, appointment_id: FromPath[UUID], data: JSONBody[Confirm]) -> None:
    await actions.withdraw(tx, ctx, appointment_id)


@change(
    "/v1/appointments/{appointment_id:uuid}/end",
    Action.END,
    "End an appointment, at once",
    read=_read,
    name="end appointment",
)
async def end(tx: Tx, ctx: Context, appointment_id: FromPath[UUID], data: JSONBody[Reason]) -> None:
    await actions.end(tx, ctx, appointment_id, check_reason("end_appointment", data.reason))


async def _views(tx: Tx, appointments: Sequence[Appointment], caller: Caller, now: datetime) -> list[AppointmentView]:
    letters = await store.letters(tx, [one.appointment_id for one in appointments])
    texts = await store.person_texts(tx, list({one.person_id for one in appointments}))
    shown_to = [
        one.appointment_id
        for one in appointments
        if one.status is Status.PROPOSED
        and Guarded.SUBJECTS in policy.decide(caller, Action.SHOW_APPOINTMENT, one).required().fields
    ]
    subjects = await subject_store.bound(tx, shown_to) if shown_to else {}
    async with tx.as_service():
        focal_points = await office_store.focal_points(tx, {one.organization for one in appointments}, today=now.date())
    return [
        from_attributes(
            AppointmentView,
            one,
            name=texts[one.person_id].name if one.person_id in texts else None,
            status=one.shown_status(now.date()),
            letter=letters.get(one.appointment_id, ""),
            subjects=subjects.get(one.appointment_id),
            moves=policy.moves_of_appointment(
                caller, ExistingAppointment(one, focal_points[one.organization]), today=now.date()
            ),
        )
        for one in appointments
    ]


ROUTES = [
    appoint,
    list_appointments,
    list_coordinators,
    list_finance_officers,
    show_me,
    show_appointment,
    approve,
    refuse,
    withdraw,
    end,
]
