"""The recipients of a notice: appointments and persons that a fact is about, and coordinators by their remits."""

from collections.abc import Collection, Mapping, Sequence
from operator import attrgetter
from uuid import UUID

from contracts.callers import Remit
from contracts.facts import Event, Fact
from contracts.values import Role, Side
from services.notifications.notices.notice import COORDINATOR, UNODC, Appointment, Notice, Relation, Subject

_ROLES = {
    Relation.STATE: Role.FOCAL_POINT,
    Relation.FOCAL_POINTS: Role.FOCAL_POINT,
    Relation.PROVIDER: Role.PROVIDER_OFFICER,
    Relation.DONOR: Role.DONOR_OFFICER,
    Relation.UNIT: Role.PROVIDER_OFFICER,
}


def appointments(notice: Notice, fact: Fact) -> list[Appointment]:
    """Return the recipients of a notice, except the person that it is about (`person_notified`).

    A relation that the fact lacks (money without a request) has no recipients.
    """
    found: set[Appointment] = set()
    for relation in notice.to:
        match relation:
            case Relation.COORDINATORS | Relation.HEADS:
                found.add(COORDINATOR)
            case Relation.FINANCE:
                found.add(Appointment(UNODC, Role.FINANCE_OFFICER))
            case Relation.ADMINISTRATORS:
                found.add(Appointment(UNODC, Role.ADMINISTRATOR))
            case Relation.RESPONSIBLE:
                if getattr(fact, "assignee", None) is None:
                    found.add(Appointment(*attrgetter("organization", "role")(fact)))
            case Relation.FUND_DONORS | Relation.DONORS:
                found |= {Appointment(donor, Role.DONOR_OFFICER) for donor in getattr(fact, relation.value)}
            case Relation.STATES:
                found |= {Appointment(state, Role.FOCAL_POINT) for state in getattr(fact, relation.value)}
            case Relation.LAST:
                waiting_for: tuple[str, ...] = getattr(fact, relation.value)
                if len(waiting_for) == 1:
                    party = Relation(waiting_for[0])
                    found.add(Appointment(getattr(fact, party.value), _ROLES[party]))
            case Relation.OTHER_SIDE:
                other = Relation(Side(getattr(fact, relation.value)).other)
                found.add(Appointment(getattr(fact, other.value), _ROLES[other]))
            case Relation.STATE | Relation.FOCAL_POINTS | Relation.PROVIDER | Relation.DONOR | Relation.UNIT:
                organization = getattr(fact, relation.value)
                if organization is not None:
                    found.add(Appointment(organization, _ROLES[relation]))
    return sorted(found)


def contacts_notified(notice: Notice, fact: Fact) -> tuple[Sequence[UUID], Sequence[Appointment]]:
    """Return the contacts whom a notice is also for, and the appointments in which they may read its subject."""
    if Relation.CONTACTS not in notice.to:
        return (), ()
    state, provider, author = attrgetter("state", "provider", Relation.OTHER_SIDE.value)(fact)
    reading = {
        Side.STATE: (state, (Role.FOCAL_POINT, Role.OFFICIAL)),
        Side.PROVIDER: (provider, (Role.PROVIDER_OFFICER,)),
    }
    people: Sequence[UUID] = getattr(fact, Relation.CONTACTS.value)
    return people, [
        Appointment(organization, role)
        for side, (organization, roles) in reading.items()
        if side != author
        for role in roles
    ]


def barred_from_approving(event: Event, fact: Fact) -> set[UUID | None]:
    """Return who proposed what waits for an approval, and the person that it is about."""
    return {event.actorid, getattr(fact, "proposed_by", None), getattr(fact, "person_id", None)}


def is_escalation(notice: Notice) -> bool:
    """Check whether coordinators who never subscribed are also notified, by their inbox."""
    return Relation.HEADS in notice.to


def routed(
    notice: Notice, people: Collection[UUID], remits: Mapping[UUID, Sequence[Remit]], subject: Subject | None
) -> set[UUID]:
    """Return those of these coordinators to whom a notice of a request goes: those whose remit holds it.

    An escalation goes to those of them who are heads. If there are none, the wider circle is notified, so that no
    notice is lost; all are notified of a request that is in no remit, and of a fact about no request.
    """
    holding: dict[UUID, list[Remit]] = {}
    for person_id in people:
        fits = [one for one in remits.get(person_id, ()) if subject and one.holds(subject.region, subject.topics)]
        if fits:
            holding[person_id] = fits
    if is_escalation(notice):
        heads = {person_id for person_id, fits in holding.items() if any(one.head for one in fits)}
        return heads or set(holding) or set(people)
    return set(holding) or set(people)


def person_notified(notice: Notice, fact: Fact) -> UUID | None:
    """Return the person that the fact is about, if the notice is also for them; None otherwise."""
    if Relation.RESPONSIBLE in notice.to:
        return getattr(fact, "assignee", None)
    return getattr(fact, Relation.PERSON.value) if Relation.PERSON in notice.to else None
