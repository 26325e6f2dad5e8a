"""A service as a value: what it owns, serves, consumes and runs in the background."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from chassis.auth.callers import Callers
from chassis.db.database import Database, Tx
from chassis.erasure import Forget, forget
from chassis.http.asgi import Application
from chassis.journal.bus import Bus, stream_name
from chassis.journal.event_feed import NOTHING, EventFeed, FeedPolicy
from chassis.journal.inbox import Handler, Inbox
from chassis.journal.outbox import Relay
from chassis.journal.peers import Peers
from chassis.retention import Prune
from chassis.settings import Settings
from chassis.supervise import Loop
from contracts.facts import Event, Fact, aggregates_of
from contracts.nouns import Noun


@dataclass(frozen=True, eq=False)
class Service:
    """A service: its schema, routes, handlers and loops.

    `name` is the schema, the owner of the stream and the durable consumer; `folder` holds `migrations/`.
    `configured_handlers` returns handlers that depend on settings or on the objects of `own`; they replace those of the
    same facts in `handlers`. `rebuild` folds one fact of the service's journal into its tables, like the action that
    announced it, but for nouns that are declared; `tables` are the tables that are rebuilt, `texts` those with texts
    and personal data, which are not changed. `forget` deletes all data that names a person and returns the number of
    rows per table. `own` makes the objects that routes, handlers and loops share; `feed_policy` determines the events
    of the journal that each caller receives.
    """

    name: str
    folder: Path
    routes: Sequence[Any] = ()
    nouns: Sequence[Noun[Any]] = ()
    """The nouns that are declared; their routes are among `routes`, their tables among `tables` and `texts`."""
    publishes: bool = True
    """True if the service has facts of its own, and therefore a stream."""
    listens_to: Sequence[str] = ()
    follows: Sequence[str] = ()
    """Subjects that each process receives in memory while it is connected (`Bus.messages`), without the inbox."""
    handlers: Mapping[type[Fact], Handler] = field(default_factory=dict)
    configured_handlers: Callable[["Running"], Mapping[type[Fact], Handler]] = lambda _running: {}
    loops: Callable[["Running"], Mapping[str, Loop]] = lambda _running: {}
    rebuild: Callable[[Tx, Event], Any] | None = None
    tables: Sequence[str] = ()
    texts: Sequence[str] = ()
    forget: Forget = forget
    retention: Mapping[str, Prune] = field(default_factory=dict)
    """Maps kinds of `Settings.retention_days` to what deletes them."""
    own: Callable[["Running"], Any] = lambda _running: None
    feed_policy: FeedPolicy = NOTHING
    pages: Callable[["Running", Application, Mapping[str, str] | None], Application] | None = None

    def consumed_aggregates(self, owner: str) -> frozenset[str]:
        """The aggregates of an owner of which the service handles any fact. It receives all facts of these only."""
        return aggregates_of(owner, self.handlers) if owner in self.listens_to else frozenset()

    def grants(self) -> tuple[list[str], list[str]]:
        """The subjects that the service may publish to and subscribe to at the broker, and no others (allow-lists)."""
        publish = [f"ta.{self.name}.>"] if self.publishes else []
        for owner in self.listens_to:
            stream = stream_name(owner)
            publish += [f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{self.name}", f"$JS.ACK.{stream}.{self.name}.>"]
        return publish, [f"_INBOX_{self.name}.>", *self.follows]

    @property
    def probe(self) -> tuple[str, bytes, Mapping[str, str]]:
        """A message that JetStream answers and refuses: an event for another stream, or a pull without a body."""
        if self.publishes:
            return f"ta.{self.name}.probe", b"", {"Nats-Expected-Stream": "none"}
        return f"$JS.API.CONSUMER.MSG.NEXT.{stream_name(self.listens_to[0])}.{self.name}", b"{", {}


@dataclass(frozen=True)
class Running:
    """A service with its connections."""

    service: Service
    settings: Settings
    db: Database
    bus: Bus
    relay: Relay
    peers: Peers
    callers: Callers

    @property
    def name(self) -> str:
        return self.service.name

    @cached_property
    def own(self) -> Any:
        """The service's shared objects, created on first use and injected into routes as `own`."""
        return self.service.own(self)

    @cached_property
    def inbox(self) -> Inbox:
        handlers = {**self.service.handlers, **self.service.configured_handlers(self)}
        seconds = self.settings.catch_up_seconds
        return Inbox(self.db, self.name, self.service.listens_to, handlers, catch_up_seconds=seconds)

    @cached_property
    def event_feed(self) -> EventFeed:
        """The event feed of this service in this process."""
        return EventFeed(self.db.for_reading(), self.service.feed_policy)
