"""A provider's offering: its states, its moves, and their effects.

A move is a method that returns the fact or refuses, and a case of `evolve` that folds the fact into the state.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from heapq import heappop, heappush
from itertools import pairwise
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict, replace

from contracts import reference
from contracts.facts import Fact
from contracts.matching import (
    Capacity,
    OfferingApproved,
    OfferingDrafted,
    OfferingLapsed,
    OfferingReconfirmed,
    OfferingResumed,
    OfferingReturned,
    OfferingRevised,
    OfferingSubmitted,
    OfferingSuspended,
    OfferingWithdrawn,
    Terms,
)
from contracts.refusals import Conflict, Invalid
from contracts.values import Language, Money, Period

MLA_KIND = "mla_training"
MLA_CURRICULUM = (
    "convention_provisions",
    "obtaining_evidence",
    "preservation_of_stored_data",
    "real_time_traffic_data",
)
"""The minimum content of a training on mutual legal assistance, by paragraph I.k of resolution 11/2."""


class OfferingStatus(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    AVAILABLE = "available"
    SUSPENDED = "suspended"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


class ShownStatus(StrEnum):
    """The status shown: an available offering without a unit left is fully reserved."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    AVAILABLE = "available"
    FULLY_RESERVED = "fully_reserved"
    SUSPENDED = "suspended"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


class ResourceStatus(StrEnum):
    """Whether the delivery is funded (II.i)."""

    FUNDED = "funded"
    PARTLY = "partly"
    UNFUNDED = "unfunded"


ENDED = frozenset({OfferingStatus.LAPSED, OfferingStatus.WITHDRAWN})
_APPROVED = frozenset({OfferingStatus.AVAILABLE, OfferingStatus.SUSPENDED})
_NOT_ENDED = frozenset(OfferingStatus) - ENDED

MOVES: Mapping[str, frozenset[OfferingStatus]] = {
    "revise": _NOT_ENDED,
    "submit": frozenset({OfferingStatus.DRAFT, OfferingStatus.RETURNED}),
    "approve": frozenset({OfferingStatus.SUBMITTED}),
    "return": frozenset({OfferingStatus.SUBMITTED}),
    "suspend": frozenset({OfferingStatus.AVAILABLE}),
    "resume": frozenset({OfferingStatus.SUSPENDED}),
    "reconfirm": _APPROVED,
    "withdraw": _NOT_ENDED,
    "lapse": _NOT_ENDED - {OfferingStatus.DRAFT},
}
"""The states each move is allowed in; the policy says who may make it."""


class Content(Struct, frozen=True, kw_only=True):
    """The content decided by the provider: the part of an offering that can be revised."""

    language: Language
    terms: Terms
    texts_hash: str


class Offering(Struct, frozen=True, kw_only=True):
    """An offering without its texts."""

    offering_id: UUID
    provider: str
    status: OfferingStatus
    revision: int
    language: Language
    terms: Terms
    texts_hash: str
    drafted_at: datetime
    submitted_at: datetime | None = None
    available_since: datetime | None = None
    reconfirmed_at: datetime | None = None
    reason: str | None = None
    """Why it was returned, while it is."""
    taken: dict[date, int] = {}
    """Units taken by confirmed matches, by the first day of the capacity period."""

    def require(self, move: str) -> None:
        """Raises Conflict if the offering's state does not allow the move."""
        if self.status not in MOVES[move]:
            raise Conflict("offering-status", status=self.status, move=move)

    def room(self, capacity: Capacity) -> int:
        """How many more deliveries a period has capacity for."""
        return capacity.units - self.taken.get(capacity.period.starts, 0)

    @property
    def free_periods(self) -> list[Period]:
        """The capacity periods with a delivery left."""
        return [one.period for one in self.terms.capacity if self.room(one) > 0]

    def shown_status(self, today: date) -> ShownStatus:
        """The status in the API, lists and filters; `shown_status` in SQL is the same."""
        if self.status is OfferingStatus.AVAILABLE and not any(
            capacity.period.ends >= today and self.room(capacity) > 0 for capacity in self.terms.capacity
        ):
            return ShownStatus.FULLY_RESERVED
        return ShownStatus(self.status)

    @property
    def load(self) -> tuple[int, int]:
        """The number of deliveries taken, and the number possible.

        Zero taken, for scores, if the number would put persons at risk.
        """
        units = sum(one.units for one in self.terms.capacity)
        return 0 if self.confidential else units - sum(self.room(one) for one in self.terms.capacity), units

    @property
    def confidential(self) -> bool:
        """True if one of its kinds is restricted: revealing that someone is served would put them at risk."""
        known = reference.kinds()
        return any(known[kind].restricted for kind in self.terms.kinds if kind in known)

    @property
    def funding_lacking(self) -> Money | None:
        """The funding gap of one delivery; None if it is funded."""
        return None if self.terms.resource_status == ResourceStatus.FUNDED else self.terms.funding_needed

    @property
    def missing_curriculum(self) -> tuple[str, ...]:
        """The content named in paragraph I.k that a training on mutual legal assistance leaves out."""
        if MLA_KIND not in self.terms.kinds:
            return ()
        return tuple(item for item in MLA_CURRICULUM if item not in self.terms.curriculum)

    # -- decisions -----------------------------------------------------------------------------------------------

    def revise(self, content: Content, *, now: datetime) -> OfferingRevised:
        """Raises Conflict if the new content removes, moves or shrinks a period below its taken units."""
        self.require("revise")
        new = {capacity.period.starts: capacity for capacity in content.terms.capacity}
        for capacity in self.terms.capacity:
            starts = capacity.period.starts
            if taken := self.taken.get(starts, 0):
                kept = new.get(starts)
                if kept is None or kept.period != capacity.period or kept.units < taken:
                    raise Conflict("capacity-in-use", period=capacity.period, taken=taken)
        if self.status not in MOVES["submit"]:
            check_complete(content.terms)
        return OfferingRevised(offering_id=self.offering_id, **asdict(content), revised_at=now)

    def submit(self, *, now: datetime) -> OfferingSubmitted:
        """Raises Invalid for an offering that is not complete enough to be matched."""
        self.require("submit")
        check_complete(self.terms)
        self._check_valid(now)
        return OfferingSubmitted(
            offering_id=self.offering_id,
            provider=self.provider,
            language=self.language,
            terms=self.terms,
            texts_hash=self.texts_hash,
            submitted_at=now,
        )

    def approve(self, *, now: datetime) -> OfferingApproved:
        self.require("approve")
        self._check_valid(now)
        return OfferingApproved(offering_id=self.offering_id, provider=self.provider, approved_at=now)

    def give_back(self, reason: str, *, now: datetime) -> OfferingReturned:
        self.require("return")
        return OfferingReturned(offering_id=self.offering_id, provider=self.provider, reason=reason, returned_at=now)

    def suspend(self, *, now: datetime) -> OfferingSuspended:
        self.require("suspend")
        return OfferingSuspended(offering_id=self.offering_id, provider=self.provider, suspended_at=now)

    def resume(self, *, now: datetime) -> OfferingResumed:
        self.require("resume")
        return OfferingResumed(offering_id=self.offering_id, provider=self.provider, resumed_at=now)

    def reconfirm(self, *, now: datetime) -> OfferingReconfirmed:
        self.require("reconfirm")
        return OfferingReconfirmed(offering_id=self.offering_id, provider=self.provider, reconfirmed_at=now)

    def withdraw(self, *, now: datetime) -> OfferingWithdrawn:
        self.require("withdraw")
        return OfferingWithdrawn(offering_id=self.offering_id, provider=self.provider, withdrawn_at=now)

    def lapse(self, *, now: datetime) -> OfferingLapsed:
        self.require("lapse")
        if now.date() <= self.terms.valid.ends:
            raise Conflict("validity-not-ended")
        return OfferingLapsed(offering_id=self.offering_id, provider=self.provider, lapsed_at=now)

    def _check_valid(self, now: datetime) -> None:
        if self.terms.valid.ends < now.date():
            raise Conflict("validity-ended", until=self.terms.valid.ends)


def draft(offering_id: UUID, provider: str, content: Content, *, now: datetime) -> OfferingDrafted:
    return OfferingDrafted(offering_id=offering_id, provider=provider, **asdict(content), drafted_at=now)


def offer(offering_id: UUID, provider: str, content: Content, *, now: datetime) -> OfferingSubmitted:
    """Create a submitted offering; raises as `Offering.submit` does."""
    return evolve(None, draft(offering_id, provider, content, now=now)).submit(now=now)


def check_complete(terms: Terms) -> None:
    """Raises Invalid unless the terms have what the hard constraints need."""
    missing = [name for name in ("kinds", "languages", "modalities", "capacity") if not getattr(terms, name)]
    if missing:
        raise Invalid("offering-incomplete", fields=missing)


def check_periods(valid: Period, capacity: tuple[Capacity, ...]) -> None:
    """Raises Invalid for capacity periods that overlap or exceed the validity."""
    ordered = sorted(capacity, key=lambda one: one.period.starts)
    for earlier, later in pairwise(ordered):
        if earlier.period.overlaps(later.period):
            raise Invalid("capacity-overlaps", first=earlier.period, second=later.period)
    for one in ordered:
        if one.period.starts < valid.starts or valid.ends < one.period.ends:
            raise Invalid("capacity-outside-validity", period=one.period)


def evolve(offering: Offering | None, fact: Fact) -> Offering:
    """The state after a fact."""
    if offering is None:
        assert isinstance(fact, OfferingDrafted | OfferingSubmitted), "an offering begins as a draft or a submission"
        return _begun(fact)
    return replace(offering, revision=offering.revision + 1, **_changes(offering, fact))


def _begun(fact: OfferingDrafted | OfferingSubmitted) -> Offering:
    drafted = isinstance(fact, OfferingDrafted)
    return Offering(
        offering_id=fact.offering_id,
        provider=fact.provider,
        status=OfferingStatus.DRAFT if drafted else OfferingStatus.SUBMITTED,
        revision=1,
        language=fact.language,
        terms=fact.terms,
        texts_hash=fact.texts_hash,
        drafted_at=fact.drafted_at if isinstance(fact, OfferingDrafted) else fact.submitted_at,
        submitted_at=fact.submitted_at if isinstance(fact, OfferingSubmitted) else None,
    )


def _changes(offering: Offering, fact: Fact) -> dict[str, Any]:
    match fact:
        case OfferingRevised():
            changes = {"language": fact.language, "terms": fact.terms, "texts_hash": fact.texts_hash}
            if offering.status in MOVES["submit"]:
                return changes
            # The approval was of the previous content.
            return {
                **changes,
                "status": OfferingStatus.SUBMITTED,
                "submitted_at": fact.revised_at,
                "available_since": None,
            }
        case OfferingSubmitted():
            return {"status": OfferingStatus.SUBMITTED, "submitted_at": fact.submitted_at, "reason": None}
        case OfferingApproved():
            return {"status": OfferingStatus.AVAILABLE, "available_since": fact.approved_at}
        case OfferingReturned():
            return {"status": OfferingStatus.RETURNED, "reason": fact.reason}
        case OfferingSuspended():
            return {"status": OfferingStatus.SUSPENDED, "available_since": None}
        case OfferingResumed():
            return {"status": OfferingStatus.AVAILABLE, "available_since": fact.resumed_at}
        case OfferingReconfirmed():
            return {"reconfirmed_at": fact.reconfirmed_at}
        case OfferingWithdrawn():
            return {"status": OfferingStatus.WITHDRAWN, "available_since": None, "reason": None}
        case OfferingLapsed():
            return {"status": OfferingStatus.LAPSED, "available_since": None, "reason": None}
    raise AssertionError(f"{fact.type} is not an offering's fact")


# -- choice of the period ---------------------------------------------------------------------------------------------


class Room(NamedTuple):
    """How many more deliveries a period has capacity for."""

    period: Period
    units: int


def least_blocking(feasible: Sequence[Period], rooms: Sequence[Room], *wanted: Sequence[Period]) -> Period:
    """The feasible period whose use leaves the most other lines servable; the first of equals.

    `rooms` are in order and do not overlap. `wanted` are the windows of others, in groups of descending priority.
    """

    def served(without: Period) -> tuple[int, ...]:
        left = [Room(one.period, one.units - (one.period == without)) for one in rooms]
        return tuple(_most_served(left, windows) for windows in wanted)

    return max(feasible, key=served)


def _most_served(rooms: Sequence[Room], windows: Sequence[Period]) -> int:
    """The maximum number of windows that can be served: each period serves the windows that end soonest."""
    ahead = sorted(windows, key=lambda one: one.starts, reverse=True)
    waiting: list[date] = []
    served = 0
    for period, units in rooms:
        while ahead and ahead[-1].starts <= period.ends:
            heappush(waiting, ahead.pop().ends)
        while waiting and waiting[0] < period.starts:
            heappop(waiting)
        taken = min(units, len(waiting))
        for _ in range(taken):
            heappop(waiting)
        served += taken
    return served
