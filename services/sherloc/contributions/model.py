"""A contribution of a State to SHERLOC, which a coordinator checks and the portal publishes."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict

from contracts.contributions import (
    CaseOutcome,
    ContributionAccepted,
    ContributionDrafted,
    ContributionKind,
    ContributionMarksCleared,
    ContributionPublished,
    ContributionReturned,
    ContributionRevised,
    ContributionSubmitted,
    ContributionSuperseded,
    ContributionWithdrawn,
    Rights,
)
from contracts.refusals import Conflict, FieldError, Invalid
from contracts.values import Language
from services.sherloc.contributions.screening import Mark, is_anonymised, screen

BETWEEN_PARTIES = "; "


class ContributionStatus(StrEnum):
    """The status of a contribution. `accepted`: checked, and not yet on SHERLOC."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    ACCEPTED = "accepted"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


_S = ContributionStatus
_BY_STATE = frozenset({_S.DRAFT, _S.RETURNED})
SHOWN_TO_ALL = frozenset({_S.PUBLISHED, _S.SUPERSEDED})
"""Statuses in which every appointment sees a contribution."""
MOVES: Mapping[str, frozenset[ContributionStatus]] = {
    "revise_contribution": _BY_STATE,
    "submit_contribution": _BY_STATE,
    "clear_marks": _BY_STATE | {_S.SUBMITTED},
    "return_contribution": frozenset({_S.SUBMITTED, _S.ACCEPTED}),
    "accept_contribution": frozenset({_S.SUBMITTED}),
    "publish_contribution": frozenset({_S.ACCEPTED}),
    "supersede_contribution": frozenset({_S.PUBLISHED}),
    "withdraw_contribution": frozenset(_S) - {_S.SUPERSEDED, _S.WITHDRAWN},
}
"""Maps each move to the statuses in which it is allowed."""


class ContributionTexts(Struct, frozen=True, kw_only=True):
    """Texts of a contribution. `address` is where the text can be read, `portal_address` the page of SHERLOC."""

    title: str = ""
    text: str = ""
    court: str = ""
    parties: str = ""
    authors: str = ""
    address: str = ""
    portal_address: str = ""


SCREENED = ("title", "text", "court")
"""Texts that are screened. Parties are anonymised by rule; authors are those of a published work."""


def marks_in(texts: ContributionTexts) -> tuple[Mark, ...]:
    """The passages of the texts that look like personal data."""
    return screen({name: getattr(texts, name) for name in SCREENED})


class Content(Struct, frozen=True, kw_only=True):
    """The codes and days of a contribution. `decided_on`, `offence` and `outcome` are for court decisions only."""

    language: Language
    articles: tuple[str, ...] = ()
    rights: Rights = Rights.UNCLEAR
    decided_on: date | None = None
    offence: str | None = None
    outcome: CaseOutcome | None = None

    def check(self, kind: ContributionKind, texts: ContributionTexts, *, today: date) -> None:
        """Raise Invalid for a day in the future, a field of another kind, or a party who is named."""
        if self.decided_on is not None and self.decided_on > today:
            raise Invalid("day-to-come", field="decided_on")
        given = {name: getattr(self, name) for name in ("decided_on", "offence", "outcome")}
        given |= {name: getattr(texts, name) for name in ("court", "parties", "authors")}
        for field, value in given.items():
            if value and kind is not _KIND_OF[field]:
                raise Invalid("contribution-field-not-of-kind", field=field, errors=[_error(field, _NOT_OF_KIND)])
        if not all(is_anonymised(one) for one in parties_of(texts)):
            raise Invalid("party-not-anonymised", field="parties", errors=[_error("parties", "party-not-anonymised")])


_NOT_OF_KIND = "contribution-field-not-of-kind"
_KIND_OF: Mapping[str, ContributionKind] = {
    **dict.fromkeys(("decided_on", "offence", "outcome", "court", "parties"), ContributionKind.COURT_DECISION),
    "authors": ContributionKind.BIBLIOGRAPHY,
}


def parties_of(texts: ContributionTexts) -> tuple[str, ...]:
    """The parties, as they were given."""
    return tuple(texts.parties.split(BETWEEN_PARTIES)) if texts.parties else ()


class Contribution(Struct, frozen=True, kw_only=True):
    """A contribution. `superseded_by` is the newer one that replaces it.

    `marks` is the number of passages that the screen marked in its texts; `marks_cleared` says that a person found no
    personal data in them.
    """

    contribution_id: UUID
    state: str
    kind: ContributionKind
    status: ContributionStatus
    revision: int
    language: Language
    articles: tuple[str, ...]
    rights: Rights
    decided_on: date | None
    offence: str | None
    outcome: CaseOutcome | None
    marks: int
    marks_cleared: bool
    drafted_at: datetime
    changed_at: datetime
    published_at: datetime | None = None
    superseded_by: UUID | None = None
    reason: str | None = None

    def require(self, move: str) -> None:
        """Raise Conflict unless the status allows the move."""
        if self.status not in MOVES[move]:
            raise Conflict("contribution-status", status=self.status, move=move)

    # -- decisions -----------------------------------------------------------------------------------------------

    def revise(
        self, content: Content, texts: ContributionTexts, texts_hash: str, *, now: datetime
    ) -> ContributionRevised:
        """Return the fact of a revision. Raises Conflict, Invalid."""
        self.require("revise_contribution")
        content.check(self.kind, texts, today=now.date())
        marks = len(marks_in(texts))
        return ContributionRevised(**self._ids(), **asdict(content), marks=marks, texts_hash=texts_hash, revised_at=now)

    def submit(self, texts: ContributionTexts, *, now: datetime) -> ContributionSubmitted:
        """Return the fact of a submission. Raises Conflict, and Invalid if a field that its kind needs is missing."""
        self.require("submit_contribution")
        if lacking := self.lacking(texts):
            errors = [_error(field, "missing-field") for field in lacking]
            raise Invalid("missing-field", field=lacking[0], errors=errors)
        return ContributionSubmitted(**self._ids(), submitted_at=now)

    def lacking(self, texts: ContributionTexts) -> list[str]:
        """List the needed fields that are missing."""
        decision = self.kind is ContributionKind.COURT_DECISION
        needed = {
            "title": (texts.title, True),
            "articles": (self.articles, self.kind is not ContributionKind.BIBLIOGRAPHY),
            "authors": (texts.authors, self.kind is ContributionKind.BIBLIOGRAPHY),
            "court": (texts.court, decision),
            "decided_on": (self.decided_on, decision),
            "parties": (texts.parties, decision),
            "offence": (self.offence, decision),
            "outcome": (self.outcome, decision),
            "address": (texts.address or texts.text, True),
        }
        return [field for field, (value, is_needed) in needed.items() if is_needed and not value]

    def clear_marks(self, *, now: datetime) -> ContributionMarksCleared:
        """Return the fact that marks were cleared. Raises Conflict without marks, or if they are already cleared."""
        self.require("clear_marks")
        if not self.marks or self.marks_cleared:
            raise Conflict("contribution-no-marks")
        return ContributionMarksCleared(**self._ids(), marks=self.marks, cleared_at=now)

    def send_back(self, reason: str, *, now: datetime) -> ContributionReturned:
        self.require("return_contribution")
        return ContributionReturned(**self._ids(), reason=reason, returned_at=now)

    def accept(self, *, now: datetime) -> ContributionAccepted:
        """Return the fact of an acceptance. Raises Conflict while rights are unclear or marks are not cleared."""
        self.require("accept_contribution")
        if self.rights is Rights.UNCLEAR:
            raise Conflict("contribution-rights-unclear")
        if self.marks and not self.marks_cleared:
            raise Conflict("contribution-marks-left")
        return ContributionAccepted(**self._ids(), accepted_at=now)

    def put_on_portal(self, texts_hash: str, *, now: datetime) -> ContributionPublished:
        self.require("publish_contribution")
        return ContributionPublished(**self._ids(), texts_hash=texts_hash, published_at=now)

    def supersede(self, newer: "Contribution | None", *, now: datetime) -> ContributionSuperseded:
        """Return the fact that a newer contribution replaces this one.

        Raises Conflict, and Invalid unless the newer one is published and of the same State and kind.
        """
        self.require("supersede_contribution")
        if (
            newer is None
            or newer.contribution_id == self.contribution_id
            or newer.status is not ContributionStatus.PUBLISHED
            or (newer.state, newer.kind) != (self.state, self.kind)
        ):
            raise Invalid("contribution-successor-unsuitable", field="superseded_by")
        return ContributionSuperseded(**self._ids(), superseded_by=newer.contribution_id, superseded_at=now)

    def withdraw(self, *, now: datetime) -> ContributionWithdrawn:
        self.require("withdraw_contribution")
        return ContributionWithdrawn(**self._ids(), withdrawn_at=now)

    def _ids(self) -> dict[str, Any]:
        return {"contribution_id": self.contribution_id, "state": self.state, "kind": self.kind}


def draft(
    contribution_id: UUID,
    state: str,
    kind: ContributionKind,
    content: Content,
    texts: ContributionTexts,
    texts_hash: str,
    *,
    now: datetime,
) -> ContributionDrafted:
    """Return the fact of a draft. Raises Invalid."""
    content.check(kind, texts, today=now.date())
    return ContributionDrafted(
        contribution_id=contribution_id,
        state=state,
        kind=kind,
        **asdict(content),
        marks=len(marks_in(texts)),
        texts_hash=texts_hash,
        drafted_at=now,
    )


def _error(field: str, problem: str) -> FieldError:
    return FieldError(field=field, problem=problem)
