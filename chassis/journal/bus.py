"""JetStream: publish with acknowledgement, pull without polling delay.

Only this module and `chassis.journal.streams`, which configures streams, import nats.
"""

import asyncio
import contextlib
import json
import ssl
import uuid
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
import nats
import nats.errors
import nats.js.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.client import JetStreamContext

from chassis.addresses import hosts_of
from contracts.facts import Event, subject_of

PUBLISH_SECONDS = 5.0
PULL_MAX = 100
PULL_SECONDS = 5.0
IN_PROGRESS_SECONDS = 10.0
NANOSECONDS = 1_000_000_000
REPEATED_IN_BATCH = 10201

log = structlog.get_logger()


class BusError(Exception):
    """The broker refused or did not answer; the requested operation may have happened."""


@dataclass(frozen=True)
class Consumer:
    """A service's durable consumer of one owner's stream.

    It receives all facts of its aggregates, so that gaps can be detected; without aggregates, all facts of the owner.
    """

    owner: str
    durable: str
    aggregates: Collection[str] = ()

    @property
    def stream(self) -> str:
        return stream_name(self.owner)


@dataclass(frozen=True)
class Delivery:
    """A delivered message and its acknowledgement."""

    body: bytes
    attempt: int
    _message: Msg = field(repr=False)

    async def ack(self) -> None:
        # A lost ack causes one redelivery, which the inbox recognizes.
        with contextlib.suppress(nats.errors.Error):
            await self._message.ack()

    async def retry(self, *, delay_seconds: float) -> None:
        with contextlib.suppress(nats.errors.Error):
            await self._message.nak(delay=delay_seconds)

    async def in_progress(self) -> None:
        with contextlib.suppress(nats.errors.Error):
            await self._message.in_progress()


class Heartbeat:
    """Extends the ack deadline of a message while it is processed; no cost for short processing."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery
        self._beating: set[asyncio.Task[None]] = set()
        self._next = asyncio.get_running_loop().call_later(IN_PROGRESS_SECONDS, self._beat)

    def _beat(self) -> None:
        task = asyncio.create_task(self._delivery.in_progress())
        self._beating = {task, *(one for one in self._beating if not one.done())}
        self._next = asyncio.get_running_loop().call_later(IN_PROGRESS_SECONDS, self._beat)

    def end(self) -> None:
        self._next.cancel()
        for task in self._beating:
            task.cancel()


class Bus:
    """A connection that reconnects on its own. Until then `connected` is False and publishing fails at once."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self.name = name
        self._client: Client | None = None
        self._jetstream: JetStreamContext | None = None
        self._reconnects = 0
        self.permission_violations = 0

    @property
    def connected(self) -> bool:
        return self._client is not None and self._client.is_connected

    async def keep_connected(self) -> None:
        """Connect and stay connected. Run it supervised."""
        client = await connect(
            self._url,
            name=self.name,
            inbox_prefix=f"_INBOX_{self.name}",
            allow_reconnect=True,
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.5,
            connect_timeout=3,
            ping_interval=10,
            max_outstanding_pings=2,
            # No buffering: events that cannot be sent now stay in `pending`.
            pending_size=-1,
            error_cb=self._on_error,
            reconnected_cb=self._on_reconnect,
        )
        self._client, self._jetstream = client, client.jetstream()
        log.info("broker connected", connection=self.name)
        try:
            while not client.is_closed:
                await asyncio.sleep(1)
        finally:
            self._client = self._jetstream = None
            await close(client)

    async def wait_connected(self) -> None:
        while not self.connected:
            await asyncio.sleep(0.05)

    async def _on_error(self, error: Exception) -> None:
        if "permissions violation" in str(error).lower():
            self.permission_violations += 1
            log.error("broker refused by permission", connection=self.name)
        else:
            log.warning("broker error", connection=self.name, error=type(error).__name__)

    async def _on_reconnect(self) -> None:
        log.info("broker reconnected", connection=self.name)
        self._reconnects += 1

    async def jetstream_answers(self, subject: str, body: bytes, headers: Mapping[str, str], *, seconds: float) -> bool:
        """Check whether JetStream answers a message; a broker may be reached while its JetStream is down."""
        if self._client is None or not self.connected:
            return False
        return await answers(self._client, subject, body, headers, seconds=seconds)

    # -- publishing ----------------------------------------------------------------------------------------------

    async def publish(self, event: Event) -> bool:
        """Publish an event; return True if the stream has stored it, now or before. False means unknown."""
        if not self.connected or self._jetstream is None:
            return False
        try:
            await self._jetstream.publish(
                subject_of(event.type),
                msgspec.json.encode(event),
                timeout=PUBLISH_SECONDS,
                stream=stream_name(event.owner),
                headers=_headers(event),
            )
        except (nats.errors.Error, OSError, TimeoutError) as error:
            log.warning("publish not acknowledged", type=event.type, error=type(error).__name__)
            return False
        return True

    async def publish_batch(self, events: Sequence[Event]) -> bool:
        """Publish all or none with one acknowledgement (JetStream atomic batch, at most 1000 of one owner).

        Return False if not acknowledged, or if one of them was stored before.
        """
        client = self._client
        if client is None or not client.is_connected:
            return False
        batch_id = uuid.uuid4().hex
        try:
            for sequence, event in enumerate(events[:-1], 1):
                headers = {**_headers(event), "Nats-Batch-Id": batch_id, "Nats-Batch-Sequence": str(sequence)}
                await client.publish(subject_of(event.type), msgspec.json.encode(event), headers=headers)
            last = events[-1]
            reply = await client.request(
                subject_of(last.type),
                msgspec.json.encode(last),
                timeout=PUBLISH_SECONDS,
                headers={
                    **_headers(last),
                    "Nats-Batch-Id": batch_id,
                    "Nats-Batch-Sequence": str(len(events)),
                    "Nats-Batch-Commit": "1",
                },
            )
        except (nats.errors.Error, OSError, TimeoutError) as error:
            log.warning("batch not acknowledged", events=len(events), error=type(error).__name__)
            return False
        answer = json.loads(reply.data)
        if "error" in answer and answer["error"].get("err_code") != REPEATED_IN_BATCH:
            log.warning("batch refused", events=len(events), code=answer["error"].get("err_code"))
        return "error" not in answer

    # -- pulling -------------------------------------------------------------------------------------------------

    async def deliveries(self, consumer: Consumer) -> AsyncIterator[list[Delivery]]:
        """Yield messages as they arrive, in lists; ends when the connection is lost.

        One pull request is always open at the server and renewed before it is used up, so that a message never waits
        for a poll and a restart of the server costs one renewal.
        """
        client = self._client
        if client is None or not client.is_connected:
            raise BusError("not connected")
        reconnects = self._reconnects
        inbox = client.new_inbox()
        arriving: asyncio.Queue[Msg] = asyncio.Queue()
        subscription = await client.subscribe(inbox, cb=arriving.put)
        loop = asyncio.get_running_loop()
        outstanding, deadline = 0, 0.0
        try:
            while client.is_connected and reconnects == self._reconnects:
                if outstanding <= 0 or loop.time() > deadline:
                    await self._request(client, consumer, inbox)
                    outstanding, deadline = PULL_MAX, loop.time() + PULL_SECONDS + 1
                arrived = await _arrived(arriving)
                messages = [message for message in arrived if _status(message) is None]
                outstanding -= len(messages)
                if len(messages) < len(arrived):
                    _refuse_if_gone(arrived, consumer)
                    outstanding = 0
                if messages:
                    yield [Delivery(message.data, message.metadata.num_delivered, message) for message in messages]
        finally:
            with contextlib.suppress(nats.errors.Error, OSError):
                await subscription.unsubscribe()

    async def messages(self, subjects: Sequence[str]) -> AsyncIterator[list[bytes]]:
        """Yield what is published from now on, as it arrives; ends when the connection is lost.

        Nothing is stored for it or repeated. The first list is empty: from then on, everything is received.
        """
        client = self._client
        if client is None or not client.is_connected:
            raise BusError("not connected")
        reconnects = self._reconnects
        arriving: asyncio.Queue[Msg] = asyncio.Queue()
        subscriptions = [await client.subscribe(subject, cb=arriving.put) for subject in subjects]
        try:
            await flush(client)
            yield []
            while client.is_connected and reconnects == self._reconnects:
                if arrived := await _arrived(arriving):
                    yield [message.data for message in arrived]
        finally:
            for subscription in subscriptions:
                with contextlib.suppress(nats.errors.Error, OSError):
                    await subscription.unsubscribe()

    async def _request(self, client: Client, consumer: Consumer, inbox: str) -> None:
        body = json.dumps({"batch": PULL_MAX, "expires": int(PULL_SECONDS * NANOSECONDS)}).encode()
        await client.publish(f"$JS.API.CONSUMER.MSG.NEXT.{consumer.stream}.{consumer.durable}", body, reply=inbox)


async def connect(url: str, **options: Any) -> Client:
    """Connect to a server. Raises BusError if the server sends another line before its answer to the first PING.

    It may: a PING of its own, or INFO of a changed cluster. The client returns then, but never counts as connected.
    """
    client = await nats.connect(**connect_options(url), **options)
    if not client.is_connected:
        await close(client)
        raise BusError("the broker is not reached: its first answer was not PONG")
    return client


async def answers(client: Client, subject: str, body: bytes, headers: Mapping[str, str], *, seconds: float) -> bool:
    """Check whether anything answers a message."""
    try:
        await client.request(subject, body, timeout=seconds, headers=dict(headers))
    except (nats.errors.Error, OSError, TimeoutError):
        return False
    return True


def connect_options(url: str) -> dict[str, Any]:
    """Connection options for a URL, which may name several hosts of a cluster: one of them is used, at random.

    User and password are options of the connection, so that each host gets them. With `tls://` TLS starts first:
    otherwise the client would wait for the server to ask for TLS, and send its password to a server that does not.
    `?ca=<file>` names the certificate authority; the default is the trust store of the machine.
    """
    parts = urlsplit(url)
    options: dict[str, Any] = {"servers": [f"{parts.scheme}://{host}" for host in hosts_of(parts)]}
    if parts.username is not None and parts.password is not None:
        options |= {"user": unquote(parts.username), "password": unquote(parts.password)}
    if parts.scheme == "tls":
        authority = parse_qs(parts.query).get("ca", [None])[0]
        options |= {"tls": ssl.create_default_context(cafile=authority), "tls_handshake_first": True}
    return options


def stream_name(owner: str) -> str:
    return owner.upper()


async def _arrived(arriving: asyncio.Queue[Msg]) -> list[Msg]:
    """Return the received messages; wait at most a second for the first."""
    try:
        # Before Python 3.12 `asyncio.wait_for` would lose a cancellation that comes with a message.
        async with asyncio.timeout(1):
            messages = [await arriving.get()]
    except TimeoutError:
        return []
    while not arriving.empty() and len(messages) < PULL_MAX:
        messages.append(arriving.get_nowait())
    return messages


def _headers(event: Event) -> dict[str, str]:
    return {"Nats-Msg-Id": str(event.id), "Content-Type": "application/cloudevents+json"}


def _status(message: Msg) -> str | None:
    return None if message.data or not message.headers else message.headers.get("Status")


def _refuse_if_gone(messages: Sequence[Msg], consumer: Consumer) -> None:
    for message in messages:
        description = (message.headers or {}).get("Description", "")
        if _status(message) == "503" or "Consumer Deleted" in description:
            raise BusError(f"no consumer {consumer.durable} on {consumer.stream}: run `entraide streams ensure`")


async def flush(client: Client) -> None:
    """Wait until the server has received all that the client has sent, subscriptions too.

    nats-py (2.16) writes the PING of `flush` at once, but a subscription only when its flusher runs: the server answers
    the first PING before it knows the subscription, and the second one after.
    """
    await client.flush()
    await client.flush()


async def close(client: Client) -> None:
    with contextlib.suppress(nats.errors.Error, OSError, TimeoutError):
        await client.close()
