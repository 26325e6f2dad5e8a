"""A result of a delivery, by one indicator: its statuses, its moves, and their effects."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid5

from msgspec import Struct
from msgspec.structs import asdict

from contracts.codes import unknown_code
from contracts.reference.deliveries import indicators
from contracts.refusals import Conflict, Invalid
from contracts.results import ResultConfirmed, ResultDisputed, ResultReported
from contracts.values import Side
from services.delivery.deliveries.model import Delivery

_NAMESPACE = UUID("0e6a7c58-3a31-4c1c-9a55-7d1e9b1f2c64")
PERCENT = "percent"


class ResultStatus(StrEnum):
    """The State's answer to the last report, `reported` if there is none yet."""

    REPORTED = "reported"
    CONFIRMED = "confirmed"
    DISPUTED = "disputed"


MOVES: Mapping[str, frozenset[ResultStatus]] = {
    "report_result": frozenset(ResultStatus),
    "confirm_result": frozenset({ResultStatus.REPORTED, ResultStatus.DISPUTED}),
    "dispute_result": frozenset({ResultStatus.REPORTED, ResultStatus.CONFIRMED}),
}
"""Statuses in which each move is allowed, until the request is closed."""


def result_id_of(delivery_id: UUID, indicator: str) -> UUID:
    """Return the id of a result. A delivery has one result for each indicator."""
    return uuid5(_NAMESPACE, f"{delivery_id}/{indicator}")


def indicators_of(delivery: Delivery) -> tuple[str, ...]:
    """Return the indicators of the delivery's kind of assistance; all of them if the kind is not known."""
    return tuple(code for code, one in indicators().items() if delivery.kind is None or delivery.kind in one.kinds)


class Figures(Struct, frozen=True, kw_only=True):
    """Figures in the indicator's unit; `file_id` is the file of the delivery that shows them."""

    baseline: int | None = None
    target: int | None = None
    actual: int
    measured_on: date
    file_id: UUID | None = None

    def check(self, indicator: str, *, now: datetime) -> None:
        """Raise Invalid for a day in the future, or more than 100 per cent."""
        if self.measured_on > now.date():
            raise Invalid("day-to-come", field="measured_on", today=now.date())
        if indicators()[indicator].unit == PERCENT:
            for field in ("baseline", "target", "actual"):
                if (getattr(self, field) or 0) > 100:
                    raise Invalid("percent-too-high", field=field)


class Result(Struct, frozen=True, kw_only=True):
    """The result of a delivery by one indicator, as the side `reported_by` reported it last."""

    result_id: UUID
    delivery_id: UUID
    request_id: UUID
    state: str
    provider: str
    indicator: str
    status: ResultStatus
    revision: int
    baseline: int | None = None
    target: int | None = None
    actual: int
    measured_on: date
    file_id: UUID | None = None
    reported_by: Side
    reported_at: datetime
    confirmed_at: datetime | None = None
    disputed_at: datetime | None = None
    reason: str | None = None

    def require(self, move: str) -> None:
        """Raise Conflict if the result's status does not allow the move."""
        if self.status not in MOVES[move]:
            raise Conflict("result-status", status=self.status, move=move)

    # -- decisions -----------------------------------------------------------------------------------------------

    def report(self, side: Side, figures: Figures, texts_hash: str, *, now: datetime) -> ResultReported:
        """Report it again, which removes the State's answer."""
        self.require("report_result")
        figures.check(self.indicator, now=now)
        return ResultReported(**self._ids(), **asdict(figures), side=side, texts_hash=texts_hash, reported_at=now)

    def confirm(self, *, now: datetime) -> ResultConfirmed:
        self.require("confirm_result")
        return ResultConfirmed(**self._ids(), confirmed_at=now)

    def dispute(self, reason: str, *, now: datetime) -> ResultDisputed:
        self.require("dispute_result")
        return ResultDisputed(**self._ids(), reason=reason, disputed_at=now)

    def _ids(self) -> dict[str, Any]:
        return {
            "result_id": self.result_id,
            "delivery_id": self.delivery_id,
            "request_id": self.request_id,
            "state": self.state,
            "provider": self.provider,
            "indicator": self.indicator,
        }


def report_first(
    delivery: Delivery, side: Side, indicator: str, figures: Figures, texts_hash: str, *, now: datetime
) -> ResultReported:
    """Report an indicator for the first time.

    Raises Conflict before the delivery has begun, Invalid for an indicator that is unknown or of another kind.
    """
    if delivery.begun_at is None:
        raise Conflict("delivery-not-begun")
    if indicator not in (known := indicators()):
        raise unknown_code("indicator", indicator, known, code_list="indicators")
    if indicator not in indicators_of(delivery):
        raise Invalid("indicator-of-another-kind", field="indicator", kind=delivery.kind)
    figures.check(indicator, now=now)
    return ResultReported(
        result_id=result_id_of(delivery.delivery_id, indicator),
        delivery_id=delivery.delivery_id,
        request_id=delivery.request_id,
        state=delivery.state,
        provider=delivery.provider,
        indicator=indicator,
        **asdict(figures),
        side=side,
        texts_hash=texts_hash,
        reported_at=now,
    )
