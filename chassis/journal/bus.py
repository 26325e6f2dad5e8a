"""JetStream: configure streams and consumers, publish with acknowledgement, pull without polling delay.

The only module that imports nats. `ensure_streams` alone creates and repairs; services use what exists.
"""

import asyncio
import contextlib
import json
import ssl
import uuid
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import nats
import nats.errors
import nats.js.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.client import JetStreamContext

from contracts.facts import Event, decode_event, subject_of

PUBLISH_SECONDS = 5.0
CONNECT_SECONDS = 5.0
"""A first connection has no timeout of its own: the client retries an absent server indefinitely."""

PULL_MAX = 100
PULL_SECONDS = 5.0
ACK_WAIT_SECONDS = 30
IN_PROGRESS_SECONDS = 10.0
ACK_PENDING_MAX = 256
STREAM_BYTES_MAX = 4 * 1024**3
STREAM_AGE_DAYS = 14
MESSAGE_BYTES_MAX = 64 * 1024
DUPLICATE_WINDOW_SECONDS = 600
NANOSECONDS = 1_000_000_000
REPEATED_IN_BATCH = 10201
NOT_FOUND = 404

log = structlog.get_logger()


class BusError(Exception):
    """The broker refused or did not answer; the requested operation may have happened."""


@dataclass(frozen=True)
class Consumer:
    """A service's durable consumer of one owner's stream: all facts of these aggregates, so that gaps can be detected.

    Without aggregates, those of all.
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
    """Extends the ack deadline of a message while it is processed; costs nothing for quick ones."""

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
    """A connection that reconnects on its own; until then `connected` is False and publishing fails at once."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self.name = name
        self._client: Client | None = None
        self._jetstream: JetStreamContext | None = None
        self._reconnected = asyncio.Event()
        self.permission_violations = 0

    @property
    def connected(self) -> bool:
        return self._client is not None and self._client.is_connected

    async def keep_connected(self) -> None:
        """Connect and stay connected; run it supervised."""
        client = await nats.connect(
            **_connect_options(self._url),
            name=self.name,
            inbox_prefix=f"_INBOX_{self.name}",
            allow_reconnect=True,
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.5,
            connect_timeout=3,
            ping_interval=10,
            max_outstanding_pings=2,
            # No buffering: what cannot be sent now stays in `pending`.
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
            await _close(client)

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
        self._reconnected.set()

    # -- publishing ----------------------------------------------------------------------------------------------

    async def publish(self, event: Event) -> bool:
        """True if the stream has stored the event, now or before. False is ambiguous: it may be stored."""
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

        False if not acknowledged, or if one of them was stored before.
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
        self._reconnected.clear()
        inbox = client.new_inbox()
        arriving: asyncio.Queue[Msg] = asyncio.Queue()
        subscription = await client.subscribe(inbox, cb=arriving.put)
        loop = asyncio.get_running_loop()
        outstanding, deadline = 0, 0.0
        try:
            while client.is_connected and not self._reconnected.is_set():
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

    async def _request(self, client: Client, consumer: Consumer, inbox: str) -> None:
        body = json.dumps({"batch": PULL_MAX, "expires": int(PULL_SECONDS * NANOSECONDS)}).encode()
        await client.publish(f"$JS.API.CONSUMER.MSG.NEXT.{consumer.stream}.{consumer.durable}", body, reply=inbox)


def _connect_options(url: str) -> dict[str, Any]:
    """Connection options for a URL. With `tls://` TLS starts first.

    Else the client would wait for the server to ask for TLS, and send its password to a server that does not.
    `?ca=<file>` names the certificate authority; the default is the trust store of the machine.
    """
    parts = urlsplit(url)
    if parts.scheme != "tls":
        return {"servers": url}
    authority = parse_qs(parts.query).get("ca", [None])[0]
    return {
        "servers": parts._replace(query="").geturl(),
        "tls": ssl.create_default_context(cafile=authority),
        "tls_handshake_first": True,
    }


def stream_name(owner: str) -> str:
    return owner.upper()


def stream_config(owner: str, *, replicas: int) -> dict[str, Any]:
    """A stream that rejects new messages when full, keeps consumed ones, and never loses acknowledged ones."""
    return {
        "name": stream_name(owner),
        "subjects": [f"ta.{owner}.>"],
        "storage": "file",
        "retention": "limits",
        "discard": "new",
        "max_age": STREAM_AGE_DAYS * 86_400 * NANOSECONDS,
        "max_bytes": STREAM_BYTES_MAX,
        "max_msg_size": MESSAGE_BYTES_MAX,
        "duplicate_window": DUPLICATE_WINDOW_SECONDS * NANOSECONDS,
        "deny_delete": True,
        "deny_purge": True,
        "allow_atomic": True,
        "num_replicas": replicas,
    }


def consumer_config(consumer: Consumer) -> dict[str, Any]:
    # No delivery limit: past it JetStream drops silently. The inbox parks instead.
    return {
        "durable_name": consumer.durable,
        "ack_policy": "explicit",
        "ack_wait": ACK_WAIT_SECONDS * NANOSECONDS,
        "max_deliver": -1,
        "max_ack_pending": ACK_PENDING_MAX,
        "deliver_policy": "all",
        "filter_subjects": [f"ta.{consumer.owner}.{aggregate}.>" for aggregate in sorted(consumer.aggregates)] or None,
    }


async def ensure_streams(
    url: str, owners: Sequence[str], consumers: Sequence[Consumer], *, replicas: int = 1
) -> list[str]:
    """Create missing streams and consumers and repair changed ones; return what was done, one per line.

    Raises BusError if the broker is unreachable or refuses.
    """
    done: list[str] = []
    async with _administrator(url) as client:
        for owner in owners:
            wanted = stream_config(owner, replicas=replicas)
            if said := await _ensure(client, f"STREAM.{{}}.{wanted['name']}", wanted, wanted):
                done.append(f"stream {wanted['name']} {said}")
        for consumer in consumers:
            config = consumer_config(consumer)
            body = {"stream_name": consumer.stream, "config": config}
            if said := await _ensure(client, f"CONSUMER.{{}}.{consumer.stream}.{consumer.durable}", config, body):
                done.append(f"consumer {consumer.durable} on {consumer.stream} {said}")
    return done


async def stream_states(url: str, owners: Sequence[str]) -> Mapping[str, Mapping[str, int] | None]:
    """Messages and bytes of each owner's stream; None if it is missing. Raises BusError."""
    states: dict[str, Mapping[str, int] | None] = {}
    async with _administrator(url) as client:
        for owner in owners:
            state = (await _ask(client, f"STREAM.INFO.{stream_name(owner)}", {})).get("state")
            states[owner] = {key: int(state[key]) for key in ("messages", "bytes")} if state else None
    return states


async def check_connection(url: str) -> None:
    """Raise BusError, in one line, if the broker is unreachable or does not know the user."""
    async with _administrator(url):
        return


@contextlib.asynccontextmanager
async def _administrator(url: str) -> AsyncIterator[Client]:
    try:
        client = await asyncio.wait_for(
            nats.connect(
                **_connect_options(url),
                name="streams",
                inbox_prefix="_INBOX_admin",
                allow_reconnect=False,
                connect_timeout=3,
                error_cb=_quiet,
            ),
            CONNECT_SECONDS,
        )
    except (nats.errors.Error, OSError, TimeoutError) as error:
        raise BusError(f"the broker is not reached: {type(error).__name__}") from error
    try:
        yield client
    finally:
        await _close(client)


async def _quiet(_error: Exception) -> None:
    """Ignore it: the failed call raises; the client's own report is a stack trace on standard error."""


async def _ensure(client: Client, subject: str, wanted: dict[str, Any], body: dict[str, Any]) -> str | None:
    current = await _ask(client, subject.format("INFO"), {})
    if "error" in current:
        if current["error"].get("code") != NOT_FOUND:
            raise BusError(str(current["error"].get("description")))
        await _do(client, subject.format("CREATE"), body)
        return "created"
    held = current["config"]
    if all(held.get(key) == value for key, value in wanted.items()):
        return None
    await _do(client, subject.format("UPDATE" if subject.startswith("STREAM") else "CREATE"), body)
    return "repaired"


async def _do(client: Client, subject: str, body: dict[str, Any]) -> None:
    answer = await _ask(client, subject, body)
    if "error" in answer:
        raise BusError(f"{subject}: {answer['error'].get('description')}")


async def _ask(client: Client, subject: str, body: dict[str, Any]) -> dict[str, Any]:
    try:
        reply = await client.request(f"$JS.API.{subject}", json.dumps(body).encode() if body else b"", timeout=5)
    except (nats.errors.Error, OSError, TimeoutError) as error:
        raise BusError(f"no answer to {subject}: {type(error).__name__}") from error
    answer: dict[str, Any] = json.loads(reply.data)
    return answer


async def _arrived(arriving: asyncio.Queue[Msg]) -> list[Msg]:
    """The messages received, waiting at most a second for the first."""
    try:
        messages = [await asyncio.wait_for(arriving.get(), timeout=1)]
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


async def _close(client: Client) -> None:
    with contextlib.suppress(nats.errors.Error, OSError, TimeoutError):
        await client.close()


def grants(service: str, *, publishes: bool, listens_to: Sequence[str]) -> tuple[list[str], list[str]]:
    """The subjects a service may publish to and subscribe to, and nothing else (allow-lists)."""
    publish = [f"ta.{service}.>"] if publishes else []
    for owner in listens_to:
        stream = stream_name(owner)
        publish += [f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{service}", f"$JS.ACK.{stream}.{service}.>"]
    return publish, [f"_INBOX_{service}.>"]


@contextlib.asynccontextmanager
async def watch(url: str) -> AsyncIterator[asyncio.Queue[Event]]:
    """Every event that passes from now on, for who may see them all; nothing is acknowledged."""
    async with _administrator(url) as client:
        seen: asyncio.Queue[Event] = asyncio.Queue()

        async def keep(message: Msg) -> None:
            with contextlib.suppress(msgspec.DecodeError):
                seen.put_nowait(decode_event(message.data))

        await client.subscribe("ta.>", cb=keep)
        await client.flush()
        yield seen
