"""Notices: the text and links of each, and the relations of its recipients to the fact."""

from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from contracts.facts import Fact, fact_type
from contracts.values import Role

UNODC = "UNODC"


class Relation(StrEnum):
    """Relations of a recipient to a fact."""

    STATE = "state"
    STATES = "states"
    FOCAL_POINTS = "organization"
    PROVIDER = "provider"
    DONOR = "donor"
    UNIT = "unit"
    FUND_DONORS = "fund_donors"
    DONORS = "donors"
    """The donors that earmarked a pledge to the extension."""
    COORDINATORS = "coordinators"
    FINANCE = "finance"
    ADMINISTRATORS = "administrators"
    PERSON = "person_id"
    RESPONSIBLE = "responsible"
    """The assignee of a clock's request, if the fact names one, or else the holders of the role that has to act."""
    HEADS = "heads"
    """The heads of the remit that holds the request, or else the coordinators of that remit, or else all."""
    LAST = "waiting_for"
    """The only party of a package whose agreement is missing."""
    OTHER_SIDE = "side"
    """The side of a delivery that did not act."""
    CONTACTS = "contacts"
    """Contacts named by the sides that did not write, in an appointment in which they read the message."""


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
    """The subject matched to a remit: the regional group of a request's State, and its topics with all broader ones."""

    region: str | None
    topics: tuple[str, ...]


class Notice(Struct, frozen=True, kw_only=True):
    """A notice: `code` selects the text, `to` the recipients, and `reference` and `link` what the text refers to.

    A `gathered` notice is sent once per recipient and cause, however many facts that cause had; one with `once_per` is
    sent once per recipient and value of those fields, of a time its day. Webhooks get each fact. With
    `only_if_notified_before`, only recipients notified of the same match before get it; with `unless_caused`, only a
    fact without a cause is notified; with `while_circulating`, providers get it only while the State lets the request
    circulate. With `if_set`, a fact is notified only if that field has a value; with `unless_set`, only if it has none.
    An `approval` is sent to all who can approve, subscribed or not, but not to who proposed it, or the person that it
    is about.
    """

    code: str
    to: tuple[Relation, ...]
    reference: str
    link: str
    gathered: bool = False
    once_per: tuple[str, ...] = ()
    only_if_notified_before: bool = False
    unless_caused: bool = False
    while_circulating: bool = False
    approval: bool = False
    if_set: str | None = None
    unless_set: str | None = None


class Known(Struct, frozen=True, kw_only=True):
    """What earlier facts told of a matter: its request's reference, State and kind, or its offering's provider."""

    reference: str | None = None
    state: str | None = None
    provider: str | None = None
    kind: str | None = None


def notice_of(
    kind: type[Fact],
    *to: Relation,
    link: str,
    reference: str = "request_id",
    variant: str = "",
    gathered: bool = False,
    once_per: tuple[str, ...] = (),
    only_if_notified_before: bool = False,
    unless_caused: bool = False,
    while_circulating: bool = False,
    approval: bool = False,
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
        approval=approval,
        if_set=if_set,
        unless_set=unless_set,
    )
