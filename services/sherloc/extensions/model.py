"""A portal extension: a capability that SHERLOC is to have, its cost and phase, and the States that voted for it.

Every appointment reads it, coordinators maintain it, a focal point votes for its State (paragraph I.e).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from contracts.codes import unknown_code
from contracts.conversion import from_attributes
from contracts.decisions import Later
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
from contracts.funds import WORK_PACKAGES
from contracts.nouns import Create, Move, MoveContext, Noun, Read
from contracts.refusals import Conflict
from contracts.values import Caller, Code, Language, Money, Role
from services.sherloc.bodies import CodedReason, Nothing, check_reason

NOTES_MAX = 100


class ExtensionTexts(Struct, frozen=True, kw_only=True):
    """Texts of an extension."""

    title: str
    scope: str


class NoteTexts(Struct, frozen=True, kw_only=True):
    """The text of a note on the progress."""

    text: str


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


class ProgressNote(Struct, frozen=True, kw_only=True):
    """A coordinator's note on the progress, in `language`."""

    revision: int
    language: Language
    text: str
    noted_at: datetime


class ExtensionView(Struct, frozen=True, kw_only=True):
    """A capability that SHERLOC is to have: `title` and `scope` in `language`, its cost, and its phase in `status`.

    `work_package` is that of a SHERLOC fund which pays for it; `pledges` is the number of pledges earmarked to it.
    `voted_by` are the States that voted for it. `reason` is the code (`/v1/reference/reasons/drop_extension`) with
    which it was dropped.
    """

    extension_id: UUID
    status: ExtensionStatus
    revision: int
    language: Language
    title: str
    scope: str
    cost: Money
    work_package: str
    pledges: int
    voted_by: tuple[str, ...]
    progress_notes: tuple[ProgressNote, ...]
    proposed_at: datetime
    changed_at: datetime
    reason: str | None
    moves: tuple[str, ...]
    later: tuple[Later, ...]


class ExtensionPage(Struct, frozen=True, kw_only=True):
    """Portal extensions, newest first; `cursor` leads to the next page."""

    extensions: list[ExtensionView]
    cursor: str | None


# -- commands ---------------------------------------------------------------------------------------------------------


class ProposeExtension(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A capability that the portal is to have, in one language, with its cost and the work package that pays for it."""

    language: Language
    title: Annotated[str, Meta(min_length=1, max_length=300)]
    scope: Annotated[str, Meta(min_length=1, max_length=10_000)]
    cost: Money
    work_package: Code

    def check(self) -> None:
        """Raise Invalid for an unknown work package."""
        if self.work_package not in WORK_PACKAGES:
            raise unknown_code("work_package", self.work_package, WORK_PACKAGES)


class ReviseExtension(ProposeExtension, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All fields of the extension again. The earlier texts are deleted."""


class NoteProgress(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A note on the progress, in one language."""

    language: Language
    text: Annotated[str, Meta(min_length=1, max_length=2000)]


# -- decisions; those on a phase name the donors who earmarked a pledge to the extension ------------------------------


def propose(extension_id: UUID, body: ProposeExtension, ctx: MoveContext) -> ExtensionProposed:
    body.check()
    ids = {"extension_id": extension_id, "texts_hash": ctx.texts_hash}
    return from_attributes(ExtensionProposed, body, **ids, proposed_at=ctx.now)


def revise(known: Extension, body: ReviseExtension, ctx: MoveContext) -> ExtensionRevised:
    body.check()
    ids = {"extension_id": known.extension_id, "texts_hash": ctx.texts_hash}
    return from_attributes(ExtensionRevised, body, **ids, revised_at=ctx.now)


def plan(known: Extension, body: Nothing, ctx: MoveContext) -> ExtensionPlanned:
    return from_attributes(ExtensionPlanned, known, donors=ctx.found, planned_at=ctx.now)


def begin(known: Extension, body: Nothing, ctx: MoveContext) -> ExtensionBegun:
    return from_attributes(ExtensionBegun, known, donors=ctx.found, begun_at=ctx.now)


def release(known: Extension, body: Nothing, ctx: MoveContext) -> ExtensionReleased:
    return from_attributes(ExtensionReleased, known, donors=ctx.found, released_at=ctx.now)


def drop(known: Extension, body: CodedReason, ctx: MoveContext) -> ExtensionDropped:
    reason = check_reason("drop_extension", body.reason)
    return from_attributes(ExtensionDropped, known, donors=ctx.found, reason=reason, dropped_at=ctx.now)


def note(known: Extension, body: NoteProgress, ctx: MoveContext) -> ExtensionNoted:
    """Raises Conflict at the maximum number of notes."""
    if known.notes >= NOTES_MAX:
        raise Conflict("extension-notes", at_most=NOTES_MAX)
    ids = {"extension_id": known.extension_id, "texts_hash": ctx.texts_hash}
    return from_attributes(ExtensionNoted, body, **ids, noted_at=ctx.now)


def vote(known: Extension, body: Nothing, ctx: MoveContext) -> ExtensionVotedFor:
    """Raises Conflict if the State has voted."""
    if ctx.caller.organization in known.voted_by:
        raise Conflict("extension-voted")
    return from_attributes(ExtensionVotedFor, known, state=ctx.caller.organization, voted_at=ctx.now)


def withdraw_vote(known: Extension, body: Nothing, ctx: MoveContext) -> ExtensionVoteWithdrawn:
    """Raises Conflict if the State has not voted."""
    if ctx.caller.organization not in known.voted_by:
        raise Conflict("extension-not-voted")
    return from_attributes(ExtensionVoteWithdrawn, known, state=ctx.caller.organization, withdrawn_at=ctx.now)


# -- folds ------------------------------------------------------------------------------------------------------------


def _noted(known: Extension, fact: ExtensionNoted) -> Mapping[str, Any]:
    """The language of a note is not that of the extension."""
    return {"notes": known.notes + 1, "language": known.language}


def _voted(known: Extension, fact: ExtensionVotedFor) -> Mapping[str, Any]:
    return {"voted_by": tuple(sorted({*known.voted_by, fact.state}))}


def _vote_withdrawn(known: Extension, fact: ExtensionVoteWithdrawn) -> Mapping[str, Any]:
    return {"voted_by": tuple(state for state in known.voted_by if state != fact.state)}


# -- the declaration --------------------------------------------------------------------------------------------------

_S = ExtensionStatus
_OPEN = frozenset({_S.PROPOSED, _S.PLANNED, _S.IN_PROGRESS})
_COORDINATORS = frozenset({Role.COORDINATOR})
_FOCAL_POINTS = frozenset({Role.FOCAL_POINT})
_NOTIFIED = "Donors who earmarked a pledge to the extension are notified."


def _has_voted(known: Extension, caller: Caller, shown: Mapping[str, Any]) -> bool:
    return caller.organization in known.voted_by


def _has_not_voted(known: Extension, caller: Caller, shown: Mapping[str, Any]) -> bool:
    return caller.organization not in known.voted_by


EXTENSIONS = Noun(
    record=Extension,
    texts=ExtensionTexts,
    view=ExtensionView,
    page=ExtensionPage,
    path="/v1/extensions",
    table="extension",
    texts_table="extension_text",
    sees=lambda caller, record: True,
    visible="is_appointed(caller_role())",
    status_slug="extension-status",
    unfolded=frozenset({"donors", "state"}),
    lists=Read(
        "list_extensions",
        "The extensions of the portal",
        "Lists extensions for every appointment, with the States that voted for each and its number of pledges.",
    ),
    shows=Read(
        "show_extension",
        "One extension of the portal",
        "Shows an extension, with its votes and the notes on its progress, newest first.",
    ),
    create=Create(
        name="propose_extension",
        command=ProposeExtension,
        fact=ExtensionProposed,
        decide=propose,
        by=_COORDINATORS,
        to=_S.PROPOSED,
        summary="Propose an extension of the portal",
    ),
    moves=(
        Move(
            name="revise_extension",
            path="revise",
            command=ReviseExtension,
            fact=ExtensionRevised,
            decide=revise,
            by=_COORDINATORS,
            when=_OPEN,
            summary="Revise an extension",
            description="Votes remain.",
        ),
        Move(
            name="plan_extension",
            path="plan",
            command=Nothing,
            fact=ExtensionPlanned,
            decide=plan,
            by=_COORDINATORS,
            when=frozenset({_S.PROPOSED}),
            to=_S.PLANNED,
            summary="Plan an extension",
            description=f"The extension is to be built. {_NOTIFIED}",
        ),
        Move(
            name="begin_extension",
            path="begin",
            command=Nothing,
            fact=ExtensionBegun,
            decide=begin,
            by=_COORDINATORS,
            when=frozenset({_S.PLANNED}),
            to=_S.IN_PROGRESS,
            summary="Begin to build an extension",
            description=_NOTIFIED,
        ),
        Move(
            name="release_extension",
            path="release",
            command=Nothing,
            fact=ExtensionReleased,
            decide=release,
            by=_COORDINATORS,
            when=frozenset({_S.IN_PROGRESS}),
            to=_S.RELEASED,
            summary="Release an extension",
            description=f"The portal has the extension. {_NOTIFIED}",
        ),
        Move(
            name="drop_extension",
            path="drop",
            command=CodedReason,
            fact=ExtensionDropped,
            decide=drop,
            by=_COORDINATORS,
            when=_OPEN,
            to=_S.DROPPED,
            summary="Drop an extension",
            description=_NOTIFIED,
        ),
        Move(
            name="note_progress",
            command=NoteProgress,
            fact=ExtensionNoted,
            decide=note,
            fold=_noted,
            texts=NoteTexts,
            by=_COORDINATORS,
            when=frozenset({_S.PLANNED, _S.IN_PROGRESS, _S.RELEASED}),
        ),
        Move(
            name="vote_for_extension",
            path="vote",
            command=Nothing,
            fact=ExtensionVotedFor,
            decide=vote,
            fold=_voted,
            possible=_has_not_voted,
            if_match=False,
            by=_FOCAL_POINTS,
            when=_OPEN,
            summary="Vote for an extension",
            description="A State has one vote, which every appointment sees. `If-Match` is not needed.",
        ),
        Move(
            name="withdraw_vote",
            path="withdraw-vote",
            command=Nothing,
            fact=ExtensionVoteWithdrawn,
            decide=withdraw_vote,
            fold=_vote_withdrawn,
            possible=_has_voted,
            if_match=False,
            by=_FOCAL_POINTS,
            when=_OPEN,
            summary="Withdraw a vote",
            description="For a State that voted. `If-Match` is not needed.",
        ),
    ),
)
