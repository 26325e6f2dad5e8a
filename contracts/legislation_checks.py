"""Facts of the sherloc service about legislation checks: each State is asked yearly whether its law has changed."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from contracts.facts import Fact
from contracts.values import State

RecordCount = Annotated[int, Meta(ge=0, le=10_000)]


class CheckResult(StrEnum):
    """What a State says of its law. `unchanged`: all that SHERLOC has of it is the law in force."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"


class _LegislationCheckFact(Fact, frozen=True, kw_only=True):
    """Fields repeated in every fact of a check: the focal points of the State are asked."""

    legislation_check_id: UUID
    state: State


class LegislationCheckAsked(_LegislationCheckFact, frozen=True, kw_only=True, tag="sherloc.legislation_check.asked.v1"):
    """A State was asked to check what is recorded of its law, a year after the first record or the last check.

    `due_at` is when it fell due, `closes_at` until when it can be answered.
    """

    due_at: datetime
    asked_at: datetime
    closes_at: datetime


class LegislationCheckAnswered(
    _LegislationCheckFact, frozen=True, kw_only=True, tag="sherloc.legislation_check.answered.v1"
):
    """The State answered, or gave another answer. With `unchanged` so many published records were confirmed."""

    result: CheckResult
    confirmed: RecordCount
    answered_at: datetime


FACTS: tuple[type[Fact], ...] = (LegislationCheckAsked, LegislationCheckAnswered)
