"""What became of each request of the sample world, and which facts were seen."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from contracts.facts import Event


@dataclass
class LineRecord:
    """What became of one line of a request."""

    kind: str
    match: Mapping[str, Any] = field(default_factory=dict)
    passed_over: int = 0
    needed: Mapping[str, Any] | None = None
    requirement_id: str | None = None
    covered: bool = False
    spent: bool = False


@dataclass
class RequestRecord:
    """What became of one request."""

    appointment: str
    title: str
    language: str
    request: Mapping[str, Any]
    outcome: str | None = None
    """With which it is closed; None of one that is not brought to its end."""
    lines: list[LineRecord] = field(default_factory=list)
    suggestion_ms: float | None = None
    notified: list[str] = field(default_factory=list)


@dataclass
class Seen:
    """The facts that passed on NATS: how many of each type, and when the first of an aggregate or of its cause came."""

    types: dict[str, int] = field(default_factory=dict)
    suggested_at: dict[str, float] = field(default_factory=dict)

    async def keep(self, events: "asyncio.Queue[Event]") -> None:
        while True:
            event = await events.get()
            self.types[event.type] = self.types.get(event.type, 0) + 1
            if event.type == "matching.line.ranked.v1":
                request_id = msgspec.json.decode(event.data)["request_id"]
                self.suggested_at.setdefault(request_id, time.monotonic())
