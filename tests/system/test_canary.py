"""Confidential texts are found only by callers who may see them, and nowhere else.

Every free field gets a distinct text in the main workflow: filed, consented to, matched, agreed, pledged, notified by
mail and webhook. Then callers read everything (READING, LISTING), and the broker's traffic and store, the logs, the mails, the
webhooks and the tables without texts are searched.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import nats
import pytest

from chassis.embedded import Nats, free_port
from chassis.journal.bus import flush
from services.composition import NAMES
from services.mailbox import Mail, Mailbox
from tests.platform.bodies import DOCUMENT
from tests.receiver import Received, Receiver
from tests.rules.steps import personal_columns
from tests.soak import DAY, IS_SOAK, cases
from tests.system.canaries import Canaries, Canary, all_free_fields
from tests.system.canary_stage import (
    COORDINATOR,
    EVERYBODY,
    FUND,
    KENYA,
    NORWAY,
    PATIENCE_SECONDS,
    UGANDA,
    Stage,
    token,
)
from tests.system.canary_workflow import run_workflow
from tests.system.platform import running

STREAM_SECONDS = 2.0
WORDY = {"words", "personal"}
"""The kinds of columns that may hold texts; docs/personal-data.md lists them."""

# -- the stage --------------------------------------------------------------------------------------------------------


@pytest.fixture
async def receiver(tmp_path: Path) -> AsyncIterator[Receiver]:
    made = Receiver(tmp_path)
    async with made.listening():
        yield made


@pytest.fixture
async def mailbox(tmp_path: Path) -> AsyncIterator[Mailbox]:
    box = Mailbox(tmp_path / "mails", "127.0.0.1", 0)
    await box.start()
    yield box
    await box.stop()


@pytest.fixture
async def stage(
    database_url: str, own_broker: Nats, receiver: Receiver, mailbox: Mailbox, state: Path
) -> AsyncIterator[Stage]:
    given = {
        "ENTRAIDE_LOG_LEVEL": "debug",
        "ENTRAIDE_WEBHOOK_LOOPBACK": "on",
        "ENTRAIDE_INTAKE_SMTP": f"127.0.0.1:{free_port()}",
        "SSL_CERT_FILE": str(receiver.authority),
    }
    with running(
        "together", database_url=database_url, nats=own_broker, smtp_url=mailbox.url, state=state, **given
    ) as platform:
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client, everything(own_broker) as passed:
            yield Stage(platform, client, Canaries(receiver.port), passed, database_url=database_url)


@contextlib.asynccontextmanager
async def everything(server: Nats) -> AsyncIterator[list[str]]:
    """Collect all messages on the broker during a block."""
    passed: list[str] = []

    async def keep(message: Any) -> None:
        passed.append(f"{message.subject} {message.headers} {message.data.decode(errors='replace')}")

    client = await nats.connect(server.url("streams"))
    await client.subscribe(">", cb=keep)
    await flush(client)
    try:
        yield passed
    finally:
        await client.close()


# -- the search for texts ---------------------------------------------------------------------------------------------

GETS = {path: methods["get"] for path, methods in DOCUMENT["paths"].items() if "get" in methods}
STREAMS = [path for path, get in GETS.items() if "text/event-stream" in get["responses"]["200"].get("content", {})]
READABLE = [path for path in GETS if path not in STREAMS]
INSIDE = ["/internal/callers", "/internal/consents", *(f"/internal/events?owner={name}" for name in NAMES), "/metrics"]
OF_A_RECORD_INSIDE = ["/internal/requests/{request_id}/words"]
KNOWN = {
    "code": {FUND},
    "organization": {"KEN", "HELPERS"},
    "table": {"kinds"},
    "figure": {"lines"},
    "move": {"decline"},
    "year": {"2026"},
    "donor": {"NOR"},
    "language": {"fr"},
}
PARAMETER = re.compile(r"\{(\w+)\}")
FEW = (KENYA, COORDINATOR, UGANDA, NORWAY)
LISTING = EVERYBODY if IS_SOAK else frozenset(FEW)
"""Callers who read all lists: in a soak all, otherwise the State, UNODC, another State and a provider."""

READING = EVERYBODY if IS_SOAK else frozenset(FEW[DAY % 2 :: 2])
"""Those of them who read all records, too: in a soak all, otherwise two, by the day."""

OTHERS_EACH = cases(60, soak=1)
"""Every caller reads one in this many of the records without a text; most of them are notifications."""


async def read(stage: Stage, who: str, path: str) -> str:
    """Return a response with its headers; of a stream, the first STREAM_SECONDS."""
    url = stage.platform.addresses["requests"] + path
    headers = {"Authorization": f"Bearer {token(who)}"}
    async with stage.client.stream("GET", url, headers=headers) as answer:
        said = [str(answer.headers)]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STREAM_SECONDS if "event-stream" in str(answer.headers) else PATIENCE_SECONDS):
                said += [part async for part in answer.aiter_text()]
    return "".join(said)


def is_paged(path: str) -> bool:
    return any(one.get("name") == "limit" for one in GETS[path]["parameters"])


async def each_list(stage: Stage, paths: Sequence[str]) -> AsyncIterator[tuple[str, str, str]]:
    """Read all event streams at once, since each lasts until its time is over; then these paths one by one."""
    streams = [(who, path) for who in sorted(LISTING) for path in STREAMS]
    answers = await asyncio.gather(*(read(stage, who, path) for who, path in streams))
    for (who, path), said in zip(streams, answers, strict=True):
        assert "too-many" not in said, said
        yield who, path, said
    for who, path in product(sorted(LISTING), paths):
        yield who, path, await read(stage, who, path)


async def readable_paths(stage: Stage) -> AsyncIterator[tuple[str, str, str]]:
    """Yield caller, path and response: every list, then every path of a record with the known ids."""
    ids: dict[str, set[str]] = {name: set(values) for name, values in KNOWN.items()}
    ids["attachment_id"], ids["file_id"], ids["legislation_id"] = stage.attachments, stage.files, set(stage.laws)
    lists = [f"{path}?limit=100" if is_paged(path) else path for path in READABLE if "{" not in path]
    async for who, path, said in each_list(stage, [*lists, *INSIDE]):
        for name, value in re.findall(r'"(\w+_id)":\s*"([0-9a-f-]{36})"', said):
            ids.setdefault(name, set()).add(value)
        yield who, path, said
    for who in sorted(READING):
        for path in (*READABLE, *OF_A_RECORD_INSIDE):
            for name in PARAMETER.findall(path)[:1]:
                for value in asked_for(stage, ids[name]):
                    yield who, path, await read(stage, who, path.replace(f"{{{name}}}", value))


def asked_for(stage: Stage, ids: set[str]) -> list[str]:
    """Return the ids of records with a text, and of some of the others."""
    known = stage.attachments | stage.files | stage.laws | stage.written_about | set[str]().union(*KNOWN.values())
    return [*sorted(ids & known), *sorted(ids - known)[::OTHERS_EACH]]


async def leaks_over_http(stage: Stage) -> list[str]:
    """List each text found by a caller who may not see it, or not found by one who may, with its field."""
    found: dict[Canary, dict[str, str]] = {one: {} for one in stage.canaries.planted}
    async for who, path, said in readable_paths(stage):
        for canary in stage.canaries.named_in(said):
            found[canary].setdefault(who, path)
    leaked = [
        f"{canary}: {who} finds it at {path}"
        for canary, by in found.items()
        for who, path in by.items()
        if who not in canary.readers
    ]
    return leaked + [
        f"{canary}: {who} does not find it"
        for canary in found
        for who in (canary.readers & READING) - found[canary].keys()
    ]


async def leaks_in_tables(stage: Stage, database_url: str) -> list[str]:
    wordy = {(service, table) for (service, table, _), kind in personal_columns().items() if kind in WORDY}
    connection = await asyncpg.connect(database_url)
    try:
        tables = await connection.fetch(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY ($1::text[])", list(NAMES)
        )
        found = []
        for service, table in tables:
            query = f"SELECT t::text FROM {service}.{table} AS t WHERE t::text LIKE '%canary-%'"
            rows = [] if (service, table) in wordy else await connection.fetch(query)
            found += [f"{one}: {service}.{table}" for row in rows for one in stage.canaries.named_in(row["t"])]
        return found
    finally:
        await connection.close()


def leaks_in_files(stage: Stage, folder: Path) -> list[str]:
    """List texts in a file or its name, except in attachments."""
    kept = folder / "files"
    paths = [path for path in folder.rglob("*") if path.is_file()]
    texts = {path: "" if kept in path.parents else path.read_bytes().decode(errors="replace") for path in paths}
    return [f"{one}: {path.name}" for path, text in texts.items() for one in stage.canaries.named_in(f"{path} {text}")]


@pytest.mark.thinned
async def test_confidential_texts_are_found_only_where_permitted(
    stage: Stage, database_url: str, own_broker: Nats, receiver: Receiver, mailbox: Mailbox, state: Path
) -> None:
    await run_workflow(stage)
    await wait_for_notifications(receiver, mailbox)
    planted = {(one.operation, one.place) for one in stage.canaries.planted}
    assert set() == all_free_fields() - planted, "a free field has no text"

    found = await leaks_over_http(stage)
    found += await leaks_in_tables(stage, database_url)
    await asyncio.to_thread(stage.platform.stop)
    found += leaks_in_files(stage, state) + leaks_in_files(stage, own_broker.store)
    found += [f"{one}: on the broker" for passed in stage.passed for one in stage.canaries.named_in(passed)]
    found += [f"{one}: in a mail" for mail in mailbox.messages() for one in leaks_in_mail(stage, mail)]
    found += [f"{one}: to a webhook" for request in receiver.received for one in leaks_in_webhook(stage, request)]

    assert not found, "\n".join(["what is confidential is elsewhere, too:", *sorted(set(found))])
    assert "requests.request.submitted.v1" in "".join(stage.passed), "the broker's messages were collected"
    assert "matching" in (state / "up.log").read_text(), "a log was written"


def leaks_in_mail(stage: Stage, mail: Mail) -> list[Canary]:
    """List texts in a mail, except the address of its recipient."""
    own = stage.canaries.named_in(" ".join(mail.recipients))
    assert {"PUT /v1/subscriptions email"} == {str(one) for one in own}
    return [one for one in stage.canaries.named_in(str(mail)) if one not in own]


def leaks_in_webhook(stage: Stage, request: Received) -> list[Canary]:
    assert {"POST /v1/webhooks url"} == {str(one) for one in stage.canaries.named_in(request.target)}
    return stage.canaries.named_in(f"{request.headers} {request.body!r}")


async def wait_for_notifications(receiver: Receiver, mailbox: Mailbox) -> None:
    """Wait until no mail and no webhook has come for two seconds."""
    before, still = (0, 0), 0
    async with asyncio.timeout(60):
        while still < 20 or min(before) <= 10:
            await asyncio.sleep(0.1)
            now = (len(receiver.received), mailbox.count())
            before, still = now, still + 1 if now == before else 0
    assert min(before) > 10
