"""A practice, a challenge or a tool: recorded by a State or a provider, and catalogued by UNODC for all."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict

from contracts.practices import (
    CountryReview,
    PracticeCatalogued,
    PracticeKind,
    PracticeRecorded,
    PracticeReturned,
    PracticeRevised,
    PracticeSubmitted,
    PracticeUseAdded,
    PracticeUseRemoved,
    PracticeWithdrawn,
)
from contracts.refusals import Conflict, Invalid
from contracts.values import Language

USES_MAX = 500


class PracticeStatus(StrEnum):
    """The status of a practice.

    `returned`: the author revises and submits it again. `catalogued`: every appointment reads it.
    """

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    CATALOGUED = "catalogued"
    WITHDRAWN = "withdrawn"


_S = PracticeStatus
_OPEN = frozenset({_S.DRAFT, _S.RETURNED})
_CATALOGUED = frozenset({_S.CATALOGUED})
MOVES: Mapping[str, frozenset[PracticeStatus]] = {
    "revise_practice": _OPEN,
    "submit_practice": _OPEN,
    "return_practice": frozenset({_S.SUBMITTED}),
    "catalogue_practice": frozenset({_S.SUBMITTED}),
    "withdraw_practice": frozenset(_S) - {_S.WITHDRAWN},
    "add_use": _CATALOGUED,
    "remove_use": _CATALOGUED,
}
"""Maps each move to the statuses in which it is allowed."""


class PracticeTexts(Struct, frozen=True, kw_only=True):
    """Texts of a practice, in the language of the author."""

    title: str
    text: str


class Description(Struct, frozen=True, kw_only=True):
    """Kind, language and tags of a practice, and its author's statement on the country review."""

    practice_kind: PracticeKind
    language: Language
    articles: tuple[str, ...]
    topics: tuple[str, ...]
    country_review: CountryReview

    def check(self, state: str | None) -> None:
        """Raise Invalid if a provider states that it comes from a review, which only the State itself may enter."""
        if self.country_review is CountryReview.ENTERED_BY_STATE and state is None:
            raise Invalid("practice-review-not-yours", field="country_review")


class Practice(Struct, frozen=True, kw_only=True):
    """A practice, a challenge or a tool of a State or a provider. `uses` is the number of deliveries that used it."""

    practice_id: UUID
    practice_kind: PracticeKind
    state: str | None
    provider: str | None
    status: PracticeStatus
    revision: int
    language: Language
    articles: tuple[str, ...]
    topics: tuple[str, ...]
    country_review: CountryReview
    delivery_id: UUID | None
    uses: int
    recorded_at: datetime
    changed_at: datetime
    submitted_at: datetime | None = None
    catalogued_at: datetime | None = None
    reason: str | None = None

    def require(self, move: str) -> None:
        """Raise Conflict unless the status allows the move."""
        if self.status not in MOVES[move]:
            raise Conflict("practice-status", status=self.status, move=move)

    # -- decisions -----------------------------------------------------------------------------------------------

    def revise(self, description: Description, texts_hash: str, *, now: datetime) -> PracticeRevised:
        self.require("revise_practice")
        description.check(self.state)
        return PracticeRevised(**self._ids() | asdict(description), texts_hash=texts_hash, revised_at=now)

    def submit(self, *, now: datetime) -> PracticeSubmitted:
        """Return the fact of a submission.

        Raises Conflict, and Invalid without an article or a topic, because the practice could not be found.
        """
        self.require("submit_practice")
        if not self.articles and not self.topics:
            raise Invalid("practice-not-tagged", field="topics")
        return PracticeSubmitted(**self._ids(), submitted_at=now)

    def send_back(self, reason: str, *, now: datetime) -> PracticeReturned:
        self.require("return_practice")
        return PracticeReturned(**self._ids(), reason=reason, returned_at=now)

    def catalogue(self, *, now: datetime) -> PracticeCatalogued:
        self.require("catalogue_practice")
        return PracticeCatalogued(**self._ids(), catalogued_at=now)

    def withdraw(self, *, now: datetime) -> PracticeWithdrawn:
        self.require("withdraw_practice")
        return PracticeWithdrawn(**self._ids(), withdrawn_at=now)

    def add_use(self, delivery_id: UUID, *, is_used: bool, now: datetime) -> PracticeUseAdded:
        """Return the fact of a use. Raises Conflict, also if the use by this delivery is already recorded."""
        self.require("add_use")
        if is_used:
            raise Conflict("practice-use-known")
        if self.uses >= USES_MAX:
            raise Conflict("practice-uses-max", most=USES_MAX)
        return PracticeUseAdded(**self._ids(), delivery_id=delivery_id, added_at=now)

    def remove_use(self, delivery_id: UUID, *, is_used: bool, now: datetime) -> PracticeUseRemoved:
        """Return the fact of a removed use. Raises Conflict, also if the use by this delivery is not recorded."""
        self.require("remove_use")
        if not is_used:
            raise Conflict("practice-use-unknown")
        return PracticeUseRemoved(**self._ids(), delivery_id=delivery_id, removed_at=now)

    def _ids(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("practice_id", "practice_kind", "state", "provider")}


def record(
    practice_id: UUID,
    description: Description,
    texts_hash: str,
    *,
    state: str | None,
    provider: str | None,
    delivery_id: UUID | None,
    now: datetime,
) -> PracticeRecorded:
    """Return the fact of a new practice. Raises Invalid."""
    description.check(state)
    return PracticeRecorded(
        practice_id=practice_id,
        state=state,
        provider=provider,
        **asdict(description),
        texts_hash=texts_hash,
        recorded_at=now,
        delivery_id=delivery_id,
    )
