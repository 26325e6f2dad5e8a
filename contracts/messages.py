"""Facts of the delivery service about the messages of a delivery's thread. Their texts are not included."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from contracts.deliveries import CONTACTS_MAX
from contracts.facts import Fact
from contracts.values import Code, Language, Organization, State

MESSAGE_FILES_MAX = 5


class _MessageFact(Fact, frozen=True, kw_only=True):
    """Fields repeated in every fact of a message, so that consumers can act without a query."""

    message_id: UUID
    delivery_id: UUID
    request_id: UUID
    state: State
    provider: Organization
    private: bool


class MessageSent(_MessageFact, frozen=True, kw_only=True, tag="delivery.message.sent.v1"):
    """A side or a coordinator wrote to the thread of a delivery; `side` is None for a coordinator.

    A `private` message is read by the two sides only. `series_id` is the first message of a series by one side, of
    which the other side is notified once. `contacts` are the accounts of the contacts named by the sides that did not
    write.
    """

    author_id: UUID
    organization: Organization
    language: Language
    files: Annotated[tuple[UUID, ...], Meta(max_length=MESSAGE_FILES_MAX)]
    series_id: UUID
    texts_hash: str
    sent_at: datetime
    side: Code | None = None
    contacts: Annotated[tuple[UUID, ...], Meta(max_length=2 * CONTACTS_MAX)] = ()


class MessageWithdrawn(_MessageFact, frozen=True, kw_only=True, tag="delivery.message.withdrawn.v1"):
    """The author withdrew a message; its text and files were deleted."""

    withdrawn_at: datetime


FACTS: tuple[type[Fact], ...] = (MessageSent, MessageWithdrawn)
