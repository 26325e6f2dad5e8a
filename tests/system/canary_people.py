"""People, clients and webhooks of the canary test, with a distinct text in every free field."""

import asyncio
from datetime import UTC, datetime, timedelta

from tests.personas import ISSUER, persona_id
from tests.system.canaries import NO_READERS
from tests.system.canary_stage import (
    ADMINISTRATOR,
    APPOINTED,
    AUDITOR,
    COLLEAGUE,
    COORDINATOR,
    DONOR,
    EVERYBODY,
    FRANCE,
    KENYA,
    NORWAY,
    OFFICIAL,
    SERVICE,
    UNIT,
    Stage,
)


async def appoint_all(stage: Stage) -> None:
    words = ["directory", "found", "--issuer", ISSUER]
    for who in (ADMINISTRATOR, COLLEAGUE):
        words += ["--subject", str(persona_id(who)), "--name", "Fictitious sample", "--email", "a@unodc.example"]
    done = await asyncio.to_thread(stage.platform.entraide, *words)
    assert done.returncode == 0, done.stderr
    for code in ("KEN", "NOR", "FRA", "UGA", "HELPERS"):
        # A State's name is known in each language, so the name that is sent is not kept.
        readers = EVERYBODY if code == "HELPERS" else NO_READERS
        await stage.say(ADMINISTRATOR, "POST", "/v1/organizations", {"code": code}, to=readers)
    for who in APPOINTED:
        await _appoint(stage, who)


async def _appoint(stage: Stage, who: str) -> None:
    organization, _, role = who.partition(":")
    setters = {ADMINISTRATOR, COLLEAGUE, who} | ({f"{organization}:focal_point"} & EVERYBODY)
    readers = frozenset({AUDITOR, SERVICE, *setters})
    body = {
        "person_id": str(persona_id(who)),
        "organization": organization,
        "language": "en",
        "subjects": [{"issuer": ISSUER, "subject": str(persona_id(who))}, {"issuer": "https://other.example"}],
    }
    changed = who in {FRANCE, OFFICIAL}
    subjects = NO_READERS if changed else frozenset(setters)
    person = await stage.say(ADMINISTRATOR, "POST", "/v1/people", body, to=readers, subject=subjects)
    if changed:
        body = {"subjects": [body["subjects"][0], {"issuer": "https://other.example"}]}
        path = "/v1/people/{person_id}"
    if who == OFFICIAL:
        await stage.say(KENYA, "PUT", f"{path}/subjects", body, about=person, to=frozenset(setters))
    elif changed:
        person = await stage.say(ADMINISTRATOR, "POST", f"{path}/decline-subjects", {}, about=person)
        await stage.say(ADMINISTRATOR, "POST", f"{path}/propose-subjects", body, about=person, to=frozenset(setters))
    today = str(datetime.now(UTC).date())
    wanted = {"person_id": str(persona_id(who)), "organization": organization, "role": role, "from": today}
    by = KENYA if who == OFFICIAL else ADMINISTRATOR
    appointment = await stage.say(by, "POST", "/v1/appointments", wanted, to=readers)
    if by == ADMINISTRATOR:
        await stage.say(COLLEAGUE, "POST", "/v1/appointments/{appointment_id}/approve", {}, about=appointment)


async def register_client(stage: Stage) -> None:
    last = str(datetime.now(UTC).date() + timedelta(30))
    body = {"organization": "KEN", "role": "official", "scopes": ["read"], "until": last}
    readers = frozenset({ADMINISTRATOR, COLLEAGUE, AUDITOR, SERVICE, KENYA})
    made = await stage.say(KENYA, "POST", "/v1/clients", body, to=readers)
    await stage.check_connection(made["client_id"])


async def subscribe_to_notifications(stage: Stage) -> None:
    for who in (KENYA, COORDINATOR, NORWAY, DONOR, UNIT):
        body = {"language": "en", "channels": ["inbox", "mail"]}
        await stage.say(who, "PUT", "/v1/subscriptions", body, to=frozenset({who}))
        await stage.say(who, "POST", "/v1/webhooks", {}, to=frozenset({who}))
