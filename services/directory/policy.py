"""Who gives and takes appointments and API clients, and who sees whom: one pure decision.

/docs/permissions is its table.

A focal point works for the own State; administrators for everybody else, and two of them together. Nobody decides on
what they proposed, or on themselves. `may_see` in SQL says in the WHERE of every read what `may_see` says here; a test
compares them.
"""

from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from contracts.decisions import ALLOWED, HIDDEN, Decision, denied
from contracts.values import Caller, Role
from services.directory.appointments.model import OF_FOCAL_POINT, Appointment, takes_two
from services.directory.clients.model import Client
from services.directory.people.model import UNODC, Kind, Person, kind_of


class Action(StrEnum):
    """All that can be asked of this service, one for each route."""

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
    """The fields that not everybody who sees a person is shown."""

    SUBJECTS = "subjects"
    """By which subjects they sign in: for themselves, and for whoever may set or approve it."""

    PROPOSED_SUBJECTS = "proposed_subjects"
    """By which subjects they are to sign in once a second person has approved it: for the same."""


class Entering(Struct, frozen=True):
    """A person who is not there yet: of which organization, and whether they keep an id they have acted under."""

    organization: str
    keeps_id: bool = False


class Registering(Struct, frozen=True):
    """An API client that is not there yet: of which organization."""

    organization: str


class Place(Struct, frozen=True):
    """What somebody is to be given: a role in an organization that has so many focal points in force."""

    person_id: UUID
    organization: str
    role: Role
    focal_points: int


class Given(Struct, frozen=True):
    """An appointment as it stands, in an organization that has so many focal points in force."""

    appointment: Appointment
    focal_points: int

    @property
    def place(self) -> Place:
        one = self.appointment
        return Place(one.person_id, one.organization, one.role, self.focal_points)


_FOR_EVERYBODY = frozenset(
    {Action.FOLLOW, Action.LIST_ORGANIZATIONS, Action.SHOW_ORGANIZATION, Action.LIST_PEOPLE, Action.LIST_APPOINTMENTS}
    | {Action.LIST_CLIENTS}
)
_OF_AN_APPOINTMENT = frozenset({Action.FOLLOW, Action.LIST_APPOINTMENTS, Action.SHOW_APPOINTMENT})
_OF_FOCAL_POINT = OF_FOCAL_POINT | {Role.FOCAL_POINT}
_WHOLE = Decision(None, frozenset(Guarded))
_WITH_SUBJECTS = Decision(None, frozenset({Guarded.SUBJECTS}))
_NOT_FOR_YOUR_ROLE = denied("not-for-your-role")
_FOR_ITS_FOCAL_POINT = denied("for-its-focal-point")
_NOT_YOUR_STATE = denied("not-your-state")
_OWN_RECORD = denied("own-record")


def decide(
    caller: Caller,
    action: Action,
    resource: Person | Appointment | Client | Entering | Registering | Place | Given | None = None,
) -> Decision:
    """Whether the caller may do this, and which guarded fields they are shown; what nobody is given leave for is not.

    A list is asked of nothing (anybody may ask) and of each record that is to stand in it; ENTER of an Entering,
    REGISTER_CLIENT of a Registering, APPOINT of a Place, what is done with an appointment of a Given, all others of the
    record, or of nothing.
    """
    match resource:
        case Person():
            return _decide_person(caller, action, resource)
        case Appointment():
            return _decide_appointment(caller, action, resource)
        case Entering():
            return _may_enter(caller, resource) if action is Action.ENTER else _NOT_FOR_YOUR_ROLE
        case Client():
            return _decide_client(caller, action, resource)
        case Registering():
            may = action is Action.REGISTER_CLIENT
            return _may_have_clients(caller, resource.organization) if may else _NOT_FOR_YOUR_ROLE
        case Place():
            return _may_give(caller, resource) if action is Action.APPOINT else _NOT_FOR_YOUR_ROLE
        case Given():
            return _decide_given(caller, action, resource)
        case _ if resource is not None:
            return HIDDEN
    if action in _FOR_EVERYBODY:
        return ALLOWED
    if action is Action.REGISTER:
        return ALLOWED if is_administrator(caller) else _NOT_FOR_YOUR_ROLE
    return HIDDEN


def _decide_person(caller: Caller, action: Action, person: Person) -> Decision:
    if not may_see(caller, person):
        return HIDDEN
    if action is Action.FOLLOW:
        return ALLOWED
    if action in {Action.LIST_PEOPLE, Action.SHOW_PERSON}:
        own = person.person_id == caller.person_id
        return _WHOLE if own or _may_enter(caller, Entering(person.organization)).allowed else ALLOWED
    if action is Action.SET_SUBJECTS:
        leave = _may_set_subjects(caller, person.organization)
    elif action in {Action.PROPOSE_SUBJECTS, Action.PROPOSE_ERASURE}:
        # Who enters people is whom they turn to, to be erased.
        leave = _may_enter(caller, Entering(person.organization))
    elif action in {Action.APPROVE_SUBJECTS, Action.DECLINE_SUBJECTS}:
        leave = _may_enter(caller, Entering(person.organization))
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
    """An administrator, always: no State alone takes away who acted for it. Who proposed it may take it back."""
    proposed_it = person.erasure_proposed_by == caller.person_id
    if action is Action.DECLINE_ERASURE and proposed_it:
        return ALLOWED
    if not is_administrator(caller):
        return _NOT_FOR_YOUR_ROLE
    return denied("own-proposal") if proposed_it else ALLOWED


def _may_enter(caller: Caller, entering: Entering) -> Decision:
    """A focal point enters people of the own State, an administrator anybody."""
    if is_administrator(caller):
        return ALLOWED
    if caller.role is not Role.FOCAL_POINT or entering.keeps_id:
        return _NOT_FOR_YOUR_ROLE
    return ALLOWED if entering.organization == caller.organization else _NOT_YOUR_STATE


def _may_set_subjects(caller: Caller, organization: str) -> Decision:
    """A focal point alone, for the own State; an administrator who could do so could act as anybody they choose."""
    if may_set_subjects_alone(caller, organization):
        return ALLOWED
    return denied("subjects-take-two") if is_administrator(caller) else _may_enter(caller, Entering(organization))


def _may_give(caller: Caller, place: Place) -> Decision:
    """Who may propose an appointment; the same may end it, and (not being who proposed it) approve or refuse it."""
    if place.person_id == caller.person_id:
        return _OWN_RECORD
    of_state = kind_of(place.organization) is Kind.STATE
    if of_state and caller.role is Role.FOCAL_POINT and place.role in _OF_FOCAL_POINT:
        return ALLOWED if caller.organization == place.organization else _NOT_YOUR_STATE
    if not is_administrator(caller):
        return _NOT_FOR_YOUR_ROLE
    if of_state and place.role in OF_FOCAL_POINT and place.focal_points:
        # Whom a State entrusts with its own affairs is its own affair, once there is somebody to say so.
        return _FOR_ITS_FOCAL_POINT
    return ALLOWED


def _decide_appointment(caller: Caller, action: Action, appointment: Appointment) -> Decision:
    if action not in _OF_AN_APPOINTMENT or not may_see(caller, appointment):
        return HIDDEN
    if action is Action.FOLLOW:
        return ALLOWED
    own = appointment.person_id == caller.person_id
    # Whoever approves sees of whom: somebody is who signs in as them.
    return _WITH_SUBJECTS if own or _may_enter(caller, Entering(appointment.organization)).allowed else ALLOWED


def _decide_given(caller: Caller, action: Action, given: Given) -> Decision:
    if not may_see(caller, given.appointment):
        return HIDDEN
    proposed_it = given.appointment.proposed_by == caller.person_id
    match action:
        case Action.WITHDRAW:
            return ALLOWED if proposed_it else denied("not-your-proposal")
        case Action.END:
            return _may_give(caller, given.place)
        case Action.APPROVE | Action.REFUSE:
            leave = _may_give(caller, given.place)
            return denied("own-proposal") if leave.allowed and proposed_it else leave
    return HIDDEN


def _decide_client(caller: Caller, action: Action, client: Client) -> Decision:
    if not may_see(caller, client):
        return HIDDEN
    match action:
        case Action.LIST_CLIENTS | Action.SHOW_CLIENT | Action.FOLLOW:
            return ALLOWED
        case Action.ROTATE_CLIENT:
            return _may_have_clients(caller, client.organization)
        case Action.END_CLIENT:
            # As with a person: an administrator may shut out anybody's, and let in nobody's.
            return ALLOWED if is_administrator(caller) else _may_have_clients(caller, client.organization)
    return HIDDEN


def _may_have_clients(caller: Caller, organization: str) -> Decision:
    """Who may hold the secret of a machine that acts for this organization."""
    if kind_of(organization) is not Kind.STATE:
        return ALLOWED if is_administrator(caller) else _NOT_FOR_YOUR_ROLE
    if caller.role is Role.FOCAL_POINT:
        return ALLOWED if caller.organization == organization else _NOT_YOUR_STATE
    return _FOR_ITS_FOCAL_POINT if is_administrator(caller) else _NOT_FOR_YOUR_ROLE


def may_see(caller: Caller, record: Person | Appointment | Client) -> bool:
    """True where the caller may see the record at all; if not, it does not exist for them."""
    return (
        record.person_id == caller.person_id
        or caller.role is Role.SERVICE
        or (caller.role in {Role.ADMINISTRATOR, Role.AUDITOR} and caller.organization == UNODC)
        or is_focal_point(caller, record.organization)
    )


def may_make_alone(caller: Caller, organization: str, role: Role) -> bool:
    """Whether an appointment that the caller may propose is in force without a second person."""
    return is_focal_point(caller, organization) and not takes_two(organization, role)


def may_set_subjects_alone(caller: Caller, organization: str) -> bool:
    """Whether the subjects that the caller gives people of this organization take effect without a second person."""
    return is_focal_point(caller, organization)


def is_administrator(caller: Caller) -> bool:
    return caller.role is Role.ADMINISTRATOR and caller.organization == UNODC


def is_focal_point(caller: Caller, organization: str) -> bool:
    return caller.role is Role.FOCAL_POINT and caller.organization == organization
