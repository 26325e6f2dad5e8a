"""Fold facts into a message. Actions and the rebuild of the tables use the same function."""

from msgspec.structs import asdict, replace

from contracts.facts import Fact
from contracts.messages import MessageSent, MessageWithdrawn
from contracts.values import Side
from services.delivery.thread.model import Message, MessageStatus


def evolve(message: Message | None, fact: Fact) -> Message:
    """Return the message after a fact."""
    if isinstance(fact, MessageSent):
        known = {name: value for name, value in asdict(fact).items() if name not in {"texts_hash", "contacts"}}
        side = Side(fact.side) if fact.side else None
        return Message(**{**known, "side": side}, status=MessageStatus.SENT, revision=1)
    assert message is not None, "a message begins when it is sent"
    assert isinstance(fact, MessageWithdrawn), f"{fact.type} is not a message's fact"
    return replace(
        message, revision=message.revision + 1, status=MessageStatus.WITHDRAWN, withdrawn_at=fact.withdrawn_at
    )
