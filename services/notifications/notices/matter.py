"""The matter of a notice: its cause, what its text names, whose it is, by when to act, and the record it leads to."""

from datetime import date, datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from contracts import alerts as al
from contracts import directory as d
from contracts.facts import Event, Fact
from contracts.formats import last_day
from contracts.notifications import Record
from services.notifications.notices.notice import UNODC, Known, Notice, Relation

FUND = "/v1/funds/{fund}"
UNNUMBERED = "TA-..."
"""The reference of a request that has none yet: a draft."""

DEADLINES = ("closes_at", "answer_by", "due_on", "valid_until", "window_ends_at", "due_at")
"""Fields of facts that say until when to act, the last word first."""


def cause_of(notice: Notice, fact: Fact, event_id: UUID, causation_id: UUID | None) -> UUID:
    """Return the id of which a recipient is notified once: of the event, its cause, or the matter that it is about."""
    match [getattr(fact, name) for name in notice.once_per]:
        case [UUID() as record_id]:
            return record_id
        case []:
            return causation_id if notice.gathered and causation_id is not None else event_id
        case values:
            days = [one.date() if isinstance(one, datetime) else one for one in values]
            return uuid5(NAMESPACE_URL, f"entraide:matter:{':'.join(map(str, days))}")


def reference_of(notice: Notice, fact: Fact, known: Known) -> str:
    """Return the reference in the notice's text: a request's reference number, a code, or a day; never an id."""
    value = getattr(fact, notice.reference)
    match notice.reference:
        case "request_id":
            return known.reference or UNNUMBERED
        case "offering_id":
            return known.provider or UNODC
    return str(value.date() if isinstance(value, datetime) else value)


def whose(notice: Notice, fact: Fact, known: Known) -> str:
    """Return the State or organization whose matter it is. A notice to the donors of a fund is about the fund."""
    if isinstance(fact, al.HitRecorded):
        return known.state or known.provider or UNODC
    if Relation.FUND_DONORS in notice.to:
        return UNODC
    found = (getattr(fact, name, None) for name in ("state", "organization", "provider", "donor"))
    return next(filter(None, found), UNODC)


def due_on(fact: Fact) -> date | None:
    """Return the last day on which the recipient can act, if there is one: the day that a time at midnight ends."""
    if isinstance(fact, al.HitRecorded):
        return None
    for name in ("ends",) if isinstance(fact, d.ClientExpiring) else DEADLINES:
        value = getattr(fact, name, None)
        if isinstance(value, datetime):
            return last_day(value)
        if value is not None:
            day: date = value
            return day
    return None


def link_of(notice: Notice, fact: Fact) -> str:
    """Return the link to the page where the recipient reads more after signing in."""
    return notice.link.format_map({name: getattr(fact, name) for name in fact.__struct_fields__})


def about(notice: Notice, fact: Fact) -> tuple[UUID | None, UUID | None]:
    """Return the ids of the request and match that the recipient may read; both None for a notice about the fund."""
    if notice.reference != "request_id":
        return None, None
    return getattr(fact, "request_id", None), getattr(fact, "match_id", None)


def record_of(notice: Notice, event: Event, fact: Fact) -> Record:
    """Return the record that a webhook event names: the changed or found one, or the fund if the notice is about it."""
    if notice.link == FUND:
        return Record(aggregate="fund", id=getattr(fact, notice.reference))
    if isinstance(fact, al.HitRecorded):
        for aggregate in ("offering", "requirement", "request"):
            if (record_id := getattr(fact, f"{aggregate}_id")) is not None:
                return Record(aggregate=aggregate, id=str(record_id))
    return Record(aggregate=event.aggregate, id=str(event.aggregate_id), version=event.aggregateversion)
