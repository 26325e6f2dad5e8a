"""The cases of the directory's policy, as in `permission_cases`."""

from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from msgspec.structs import replace

from contracts.directory import AppointmentMade, ClientRegistered, PersonEntered
from contracts.facts import Fact
from contracts.registry import decode_fact
from contracts.values import Caller, Role
from services.directory.appointments.api import AppointmentView
from services.directory.appointments.model import Appointment
from services.directory.clients.api import ClientView
from services.directory.clients.model import Client
from services.directory.people.evolve import evolve
from services.directory.people.model import Person
from services.directory.people.views import PersonView
from services.directory.policy import Action, ExistingAppointment, Guarded, NewAppointment, NewClient, NewPerson, decide
from services.documents.examples import example_event
from services.documents.permission_subjects import OTHER, PROPOSERS, STATE, UNODC, YES_OR_NO, Subject, of

R = TypeVar("R", Person, Appointment, Client)

APPOINTEE = UUID(int=9)
ORGANIZATIONS = {"a State": STATE, "UNODC": UNODC}


def _appointee(role: Role) -> Caller:
    return Caller(person_id=APPOINTEE, organization=STATE, role=role)


_ANY_CALLER = {"another organization": of(OTHER), "UNODC": of(UNODC)}
_OF_STATE = {"that State": of(STATE), **_ANY_CALLER}
_TO_PERSON = {"the person": _appointee, **_OF_STATE}


def _example(made: type[R], kind: type[Fact], **changes: Any) -> R:
    """Return the record made by a fact's example."""
    fact = decode_fact(example_event(kind))
    assert fact is not None
    record = evolve(None, fact)
    assert isinstance(record, made)
    return replace(record, **changes)


def _new_person(keeps_id: str) -> NewPerson:
    return NewPerson(STATE, keeps_id == "yes")


def _person() -> Person:
    return _example(Person, PersonEntered, person_id=APPOINTEE, organization=STATE)


def _client(organization: str) -> Client:
    return _example(Client, ClientRegistered, client_id=APPOINTEE, organization=ORGANIZATIONS[organization])


def _new_client(organization: str) -> NewClient:
    return NewClient(ORGANIZATIONS[organization])


def _with_proposed_subjects(proposed_by: str) -> Person:
    return replace(_person(), subjects_proposed_by=PROPOSERS[proposed_by])


def _to_be_erased(proposed_by: str) -> Person:
    return replace(_person(), erasure_proposed_by=PROPOSERS[proposed_by])


def _new_appointment(organization: str, role: str, focal_points: str) -> NewAppointment:
    return NewAppointment(APPOINTEE, ORGANIZATIONS[organization], Role(role), int(focal_points == "yes"))


def _appointment(organization: str, role: str, proposed_by: str) -> Appointment:
    return _example(
        Appointment,
        AppointmentMade,
        person_id=APPOINTEE,
        organization=ORGANIZATIONS[organization],
        role=Role(role),
        proposed_by=PROPOSERS[proposed_by],
    )


def _existing_appointment(organization: str, role: str, focal_points: str, proposed_by: str) -> ExistingAppointment:
    return ExistingAppointment(_appointment(organization, role, proposed_by), int(focal_points == "yes"))


_OFFICE = {"in": tuple(ORGANIZATIONS), "role": tuple(Role)}
SUBJECTS = (
    Subject(
        service="directory",
        title="Operations without a record",
        decide=decide,
        standings=_ANY_CALLER,
        reads=(
            Action.FOLLOW,
            Action.LIST_ORGANIZATIONS,
            Action.SHOW_ORGANIZATION,
            Action.LIST_PEOPLE,
            Action.LIST_APPOINTMENTS,
            Action.LIST_COORDINATORS,
            Action.LIST_FINANCE_OFFICERS,
            Action.SHOW_SELF,
            Action.LIST_CLIENTS,
            Action.REGISTER,
        ),
    ),
    Subject(
        service="directory",
        title="A new person of a State",
        decide=decide,
        standings=_OF_STATE,
        properties={"keeps an id": YES_OR_NO},
        make=_new_person,
        reads=(Action.ENTER,),
    ),
    Subject(
        service="directory",
        title="A person of a State",
        views=(PersonView,),
        guarded=tuple(Guarded),
        decide=decide,
        standings=_TO_PERSON,
        make=_person,
        reads=(Action.SHOW_PERSON, Action.LIST_PEOPLE, Action.FOLLOW),
        acts=(
            Action.SET_SUBJECTS,
            Action.PROPOSE_SUBJECTS,
            Action.DISABLE,
            Action.ENABLE,
            Action.PROPOSE_ERASURE,
        ),
    ),
    Subject(
        service="directory",
        title="A person of a State whose subjects are proposed",
        decide=decide,
        standings=_TO_PERSON,
        properties={"proposed by": tuple(PROPOSERS)},
        make=_with_proposed_subjects,
        reads=(Action.APPROVE_SUBJECTS, Action.DECLINE_SUBJECTS),
    ),
    Subject(
        service="directory",
        title="A person of a State whose erasure is proposed",
        decide=decide,
        standings=_TO_PERSON,
        properties={"proposed by": tuple(PROPOSERS)},
        make=_to_be_erased,
        reads=(Action.APPROVE_ERASURE, Action.DECLINE_ERASURE),
    ),
    Subject(
        service="directory",
        title="A new appointment",
        decide=decide,
        standings=_TO_PERSON,
        properties={**_OFFICE, "has a focal point": YES_OR_NO},
        make=_new_appointment,
        reads=(Action.APPOINT,),
    ),
    Subject(
        service="directory",
        title="An appointment",
        views=(AppointmentView,),
        guarded=(Guarded.SUBJECTS,),
        decide=decide,
        standings=_TO_PERSON,
        properties=_OFFICE,
        make=partial(_appointment, proposed_by="another person"),
        reads=(Action.SHOW_APPOINTMENT, Action.LIST_APPOINTMENTS, Action.FOLLOW),
    ),
    Subject(
        service="directory",
        title="An appointment and the other focal points",
        decide=decide,
        standings=_TO_PERSON,
        properties={**_OFFICE, "has a focal point": YES_OR_NO, "proposed by": tuple(PROPOSERS)},
        make=_existing_appointment,
        reads=(Action.APPROVE, Action.REFUSE, Action.WITHDRAW, Action.END),
    ),
    Subject(
        service="directory",
        title="A new API client",
        decide=decide,
        standings=_OF_STATE,
        properties={"of": tuple(ORGANIZATIONS)},
        make=_new_client,
        reads=(Action.REGISTER_CLIENT,),
    ),
    Subject(
        service="directory",
        title="An API client",
        views=(ClientView,),
        decide=decide,
        standings={"the client": _appointee, **_OF_STATE},
        properties={"of": tuple(ORGANIZATIONS)},
        make=_client,
        reads=(Action.SHOW_CLIENT, Action.LIST_CLIENTS, Action.FOLLOW),
        acts=(Action.ROTATE_CLIENT, Action.END_CLIENT),
    ),
)
