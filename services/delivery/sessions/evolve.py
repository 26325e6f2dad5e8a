"""Fold facts into a session. Actions and the rebuild of the tables use the same function."""

from typing import Any

from msgspec.structs import asdict, replace

from contracts.facts import Fact
from contracts.sessions import (
    SessionCancelled,
    SessionHeld,
    SessionParticipantsReported,
    SessionPlanned,
    SessionRescheduled,
    SessionRevised,
)
from services.delivery.sessions.model import Session, SessionStatus


def evolve(session: Session | None, fact: Fact) -> Session:
    """Return the session after a fact."""
    if isinstance(fact, SessionPlanned):
        values = asdict(fact)
        del values["texts_hash"], values["request_id"]
        return Session(**values, status=SessionStatus.PLANNED, revision=1)
    assert session is not None, "a session begins when it is planned"
    return replace(session, revision=session.revision + 1, **_changes(session, fact))


def _changes(session: Session, fact: Fact) -> dict[str, Any]:
    match fact:
        case SessionRevised():
            return {name: getattr(fact, name) for name in ("modality", "languages", "trainers", "people", "women")}
        case SessionRescheduled():
            return {"starts": fact.starts, "ends": fact.ends}
        case SessionCancelled():
            return {"status": SessionStatus.CANCELLED, "reason": fact.reason, "cancelled_at": fact.cancelled_at}
        case SessionHeld():
            return {"status": SessionStatus.HELD, "held_at": fact.held_at, "reported": fact.reported}
        case SessionParticipantsReported():
            return {"reported": (*session.reported, *(one for one in fact.reported if one not in session.reported))}
    raise AssertionError(f"{fact.type} is not a session's fact")
