"""The results of the sample world's requests, and the facts received."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from contracts.facts import Event


@dataclass
class LineRecord:
    """The result of one line of a request."""

    kind: str
    match: Mapping[str, Any] = field(default_factory=dict)
    passed_over: int = 0
    needed: Mapping[str, Any] | None = None
    requirement_id: str | None = None
    covered: bool = False
    spent: bool = False


@dataclass
class RequestRecord:
    """The result of one request."""

    appointment: str
    title: str
    language: str
    request: Mapping[str, Any]
    outcome: str | None = None
    """The outcome with which the request is closed; None if it is not closed."""
    lines: list[LineRecord] = field(default_factory=list)
    suggestion_ms: float | None = None
    delivery: Mapping[str, Any] | None = None
    """The delivery that was agreed in writing, if any; its agreement, messages and sessions are in further fields."""
    agreement: Mapping[str, Any] | None = None
    messages: Sequence[Mapping[str, Any]] = ()
    sessions: list[Mapping[str, Any]] = field(default_factory=list)
    audited: list[Mapping[str, Any]] = field(default_factory=list)
    """The sessions as an auditor sees them."""
    results: Sequence[Mapping[str, Any]] = ()
    action_points: Sequence[Mapping[str, Any]] = ()
    effects: Sequence[Mapping[str, Any]] = ()
    strategy: Mapping[str, Any] = field(default_factory=dict)
    milestones: Sequence[Mapping[str, Any]] = ()
    follow_up: Mapping[str, Any] | None = None
    """The follow-up of the State, a year later."""
    notified: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Ended:
    """A delivery that was terminated, with the comment on each move."""

    delivery: Mapping[str, Any]
    comments: Mapping[str, str]


@dataclass
class Seen:
    """Facts received from NATS: their number by type, and the time of the first suggestion for each request."""

    types: dict[str, int] = field(default_factory=dict)
    suggested_at: dict[str, float] = field(default_factory=dict)

    async def keep(self, events: "asyncio.Queue[Event]") -> None:
        while True:
            event = await events.get()
            self.types[event.type] = self.types.get(event.type, 0) + 1
            if event.type == "matching.line.ranked.v1":
                request_id = msgspec.json.decode(event.data)["request_id"]
                self.suggested_at.setdefault(request_id, time.monotonic())
