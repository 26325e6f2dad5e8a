"""Views of portal extensions."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from contracts.conversion import from_attributes
from contracts.extensions import ExtensionStatus
from contracts.values import Caller, Language, Money
from services.sherloc import policy
from services.sherloc.extensions import store
from services.sherloc.extensions.model import Extension
from services.sherloc.policy import Action


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


async def extension_view(tx: Tx, ctx: Context, extension_id: UUID) -> ExtensionView:
    """Return an extension as this caller sees it. Raises Missing if this caller may not see it."""
    found = await store.get(tx, extension_id, ctx.caller)
    policy.decide(ctx.caller, Action.SHOW_EXTENSION, found).required()
    return (await views_of(tx, [found], ctx.caller))[0]


async def views_of(tx: Tx, found: Sequence[Extension], caller: Caller) -> list[ExtensionView]:
    """Convert extensions into views for a caller who may see them."""
    ids = [one.extension_id for one in found]
    texts = await store.texts_of(tx, ids)
    notes = await store.notes_of(tx, ids)
    async with tx.as_service():
        pledges = await store.earmarks_of(tx, ids)
    return [
        from_attributes(
            ExtensionView,
            one,
            title=texts[one.extension_id].title,
            scope=texts[one.extension_id].scope,
            pledges=pledges.get(one.extension_id, 0),
            progress_notes=tuple(from_attributes(ProgressNote, note) for note in notes[one.extension_id]),
            moves=policy.extension_moves_open_to(caller, one),
        )
        for one in found
    ]
