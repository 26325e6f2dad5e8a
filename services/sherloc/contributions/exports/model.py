"""A batch of contributions handed over to the portal: made once, confirmed once; each change is in one batch."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from contracts.contributions import ContributionExportConfirmed, ContributionExportMade, HandedOver
from contracts.facts import Fact
from contracts.refusals import Conflict


class Export(Struct, frozen=True, kw_only=True):
    """A batch. It is open until the portal confirms it; only one batch is open at a time."""

    contribution_export_id: UUID
    revision: int
    contributions: int
    made_at: datetime
    confirmed_at: datetime | None = None

    def confirm(self, *, now: datetime) -> ContributionExportConfirmed:
        """Return the fact that the portal confirmed the batch. Raises Conflict if it is already confirmed."""
        if self.confirmed_at is not None:
            raise Conflict("export-confirmed")
        return ContributionExportConfirmed(contribution_export_id=self.contribution_export_id, confirmed_at=now)


def make(export_id: UUID, changes: Sequence[HandedOver], *, now: datetime) -> ContributionExportMade:
    """Return the fact that a batch was made. Raises Conflict if there is nothing to hand over."""
    if not changes:
        raise Conflict("export-empty")
    return ContributionExportMade(contribution_export_id=export_id, changes=tuple(changes), made_at=now)


def evolve(known: Export | None, fact: Fact) -> Export:
    """Return the batch after a fact."""
    if isinstance(fact, ContributionExportMade):
        return Export(
            contribution_export_id=fact.contribution_export_id,
            revision=1,
            contributions=len(fact.changes),
            made_at=fact.made_at,
        )
    assert known is not None, "the first fact of a batch is ContributionExportMade"
    assert isinstance(fact, ContributionExportConfirmed), "the second fact of a batch is ContributionExportConfirmed"
    return replace(known, revision=known.revision + 1, confirmed_at=fact.confirmed_at)
