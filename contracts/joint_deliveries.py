"""Facts of the matching service about joint deliveries: one delivery of an offering for lines of several States."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts.facts import Fact
from contracts.requests import Codes, Persons
from contracts.values import Code, Language, Money, Organization, Period, State

MEMBERS_MIN = 2
MEMBERS_MAX = 20


class JointMember(Struct, frozen=True, kw_only=True):
    """The match of one State's line in a joint delivery, and the number of persons it serves.

    `funding_needed` is its share of the money that the delivery lacks; None if it lacks none.
    """

    match_id: UUID
    request_id: UUID
    line_id: UUID
    state: State
    persons: Persons
    funding_needed: Money | None = None


class JointDeliveryProposed(Fact, frozen=True, kw_only=True, tag="matching.joint_delivery.proposed.v1"):
    """A coordinator proposed one delivery of an offering to several States; each match is presented by its own fact.

    `topics`, `languages` and `window` are those that the lines have in common; `people` is the number of persons that
    the delivery serves.
    """

    joint_delivery_id: UUID
    offering_id: UUID
    provider: Organization
    kind: Code
    modality: Code
    topics: Codes
    languages: Annotated[tuple[Language, ...], Meta(max_length=6)]
    window: Period
    people: Annotated[int, Meta(ge=1)]
    members: Annotated[tuple[JointMember, ...], Meta(min_length=MEMBERS_MIN, max_length=MEMBERS_MAX)]
    proposed_at: datetime


FACTS: tuple[type[Fact], ...] = (JointDeliveryProposed,)
