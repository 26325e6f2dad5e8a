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
    """A State's answer about its law. `unchanged`: all of its law on SHERLOC is the law in force."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"


class _LegislationCheckFact(Fact, frozen=True, kw_only=True):
    """Fields repeated in every fact of a legislation check, in which the focal points of the State are asked."""

    legislation_check_id: UUID
    state: State


class LegislationCheckAsked(_LegislationCheckFact, frozen=True, kw_only=True, tag="sherloc.legislation_check.asked.v1"):
    """A State was asked to check the records of its law, a year after the first record or the last check.

    The check was due at `due_at` and can be answered until `closes_at`.
    """

    TIME = "asked_at"

    due_at: datetime
    asked_at: datetime
    closes_at: datetime


class LegislationCheckAnswered(
    _LegislationCheckFact, frozen=True, kw_only=True, tag="sherloc.legislation_check.answered.v1"
):
    """The State answered, or revised its answer. With `unchanged`, this number of published records was confirmed."""

    result: CheckResult
    confirmed: RecordCount
    answered_at: datetime


FACTS: tuple[type[Fact], ...] = (LegislationCheckAsked, LegislationCheckAnswered)
