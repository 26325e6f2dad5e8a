"""Routes of portal extensions: those of the declaration, and that of notes, which have a table of their own."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from litestar.params import FromPath, JSONBody

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.commands import change
from chassis.nouns import actions
from chassis.nouns.routes import reader, routes
from contracts.values import Caller
from services.sherloc.extensions import store
from services.sherloc.extensions.model import EXTENSIONS, Extension, NoteProgress, ProgressNote

NOTE = EXTENSIONS.by_name["note_progress"]
OF_PHASE = ("plan_extension", "begin_extension", "release_extension", "drop_extension")
"""Moves of which the donors of an earmarked pledge are notified."""


async def shown(tx: Tx, found: Sequence[Extension], caller: Caller) -> Mapping[UUID, Mapping[str, Any]]:
    """Return the notes on each extension, and the number of pledges."""
    ids = [one.extension_id for one in found]
    notes = await store.notes_of(tx, ids)
    async with tx.as_service():
        pledges = await store.earmarks_of(tx, ids)
    return {one: {"progress_notes": tuple(notes[one]), "pledges": pledges.get(one, 0)} for one in ids}


@change(
    "/v1/extensions/{extension_id:uuid}/note",
    EXTENSIONS.actions(NOTE.name),
    "Add a note on the progress of an extension",
    read=reader(EXTENSIONS, shown),
)
async def note_progress(tx: Tx, ctx: Context, extension_id: FromPath[UUID], data: JSONBody[NoteProgress]) -> None:
    """Requires the role `coordinator` and an extension that is planned, in progress or released. At most 100 notes."""
    after, salt = await actions.make(tx, ctx, EXTENSIONS, NOTE, extension_id, data)
    note = ProgressNote(revision=after.revision, language=data.language, text=data.text, noted_at=ctx.now)
    async with tx.as_service():
        await store.save_note(tx, extension_id, note, salt)


ROUTES = [*routes(EXTENSIONS, shown, dict.fromkeys(OF_PHASE, store.donors_of)), note_progress]
