"""Access policy of the directory: who gives and ends appointments and API clients, and who sees whom.

/docs/permissions is its table. A focal point acts for its own State; administrators act for all others, and an
appointment requires two of them. No one decides on their own proposal, or on themselves. The SQL function `may_see` is
the same rule as `may_see` here; a test compares both.
"""

from datetime import date
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from contracts.decisions import ALLOWED, HIDDEN, Decision, denied
from contracts.values import Caller, Role
from services.directory.appointments.model import OF_FOCAL_POINT, Appointment, requires_two_people
from services.directory.clients.model import Client
from services.directory.people.model import UNODC, Kind, Person, kind_of


class Action(StrEnum):
    """The actions of this service, one for each route."""

    FOLLOW = "follow"
    REGISTER = "register"
    LIST_ORGANIZATIONS = "list_organizations"
    SHOW_ORGANIZATION = "show_organization"
    ENTER = "enter"
    LIST_PEOPLE = "list_people"
    SHOW_PERSON = "show_person"
    SET_SUBJECTS = "set_subjects"
    PROPOSE_SUBJECTS = "propose_subjects"
    APPROVE_SUBJECTS = "approve_subjects"
    DECLINE_SUBJECTS = "decline_subjects"
    DISABLE = "disable"
    ENABLE = "enable"
    PROPOSE_ERASURE = "propose_erasure"
    DECLINE_ERASURE = "decline_erasure"
    APPROVE_ERASURE = "approve_erasure"
    APPOINT = "appoint"
    LIST_APPOINTMENTS = "list_appointments"
    LIST_COORDINATORS = "list_coordinators"
    LIST_FINANCE_OFFICERS = "list_finance_officers"
    SHOW_SELF = "show_self"
    SHOW_APPOINTMENT = "show_appointment"
    APPROVE = "approve"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    END = "end"
    REGISTER_CLIENT = "register_client"
    LIST_CLIENTS = "list_clients"
    SHOW_CLIENT = "show_client"
    ROTATE_CLIENT = "rotate_client"
    END_CLIENT = "end_client"


class Guarded(StrEnum):
    """Fields that only some callers who see a person may read."""

    SUBJECTS = "subjects"
    """Subjects by which the person signs in: for the person, and for those who may set or approve them."""

    PROPOSED_SUBJECTS = "proposed_subjects"
    """Subjects that wait for a second person's approval: for the same callers."""


class NewPerson(Struct, frozen=True):
    """A person to be entered in an organization; `keeps_id` if under an id with which they have acted before."""

    organization: str
    keeps_id: bool = False


class NewClient(Struct, frozen=True):
    """An API client to be registered for an organization."""

    organization: str


class NewAppointment(Struct, frozen=True):
    """An appointment to be proposed, in an organization with this number of focal points in force."""

    person_id: UUID
    organization: str
    role: Role
    focal_points: int


class ExistingAppointment(Struct, frozen=True):
    """An existing appointment, in an organization with this number of focal points in force."""

    appointment: Appointment
    focal_points: int

    @property
    def as_new(self) -> NewAppointment:
        one = self.appointment
        return NewAppointment(one.person_id, one.organization, one.role, self.focal_points)


_FOR_EVERYBODY = frozenset(
    {Action.FOLLOW, Action.LIST_ORGANIZATIONS, Action.SHOW_ORGANIZATION, Action.LIST_PEOPLE, Action.LIST_APPOINTMENTS}
    | {Action.SHOW_SELF}
    | {Action.LIST_CLIENTS}
)
_OF_AN_APPOINTMENT = frozenset({Action.FOLLOW, Action.LIST_APPOINTMENTS, Action.SHOW_APPOINTMENT})
_OF_FOCAL_POINT = OF_FOCAL_POINT | {Role.FOCAL_POINT}
_KNOW_COORDINATORS = frozenset({Role.COORDINATOR, Role.ADMINISTRATOR, Role.AUDITOR})
"""Roles whose holders see the coordinators, to whom they assign requests by name."""

_KNOW_OFFICERS = frozenset({Role.FINANCE_OFFICER, Role.ADMINISTRATOR, Role.AUDITOR})
"""Roles whose holders see by name who proposed and approved what becomes of money."""

_WHOLE = Decision(None, frozenset(Guarded))
_WITH_SUBJECTS = Decision(None, frozenset({Guarded.SUBJECTS}))
_NOT_FOR_YOUR_ROLE = denied("not-for-your-role")
_FOR_ITS_FOCAL_POINT = denied("for-its-focal-point")
_NOT_YOUR_STATE = denied("not-your-state")
_OWN_RECORD = denied("own-record")


def decide(
    caller: Caller,
    action: Action,
    resource: Person
    | Appointment
    | Client
    | NewPerson
    | NewClient
    | NewAppointment
    | ExistingAppointment
    | None = None,
) -> Decision:
    """Decide whether the caller may take this action, and which guarded fields they see; denied unless granted.

    A list is decided without a resource (allowed to all) and for each record listed; ENTER for a NewPerson,
    REGISTER_CLIENT for a NewClient, APPOINT for a NewAppointment, moves of an appointment for an ExistingAppointment,
    everything else for the record, or without a resource.
    """
    match resource:
        case Person():
            return _decide_person(caller, action, resource)
        case Appointment():
            return _decide_appointment(caller, action, resource)
        case NewPerson():
            return _may_enter(caller, resource) if action is Action.ENTER else _NOT_FOR_YOUR_ROLE
        case Client():
            return _decide_client(caller, action, resource)
        case NewClient():
            may = action is Action.REGISTER_CLIENT
            return _may_have_clients(caller, resource.organization) if may else _NOT_FOR_YOUR_ROLE
        case NewAppointment():
            return _may_appoint(caller, resource) if action is Action.APPOINT else _NOT_FOR_YOUR_ROLE
        case ExistingAppointment():
            return _decide_existing_appointment(caller, action, resource)
        case _ if resource is not None:
            return HIDDEN
    if action in _FOR_EVERYBODY:
        return ALLOWED
    if action is Action.REGISTER:
        return ALLOWED if is_administrator(caller) else _NOT_FOR_YOUR_ROLE
    if action is Action.LIST_COORDINATORS:
        return ALLOWED if caller.role in _KNOW_COORDINATORS and caller.organization == UNODC else _NOT_FOR_YOUR_ROLE
    if action is Action.LIST_FINANCE_OFFICERS:
        return ALLOWED if caller.role in _KNOW_OFFICERS and caller.organization == UNODC else _NOT_FOR_YOUR_ROLE
    return HIDDEN


def _decide_person(caller: Caller, action: Action, person: Person) -> Decision:
    if not may_see(caller, person):
        return HIDDEN
    if action is Action.FOLLOW:
        return ALLOWED
    if action in {Action.LIST_PEOPLE, Action.SHOW_PERSON}:
        own = person.person_id == caller.person_id
        return _WHOLE if own or _may_enter(caller, NewPerson(person.organization)).allowed else ALLOWED
    if action is Action.SET_SUBJECTS:
        leave = _may_set_subjects(caller, person.organization)
    elif action in {Action.PROPOSE_SUBJECTS, Action.PROPOSE_ERASURE}:
        # People request their erasure from those who entered them.
        leave = _may_enter(caller, NewPerson(person.organization))
    elif action in {Action.APPROVE_SUBJECTS, Action.DECLINE_SUBJECTS}:
        leave = _may_enter(caller, NewPerson(person.organization))
        if leave.allowed and action is Action.APPROVE_SUBJECTS and person.subjects_proposed_by == caller.person_id:
            leave = denied("own-proposal")
    elif action in {Action.DISABLE, Action.ENABLE}:
        leave = ALLOWED if is_administrator(caller) else _NOT_FOR_YOUR_ROLE
    elif action in {Action.APPROVE_ERASURE, Action.DECLINE_ERASURE}:
        leave = _may_decide_on_erasure(caller, action, person)
    else:
        leave = HIDDEN
    return _OWN_RECORD if leave.allowed and person.person_id == caller.person_id else leave


def _may_decide_on_erasure(caller: Caller, action: Action, person: Person) -> Decision:
    """Allow only administrators: a State cannot alone erase a person who acted for it. The proposer may withdraw it."""
    proposed_it = person.erasure_proposed_by == caller.person_id
    if action is Action.DECLINE_ERASURE and proposed_it:
        return ALLOWED
    if not is_administrator(caller):
        return _NOT_FOR_YOUR_ROLE
    return denied("own-proposal") if proposed_it else ALLOWED


def _may_enter(caller: Caller, new_person: NewPerson) -> Decision:
    """Allow a focal point to enter people of its State, an administrator any person."""
    if is_administrator(caller):
        return ALLOWED
    if caller.role is not Role.FOCAL_POINT or new_person.keeps_id:
        return _NOT_FOR_YOUR_ROLE
    return ALLOWED if new_person.organization == caller.organization else _NOT_YOUR_STATE


def _may_set_subjects(caller: Caller, organization: str) -> Decision:
    """Allow only the State's focal point: an administrator who could set subjects could act as any person."""
    if may_set_subjects_alone(caller, organization):
        return ALLOWED
    return denied("subjects-take-two") if is_administrator(caller) else _may_enter(caller, NewPerson(organization))


def _may_appoint(caller: Caller, new: NewAppointment) -> Decision:
    """Decide whether the caller may propose an appointment.

    Those who may propose it may also end it, and approve or refuse it if another person proposed it.
    """
    if new.person_id == caller.person_id:
        return _OWN_RECORD
    of_state = kind_of(new.organization) is Kind.STATE
    if of_state and caller.role is Role.FOCAL_POINT and new.role in _OF_FOCAL_POINT:
        return ALLOWED if caller.organization == new.organization else _NOT_YOUR_STATE
    if not is_administrator(caller):
        return _NOT_FOR_YOUR_ROLE
    if of_state and new.role in OF_FOCAL_POINT and new.focal_points:
        # A State with a focal point in force appoints its own officers.
        return _FOR_ITS_FOCAL_POINT
    return ALLOWED


def _decide_appointment(caller: Caller, action: Action, appointment: Appointment) -> Decision:
    if action not in _OF_AN_APPOINTMENT or not may_see(caller, appointment):
        return HIDDEN
    if action is Action.FOLLOW:
        return ALLOWED
    own = appointment.person_id == caller.person_id
    # Approvers see the person's subjects, because these decide who signs in.
    return _WITH_SUBJECTS if own or _may_enter(caller, NewPerson(appointment.organization)).allowed else ALLOWED


def _decide_existing_appointment(caller: Caller, action: Action, existing: ExistingAppointment) -> Decision:
    if not may_see(caller, existing.appointment):
        return HIDDEN
    proposed_it = existing.appointment.proposed_by == caller.person_id
    match action:
        case Action.WITHDRAW:
            return ALLOWED if proposed_it else denied("not-your-proposal")
        case Action.END:
            return _may_appoint(caller, existing.as_new)
        case Action.APPROVE | Action.REFUSE:
            leave = _may_appoint(caller, existing.as_new)
            return denied("own-proposal") if leave.allowed and proposed_it else leave
    return HIDDEN


def moves_of_person(caller: Caller, person: Person) -> tuple[str, ...]:
    """The moves that this caller may make now. Further conditions of a move are checked when it is made."""
    return tuple(move for move in person.possible_moves() if decide(caller, Action(move), person).allowed)


def moves_of_appointment(caller: Caller, existing: ExistingAppointment, *, today: date) -> tuple[str, ...]:
    """Like `moves_of_person`, for an appointment."""
    moves = existing.appointment.possible_moves(today)
    return tuple(move for move in moves if decide(caller, Action(move), existing).allowed)


def _decide_client(caller: Caller, action: Action, client: Client) -> Decision:
    if not may_see(caller, client):
        return HIDDEN
    match action:
        case Action.LIST_CLIENTS | Action.SHOW_CLIENT | Action.FOLLOW:
            return ALLOWED
        case Action.ROTATE_CLIENT:
            return _may_have_clients(caller, client.organization)
        case Action.END_CLIENT:
            # As with people, an administrator may end any client, but cannot register one for a State.
            return ALLOWED if is_administrator(caller) else _may_have_clients(caller, client.organization)
    return HIDDEN


def _may_have_clients(caller: Caller, organization: str) -> Decision:
    """Decide whether the caller may register clients for this organization, and so hold their secrets."""
    if kind_of(organization) is not Kind.STATE:
        return ALLOWED if is_administrator(caller) else _NOT_FOR_YOUR_ROLE
    if caller.role is Role.FOCAL_POINT:
        return ALLOWED if caller.organization == organization else _NOT_YOUR_STATE
    return _FOR_ITS_FOCAL_POINT if is_administrator(caller) else _NOT_FOR_YOUR_ROLE


def may_see(caller: Caller, record: Person | Appointment | Client) -> bool:
    """Check whether the caller may see the record. A record that they may not see is answered as absent."""
    return (
        record.person_id == caller.person_id
        or caller.role is Role.SERVICE
        or (caller.role in {Role.ADMINISTRATOR, Role.AUDITOR} and caller.organization == UNODC)
        or is_focal_point(caller, record.organization)
    )


def may_appoint_alone(caller: Caller, organization: str, role: Role) -> bool:
    """Check whether an appointment that the caller may propose is in force without a second person."""
    return is_focal_point(caller, organization) and not requires_two_people(organization, role)


def may_set_subjects_alone(caller: Caller, organization: str) -> bool:
    """Check whether subjects that the caller sets in this organization take effect without a second person."""
    return is_focal_point(caller, organization)


def is_administrator(caller: Caller) -> bool:
    return caller.role is Role.ADMINISTRATOR and caller.organization == UNODC


def is_focal_point(caller: Caller, organization: str) -> bool:
    return caller.role is Role.FOCAL_POINT and caller.organization == organization
