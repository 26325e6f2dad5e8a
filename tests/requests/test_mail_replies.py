"""Answers to notices: messages on the request, for its coordinator, from those who still see it."""

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.db.database import Database
from chassis.rebuild import verify
from chassis.settings import Settings
from contracts.reply_addresses import VALID_DAYS, Reply, read_reply_address, reply_address
from contracts.values import Role
from services.requests import policy
from services.requests.policy import Action
from services.requests.wiring import SERVICE
from tests.builders import a_caller, headers
from tests.clocks import TODAY
from tests.databases import connected
from tests.files import PDF
from tests.requests.attachment_steps import scanned
from tests.requests.mail_steps import REPLY_KEY, SENDER, Intake, a_mail, intake_of, register
from tests.requests.steps import COORDINATOR, KENYA, filed

DOMAIN = "entraide.example"
SUBSCRIBED = "desk@ken.example"
"""An address that only the notices use."""


@pytest.fixture
async def intake(settings: Settings, databases: Mapping[str, Database], tmp_path: Path) -> AsyncIterator[Intake]:
    async with intake_of(settings, databases, tmp_path) as one:
        yield one


def address_of(about: str | UUID, person_id: UUID, email: str = SENDER, **more: Any) -> str:
    given: dict[str, Any] = {"is_match": False, "today": TODAY, "key": REPLY_KEY} | more
    reply = Reply(about=UUID(str(about)), is_match=given["is_match"], person_id=person_id, email=email)
    return reply_address(given["key"], DOMAIN, reply, today=given["today"])


async def messages(intake: Intake, request_id: str, by: str = COORDINATOR) -> list[dict[str, Any]]:
    answer = await intake.api.get(f"/v1/requests/{request_id}/messages", headers=headers(by))
    assert answer.status_code == 200, answer.text
    return list(answer.json()["mails"])


@pytest.mark.parametrize("email", [SENDER, SUBSCRIBED])
async def test_a_reply_is_a_message_on_its_request(
    intake: Intake, db: Database, tmp_path: Path, database_url: str, email: str
) -> None:
    person_id = await register(intake)
    request = await filed(intake.api)

    code, _ = await intake.send(
        a_mail(("a.pdf", PDF), sender=email), to=address_of(request["request_id"], person_id, email)
    )

    assert 250 == code
    (message,) = await messages(intake, request["request_id"])
    assert ("added", "KEN", email.lower()) == (message["status"], message["organization"], message["sender"])
    assert [message] == await messages(intake, request["request_id"], KENYA)
    assert [] == await intake.mails(query="?status=new")
    await scanned(db, tmp_path)
    for by in (COORDINATOR, KENYA, "KEN:official"):
        shown = await intake.mail(message["mail_id"], by)
        assert ("Canary-body of the note", []) == (shown["body"], shown["moves"])
        path = f"/v1/intake/files/{shown['files'][0]['file_id']}"
        assert PDF == (await intake.api.get(path, headers=headers(by))).content
    async with connected(database_url, "requests", owner=True) as owner:
        assert [] == await verify(owner, SERVICE)


async def test_a_reply_to_a_notice_of_a_match_names_the_match(intake: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    person_id = await register(intake)
    request = await filed(intake.api)
    match_id = uuid4()

    async def find(service: str, path: str, *_: Any) -> bytes | None:
        assert "matching" == service
        return f'{{"request_id": "{request["request_id"]}"}}'.encode() if path.endswith(str(match_id)) else None

    monkeypatch.setattr(intake.running[1].peers, "find", find)
    await intake.send(a_mail(), to=address_of(match_id, person_id, is_match=True))
    await intake.send(a_mail(), to=address_of(uuid4(), person_id, is_match=True))

    (message,) = await messages(intake, request["request_id"])
    assert str(match_id) == message["match_id"]
    assert 1 == len(await intake.mails(query="?status=new"))


async def test_others_do_not_see_a_message(intake: Intake, databases: Mapping[str, Database]) -> None:
    person_id = await register(intake, organization="NOR", role=Role.PROVIDER_OFFICER)
    request = await filed(intake.api)
    for name in ("register", "open"):
        path = f"/v1/requests/{request['request_id']}/{name}"
        given = headers(COORDINATOR, revision=request["revision"])
        request = (await intake.api.post(path, json={}, headers=given)).json()
    await intake.send(a_mail(), to=address_of(request["request_id"], person_id))

    (message,) = await messages(intake, request["request_id"])
    assert "NOR" == message["organization"]
    assert [] == await messages(intake, request["request_id"], KENYA)
    for by in (KENYA, "NOR:provider_officer", "FRA:provider_officer", "UGA:focal_point"):
        answer = await intake.api.get(f"/v1/intake/mails/{message['mail_id']}", headers=headers(by))
        assert (404, "not-found") == (answer.status_code, answer.json()["slug"])
        async with databases["requests"].transaction(by=a_caller(by)) as tx:
            assert 0 == await tx.fetchval("SELECT count(*) FROM mail")
    answer = await intake.api.get(
        f"/v1/requests/{request['request_id']}/messages", headers=headers("NOR:provider_officer")
    )
    assert (403, "not-for-your-role") == (answer.status_code, answer.json()["slug"])


async def test_a_person_who_does_not_see_the_request_adds_nothing_to_it(intake: Intake) -> None:
    person_id = await register(intake, organization="UGA")
    request = await filed(intake.api)

    await intake.send(a_mail(), to=address_of(request["request_id"], person_id))
    await intake.send(a_mail(), to=address_of(uuid4(), person_id))

    assert [] == await messages(intake, request["request_id"])
    assert ["UGA", "UGA"] == [one["organization"] for one in await intake.mails(query="?status=new")]


@pytest.mark.parametrize("fault", ["key", "person", "address", "over", "letter", "automatic"])
async def test_a_wrong_token_adds_nothing_to_a_request(intake: Intake, fault: str) -> None:
    person_id = await register(intake)
    await register(intake, "other@ken.example")
    request_id = (await filed(intake.api))["request_id"]
    changes: dict[str, Any] = {
        "key": {"key": b"k" * 32},
        "address": {"email": "other@ken.example"},
        "over": {"today": TODAY - timedelta(days=VALID_DAYS + 1)},
    }.get(fault, {})
    to = address_of(request_id, person_id, **changes)
    if fault == "person":
        to = "reply+" + address_of(request_id, uuid4(), key=b"x" * 32).partition("+")[2]
    if fault == "letter":
        to = to[:40] + ("A" if to[40] != "A" else "B") + to[41:]
    head = {"Auto_Submitted": "auto-replied"} if fault == "automatic" else {}

    assert 250 == (await intake.send(a_mail(**head), to=to))[0]

    assert [] == await messages(intake, request_id)
    assert 1 == len(await intake.mails(query="?status=new"))


async def test_the_messages_of_a_request_that_is_hidden_are_hidden(intake: Intake) -> None:
    request = await filed(intake.api, submit=False)
    for by in (COORDINATOR, "UGA:focal_point", "NOR:provider_officer"):
        answer = await intake.api.get(f"/v1/requests/{request['request_id']}/messages", headers=headers(by))
        assert (404, "not-found") == (answer.status_code, answer.json()["slug"])
    assert policy.decide(a_caller(KENYA), Action.LIST_MAILS).slug == "not-for-your-role"


def test_an_address_has_at_most_64_letters_before_the_domain_and_is_read_again() -> None:
    about, person_id = uuid4(), uuid4()
    for is_match in (False, True):
        address = address_of(about, person_id, is_match=is_match)

        assert 64 >= len(address.partition("@")[0])
        reply = read_reply_address(REPLY_KEY, address, SENDER.upper(), today=TODAY + timedelta(days=VALID_DAYS))
        assert reply is not None
        assert (about, person_id, is_match) == (reply.about, reply.person_id, reply.is_match)
        assert read_reply_address(REPLY_KEY, address, SENDER, today=TODAY + timedelta(days=VALID_DAYS + 1)) is None
    for wrong in (
        "reply+@entraide.example",
        "reply+%%%@entraide.example",
        "reply+AAAA@entraide.example",
        "reply+é@x.y",
    ):
        assert read_reply_address(REPLY_KEY, wrong, SENDER, today=TODAY) is None
