"""A provider's offering: its statuses, its moves, and their effects.

A move is a method that returns the fact or raises a refusal, and a case of `evolve` that folds the fact into the state.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any
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
from contracts.offerings import (
    OfferingContactNamed,
    OfferingContactRemoved,
    OfferingPublished,
    OfferingReconfirmationDue,
    OfferingUnpublished,
)
from contracts.refusals import Conflict, FieldError, Invalid
from contracts.values import Language, Money, Period

REMINDED_BEFORE = timedelta(days=30)
"""Time before the end of its validity at which the provider of an offering is reminded to reconfirm it."""

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
    """Funding of a delivery, by paragraph II.i."""

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
    "remind": _APPROVED,
    "name_contact": _NOT_ENDED,
    "publish": _APPROVED,
    "unpublish": frozenset(OfferingStatus),
}
"""Statuses in which each move is allowed; the policy says who may move."""


class Content(Struct, frozen=True, kw_only=True):
    """The content decided by the provider: the part of an offering that can be revised."""

    language: Language
    terms: Terms
    texts_hash: str


class Publication(Struct, frozen=True, kw_only=True):
    """The entry of an offering in the public catalogue, without its text."""

    language: Language
    texts_hash: str
    published_at: datetime


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
    """Reason for which it was returned, while it is returned."""
    contact_hash: str | None = None
    """Hash of its contact point, if one is named."""
    publication: Publication | None = None
    reminded_for: date | None = None
    """The end of validity of which the provider was reminded."""
    taken: dict[date, int] = {}
    """Units taken by confirmed matches, by the first day of the capacity period."""

    def require(self, move: str) -> None:
        """Raise Conflict if the offering's status does not allow the move."""
        if self.status not in MOVES[move]:
            raise Conflict("offering-status", status=self.status, move=move)

    def room(self, capacity: Capacity) -> int:
        """Return the number of deliveries that a period has capacity left for."""
        return capacity.units - self.taken.get(capacity.period.starts, 0)

    @property
    def free_periods(self) -> list[Period]:
        """The capacity periods with a delivery left."""
        return [one.period for one in self.terms.capacity if self.room(one) > 0]

    def shown_status(self, today: date) -> ShownStatus:
        """Return the status in the API, lists and filters; `shown_status` in SQL is the same."""
        if self.status is OfferingStatus.AVAILABLE and not any(
            capacity.period.ends >= today and self.room(capacity) > 0 for capacity in self.terms.capacity
        ):
            return ShownStatus.FULLY_RESERVED
        return ShownStatus(self.status)

    @property
    def load(self) -> tuple[int, int]:
        """Number of deliveries taken, and number possible.

        The first is 0, for scores, if the number would put persons at risk.
        """
        units = sum(one.units for one in self.terms.capacity)
        return 0 if self.confidential else units - sum(self.room(one) for one in self.terms.capacity), units

    @property
    def confidential(self) -> bool:
        """True if one of its kinds is restricted: revealing that someone is served would put them at risk."""
        known = reference.kinds()
        return any(known[kind].restricted for kind in self.terms.kinds if kind in known)

    @property
    def remind_at(self) -> datetime | None:
        """Time at which the provider is to be reminded to reconfirm it; None if it is not, or was already."""
        ends = self.terms.valid.ends
        if self.status not in MOVES["remind"] or self.reminded_for == ends:
            return None
        return datetime.combine(ends - REMINDED_BEFORE, time.min, UTC)

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
        """Replace the content.

        Raise Conflict if the new content removes or moves a period with units taken, or makes it smaller than those;
        Invalid if the content is incomplete and the offering is neither a draft nor returned.
        """
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
        """Submit the offering. Raise Invalid if it is not complete enough to be matched."""
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

    def reconfirm(self, valid_until: date | None = None, *, now: datetime) -> OfferingReconfirmed:
        """Extend the validity until a day; without a day, by a year if it ends within `REMINDED_BEFORE`.

        Raise Invalid for a day that is no extension.
        """
        self.require("reconfirm")
        ends = self.terms.valid.ends
        if valid_until is None and ends - now.date() <= REMINDED_BEFORE:
            valid_until = years_later(ends, 1)
        if valid_until is not None and valid_until <= ends:
            raise Invalid("validity-not-extended", field="valid_until", until=ends)
        return OfferingReconfirmed(
            offering_id=self.offering_id, provider=self.provider, valid_until=valid_until, reconfirmed_at=now
        )

    def remind(self, *, now: datetime) -> OfferingReconfirmationDue:
        self.require("remind")
        return OfferingReconfirmationDue(
            offering_id=self.offering_id, provider=self.provider, valid_until=self.terms.valid.ends, due_at=now
        )

    def name_contact(self, texts_hash: str, *, now: datetime) -> OfferingContactNamed:
        self.require("name_contact")
        return OfferingContactNamed(
            offering_id=self.offering_id, provider=self.provider, texts_hash=texts_hash, named_at=now
        )

    def remove_contact(self, *, now: datetime) -> OfferingContactRemoved:
        """Remove the contact point. Raise Conflict if none is named."""
        if self.contact_hash is None:
            raise Conflict("contact-not-named")
        return OfferingContactRemoved(offering_id=self.offering_id, provider=self.provider, removed_at=now)

    def make_public(self, language: Language, texts_hash: str, *, now: datetime) -> OfferingPublished:
        """Publish the offering in the catalogue. Raise Conflict if one of its kinds is restricted."""
        self.require("publish")
        if self.confidential:
            raise Conflict("offering-restricted")
        return OfferingPublished(
            offering_id=self.offering_id,
            provider=self.provider,
            language=language,
            texts_hash=texts_hash,
            published_at=now,
        )

    def unpublish(self, *, now: datetime) -> OfferingUnpublished:
        """Remove the offering from the catalogue. Raise Conflict if it is not in the catalogue."""
        if self.publication is None:
            raise Conflict("offering-not-published")
        return OfferingUnpublished(offering_id=self.offering_id, provider=self.provider, unpublished_at=now)

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
    """Create a submitted offering; raise as `Offering.submit` does."""
    return evolve(None, draft(offering_id, provider, content, now=now)).submit(now=now)


def years_later(day: date, years: int) -> date:
    """The same day of a later year; 28 February if that year has no 29 February."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def check_complete(terms: Terms) -> None:
    """Raise Invalid unless the terms have what the hard constraints need."""
    missing = [name for name in ("kinds", "languages", "modalities", "capacity") if not getattr(terms, name)]
    if missing:
        errors = [FieldError(field=name, problem="missing-field") for name in missing]
        raise Invalid("offering-incomplete", errors=errors)


def check_periods(valid: Period, capacity: tuple[Capacity, ...]) -> None:
    """Raise Invalid for capacity periods that overlap or exceed the validity."""
    ordered = sorted(capacity, key=lambda one: one.period.starts)
    for earlier, later in pairwise(ordered):
        if earlier.period.overlaps(later.period):
            raise Invalid("capacity-overlaps", first=earlier.period, second=later.period)
    for one in ordered:
        if one.period.starts < valid.starts or valid.ends < one.period.ends:
            raise Invalid("capacity-outside-validity", period=one.period)


def evolve(offering: Offering | None, fact: Fact) -> Offering:
    """The offering after a fact."""
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
            ends = fact.valid_until or offering.terms.valid.ends
            valid = Period(starts=offering.terms.valid.starts, ends=ends)
            return {"reconfirmed_at": fact.reconfirmed_at, "terms": replace(offering.terms, valid=valid)}
        case OfferingReconfirmationDue():
            return {"reminded_for": fact.valid_until}
        case OfferingContactNamed():
            return {"contact_hash": fact.texts_hash}
        case OfferingContactRemoved():
            return {"contact_hash": None}
        case OfferingPublished():
            one = Publication(language=fact.language, texts_hash=fact.texts_hash, published_at=fact.published_at)
            return {"publication": one}
        case OfferingUnpublished():
            return {"publication": None}
        case OfferingWithdrawn():
            return {"status": OfferingStatus.WITHDRAWN, "available_since": None, "reason": None}
        case OfferingLapsed():
            return {"status": OfferingStatus.LAPSED, "available_since": None, "reason": None}
    raise AssertionError(f"{fact.type} is not an offering's fact")
