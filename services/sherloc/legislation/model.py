"""A record of the register of legislation: the status of a State's law on SHERLOC by article, and its verification."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from msgspec import Struct

from contracts import reference
from contracts.legislation import (
    LegislationConfirmedUnchanged,
    LegislationMarkedOutdated,
    LegislationPublished,
    LegislationRecorded,
    LegislationReturned,
    LegislationReviewBegun,
    LegislationRevised,
    LegislationStatus,
    LegislationSubmitted,
    LegislationVerified,
)
from contracts.refusals import Conflict, Invalid
from contracts.values import Language, Role


def legislation_id_of(state: str, article: str) -> UUID:
    """The id of the record of a State and an article."""
    return uuid5(NAMESPACE_URL, f"entraide:legislation:{state}:{article}")


class RegisterStatus(StrEnum):
    """A status as the register shows it: `not_known` if the caller sees no record."""

    NOT_KNOWN = "not_known"
    NONE = "none"
    MISSING = "missing"
    OUTDATED = "outdated"
    SUBMITTED = "submitted"
    IN_REVIEW = "in_review"
    PUBLISHED = "published"
    VERIFIED = "verified"


_S = LegislationStatus
STATED = frozenset({_S.NONE, _S.MISSING, _S.OUTDATED})
"""Statuses that a State itself may state."""
UP_TO_DATE = frozenset({_S.PUBLISHED, _S.VERIFIED})
"""Statuses of a record that is on SHERLOC as its State last stated it."""
MOVES: Mapping[str, frozenset[LegislationStatus]] = {
    "revise_legislation": STATED | UP_TO_DATE,
    "submit_legislation": frozenset({_S.MISSING, _S.OUTDATED}),
    "review_legislation": frozenset({_S.SUBMITTED}),
    "return_legislation": frozenset({_S.SUBMITTED, _S.IN_REVIEW}),
    "publish_legislation": frozenset({_S.IN_REVIEW}),
    "verify_legislation": UP_TO_DATE,
    "mark_outdated": UP_TO_DATE,
    "confirm_unchanged": STATED | UP_TO_DATE,
}
"""Maps each move to the statuses in which it is allowed."""


class LegislationTexts(Struct, frozen=True, kw_only=True):
    """Texts of a record. `address` is where the law can be read, `portal_address` the page of SHERLOC."""

    title: str = ""
    gazette: str = ""
    address: str = ""
    portal_address: str = ""


class Statement(Struct, frozen=True, kw_only=True):
    """A State's statement on its law: its status on SHERLOC, its language, and the day it came into force."""

    status: LegislationStatus
    language: Language | None = None
    in_force_on: date | None = None

    def check(self, texts: LegislationTexts, *, today: date) -> None:
        """Raise Invalid unless the statement is one that a State may make.

        It may not have another status than STATED, a day in the future, details of a law with the status `none`, or
        texts without a language.
        """
        if self.status not in STATED:
            raise Invalid("legislation-not-stated", field="status")
        if self.in_force_on is not None and self.in_force_on > today:
            raise Invalid("day-to-come", field="in_force_on")
        if self.status is LegislationStatus.NONE and (self.in_force_on or self.language or any_words(texts)):
            raise Invalid("legislation-none", field="status")
        if any_words(texts) and self.language is None:
            raise Invalid("missing-field", field="language")


def any_words(texts: LegislationTexts) -> bool:
    """Check whether any text about the law is given."""
    return bool(texts.title or texts.gazette or texts.address)


class Legislation(Struct, frozen=True, kw_only=True):
    """A record of the register. `texts_revision` is the revision whose texts are valid.

    `portal_status` is the status as every appointment and the public see it: None until the law is on SHERLOC, and
    again once its State says that it is not; `outdated` while another version of it is prepared. They read the texts
    of the version `portal_revision`, which was published.
    """

    legislation_id: UUID
    state: str
    instrument: str
    article: str
    status: LegislationStatus
    revision: int
    texts_revision: int
    language: Language | None
    in_force_on: date | None
    recorded_at: datetime
    changed_at: datetime
    published_at: datetime | None = None
    last_verified_at: datetime | None = None
    last_verified_by: Role | None = None
    reason: str | None = None
    portal_status: LegislationStatus | None = None
    portal_revision: int | None = None

    def require(self, move: str) -> None:
        """Raise Conflict unless the status allows the move."""
        if self.status not in MOVES[move]:
            raise Conflict("legislation-status", status=self.status, move=move)

    # -- decisions -----------------------------------------------------------------------------------------------

    def revise(
        self, statement: Statement, texts: LegislationTexts, texts_hash: str, *, now: datetime
    ) -> LegislationRevised:
        self.require("revise_legislation")
        statement.check(texts, today=now.date())
        return LegislationRevised(**self._ids(), **_said(statement), texts_hash=texts_hash, revised_at=now)

    def submit(self, texts: LegislationTexts, *, now: datetime) -> LegislationSubmitted:
        """Return the fact of a submission.

        Raises Conflict, and Invalid without the title, the day in force, and a gazette or address.
        """
        self.require("submit_legislation")
        for field, value in (("title", texts.title), ("in_force_on", self.in_force_on)):
            if not value:
                raise Invalid("missing-field", field=field)
        if not texts.gazette and not texts.address:
            raise Invalid("legislation-source-missing", field="address")
        return LegislationSubmitted(**self._ids(), submitted_at=now)

    def begin_review(self, *, now: datetime) -> LegislationReviewBegun:
        self.require("review_legislation")
        return LegislationReviewBegun(**self._ids(), review_begun_at=now)

    def send_back(self, reason: str, *, now: datetime) -> LegislationReturned:
        self.require("return_legislation")
        return LegislationReturned(**self._ids(), reason=reason, returned_at=now)

    def mark_published(self, texts_hash: str, *, now: datetime) -> LegislationPublished:
        self.require("publish_legislation")
        return LegislationPublished(**self._ids(), texts_hash=texts_hash, published_at=now)

    def verify(self, role: Role, *, now: datetime) -> LegislationVerified:
        self.require("verify_legislation")
        return LegislationVerified(**self._ids(), by_role=role, verified_at=now)

    def confirm_unchanged(self, role: Role, *, now: datetime) -> LegislationConfirmedUnchanged:
        self.require("confirm_unchanged")
        return LegislationConfirmedUnchanged(**self._ids(), by_role=role, confirmed_at=now)

    def mark_outdated(self, *, now: datetime) -> LegislationMarkedOutdated:
        self.require("mark_outdated")
        return LegislationMarkedOutdated(**self._ids(), marked_at=now)

    def _ids(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("legislation_id", "state", "instrument", "article")}


def record(
    legislation_id: UUID,
    state: str,
    article: str,
    statement: Statement,
    texts: LegislationTexts,
    texts_hash: str,
    *,
    now: datetime,
) -> LegislationRecorded:
    """Return the fact of a new record. Raises Invalid."""
    statement.check(texts, today=now.date())
    return LegislationRecorded(
        legislation_id=legislation_id,
        state=state,
        instrument=reference.articles()[article].instrument,
        article=article,
        **_said(statement),
        texts_hash=texts_hash,
        recorded_at=now,
    )


def _said(statement: Statement) -> dict[str, Any]:
    return {name: getattr(statement, name) for name in ("status", "language", "in_force_on")}
