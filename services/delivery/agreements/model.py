"""An agreement between the State and the provider of a delivery: its versions, its turns, and the version in force.

The two sides propose versions in turn. The side that has the turn signs the last version or proposes another one,
which cancels a signature. A version that both sides signed is in force; a later one amends it once both sides have
signed the later one. It ends with the delivery.
"""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid5

from msgspec import Struct

from contracts.agreements import (
    VERSIONS_MAX,
    AgreementEnded,
    AgreementProposed,
    AgreementSigned,
    AgreementTerms,
    AmendmentDropped,
)
from contracts.refusals import Conflict, Invalid
from contracts.values import Language, Side
from services.delivery.deliveries.model import NOT_ENDED, Delivery, DeliveryStatus

_NAMESPACE = UUID("6f1d2a54-0c6e-4d8b-9a37-5b1e7c9f2d10")


class AgreementStatus(StrEnum):
    """Statuses of an agreement. `proposed`: nothing is in force. `amending`: an amendment is proposed.

    `ended` and `terminated`: so did its delivery, whatever was in force until then.
    """

    PROPOSED = "proposed"
    IN_FORCE = "in_force"
    AMENDING = "amending"
    ENDED = "ended"
    TERMINATED = "terminated"


MOVES: Mapping[str, frozenset[AgreementStatus]] = {
    "propose": frozenset({AgreementStatus.PROPOSED, AgreementStatus.IN_FORCE, AgreementStatus.AMENDING}),
    "sign": frozenset({AgreementStatus.PROPOSED, AgreementStatus.AMENDING}),
    "drop_amendment": frozenset({AgreementStatus.AMENDING}),
}
"""Statuses in which each move is allowed; the turn decides which side may make it."""

AMENDED_IN = frozenset({DeliveryStatus.IN_DELIVERY})
PROPOSED_IN = AMENDED_IN | {DeliveryStatus.OPEN}
"""Statuses of a delivery in which an amendment of what is in force, or another version, may be proposed."""


def agreement_id_of(delivery_id: UUID) -> UUID:
    """Return the id of a delivery's agreement. A delivery has one agreement, with its versions."""
    return uuid5(_NAMESPACE, str(delivery_id))


class Agreement(Struct, frozen=True, kw_only=True):
    """An agreement; `version` is the last one proposed, `in_force` the one that both sides signed."""

    agreement_id: UUID
    delivery_id: UUID
    request_id: UUID
    state: str
    provider: str
    status: AgreementStatus
    revision: int
    version: int
    proposed_by: Side
    proposed_at: datetime
    turn: Side | None
    """The side that signs the last version or proposes another one; None while one is in force and none is proposed."""
    state_signed_on: date | None = None
    provider_signed_on: date | None = None
    in_force: int | None = None
    in_force_since: datetime | None = None

    def signed_on(self, side: Side) -> date | None:
        """Return the day on which the side signed the last version."""
        return self.state_signed_on if side is Side.STATE else self.provider_signed_on

    def open_in(self, move: str) -> frozenset[DeliveryStatus]:
        """Return the statuses of the delivery in which the move is allowed."""
        if move != "propose":
            return NOT_ENDED
        return PROPOSED_IN if self.in_force is None else AMENDED_IN

    def require(self, move: str, side: Side, delivery: Delivery) -> None:
        """Raise Conflict if the delivery or the status forbids the move, or it is the other side's turn."""
        if delivery.status not in self.open_in(move):
            raise Conflict("delivery-status", status=delivery.status, move=move)
        if self.status not in MOVES[move]:
            raise Conflict("agreement-status", status=self.status, move=move)
        # Either side may drop an amendment, even if it is the other side's turn.
        if move != "drop_amendment" and self.turn not in {None, side}:
            raise Conflict("not-your-turn", turn=self.turn)

    # -- decisions -----------------------------------------------------------------------------------------------

    def propose(
        self,
        side: Side,
        terms: AgreementTerms,
        language: Language,
        texts_hash: str,
        delivery: Delivery,
        *,
        now: datetime,
    ) -> AgreementProposed:
        """Answer with another version, or propose an amendment."""
        self.require("propose", side, delivery)
        if self.version >= VERSIONS_MAX:
            raise Conflict("too-many-versions", most=VERSIONS_MAX)
        return AgreementProposed(
            **self._ids(),
            side=side,
            version=self.version + 1,
            terms=terms,
            language=language,
            texts_hash=texts_hash,
            proposed_at=now,
        )

    def sign(
        self, side: Side, version: int, signed_on: date, file_id: UUID | None, delivery: Delivery, *, now: datetime
    ) -> AgreementSigned:
        """Sign the last version. Raises Conflict for any other version, Invalid for a day in the future."""
        self.require("sign", side, delivery)
        if version != self.version:
            raise Conflict("agreement-version", version=self.version)
        if signed_on > now.date():
            raise Invalid("day-to-come", field="signed_on", today=now.date())
        other = None if self.signed_on(side.other) is not None else side.other
        return AgreementSigned(
            **self._ids(),
            side=side,
            version=version,
            signed_on=signed_on,
            waiting_for=other,
            file_id=file_id,
            signed_at=now,
        )

    def drop_amendment(self, side: Side, delivery: Delivery, *, now: datetime) -> AmendmentDropped:
        self.require("drop_amendment", side, delivery)
        return AmendmentDropped(**self._ids(), side=side, version=self.version, dropped_at=now)

    def end(self, status: AgreementStatus, *, now: datetime) -> AgreementEnded:
        return AgreementEnded(**self._ids(), status=status, ended_at=now)

    def _ids(self) -> dict[str, Any]:
        return {
            "agreement_id": self.agreement_id,
            "delivery_id": self.delivery_id,
            "request_id": self.request_id,
            "state": self.state,
            "provider": self.provider,
        }


def propose_first(
    delivery: Delivery, side: Side, terms: AgreementTerms, language: Language, texts_hash: str, *, now: datetime
) -> AgreementProposed:
    """Propose the first version. Raises Conflict unless the delivery is open."""
    delivery.require("agree")
    return AgreementProposed(
        agreement_id=agreement_id_of(delivery.delivery_id),
        delivery_id=delivery.delivery_id,
        request_id=delivery.request_id,
        state=delivery.state,
        provider=delivery.provider,
        side=side,
        version=1,
        terms=terms,
        language=language,
        texts_hash=texts_hash,
        proposed_at=now,
    )


def check_terms(terms: AgreementTerms, delivery: Delivery) -> None:
    """Raise Invalid for a period that is reversed or outside the delivery's, or for more women than participants."""
    if terms.period.reversed:
        raise Invalid("period-reversed", field="terms.period")
    if not (delivery.period.starts <= terms.period.starts and terms.period.ends <= delivery.period.ends):
        raise Invalid(
            "outside-delivery", field="terms.period", first_day=delivery.period.starts, last_day=delivery.period.ends
        )
    if terms.women is not None and terms.women > (terms.participants or 0):
        raise Invalid("more-women-than-participants", field="terms.women")
