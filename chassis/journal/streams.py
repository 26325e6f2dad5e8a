"""Streams and consumers of JetStream, and the permissions on them. Only `ensure_streams` creates and repairs them.

These calls require an administrator; services use existing streams and consumers.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import msgspec
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from chassis.journal.bus import NANOSECONDS, BusError, Consumer, answers, close, connect, flush, stream_name
from contracts.facts import Event, decode_event

STREAM_BYTES_MAX = 4 * 1024**3
STREAM_AGE_DAYS = 14
MESSAGE_BYTES_MAX = 64 * 1024
DUPLICATE_WINDOW_SECONDS = 600
NOT_FOUND = 404
ACK_WAIT_SECONDS = 30
ACK_PENDING_MAX = 256
CONNECT_SECONDS = 5.0
"""Time limit of a first connection, which has none of its own: the client retries an absent server indefinitely."""

ANSWER_SECONDS = 5.0
TRIES_MAX = 3
"""Tries of a call. A cluster leaves calls unanswered while it elects a leader; each call may be repeated."""


def stream_config(owner: str, *, replicas: int) -> dict[str, Any]:
    """The configuration of a stream that rejects new messages when full and keeps consumed and acknowledged ones."""
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
    # There is no delivery limit, after which JetStream would drop silently. The inbox parks instead.
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
    """Create missing streams and consumers and repair changed ones; return the actions taken, one per line.

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
    """Raise BusError, with a message of one line, if the broker is unreachable or does not know the user."""
    async with _administrator(url):
        return


async def check_jetstream(url: str, name: str, subject: str, body: bytes, headers: Mapping[str, str]) -> None:
    """Raise BusError if the broker is unreachable for a service, or its JetStream does not answer it."""
    async with _administrator(url, inbox=name) as client:
        if not await answers(client, subject, body, headers, seconds=ANSWER_SECONDS):
            raise BusError("reached, but JetStream does not answer")


@contextlib.asynccontextmanager
async def _administrator(url: str, *, inbox: str = "admin") -> AsyncIterator[Client]:
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            client = await connect(
                url,
                name="streams",
                inbox_prefix=f"_INBOX_{inbox}",
                allow_reconnect=False,
                connect_timeout=3,
                error_cb=_quiet,
            )
    except (nats.errors.Error, OSError, TimeoutError) as error:
        raise BusError(f"the broker is not reached: {type(error).__name__}") from error
    try:
        yield client
    finally:
        await close(client)


async def _quiet(_error: Exception) -> None:
    """Ignore the error: the failed call raises it, and the client would print a stack trace to standard error."""


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
    payload = json.dumps(body).encode() if body else b""
    tries = 0
    while True:
        tries += 1
        try:
            reply = await client.request(f"$JS.API.{subject}", payload, timeout=ANSWER_SECONDS)
        except (nats.errors.Error, OSError, TimeoutError) as error:
            if tries < TRIES_MAX and isinstance(error, TimeoutError):
                continue
            raise BusError(f"reached, but JetStream does not answer {subject}: {type(error).__name__}") from error
        answer: dict[str, Any] = json.loads(reply.data)
        return answer


@contextlib.asynccontextmanager
async def watch(url: str) -> AsyncIterator[asyncio.Queue[Event]]:
    """Yield a queue of every event from now on, for an administrator; nothing is acknowledged."""
    async with _administrator(url) as client:
        seen: asyncio.Queue[Event] = asyncio.Queue()

        async def keep(message: Msg) -> None:
            with contextlib.suppress(msgspec.DecodeError):
                seen.put_nowait(decode_event(message.data))

        await client.subscribe("ta.>", cb=keep)
        await flush(client)
        yield seen
