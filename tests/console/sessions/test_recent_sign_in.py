"""Moves that ask for a recent sign-in, in a session that began long ago, without loss of what was typed."""

import html
import re
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest

from chassis import clock
from chassis.db.database import Database
from chassis.keys.file import read_or_create
from chassis.settings import Settings
from services.console.sessions.model import Appointment, Held, HeldTokens
from services.console.sessions.sealing import Sealer, new_cookie
from services.console.sessions.store import Sessions
from tests.personas import ISSUER, appoint_in_directory, persona_id
from tests.platform.steps import served, until

ADMINISTRATOR, KENYA = "UNODC:administrator", "KEN:focal_point"
PERSON = f"/en/people/{persona_id(KENYA)}"
DISABLE = f"{PERSON}/do/disable"
KEY = str(uuid4())
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
CSRF = re.compile(r'name="csrf_token" value="([0-9a-f.]+)"')


@pytest.fixture
async def client(databases: Mapping[str, Database], without_a_broker: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """The browser of an administrator who signed in an hour ago, at the console of a running platform."""
    await appoint_in_directory(databases["directory"], [ADMINISTRATOR, KENYA])
    async with served(without_a_broker, "directory", "console") as running:
        await until(lambda: not any(one.callers.stale() for one in running.running), 5)
        key = read_or_create(without_a_broker.state / "session.key", new_cookie)
        person_id = persona_id(ADMINISTRATOR)
        held = Held(
            tokens=HeldTokens(subject=str(person_id)),
            name="Fictitious sample",
            acting=ADMINISTRATOR,
            appointments=(Appointment(organization="UNODC", role="administrator"),),
            signed_in_at=clock.now() - timedelta(hours=1),
        )
        made = await Sessions(databases["console"], Sealer(key)).create(ISSUER, person_id, held, now=clock.now())
        running.client.cookies.set("session", made.cookie, domain="127.0.0.1")
        yield running.client


def csrf_token(page: httpx.Response) -> str:
    found = CSRF.search(page.text)
    assert found
    return found[1]


async def test_move_asks_for_a_recent_sign_in_and_loses_nothing(client: httpx.AsyncClient) -> None:
    again = "/en/sign-in/again?after=" + quote(DISABLE, safe="")
    person = await client.get(PERSON)
    assert 200 == person.status_code
    asked = await client.get(DISABLE)
    assert (303, again) == (asked.status_code, asked.headers["location"])
    typed = {"csrf_token": csrf_token(person), "reason": "left_service", "idempotency_key": KEY}
    refused = await client.post(DISABLE, data=typed, headers={"Referer": str(client.base_url.join(DISABLE))})
    assert (303, again) == (refused.status_code, refused.headers["location"])

    old = client.cookies["session"]
    confirming = await client.get(again)
    sent = {"csrf_token": csrf_token(confirming), "after": DISABLE}
    confirmed = await client.post("/en/sign-in/again", data=sent)
    assert (303, DISABLE) == (confirmed.status_code, confirmed.headers["location"])
    assert old != client.cookies["session"]

    form = await client.get(DISABLE)
    assert KEY in form.text
    assert re.search(r'value="left_service"[^>]* (selected|checked)', html.unescape(form.text))
    done = await client.post(DISABLE, data={**typed, **dict(HIDDEN.findall(form.text))})
    assert 303 == done.status_code, done.text
    assert done.headers["location"].startswith(PERSON)


async def test_other_moves_do_not_ask(client: httpx.AsyncClient) -> None:
    assert 200 == (await client.get(f"{PERSON}/do/propose-erasure")).status_code
