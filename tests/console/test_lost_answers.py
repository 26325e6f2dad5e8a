"""A form that is sent again after an answer was lost makes no second record, and says what is known."""

import asyncio
import html
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg
import httpx
import pytest

from chassis import clock
from chassis.db.database import Database
from chassis.db.migrate import role_of
from chassis.embedded import Postgres
from chassis.keys.file import read_or_create
from chassis.runtime import prepare
from chassis.settings import Settings
from services.composition import all_services
from services.console.fields import KNOWN
from services.console.page import KEY
from services.console.sessions.model import Appointment, Held, HeldTokens
from services.console.sessions.sealing import Sealer, new_cookie
from services.console.sessions.store import Sessions
from tests.builders import a_request, headers
from tests.databases import connected
from tests.personas import ISSUER, appoint_in_directory, persona_id
from tests.platform.steps import served, until

KENYA = "KEN:focal_point"
UP = ("directory", "requests", "console")
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
WAITING = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
TITLE = "Typed once"
MEASURE = {"kind": "training", "topics": "mutual_legal_assistance", "articles": "UNTOC:18", "group_size": "20"}
FORMS: Mapping[str, tuple[str, Mapping[str, str], str]] = {
    "draft": ("/en/requests/new", {"language": "en", "title": TITLE}, "SELECT count(*) FROM requests.request"),
    "line": ("/en/requests/{id}/edit/lines/new", MEASURE, "SELECT count(*) FROM requests.request_line"),
}
"""A form, what is typed into it, and the number of records that it makes."""


@pytest.fixture
async def own_postgres() -> AsyncIterator[Postgres]:
    """A durable server, because the tests' own does not wait for a standby."""
    folder = Path(tempfile.mkdtemp(prefix="entraide-lost-", dir="/var/tmp"))
    folder.chmod(0o711)
    with Postgres(folder / "postgres", durable=True) as server:
        await prepare(Settings(state=folder, database_url=server.dsn()), all_services())
        yield server
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database_url(own_postgres: Postgres) -> str:
    return own_postgres.dsn()


@pytest.fixture
async def databases(database_url: str) -> AsyncIterator[Mapping[str, Database]]:
    async with AsyncExitStack() as stack:
        yield {name: await stack.enter_async_context(connected(database_url, name, role=role_of(name))) for name in UP}


@pytest.fixture
async def browser(databases: Mapping[str, Database], without_a_broker: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """The browser of a focal point who has signed in."""
    await appoint_in_directory(databases["directory"], [KENYA])
    async with served(without_a_broker, *UP) as running:
        await until(lambda: not any(one.callers.stale() for one in running.running), 5)
        key = read_or_create(without_a_broker.state / "session.key", new_cookie)
        held = Held(
            tokens=HeldTokens(subject=str(persona_id(KENYA))),
            name="Fictitious sample",
            acting=KENYA,
            appointments=(Appointment(organization="KEN", role="focal_point"),),
        )
        sessions = Sessions(databases["console"], Sealer(key))
        made = await sessions.create(ISSUER, persona_id(KENYA), held, now=clock.now())
        running.client.cookies.set("session", made.cookie, domain="127.0.0.1")
        yield running.client


@pytest.fixture
async def looking(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def standby(looking: asyncpg.Connection, name: str) -> None:
    """Let each COMMIT wait for a standby of this name, or for none."""
    await looking.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
    await looking.execute("SELECT pg_reload_conf()")
    while name != await looking.fetchval("SELECT current_setting('synchronous_standby_names')"):
        await asyncio.sleep(0.05)


def typed_in(page: httpx.Response) -> dict[str, str]:
    """Return the hidden fields of the form of a page, which follows the form that signs out."""
    form = page.text.partition("<main")[2]
    return {name: html.unescape(value) for name, value in HIDDEN.findall(form)}


@pytest.mark.parametrize("name", FORMS)
async def test_form_whose_commit_was_not_answered_is_carried_out_once(
    browser: httpx.AsyncClient, looking: asyncpg.Connection, name: str
) -> None:
    path, typed, count = FORMS[name]
    draft = await browser.post("/v1/requests", json=a_request(submit=False), headers=headers(KENYA))
    path = path.format(id=draft.json()["request_id"])
    opened = await browser.get(path)
    assert 200 == opened.status_code, opened.text
    sent = typed_in(opened) | typed
    before = await looking.fetchval(count)
    await standby(looking, "nobody")
    try:
        first = asyncio.create_task(browser.post(path, data=sent))
        async with asyncio.timeout(20):
            while not (waiting := await looking.fetch(WAITING)):
                await asyncio.sleep(0.05)
        for one in waiting:
            await looking.execute("SELECT pg_terminate_backend($1)", one["pid"])
        answer = await first
    finally:
        await standby(looking, "")

    assert 503 == answer.status_code, answer.text
    again = typed_in(answer)
    assert sent[KEY] == again[KEY]
    assert KNOWN["outcome-unknown"] in html.unescape(answer.text)
    pressed = await browser.post(path, data=sent | {KEY: again[KEY]})
    assert 303 == pressed.status_code, pressed.text
    assert before + 1 == await looking.fetchval(count)


async def test_changed_form_is_not_carried_out_as_well(browser: httpx.AsyncClient, looking: asyncpg.Connection) -> None:
    path, typed, count = FORMS["draft"]
    sent = typed_in(await browser.get(path)) | typed
    assert 303 == (await browser.post(path, data=sent)).status_code
    before = await looking.fetchval(count)

    for _ in range(2):
        changed = await browser.post(path, data=sent | {"title": "Changed since"})
        assert 422 == changed.status_code, changed.text
        assert KNOWN["idempotency-key-reused"] in html.unescape(changed.text)
        assert sent[KEY] == typed_in(changed)[KEY]
    assert before == await looking.fetchval(count)
    assert sent[KEY] != typed_in(await browser.get(path))[KEY]
