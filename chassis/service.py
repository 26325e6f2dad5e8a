"""A service is a value: what it owns, serves, hears and does in the background."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from chassis.auth.callers import Callers
from chassis.db.database import Database, Tx
from chassis.erasure import Forget, forget
from chassis.journal.bus import Bus
from chassis.journal.event_feed import NOTHING, EventFeed, FeedPolicy
from chassis.journal.inbox import Handler, Inbox
from chassis.journal.outbox import Relay
from chassis.journal.peers import Peers
from chassis.settings import Settings
from chassis.supervise import Loop
from contracts.facts import Event, Fact


@dataclass(frozen=True, eq=False)
class Service:
    """`name` is the schema, the stream's owner and the durable consumer; `folder` holds `migrations/`.

    `hears` are the handlers that a setting has a say in, in place of those of the same facts in `handlers`.

    `rebuild` folds one fact of the service's own journal into its tables, as the action that announced it did;
    `tables` are those it rebuilds, `texts` those that hold words and personal values and are left alone. `forget` drops
    what names a person, and returns how many rows of what. `own` makes what its routes and its loops share;
    `feed_policy` says which events of its journal which caller receives.
    """

    name: str
    folder: Path
    routes: Sequence[Any] = ()
    listens_to: Sequence[str] = ()
    handlers: Mapping[type[Fact], Handler] = field(default_factory=dict)
    hears: Callable[[Settings], Mapping[type[Fact], Handler]] = lambda _settings: {}
    loops: Callable[["Running"], Mapping[str, Loop]] = lambda _running: {}
    rebuild: Callable[[Tx, Event], Any] | None = None
    tables: Sequence[str] = ()
    texts: Sequence[str] = ()
    forget: Forget = forget
    own: Callable[["Running"], Any] = lambda _running: None
    feed_policy: FeedPolicy = NOTHING

    def handlers_with(self, settings: Settings) -> dict[type[Fact], Handler]:
        return {**self.handlers, **self.hears(settings)}


@dataclass(frozen=True)
class Running:
    """A service with what it works with."""

    service: Service
    settings: Settings
    db: Database
    bus: Bus
    relay: Relay
    inbox: Inbox
    peers: Peers
    callers: Callers

    @property
    def name(self) -> str:
        return self.service.name

    @cached_property
    def own(self) -> Any:
        """Made when it is first asked for; a route asks for it as `own`."""
        return self.service.own(self)

    @cached_property
    def event_feed(self) -> EventFeed:
        """Those who follow this service here."""
        return EventFeed(self.db.for_reading(), self.service.feed_policy)
