"""Facts of the sherloc service about portal extensions: planned functions of SHERLOC, and their progress.

Titles, scopes and progress notes are stored separately; facts have their salted hash.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from contracts.facts import Fact
from contracts.values import Code, Language, Money, Organization, State

DONORS_MAX = 300

Donors = Annotated[tuple[Organization, ...], Meta(max_length=DONORS_MAX)]


class ExtensionStatus(StrEnum):
    """The phase of an extension."""

    PROPOSED = "proposed"
    PLANNED = "planned"
    IN_PROGRESS = "in_progress"
    RELEASED = "released"
    DROPPED = "dropped"


class _ExtensionFact(Fact, frozen=True, kw_only=True):
    """The field repeated in every fact of an extension."""

    extension_id: UUID


class _Described(_ExtensionFact, frozen=True, kw_only=True):
    """The description of an extension; `work_package` is the work package of a SHERLOC fund that pays for it."""

    language: Language
    cost: Money
    work_package: Code
    texts_hash: str


class _PhaseChanged(_ExtensionFact, frozen=True, kw_only=True):
    """The phase of an extension changed. `donors` have earmarked a pledge to the extension, and are notified."""

    donors: Donors = ()


class ExtensionProposed(_Described, frozen=True, kw_only=True, tag="sherloc.extension.proposed.v1"):
    """A coordinator proposed an extension of the portal."""

    proposed_at: datetime


class ExtensionRevised(_Described, frozen=True, kw_only=True, tag="sherloc.extension.revised.v1"):
    """A coordinator changed the texts, cost or work package of an extension."""

    revised_at: datetime


class ExtensionPlanned(_PhaseChanged, frozen=True, kw_only=True, tag="sherloc.extension.planned.v1"):
    """The extension is planned: it will be built."""

    planned_at: datetime


class ExtensionBegun(_PhaseChanged, frozen=True, kw_only=True, tag="sherloc.extension.begun.v1"):
    """Work on the extension began."""

    begun_at: datetime


class ExtensionReleased(_PhaseChanged, frozen=True, kw_only=True, tag="sherloc.extension.released.v1"):
    """The extension was released on the portal."""

    released_at: datetime


class ExtensionDropped(_PhaseChanged, frozen=True, kw_only=True, tag="sherloc.extension.dropped.v1"):
    """The extension was dropped, for a coded reason, and will not be built."""

    reason: Code
    dropped_at: datetime


class ExtensionVotedFor(_ExtensionFact, frozen=True, kw_only=True, tag="sherloc.extension.voted-for.v1"):
    """A State voted for an extension."""

    state: State
    voted_at: datetime


class ExtensionVoteWithdrawn(_ExtensionFact, frozen=True, kw_only=True, tag="sherloc.extension.vote-withdrawn.v1"):
    """A State withdrew its vote."""

    state: State
    withdrawn_at: datetime


class ExtensionNoted(_ExtensionFact, frozen=True, kw_only=True, tag="sherloc.extension.noted.v1"):
    """A coordinator recorded a progress note."""

    language: Language
    texts_hash: str
    noted_at: datetime


PHASE_CHANGES: tuple[type[Fact], ...] = (ExtensionPlanned, ExtensionBegun, ExtensionReleased, ExtensionDropped)
FACTS: tuple[type[Fact], ...] = (
    ExtensionProposed,
    ExtensionRevised,
    *PHASE_CHANGES,
    ExtensionVotedFor,
    ExtensionVoteWithdrawn,
    ExtensionNoted,
)
