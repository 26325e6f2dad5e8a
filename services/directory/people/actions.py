"""Actions of the directory: load for the caller, decide, save, announce. The calling code opens the transaction."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from chassis import erasure
from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.ids import new_id
from chassis.journal.outbox import announce
from chassis.texts import hash_texts
from contracts.callers import Subject
from contracts.directory import Mandate, PersonErased
from contracts.facts import Event, Fact
from contracts.refusals import Conflict, Invalid
from contracts.registry import decode_fact
from contracts.values import Role
from services.directory import policy
from services.directory.appointments import model as appointing
from services.directory.appointments.model import ADMINISTRATORS_MIN, Appointment
from services.directory.people import model, store
from services.directory.people.evolve import Record, evolve
from services.directory.people.model import UNODC, Person
from services.directory.people.store import PersonTexts
from services.directory.policy import Action, ExistingAppointment, NewAppointment
from services.directory.subjects import store as subject_store

NAME_OF_UNODC = "United Nations Office on Drugs and Crime"


async def record(tx: Tx, before: Record | None, fact: Fact) -> None:
    """Apply a fact to its record, save it, and announce the fact."""
    after = evolve(before, fact)
    await store.save(tx, after)
    await announce(tx, fact, version=after.revision)


def organization_id_of(code: str) -> UUID:
    """Derive the id from the code, so that the journal allows only one registration of each."""
    return uuid5(NAMESPACE_URL, f"entraide:organization:{code}")


# -- organizations and people -----------------------------------------------------------------------------------------


async def register(tx: Tx, code: str, name: str, *, now: datetime) -> None:
    """Register an organization. Raises Conflict if it is already registered."""
    if await store.is_registered(tx, code):
        raise Conflict("organization-exists")
    salt, texts_hash = hash_texts(name)
    organization_id = organization_id_of(code)
    await record(tx, None, model.register(organization_id, code, texts_hash, now=now))
    await store.save_name(tx, organization_id, name, salt)


async def enter(
    tx: Tx,
    person_id: UUID,
    organization: str,
    texts: PersonTexts,
    *,
    subjects_proposed_by: UUID | None = None,
    now: datetime,
) -> None:
    """Enter a person. With `subjects_proposed_by` the subjects have no effect until a second person approves them.

    Raises Invalid for an organization that is not registered, Conflict for an existing id, or a subject of another
    person in that organization.
    """
    if not await store.is_registered(tx, organization):
        raise Invalid("unknown-code", field="organization", code=organization)
    async with tx.as_service():
        taken = await store.is_taken(tx, person_id)
    if taken:
        raise Conflict("person-exists")
    if subjects_proposed_by is None or not texts.subjects:
        salt, texts_hash = hash_texts(texts)
        await record(tx, None, model.enter(person_id, organization, texts_hash, now=now))
        await store.save_person_texts(tx, person_id, texts, salt)
        await subject_store.save(tx, person_id, organization, texts.subjects)
        return
    salt, texts_hash = hash_texts(msgspec.structs.replace(texts, subjects=()))
    proposed_salt, proposed_hash = hash_texts(texts)
    fact = model.enter(
        person_id,
        organization,
        texts_hash,
        subjects_proposed_by=subjects_proposed_by,
        subjects_proposed_hash=proposed_hash,
        now=now,
    )
    await record(tx, None, fact)
    await store.save_person_texts(tx, person_id, texts, salt)
    await subject_store.save_proposed(tx, person_id, texts.subjects, proposed_salt)


async def identify(tx: Tx, ctx: Context, person_id: UUID, subjects: tuple[Subject, ...]) -> None:
    """Set a person's subjects, replacing the former ones and any that are proposed."""
    person = await _for_move_of_person(tx, ctx, person_id, Action.SET_SUBJECTS)
    person.require_not_erased()
    async with tx.as_service():
        held = await store.held_in(tx, person_id)
    texts = msgspec.structs.replace((await store.person_texts(tx, [person_id]))[person_id], subjects=subjects)
    salt, texts_hash = hash_texts(texts)
    of_trust = any(appointing.requires_two_people(organization, role) for organization, role in held)
    await record(tx, person, person.identify(len(subjects), texts_hash, of_trust=of_trust, now=ctx.now))
    await store.save_person_texts(tx, person_id, texts, salt)
    await subject_store.save(tx, person_id, person.organization, subjects)
    await subject_store.take_proposed(tx, person_id)


async def propose_subjects(tx: Tx, ctx: Context, person_id: UUID, subjects: tuple[Subject, ...]) -> None:
    """Propose a person's subjects, which a second person has to approve."""
    person = await _for_move_of_person(tx, ctx, person_id, Action.PROPOSE_SUBJECTS)
    person.require_not_erased()
    texts = msgspec.structs.replace((await store.person_texts(tx, [person_id]))[person_id], subjects=subjects)
    salt, texts_hash = hash_texts(texts)
    fact = person.propose_subjects(len(subjects), texts_hash, proposed_by=ctx.caller.person_id, now=ctx.now)
    await record(tx, person, fact)
    await subject_store.save_proposed(tx, person_id, subjects, salt)


async def approve_subjects(tx: Tx, ctx: Context, person_id: UUID) -> None:
    """Put the proposed subjects into effect. Raises Conflict for a subject of another person in the organization."""
    person = await _for_move_of_person(tx, ctx, person_id, Action.APPROVE_SUBJECTS)
    await _let_subjects_take_effect(tx, ctx, person)


async def decline_subjects(tx: Tx, ctx: Context, person_id: UUID) -> None:
    """Drop the proposed subjects."""
    person = await _for_move_of_person(tx, ctx, person_id, Action.DECLINE_SUBJECTS)
    await record(tx, person, person.decline_subjects(now=ctx.now))
    await subject_store.take_proposed(tx, person_id)


async def _let_subjects_take_effect(tx: Tx, ctx: Context, person: Person) -> None:
    proposed = await subject_store.take_proposed(tx, person.person_id)
    subjects = proposed.subjects if proposed else ()
    await record(tx, person, person.approve_subjects(len(subjects), approved_by=ctx.caller.person_id, now=ctx.now))
    assert proposed is not None, "proposed subjects are stored beside the person"
    texts = (await store.person_texts(tx, [person.person_id]))[person.person_id]
    await store.save_person_texts(tx, person.person_id, texts, proposed.salt)
    await subject_store.save(tx, person.person_id, person.organization, subjects)


async def move_person(tx: Tx, ctx: Context, person_id: UUID, action: Action, decide: Callable[[Person], Fact]) -> None:
    """Disable or enable a person, or decline to erase them."""
    person = await _for_move_of_person(tx, ctx, person_id, action)
    await record(tx, person, decide(person))


async def propose_erasure(tx: Tx, ctx: Context, person_id: UUID, reason: str) -> None:
    """Propose the erasure of a person's data, which a second person has to approve."""
    person = await _for_move_of_person(tx, ctx, person_id, Action.PROPOSE_ERASURE)
    appointed = await _is_appointed(tx, person_id, ctx.now)
    fact = person.propose_erasure(reason, appointed=appointed, proposed_by=ctx.caller.person_id, now=ctx.now)
    await record(tx, person, fact)


async def approve_erasure(tx: Tx, ctx: Context, person_id: UUID) -> None:
    """Approve an erasure as the second person. It takes effect in other services when they consume the fact."""
    person = await _for_move_of_person(tx, ctx, person_id, Action.APPROVE_ERASURE)
    appointed = await _is_appointed(tx, person_id, ctx.now)
    await record(tx, person, person.erase(appointed=appointed, approved_by=ctx.caller.person_id, now=ctx.now))
    async with tx.as_service():
        await forget(tx, person_id)


async def forget(tx: Tx, person_id: UUID, because: Event | None = None) -> erasure.Dropped:
    """Delete a person's texts and subjects, and the references of their letters of appointment."""
    about = [person_id, *await store.appointments_of(tx, person_id)]
    dropped = await erasure.forget(tx, person_id, because, about=about)
    return {**dropped, **await subject_store.forget(tx, person_id), **await store.forget_person(tx, person_id)}


async def _for_move_of_person(tx: Tx, ctx: Context, person_id: UUID, action: Action) -> Person:
    person = await store.get_person(tx, person_id, ctx.caller, lock=True)
    policy.decide(ctx.caller, action, person).required()
    check_revision(person.revision, ctx.expected)
    return person


async def _is_appointed(tx: Tx, person_id: UUID, now: datetime) -> bool:
    async with tx.as_service():
        return await store.is_appointed(tx, person_id, today=now.date())


# -- appointments -----------------------------------------------------------------------------------------------------


async def appoint(
    tx: Tx, ctx: Context, appointment_id: UUID, person_id: UUID, organization: str, mandate: Mandate, letter: str
) -> None:
    """Make an appointment if the caller may do so alone; else propose it."""
    # Lock the person, so that a second proposal of the same appointment sees the first.
    person = await store.get_person(tx, person_id, ctx.caller, lock=True)
    if not await store.is_registered(tx, organization):
        raise Invalid("unknown-code", field="organization", code=organization)
    appointing.check_mandate(mandate, organization, today=ctx.today)
    new_appointment = NewAppointment(
        person_id, organization, mandate.role, await _focal_points(tx, organization, ctx.now)
    )
    policy.decide(ctx.caller, Action.APPOINT, new_appointment).required()
    person.require_enabled()
    appointing.check_belongs(person.organization, organization)
    async with tx.as_service():
        overlaps = await store.overlaps(
            tx, person_id, organization, mandate.role, starts=mandate.starts, ends=mandate.ends
        )
    if overlaps:
        raise Conflict("appointment-exists")
    salt, texts_hash = hash_texts(letter)
    begin = (
        appointing.make
        if policy.may_appoint_alone(ctx.caller, organization, mandate.role)
        else partial(appointing.propose, subjects_hash=person.subjects_hash)
    )
    fact: Fact = begin(
        appointment_id, person_id, organization, mandate, texts_hash, proposed_by=ctx.caller.person_id, now=ctx.now
    )
    await record(tx, None, fact)
    await store.save_letter(tx, appointment_id, letter, salt)


async def approve(tx: Tx, ctx: Context, appointment_id: UUID) -> None:
    """Approve an appointment as the second person; it is then in force on its days.

    It applies to the subjects, in effect or proposed, at the time of its proposal; proposed ones take effect with it.
    Raises Conflict if they have changed since.
    """
    # Lock the person before the appointment, in the same order as `appoint`.
    seen = await store.get_appointment(tx, appointment_id, ctx.caller)
    person = await store.get_person(tx, seen.person_id, ctx.caller, lock=True)
    appointment = await _for_move(tx, ctx, appointment_id, Action.APPROVE)
    person.require_enabled()
    fact = appointment.approve(ctx.caller.person_id, now=ctx.now)
    if appointment.subjects_hash not in {person.texts_hash, person.subjects_proposed_hash} - {None}:
        raise Conflict("subjects-changed")
    if appointment.subjects_hash != person.texts_hash:
        policy.decide(ctx.caller, Action.APPROVE_SUBJECTS, person).required()
        await _let_subjects_take_effect(tx, ctx, person)
    await record(tx, appointment, fact)


async def refuse(tx: Tx, ctx: Context, appointment_id: UUID, reason: str) -> None:
    """Refuse an appointment as the second person."""
    appointment = await _for_move(tx, ctx, appointment_id, Action.REFUSE)
    await record(tx, appointment, appointment.refuse(reason, now=ctx.now))


async def withdraw(tx: Tx, ctx: Context, appointment_id: UUID) -> None:
    """Withdraw an appointment as the person who proposed it."""
    appointment = await _for_move(tx, ctx, appointment_id, Action.WITHDRAW)
    await record(tx, appointment, appointment.withdraw(now=ctx.now))


async def end(tx: Tx, ctx: Context, appointment_id: UUID, reason: str) -> None:
    """End an appointment. This requires only one person who could have proposed it."""
    # Lock all administrators before the appointment, always in the same order.
    async with tx.as_service():
        administrators = await store.in_force(tx, UNODC, Role.ADMINISTRATOR, today=ctx.today)
    appointment = await _for_move(tx, ctx, appointment_id, Action.END)
    await record(tx, appointment, appointment.end(reason, administrators=administrators, now=ctx.now))


async def _for_move(tx: Tx, ctx: Context, appointment_id: UUID, action: Action) -> Appointment:
    appointment = await store.get_appointment(tx, appointment_id, ctx.caller, lock=True)
    given = ExistingAppointment(appointment, await _focal_points(tx, appointment.organization, ctx.now))
    policy.decide(ctx.caller, action, given).required()
    check_revision(appointment.revision, ctx.expected)
    return appointment


async def _focal_points(tx: Tx, organization: str, now: datetime) -> int:
    async with tx.as_service():
        return await store.in_force(tx, organization, Role.FOCAL_POINT, today=now.date())


# -- for the service --------------------------------------------------------------------------------------------------


class Founder(msgspec.Struct, frozen=True, kw_only=True):
    """One of the first administrators."""

    person_id: UUID
    texts: PersonTexts


async def appoint_founders(tx: Tx, founders: Sequence[Founder], *, now: datetime) -> None:
    """Enter and appoint the first administrators, without a caller.

    Raises Conflict while enough administrators are in force to appoint others, Invalid for fewer founders than that.
    """
    if len({founder.person_id for founder in founders}) < ADMINISTRATORS_MIN:
        raise Invalid("founders-too-few", at_least=ADMINISTRATORS_MIN)
    if await store.in_force(tx, UNODC, Role.ADMINISTRATOR, today=now.date()) >= ADMINISTRATORS_MIN:
        raise Conflict("founded-already")
    if not await store.is_registered(tx, UNODC):
        await register(tx, UNODC, NAME_OF_UNODC, now=now)
    for founder in founders:
        await enter(tx, founder.person_id, UNODC, founder.texts, now=now)
        salt, texts_hash = hash_texts("")
        mandate = Mandate(role=Role.ADMINISTRATOR, starts=now.date())
        appointment_id = new_id()
        fact = appointing.make(appointment_id, founder.person_id, UNODC, mandate, texts_hash, proposed_by=None, now=now)
        await record(tx, None, fact)
        await store.save_letter(tx, appointment_id, "", salt)


def erasure_of(person: Person) -> erasure.Erasure:
    """The record of an erasure outside the database."""
    return msgspec.convert(
        {
            "person_id": person.person_id,
            "reason": person.erasure_reason,
            "proposed_by": person.erasure_proposed_by,
            "approved_by": person.erasure_approved_by,
            "erased_at": person.erased_at,
        },
        erasure.Erasure,
    )


async def erase_again(tx: Tx, erased: erasure.Erasure) -> bool:
    """Repeat an erasure that a restore has undone; return False if it is still in effect or the person is unknown.

    This includes a person who is appointed again by the restore: these appointments no longer have effect.
    """
    person = await store.get_as_service(tx, "person", erased.person_id)
    if not isinstance(person, Person) or person.erased_at is not None:
        return False
    fact = PersonErased(
        person_id=person.person_id,
        organization=person.organization,
        reason=erased.reason,
        proposed_by=erased.proposed_by,
        approved_by=erased.approved_by,
        erased_at=erased.erased_at,
    )
    await record(tx, person, fact)
    return True


async def rebuild(tx: Tx, event: Event) -> None:
    """Apply one fact of the service's own journal to the tables, as the action that announced it did."""
    fact = decode_fact(event)
    assert fact is not None, "the service's own journal has only known facts"
    await store.save(tx, evolve(await store.get_as_service(tx, event.aggregate, event.aggregate_id), fact))
