"""Facts of the delivery service about results: what a delivery achieved, by indicator.

A side reports an indicator; the State confirms or disputes the latest report.
"""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from contracts.codes import IndicatorCode
from contracts.facts import Fact
from contracts.values import Code, Organization, State

FIGURE_MAX = 1_000_000_000

Figure = Annotated[int, Meta(ge=0, le=FIGURE_MAX)]


class _ResultFact(Fact, frozen=True, kw_only=True):
    """Fields repeated in every fact of a result, so that consumers can act without a query."""

    result_id: UUID
    delivery_id: UUID
    request_id: UUID
    state: State
    provider: Organization
    indicator: IndicatorCode


class ResultReported(_ResultFact, frozen=True, kw_only=True, tag="delivery.result.reported.v1"):
    """One `side` (`state` or `provider`) reported an indicator, in its unit; replaces the former report.

    `file_id` is a file of the delivery that shows the result.
    """

    side: Code
    actual: Figure
    measured_on: date
    texts_hash: str
    reported_at: datetime
    baseline: Figure | None = None
    target: Figure | None = None
    file_id: UUID | None = None


class ResultConfirmed(_ResultFact, frozen=True, kw_only=True, tag="delivery.result.confirmed.v1"):
    """The State confirmed the reported result."""

    confirmed_at: datetime


class ResultDisputed(_ResultFact, frozen=True, kw_only=True, tag="delivery.result.disputed.v1"):
    """The State disputed the reported result, for a coded reason."""

    reason: Code
    disputed_at: datetime


FACTS: tuple[type[Fact], ...] = (ResultReported, ResultConfirmed, ResultDisputed)
