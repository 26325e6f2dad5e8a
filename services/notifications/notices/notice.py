"""A notice: what it is about, and how its recipients relate to the fact."""

from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from contracts.facts import Fact, fact_type
from contracts.values import Role

UNODC = "UNODC"


class Relation(StrEnum):
    """How a recipient relates to a fact."""

    STATE = "state"
    STATES = "states"
    FOCAL_POINTS = "organization"
    PROVIDER = "provider"
    DONOR = "donor"
    UNIT = "unit"
    FUND_DONORS = "fund_donors"
    DONORS = "donors"
    """Those who earmarked a pledge to it."""
    COORDINATORS = "coordinators"
    FINANCE = "finance"
    PERSON = "person_id"
    RESPONSIBLE = "responsible"
    """The assignee of a clock's request, if the fact names one, else the holders of the role that has to act."""
    HEADS = "heads"
    """The heads of the remit that holds the request; without any, the coordinators of that remit, else all."""
    LAST = "waiting_for"
    """The party of a package whose agreement alone is missing."""
    OTHER_SIDE = "side"
    """The side of a delivery that did not act."""
    CONTACTS = "contacts"
    """Those whom the sides that did not write have named as contacts, in an appointment that reads what was written."""


class Appointment(Struct, frozen=True, order=True):
    """All holders of one role in one organization."""

    organization: str
    role: Role


class Holder(Struct, frozen=True):
    """A person in one of their appointments."""

    person_id: UUID
    organization: str
    role: Role


COORDINATOR = Appointment(UNODC, Role.COORDINATOR)


class Subject(Struct, frozen=True, kw_only=True):
    """What a remit is compared with: a request's State by its regional group, and its topics with all broader ones."""

    region: str | None
    topics: tuple[str, ...]


class Notice(Struct, frozen=True, kw_only=True):
    """A notice: `code` selects the text, `relations` the recipients, with a reference and a link.

    `gathered` notices are sent once per recipient and cause, however many facts that cause had, `once_per` ones
    once per recipient and value of that field; webhooks get each. With `only_if_notified_before` only recipients
    notified of the same match before get it, with `unless_caused` only a fact without a cause is notified, and with
    `while_circulating` providers get it only while the State lets the request circulate. A fact is notified with
    `if_set` only if that field has a value, with `unless_set` only if it has none.
    """

    code: str
    to: tuple[Relation, ...]
    reference: str
    link: str
    gathered: bool = False
    once_per: str | None = None
    only_if_notified_before: bool = False
    unless_caused: bool = False
    while_circulating: bool = False
    if_set: str | None = None
    unless_set: str | None = None


class KnownReference(Struct, frozen=True, kw_only=True):
    """A request's reference number, known from earlier facts."""

    reference: str | None = None


def notice_of(
    kind: type[Fact],
    *to: Relation,
    link: str,
    reference: str = "request_id",
    variant: str = "",
    gathered: bool = False,
    once_per: str | None = None,
    only_if_notified_before: bool = False,
    unless_caused: bool = False,
    while_circulating: bool = False,
    if_set: str | None = None,
    unless_set: str | None = None,
) -> Notice:
    return Notice(
        code=f"{fact_type(kind)}:{variant}" if variant else fact_type(kind),
        to=to,
        reference=reference,
        link=link,
        gathered=gathered,
        once_per=once_per,
        only_if_notified_before=only_if_notified_before,
        unless_caused=unless_caused,
        while_circulating=while_circulating,
        if_set=if_set,
        unless_set=unless_set,
    )
