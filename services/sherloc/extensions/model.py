"""A portal extension: a capability that SHERLOC is to have, its cost and phase, and the States that voted for it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from contracts.extensions import (
    ExtensionBegun,
    ExtensionDropped,
    ExtensionNoted,
    ExtensionPlanned,
    ExtensionProposed,
    ExtensionReleased,
    ExtensionRevised,
    ExtensionStatus,
    ExtensionVotedFor,
    ExtensionVoteWithdrawn,
)
from contracts.refusals import Conflict
from contracts.values import Language, Money

_S = ExtensionStatus
OPEN = frozenset({_S.PROPOSED, _S.PLANNED, _S.IN_PROGRESS})
"""Statuses of an extension that is neither released nor dropped."""
NOTES_MAX = 100
MOVES: Mapping[str, frozenset[ExtensionStatus]] = {
    "revise_extension": OPEN,
    "plan_extension": frozenset({_S.PROPOSED}),
    "begin_extension": frozenset({_S.PLANNED}),
    "release_extension": frozenset({_S.IN_PROGRESS}),
    "drop_extension": OPEN,
    "note_progress": frozenset({_S.PLANNED, _S.IN_PROGRESS, _S.RELEASED}),
    "vote_for_extension": OPEN,
    "withdraw_vote": OPEN,
}
"""Maps each move to the statuses in which it is allowed."""


class ExtensionTexts(Struct, frozen=True, kw_only=True):
    """Texts of an extension."""

    title: str
    scope: str


class Description(Struct, frozen=True, kw_only=True):
    """Language, cost and work package of an extension."""

    language: Language
    cost: Money
    work_package: str


class Extension(Struct, frozen=True, kw_only=True):
    """A portal extension. `voted_by` are the States that voted for it, in the order of their codes."""

    extension_id: UUID
    status: ExtensionStatus
    revision: int
    language: Language
    cost_minor: int
    currency: str
    work_package: str
    proposed_at: datetime
    changed_at: datetime
    voted_by: tuple[str, ...] = ()
    notes: int = 0
    reason: str | None = None

    @property
    def cost(self) -> Money:
        return Money(minor=self.cost_minor, currency=self.currency)

    def require(self, move: str) -> None:
        """Raise Conflict unless the status allows the move."""
        if self.status not in MOVES[move]:
            raise Conflict("extension-status", status=self.status, move=move)

    # -- decisions -----------------------------------------------------------------------------------------------

    def revise(self, description: Description, texts_hash: str, *, now: datetime) -> ExtensionRevised:
        self.require("revise_extension")
        return ExtensionRevised(
            extension_id=self.extension_id, **_described(description), texts_hash=texts_hash, revised_at=now
        )

    def plan(self, donors: tuple[str, ...], *, now: datetime) -> ExtensionPlanned:
        self.require("plan_extension")
        return ExtensionPlanned(extension_id=self.extension_id, donors=donors, planned_at=now)

    def begin(self, donors: tuple[str, ...], *, now: datetime) -> ExtensionBegun:
        self.require("begin_extension")
        return ExtensionBegun(extension_id=self.extension_id, donors=donors, begun_at=now)

    def release(self, donors: tuple[str, ...], *, now: datetime) -> ExtensionReleased:
        self.require("release_extension")
        return ExtensionReleased(extension_id=self.extension_id, donors=donors, released_at=now)

    def drop(self, donors: tuple[str, ...], reason: str, *, now: datetime) -> ExtensionDropped:
        self.require("drop_extension")
        return ExtensionDropped(extension_id=self.extension_id, donors=donors, reason=reason, dropped_at=now)

    def note(self, language: Language, texts_hash: str, *, now: datetime) -> ExtensionNoted:
        """Return the fact of a note. Raises Conflict in another phase, or at the maximum number of notes."""
        self.require("note_progress")
        if self.notes >= NOTES_MAX:
            raise Conflict("extension-notes", at_most=NOTES_MAX)
        return ExtensionNoted(extension_id=self.extension_id, language=language, texts_hash=texts_hash, noted_at=now)

    def vote(self, state: str, *, now: datetime) -> ExtensionVotedFor:
        """Return the fact of a vote. Raises Conflict in another phase, or if the State has voted."""
        self.require("vote_for_extension")
        if state in self.voted_by:
            raise Conflict("extension-voted")
        return ExtensionVotedFor(extension_id=self.extension_id, state=state, voted_at=now)

    def withdraw_vote(self, state: str, *, now: datetime) -> ExtensionVoteWithdrawn:
        """Return the fact of a withdrawn vote. Raises Conflict in another phase, or if the State has not voted."""
        self.require("withdraw_vote")
        if state not in self.voted_by:
            raise Conflict("extension-not-voted")
        return ExtensionVoteWithdrawn(extension_id=self.extension_id, state=state, withdrawn_at=now)


def propose(extension_id: UUID, description: Description, texts_hash: str, *, now: datetime) -> ExtensionProposed:
    return ExtensionProposed(
        extension_id=extension_id, **_described(description), texts_hash=texts_hash, proposed_at=now
    )


def _described(description: Description) -> dict[str, Any]:
    return {name: getattr(description, name) for name in Description.__struct_fields__}
