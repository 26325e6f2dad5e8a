"""Facts of the delivery service about deliveries, from a confirmed match to the end of the delivery.

The id of a delivery is derived from that of its match. A match has at most one delivery, because a revoked match is
never proposed again.
"""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID, uuid5

from msgspec import Meta

from contracts.codes import KindCode
from contracts.facts import Fact
from contracts.requests import Persons
from contracts.values import Code, Money, Organization, Period, State

CONTACTS_MAX = 5
_NAMESPACE = UUID("c2a3f5f0-5b0e-4f8e-9d0f-6d1b7e0a4c11")


def delivery_id_of(match_id: UUID) -> UUID:
    """The id of the delivery that a match has once it is confirmed."""
    return uuid5(_NAMESPACE, str(match_id))


class DeliveryOpened(Fact, frozen=True, kw_only=True, tag="delivery.delivery.opened.v1"):
    """The delivery opened, because both sides confirmed the match; `period` is when it is to take place.

    `period` is the part of the State's window within the offering's period whose capacity was taken. `covers` is the
    number of persons of the line's group that it serves, None for all. `funding_needed` is the money that it lacked
    then; the delivery does not begin without it. `kind` is the kind of assistance.
    """

    delivery_id: UUID
    match_id: UUID
    request_id: UUID
    line_id: UUID
    offering_id: UUID
    state: State
    provider: Organization
    period: Period
    opened_at: datetime
    covers: Persons | None = None
    funding_needed: Money | None = None
    joint_delivery_id: UUID | None = None
    kind: KindCode | None = None


class _DeliveryFact(Fact, frozen=True, kw_only=True):
    """Fields repeated in every later fact of a delivery, so that consumers can act without a query."""

    delivery_id: UUID
    match_id: UUID
    request_id: UUID
    line_id: UUID
    state: State
    provider: Organization


class DeliveryContactsNamed(_DeliveryFact, frozen=True, kw_only=True, tag="delivery.delivery.contacts-named.v1"):
    """One `side` (`state` or `provider`) named its contacts, which replace the former ones; none if `contacts` is 0."""

    side: Code
    contacts: Annotated[int, Meta(ge=0, le=CONTACTS_MAX)]
    texts_hash: str
    named_at: datetime


class DeliveryAgreementWaived(_DeliveryFact, frozen=True, kw_only=True, tag="delivery.delivery.agreement-waived.v1"):
    """One `side` waived a written agreement; `waiting_for` is the other side until it has waived it, too."""

    side: Code
    waived_at: datetime
    waiting_for: Code | None = None


class DeliveryPrivateTopicOpened(
    _DeliveryFact, frozen=True, kw_only=True, tag="delivery.delivery.private-topic-opened.v1"
):
    """One `side` opened the private topic, whose messages only the two sides read.

    `waiting_for` is the other side until it has opened the topic, too.
    """

    side: Code
    opened_at: datetime
    waiting_for: Code | None = None


class DeliveryAgreed(_DeliveryFact, frozen=True, kw_only=True, tag="delivery.delivery.agreed.v1"):
    """The agreement was signed by both sides, so that the delivery may begin."""

    agreement_id: UUID
    agreed_at: datetime


class DeliveryBegun(_DeliveryFact, frozen=True, kw_only=True, tag="delivery.delivery.begun.v1"):
    """The delivery began."""

    begun_at: datetime


class DeliverySuspended(_DeliveryFact, frozen=True, kw_only=True, tag="delivery.delivery.suspended.v1"):
    """The delivery was suspended, for a coded reason."""

    reason: Code
    suspended_at: datetime


class DeliveryResumed(_DeliveryFact, frozen=True, kw_only=True, tag="delivery.delivery.resumed.v1"):
    """The delivery continues."""

    resumed_at: datetime


class DeliveryCompletionProposed(
    _DeliveryFact, frozen=True, kw_only=True, tag="delivery.delivery.completion-proposed.v1"
):
    """One `side` proposed that the delivery is complete; the other one confirms or objects until `confirm_by`.

    `completed_on` is the proposed last day. With `silence_counts` the delivery is complete after `confirm_by` even
    without an answer; without it, before the agreed end, both sides have to agree. `without` lists what the record
    lacks (`session`, `result`), for which the side gave its reason.
    """

    side: Code
    completed_on: date
    confirm_by: date
    silence_counts: bool
    proposed_at: datetime
    without: Annotated[tuple[Code, ...], Meta(max_length=2)] = ()


class DeliveryCompletionObjected(
    _DeliveryFact, frozen=True, kw_only=True, tag="delivery.delivery.completion-objected.v1"
):
    """One `side` objected to the completion that the other one proposed, for a coded reason; the delivery goes on.

    `ends_on` is the last day of the delivery's period.
    """

    side: Code
    reason: Code
    ends_on: date
    objected_at: datetime


class DeliveryCompletionWithdrawn(
    _DeliveryFact, frozen=True, kw_only=True, tag="delivery.delivery.completion-withdrawn.v1"
):
    """One `side` withdrew its own proposal that the delivery is complete; the delivery goes on."""

    side: Code
    ends_on: date
    withdrawn_at: datetime


class DeliveryCompleted(_DeliveryFact, frozen=True, kw_only=True, tag="delivery.delivery.completed.v1"):
    """The delivery is complete. `completed_on` is its last day, which is before `completed_at` if recorded later.

    `confirmed_by` is the side that confirmed the other's proposal, or `silence` if it did not answer in time. `without`
    lists what the record lacked then (`session`, `result`).
    """

    completed_on: date
    completed_at: datetime
    confirmed_by: Code | None = None
    without: Annotated[tuple[Code, ...], Meta(max_length=2)] = ()


class DeliveryTerminated(_DeliveryFact, frozen=True, kw_only=True, tag="delivery.delivery.terminated.v1"):
    """The delivery ended before completion, for a coded reason; `match_revoked` if its match was revoked first."""

    reason: Code
    terminated_at: datetime


FACTS: tuple[type[Fact], ...] = (
    DeliveryOpened,
    DeliveryContactsNamed,
    DeliveryAgreementWaived,
    DeliveryPrivateTopicOpened,
    DeliveryAgreed,
    DeliveryBegun,
    DeliverySuspended,
    DeliveryResumed,
    DeliveryCompletionProposed,
    DeliveryCompletionObjected,
    DeliveryCompletionWithdrawn,
    DeliveryCompleted,
    DeliveryTerminated,
)
