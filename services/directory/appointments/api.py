"""The routes of appointments, each with one transaction."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from functools import partial
from typing import Annotated, TypeVar
from uuid import UUID

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct, field

from chassis.db.database import Tx
from chassis.http.application import Calling, Commanded, Db, Expected, Now, Paging, asks, created, shown
from chassis.http.idempotency import claim, once
from chassis.http.queries import formed_as
from contracts.callers import Subject
from contracts.values import Caller, Organization, Role
from services.directory import policy
from services.directory.appointments.model import Appointment, ShownStatus, Status
from services.directory.commands import Appoint, Confirm, Reason, check_reason
from services.directory.people import actions, store
from services.directory.policy import Action, Guarded
from services.directory.subjects import store as subject_store

B = TypeVar("B", Confirm, Reason)


class AppointmentView(Struct, frozen=True, kw_only=True):
    """An appointment as it stands today; `settled_at` is when it was refused, withdrawn or ended.

    While it is proposed, `subjects` are those by which its person signs in once it is approved: shown to the person and
    to whoever may approve, and null where they have changed since, so that it has to be proposed anew.
    """

    appointment_id: UUID
    person_id: UUID
    organization: str
    role: Role
    starts: date = field(name="from")
    ends: date | None = field(name="until")
    regions: tuple[str, ...]
    topics: tuple[str, ...]
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


class AppointmentPage(Struct, frozen=True, kw_only=True):
    """The appointments this caller may see, newest first; `cursor` leads to the next page."""

    appointments: list[AppointmentView]
    cursor: str | None


@post("/v1/appointments", opt=asks(Action.APPOINT), summary="Appoint somebody, or propose to")
async def appoint(
    data: JSONBody[Appoint], db: Db, caller: Calling, command: Commanded, now: Now
) -> Response[AppointmentView]:
    """A focal point's officials, provider and donor officers are appointed at once; all else takes a second person."""

    async def first(tx: Tx, appointment_id: UUID) -> AppointmentView:
        await actions.appoint(
            tx,
            appointment_id,
            data.person_id,
            data.organization,
            data.mandate(),
            data.letter,
            caller=caller,
            now=now,
        )
        return await _read(tx, appointment_id, caller=caller, now=now)

    view = await once(db, command, first=first, again=partial(_read, caller=caller, now=now))
    return created(view, location=f"/v1/appointments/{view.appointment_id}", revision=view.revision)


@get(
    "/v1/appointments", opt=asks(Action.LIST_APPOINTMENTS), summary="The appointments this caller may see, newest first"
)
async def list_appointments(
    db: Db,
    caller: Calling,
    paging: Paging,
    now: Now,
    organization: Annotated[str | None, formed_as(Organization)] = None,
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
        views = await _views(tx, found[:limit], caller, now)
    more = str(views[-1].appointment_id) if len(found) > limit else None
    return Response(AppointmentPage(appointments=views, cursor=more), headers=paging.next_link(more))


@get("/v1/appointments/{appointment_id:uuid}", opt=asks(Action.SHOW_APPOINTMENT), summary="One appointment")
async def show_appointment(
    appointment_id: FromPath[UUID], db: Db, caller: Calling, now: Now
) -> Response[AppointmentView]:
    async with db.transaction(by=caller) as tx:
        view = await _read(tx, appointment_id, caller=caller, now=now)
    return shown(view, revision=view.revision)


def _move_route(
    action: Action, summary: str, body: type[B], act: Callable[[Tx, UUID, B, Caller, int, datetime], Awaitable[None]]
) -> HTTPRouteHandler:
    """The route of one move: `POST …/{id}/<action>`, with `body` for what is decided with it."""

    @post(
        f"/v1/appointments/{{appointment_id:uuid}}/{action}",
        opt=asks(action),
        status_code=200,
        summary=summary,
        name=f"{action} appointment",
    )
    async def move_appointment(
        appointment_id: FromPath[UUID],
        data: JSONBody[body],  # type: ignore[valid-type]
        db: Db,
        caller: Calling,
        command: Commanded,
        expected: Expected,
        now: Now,
    ) -> Response[AppointmentView]:
        async with db.transaction(by=caller) as tx:
            claimed = await claim(tx, command, outcome=appointment_id)
            if claimed.first:
                await act(tx, appointment_id, data, caller, expected, now)
            view = await _read(tx, appointment_id, caller=caller, now=now)
        return shown(view, revision=view.revision)

    return move_appointment


async def _approve(tx: Tx, appointment_id: UUID, _: Confirm, caller: Caller, expected: int, now: datetime) -> None:
    await actions.approve(tx, appointment_id, caller=caller, expected=expected, now=now)


async def _refuse(tx: Tx, appointment_id: UUID, body: Reason, caller: Caller, expected: int, now: datetime) -> None:
    reason = check_reason("refuse_appointment", body.reason)
    await actions.refuse(tx, appointment_id, reason, caller=caller, expected=expected, now=now)


async def _withdraw(tx: Tx, appointment_id: UUID, _: Confirm, caller: Caller, expected: int, now: datetime) -> None:
    await actions.withdraw(tx, appointment_id, caller=caller, expected=expected, now=now)


async def _end(tx: Tx, appointment_id: UUID, body: Reason, caller: Caller, expected: int, now: datetime) -> None:
    reason = check_reason("end_appointment", body.reason)
    await actions.end(tx, appointment_id, reason, caller=caller, expected=expected, now=now)


async def _read(tx: Tx, appointment_id: UUID, *, caller: Caller, now: datetime) -> AppointmentView:
    return (await _views(tx, [await store.get_appointment(tx, appointment_id, caller)], caller, now))[0]


async def _views(tx: Tx, appointments: Sequence[Appointment], caller: Caller, now: datetime) -> list[AppointmentView]:
    letters = await store.letters(tx, [one.appointment_id for one in appointments])
    shown_to = [
        one.appointment_id
        for one in appointments
        if one.status is Status.PROPOSED
        and Guarded.SUBJECTS in policy.decide(caller, Action.SHOW_APPOINTMENT, one).required().fields
    ]
    subjects = await subject_store.bound(tx, shown_to) if shown_to else {}
    return [
        _view(one, letters.get(one.appointment_id, ""), subjects.get(one.appointment_id), now.date())
        for one in appointments
    ]


def _view(appointment: Appointment, letter: str, subjects: tuple[Subject, ...] | None, today: date) -> AppointmentView:
    return AppointmentView(
        appointment_id=appointment.appointment_id,
        person_id=appointment.person_id,
        organization=appointment.organization,
        role=appointment.role,
        starts=appointment.starts,
        ends=appointment.ends,
        regions=appointment.regions,
        topics=appointment.topics,
        status=appointment.shown_status(today),
        revision=appointment.revision,
        letter=letter,
        subjects=subjects,
        proposed_by=appointment.proposed_by,
        proposed_at=appointment.proposed_at,
        approved_by=appointment.approved_by,
        made_at=appointment.made_at,
        settled_at=appointment.settled_at,
        reason=appointment.reason,
    )


ROUTES = [
    appoint,
    list_appointments,
    show_appointment,
    _move_route(Action.APPROVE, "Approve what somebody else proposed", Confirm, _approve),
    _move_route(Action.REFUSE, "Refuse what somebody else proposed", Reason, _refuse),
    _move_route(Action.WITHDRAW, "Take back what one proposed", Confirm, _withdraw),
    _move_route(Action.END, "End an appointment, at once", Reason, _end),
]
