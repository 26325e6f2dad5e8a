"""Appoint a test's personas: in the callers held by services in this process, or in a real directory."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, UUID, uuid5
from weakref import WeakSet

from msgspec.structs import replace

from chassis.auth.callers import Callers
from chassis.db.database import Database
from chassis.ids import new_id
from chassis.texts import hash_texts
from contracts.callers import CallerChanges, HeldAppointment, KnownSubject, Subject
from contracts.directory import Mandate
from contracts.values import Language, Role
from services.directory.appointments import model as appointment
from services.directory.people import actions, store

ISSUER = "https://issuer.entraide.example"
EARLY = datetime(2026, 1, 1, tzinfo=UTC)


def persona_id(appointment: str) -> UUID:
    """Return the id of the fictitious person who holds `<organization>:<role>`."""
    return uuid5(NAMESPACE_URL, f"entraide:persona:{appointment}")


class AllAppointed:
    """A lookup in which every person holds every appointment except those in `ended`."""

    def __init__(self) -> None:
        self.ended: set[tuple[UUID, str, str]] = set()

    def holds(self, person_id: UUID, organization: str, role: Role, _at: datetime) -> bool:
        return (person_id, organization, role) not in self.ended

    def stale(self) -> bool:
        return False


_callers: WeakSet[Callers] = WeakSet()
_appointed: dict[tuple[UUID, tuple[str, ...]], Sequence[HeldAppointment]] = {}
"""Appointments made in this test, by person and appointments."""


def with_test_appointments(callers: Callers) -> Callers:
    """Add all personas that tests appoint; they are never stale."""
    _callers.add(callers)
    for (person_id, _), holdings in _appointed.items():
        _apply(callers, person_id, holdings)
    return callers


def appoint_persona(*appointments: str, person_id: UUID | None = None) -> None:
    """Appoint one person to all of these, once in a test; by default the persona of the first."""
    person_id = person_id or persona_id(appointments[0])
    if (person_id, appointments) in _appointed:
        return
    holdings = _appointed[person_id, appointments] = [_held(person_id, held) for held in appointments]
    for callers in _callers:
        _apply(callers, person_id, holdings)


def end_appointment(appointment: str) -> None:
    """End an appointment of its persona, who had it in this test."""
    [held] = _appointed[persona_id(appointment), (appointment,)]
    for callers in _callers:
        _apply(callers, held.person_id, [replace(held, ended=True, version=held.version + 1)])


def forget_appointed() -> None:
    _appointed.clear()


def _held(person_id: UUID, held: str) -> HeldAppointment:
    organization, _, role = held.partition(":")
    return HeldAppointment(
        appointment_id=uuid5(NAMESPACE_URL, f"{person_id} {held}"),
        person_id=person_id,
        organization=organization,
        role=Role(role),
        starts=EARLY.date(),
        version=1,
    )


def _apply(callers: Callers, person_id: UUID, holdings: Sequence[HeldAppointment]) -> None:
    callers.apply(CallerChanges(holdings=holdings, people=[], after="0.0", more=False), asked_at=float("inf"))
    callers.cache_people(Subject(issuer=ISSUER, subject=str(person_id)), KnownSubject(person_id=person_id))


async def appoint_in_directory(
    db: Database,
    appointments: Sequence[str],
    *,
    issuer: str = ISSUER,
    id_of: Callable[[str], UUID] = persona_id,
) -> None:
    """Create and appoint a person for each appointment in a directory, by the system as for founders."""
    async with db.transaction() as tx:
        for code in sorted({held.partition(":")[0] for held in appointments}):
            if not await store.is_registered(tx, code):
                await actions.register(tx, code, f"Fictitious sample: {code}", now=EARLY)
        for held in appointments:
            organization, _, role = held.partition(":")
            person_id = id_of(held)
            texts = store.PersonTexts(
                name=f"Fictitious sample: {held}",
                email=f"{person_id.hex}@people.example",
                language=Language.EN,
                subjects=(Subject(issuer=issuer, subject=str(person_id)),),
            )
            await actions.enter(tx, person_id, organization, texts, now=EARLY)
            salt, texts_hash = hash_texts("")
            appointment_id = new_id()
            mandate = Mandate(role=Role(role), starts=EARLY.date())
            fact = appointment.make(
                appointment_id, person_id, organization, mandate, texts_hash, proposed_by=None, now=EARLY
            )
            await actions.record(tx, None, fact)
            await store.save_letter(tx, appointment_id, "", salt)
    async with db.transaction() as tx:
        # The facts are not published here: let the next process publish them at once.
        await tx.execute("UPDATE pending SET claimed_until = clock_timestamp()")
