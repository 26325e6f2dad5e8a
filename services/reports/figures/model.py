"""The figures: for each its unit, the codes by which it is counted, and its statuses."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from contracts.reference.figure_labels import NONE as NO_CODE
from contracts.reference.figure_labels import ORGANIZATIONS


class Unit(StrEnum):
    """Units of a cell's number: records, people, US cents, or stays in a status, with their median in days.

    A small number of people can identify one: only coordinators see it.
    """

    RECORDS = "records"
    PEOPLE = "people"
    USD_MINOR = "usd_minor"
    DAYS = "days"

    def of(self, records: int, amount: int) -> int:
        """Return what this unit counts of a number of records with an amount."""
        return records if self in (Unit.RECORDS, Unit.DAYS) else amount


TOTAL = "total"
STATUS = "status"
NONE = NO_CODE

PLACE = ("state", "region", "group")
CONTENT = ("kind", "topic", "article", "paragraph", "pillar", "language")
LINE = (*PLACE, *CONTENT, "modality", "institution", "gender_marker", "human_rights_marker", "month")
OF_UNODC = ORGANIZATIONS
"""Codes by which UNODC alone counts: providers and donors decide themselves whether to be named."""

NOT_PUBLIC = OF_UNODC | {"state"}
"""Codes by which the public does not count: a number of one State shows what that State asked for."""

MULTIPLE = frozenset({"group", "kind", "topic", "article", "paragraph", "pillar", "language", "modality"})
"""Codes of which a record can have several: their cells add up to more than the total."""

REQUEST_STATUSES = (
    *("submitted", "registered", "returned", "not_accepted", "open", "on_hold", "in_delivery", "delivered"),
    *("closed_met", "closed_partially_met", "closed_unmet", "lapsed", "withdrawn"),
)
LINE_STATUSES = ("open", "partial", "covered", "complete", "partly_met", "unmet")
MATCH_ENDS = ("declined_by_state", "declined_by_provider", "not_pursued", "revoked")
MATCH_STATUSES = (
    *("nominated", "interested", "shortlisted", "presented", "accepted", "provider_confirmed", "confirmed"),
    *("in_delivery", "completed", *MATCH_ENDS, "expired"),
)
DELIVERY_STATUSES = ("open", "in_delivery", "suspended", "completed", "terminated")
OFFERING_STATUSES = ("submitted", "returned", "draft", "available", "suspended", "lapsed", "withdrawn")
ENTERED = ("entered",)
"""The status of records that have none."""


class Figure(Struct, frozen=True, kw_only=True):
    """A figure. `by` are the codes by which its records are counted, beside `status`."""

    unit: Unit
    by: tuple[str, ...]
    statuses: tuple[str, ...] = ENTERED

    @property
    def dimensions(self) -> tuple[str, ...]:
        return (STATUS, *self.by)

    def codes(self, without: frozenset[str]) -> tuple[str, ...]:
        """Return the codes by which it is counted, without those that a reader cannot use."""
        return tuple(code for code in self.dimensions if code not in without)


_REQUEST = (*PLACE, *CONTENT, "priority", "month")
_MONEY = ("fund", "donor", "earmarking", "paragraph", "month")
_GIVEN = (*LINE, "provider")
_OUTREACH = ("audience", "language", "paragraph", "month")
_OF_STATE = (*PLACE, "paragraph", "month")

OF_THE_DESK = frozenset({"contributions", "practices", "register_changes", "review_progress", "meetings", "delegates"})
"""Figures of records of SHERLOC's desk that its finance officers do not read."""

FIGURES: Mapping[str, Figure] = {
    "requests": Figure(unit=Unit.RECORDS, by=_REQUEST, statuses=REQUEST_STATUSES),
    "request_days": Figure(unit=Unit.DAYS, by=_REQUEST, statuses=REQUEST_STATUSES),
    "lines": Figure(unit=Unit.RECORDS, by=LINE, statuses=LINE_STATUSES),
    "unserved_lines": Figure(unit=Unit.RECORDS, by=LINE),
    "matches": Figure(unit=Unit.RECORDS, by=_GIVEN, statuses=MATCH_STATUSES),
    "match_days": Figure(unit=Unit.DAYS, by=_GIVEN, statuses=MATCH_STATUSES),
    "match_ends": Figure(unit=Unit.RECORDS, by=(*_GIVEN, "reason"), statuses=MATCH_ENDS),
    "offerings": Figure(
        unit=Unit.RECORDS, by=(*CONTENT, "modality", "resource_status", "provider", "month"), statuses=OFFERING_STATUSES
    ),
    "deliveries": Figure(unit=Unit.RECORDS, by=_GIVEN, statuses=DELIVERY_STATUSES),
    "delivery_days": Figure(unit=Unit.DAYS, by=_GIVEN, statuses=DELIVERY_STATUSES),
    "sessions": Figure(
        unit=Unit.RECORDS,
        by=(*PLACE, "language", "modality", "provider", "month"),
        statuses=("planned", "held", "cancelled"),
    ),
    "places": Figure(
        unit=Unit.PEOPLE,
        by=(*PLACE, "sex", "language", "modality", "provider", "month"),
        statuses=("planned", "held", "cancelled"),
    ),
    "participants": Figure(unit=Unit.PEOPLE, by=(*_GIVEN, "sex")),
    "trainers": Figure(unit=Unit.PEOPLE, by=(*_GIVEN, "sex")),
    "people": Figure(unit=Unit.PEOPLE, by=(*_GIVEN, "indicator"), statuses=("reported", "confirmed", "disputed")),
    "effects": Figure(
        unit=Unit.RECORDS, by=(*_GIVEN, "change"), statuses=("recorded", "verified", "declined", "withdrawn")
    ),
    "outreach": Figure(unit=Unit.RECORDS, by=_OUTREACH, statuses=("planned", "held", "cancelled")),
    "reach": Figure(unit=Unit.PEOPLE, by=_OUTREACH),
    "contributions": Figure(
        unit=Unit.RECORDS,
        by=(*_OF_STATE, "contribution_kind", "article", "language"),
        statuses=("submitted", "returned", "accepted", "published", "superseded", "withdrawn"),
    ),
    "practices": Figure(
        unit=Unit.RECORDS,
        by=(*_OF_STATE, "practice_kind", "article", "topic", "language", "provider"),
        statuses=("submitted", "returned", "catalogued", "withdrawn"),
    ),
    "extensions": Figure(
        unit=Unit.RECORDS,
        by=("paragraph", "month"),
        statuses=("proposed", "planned", "in_progress", "released", "dropped"),
    ),
    "votes": Figure(unit=Unit.RECORDS, by=_OF_STATE),
    "register_changes": Figure(
        unit=Unit.RECORDS,
        by=(*_OF_STATE, "article"),
        statuses=(
            *("no_law", "missing", "outdated", "submitted", "in_review", "returned", "published", "verified"),
            "confirmed",
        ),
    ),
    "review_progress": Figure(
        unit=Unit.RECORDS, by=(*_OF_STATE, "cluster", "progress"), statuses=("recorded", "agreed", "withdrawn")
    ),
    "meetings": Figure(unit=Unit.RECORDS, by=("paragraph", "month"), statuses=("planned", "held", "cancelled")),
    "delegates": Figure(unit=Unit.PEOPLE, by=_OF_STATE),
    "pledged": Figure(unit=Unit.USD_MINOR, by=_MONEY),
    "committed": Figure(unit=Unit.USD_MINOR, by=_MONEY),
    "received": Figure(unit=Unit.USD_MINOR, by=_MONEY),
    "in_kind": Figure(unit=Unit.USD_MINOR, by=("fund", "donor", "form", "paragraph", "month")),
    "allocated": Figure(unit=Unit.USD_MINOR, by=(*LINE, "fund")),
    "spent": Figure(unit=Unit.USD_MINOR, by=(*LINE, "fund")),
}

BOUNDS = (0, 1, 2, 3, 5, 7, 10, 14, 21, 30, 45, 60, 90, 120, 180, 270, 365, 545, 730)
"""The last day of each bucket of durations; the last bucket has no last day."""


def bucket_of(days: int) -> int:
    """Return the bucket of a duration, counted from 1; bucket 0 is for steps without a duration."""
    return next((number for number, last in enumerate(BOUNDS, 1) if days <= last), len(BOUNDS) + 1)


def median_days(stays: Mapping[int, int]) -> int | None:
    """Return the last day of the bucket that contains the median of the stays; None if there are none.

    A median beyond the last bound is that bound.
    """
    half, seen = (sum(stays.values()) + 1) // 2, 0
    for bucket in sorted(stays):
        seen += stays[bucket]
        if 0 < half <= seen:
            return BOUNDS[min(bucket, len(BOUNDS)) - 1]
    return None
