"""A message of the thread of a delivery, which its author may withdraw. Its text is in the store only."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct

from contracts.messages import MessageSent, MessageWithdrawn
from contracts.refusals import Conflict, Invalid
from contracts.values import Language, Role, Side
from services.delivery.contacts.model import SideContacts
from services.delivery.deliveries.model import Delivery
from services.delivery.files.model import KEPT, File, FilePurpose, author_side

MESSAGES_MAX = 5000
"""Maximum number of messages of one delivery."""

SERIES = timedelta(hours=1)
"""Time within which the other side is notified once of one side's messages, until the other side reads them."""


class MessageStatus(StrEnum):
    SENT = "sent"
    WITHDRAWN = "withdrawn"


MOVES: Mapping[str, frozenset[MessageStatus]] = {"withdraw_message": frozenset({MessageStatus.SENT})}


class MessageTexts(Struct, frozen=True, kw_only=True):
    """The texts of a message."""

    topic: str = ""
    text: str = ""


class NewMessage(Struct, frozen=True, kw_only=True):
    """A message to send."""

    message_id: UUID
    author_id: UUID
    organization: str
    role: Role
    language: Language
    private: bool
    files: tuple[UUID, ...]


class Before(Struct, frozen=True, kw_only=True):
    """The messages sent so far: their number, and the last series of the author's side."""

    messages: int = 0
    series_id: UUID | None = None
    begun_at: datetime | None = None
    """Time at which the first message of that series was sent."""
    is_read: bool = False
    """True if the other side has read the last message of that series."""

    def series_at(self, now: datetime) -> UUID | None:
        """Return the series that a message sent now belongs to; None if it begins a new one."""
        goes_on = self.begun_at is not None and not self.is_read and now < self.begun_at + SERIES
        return self.series_id if goes_on else None


class Message(Struct, frozen=True, kw_only=True):
    """A message without its texts. `side` is None if a coordinator wrote it."""

    message_id: UUID
    delivery_id: UUID
    request_id: UUID
    state: str
    provider: str
    private: bool
    side: Side | None
    organization: str
    author_id: UUID
    language: Language
    files: tuple[UUID, ...]
    series_id: UUID
    sent_at: datetime
    status: MessageStatus
    revision: int
    withdrawn_at: datetime | None = None

    def withdraw(self, *, now: datetime) -> MessageWithdrawn:
        if self.status not in MOVES["withdraw_message"]:
            raise Conflict("message-withdrawn")
        return MessageWithdrawn(
            message_id=self.message_id,
            delivery_id=self.delivery_id,
            request_id=self.request_id,
            state=self.state,
            provider=self.provider,
            private=self.private,
            withdrawn_at=now,
        )


def send(
    delivery: Delivery,
    message: NewMessage,
    *,
    files: Sequence[File],
    contacts: SideContacts,
    before: Before,
    texts_hash: str,
    now: datetime,
) -> MessageSent:
    """Send a message; `files` are those of its files that exist and belong to no other message.

    Raises Conflict at a limit, once the thread is closed, and until the private topic is open for a private message;
    Forbidden for a private message of a coordinator; Invalid for unsuitable files.
    """
    delivery.require_open_thread(now)
    side = author_side(message.role)
    if message.private:
        delivery.require_private(side)
    if before.messages >= MESSAGES_MAX:
        raise Conflict("too-many-messages", limit=MESSAGES_MAX)
    if {one.file_id for one in files if _goes_with(one, message, delivery, side)} != set(message.files):
        raise Invalid("message-file-unsuitable", field="files")
    return MessageSent(
        **_ids(delivery),
        message_id=message.message_id,
        private=message.private,
        author_id=message.author_id,
        organization=message.organization,
        side=side,
        language=message.language,
        files=message.files,
        series_id=before.series_at(now) or message.message_id,
        texts_hash=texts_hash,
        sent_at=now,
        contacts=tuple(
            dict.fromkeys(
                one.person_id
                for other in Side
                if other is not side
                for one in contacts.of(other)
                if one.person_id not in {None, message.author_id}
            )
        ),
    )


def _goes_with(file: File, message: NewMessage, delivery: Delivery, side: Side | None) -> bool:
    return (
        file.delivery_id == delivery.delivery_id
        and file.purpose is FilePurpose.MESSAGE
        and file.private is message.private
        and file.side is side
        and file.status in KEPT
    )


def _ids(delivery: Delivery) -> dict[str, Any]:
    return {
        "delivery_id": delivery.delivery_id,
        "request_id": delivery.request_id,
        "state": delivery.state,
        "provider": delivery.provider,
    }
