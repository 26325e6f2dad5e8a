"""Pages of the console while services are down: they say so, show what is known, and keep what was typed."""

import html
import re
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from chassis.db.database import Database
from chassis.embedded import Nats
from chassis.http.problems import RETRY_AFTER_SECONDS
from services.demo.people import person_of
from tests.builders import a_request, headers
from tests.personas import appoint_in_directory
from tests.system.platform import Platform, running

KEN = "KEN:focal_point"
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
TYPED = 'Typed while "nobody" answers'
NOT_HERE = "This part is not available at the moment."
SECONDS = 30
UP = ("directory", "requests", "console")


@pytest.fixture
async def platform(
    database_url: str, databases: Mapping[str, Database], own_broker: Nats, state: Path
) -> AsyncIterator[Platform]:
    """The console and two services behind it; the others are down."""
    await appoint_in_directory(databases["directory"], [KEN])
    await appoint_in_directory(databases["directory"], [KEN], id_of=person_who_signs_in)
    with running("apart", database_url=database_url, nats=own_broker, smtp_url=None, state=state, only=UP) as made:
        yield made


def person_who_signs_in(appointment: str) -> UUID:
    """Return the id of a person of the sample world, whom the console knows."""
    found = person_of(appointment)
    assert found
    return found


def filed(platform: Platform) -> str:
    answer = httpx.post(f"{platform.addresses['requests']}/v1/requests", json=a_request(), headers=headers(KEN))
    assert 201 == answer.status_code, answer.text
    return str(answer.json()["request_id"])


def test_pages_without_services_behind_say_so_and_keep_what_was_typed(platform: Platform) -> None:
    request_id = filed(platform)
    with httpx.Client(base_url=platform.addresses["console"], trust_env=False, timeout=SECONDS) as client:
        entered = client.post("/en/sign-in/step-into", data={"person": f"{person_of(KEN)} {KEN}"})
        assert 303 == entered.status_code, entered.text
        form = dict(HIDDEN.findall(client.get("/en/requests/new").text))
        typed = {**form, "idempotency_key": str(uuid4()), "language": "en", "title": TYPED, "need": "Two\nlines"}

        request, home = client.get(f"/en/requests/{request_id}"), client.get("/en")
        assert (200, 1) == (request.status_code, request.text.count(NOT_HERE))
        assert "Fictitious sample: training" in request.text
        assert (200, 1) == (home.status_code, home.text.count(NOT_HERE))
        matches = client.get("/en/matches")
        assert 503 == matches.status_code
        funds = client.get("/en/funds")
        assert (503, 1) == (funds.status_code, funds.text.count(NOT_HERE))
        assert "Funds</h1>" in funds.text
        assert 'href="/en/funds">Try again' in funds.text

        platform.end("requests")
        for answer in (matches, client.get("/en"), client.get("/en/requests?status=open")):
            assert (503, str(RETRY_AFTER_SECONDS)) == (answer.status_code, answer.headers["Retry-After"])
            assert "Not available at the moment" in answer.text
            assert "Focal point, Kenya" in answer.text
            assert 'href="/en/requests"' in answer.text
        assert 'href="/en/requests?status=open">Try again' in answer.text
        assert "Fictitious sample: training" not in answer.text

        refused = client.post("/en/requests/new", data=typed)
        assert 503 == refused.status_code
        kept = {name: html.unescape(value) for name, value in HIDDEN.findall(refused.text.partition("<main")[2])}
        assert typed == {**kept, "csrf_token": typed["csrf_token"]}
        assert html.escape(TYPED, quote=False) in html.unescape(refused.text)

        platform.start("requests")
        assert 303 == sent(client, kept).status_code
        assert TYPED in html.unescape(client.get("/en/requests").text)


def sent(client: httpx.Client, form: Mapping[str, str]) -> httpx.Response:
    """Send the form again until its service is back."""
    deadline = time.monotonic() + SECONDS
    while (answer := client.post("/en/requests/new", data=form)).status_code == 503:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return answer
