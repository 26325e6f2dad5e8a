"""Views of messages."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from contracts.conversion import from_attributes
from contracts.values import Caller, Language, Side
from services.delivery import policy
from services.delivery.files import store as file_store
from services.delivery.files.store import DeliveryFile
from services.delivery.thread import store
from services.delivery.thread.model import Message, MessageStatus, MessageTexts
from services.delivery.thread.store import ReadMark

NOTHING = MessageTexts()


class ThreadMessage(Struct, frozen=True, kw_only=True):
    """A message of the thread of a delivery.

    `side` is the side of its `organization`, null if a coordinator wrote it; a `private` message is read by the two
    sides only. `topic` and `text` are empty for auditors, and once the message is withdrawn. `read_by` are the other
    sides that have read it. `mine` is true for its author; `moves` are the moves that the caller may make now.
    """

    message_id: UUID
    delivery_id: UUID
    status: MessageStatus
    revision: int
    private: bool
    side: Side | None
    organization: str
    language: Language
    topic: str
    text: str
    files: tuple[DeliveryFile, ...]
    sent_at: datetime
    withdrawn_at: datetime | None
    read_by: tuple[Side, ...]
    mine: bool
    moves: tuple[str, ...]


async def message_view(tx: Tx, ctx: Context, message_id: UUID) -> ThreadMessage:
    """Return the message for the caller. Raises Missing if the caller may not see it."""
    found = await store.get(tx, message_id, ctx.caller)
    return (await messages_of(tx, [found], ctx.caller))[0]


async def messages_of(tx: Tx, found: Sequence[Message], caller: Caller) -> list[ThreadMessage]:
    """Return views for the caller; all messages are of one delivery."""
    if not found:
        return []
    texts = await store.texts_of(tx, [one.message_id for one in found])
    read = await store.read_by_sides(tx, found[0].delivery_id)
    ids = [file_id for one in found for file_id in one.files]
    files = await file_store.views_of(tx, await file_store.among(tx, ids, caller), caller) if ids else []
    by_id = {one.file_id: one for one in files}
    return [
        from_attributes(
            ThreadMessage,
            one,
            topic=texts.get(one.message_id, NOTHING).topic,
            text=texts.get(one.message_id, NOTHING).text,
            files=tuple(by_id[file_id] for file_id in one.files if file_id in by_id),
            read_by=tuple(
                side for side in Side if side is not one.side and side in read and read[side] >= one.message_id
            ),
            mine=one.author_id == caller.person_id,
            moves=policy.moves_open_to(caller, one),
        )
        for one in found
    ]


async def mark_view(tx: Tx, ctx: Context, delivery_id: UUID) -> ReadMark:
    """Return the caller's mark, which has just been set."""
    found = await store.mark_of(tx, delivery_id, ctx.caller.person_id)
    assert found is not None, "the mark has just been set"
    return found
