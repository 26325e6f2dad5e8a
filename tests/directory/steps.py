"""Steps of tests of the directory: founders, organizations, people, appointments."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

from chassis.db.database import Database
from chassis.telemetry import CORRELATION_HEADER
from contracts.callers import Subject
from contracts.values import Language
from services.directory.people.actions import Founder
from services.directory.people.store import PersonTexts
from services.directory.wiring import appoint_founders
from tests import builders
from tests.builders import headers
from tests.clocks import TODAY
from tests.personas import ISSUER, appoint_persona, persona_id

Client = httpx.AsyncClient
FIRST, OTHER = "UNODC:administrator", "UNODC:other_administrator"
"""Personas of the two founders; the other one acts as `second`."""

KENYA = "KEN:focal_point"
CORRELATION = "01a21090-442f-7ccb-ace8-373a8b73b92c"
ROOT = Path(__file__).parents[2]


def a_founder(appointment: str, name: str = "Canary-name") -> Founder:
    person_id = persona_id(appointment)
    subject = Subject(issuer=ISSUER, subject=str(person_id))
    texts = PersonTexts(name=name, email="canary@unodc.example", language=Language.EN, subjects=(subject,))
    return Founder(person_id=person_id, texts=texts)


async def founded(client_of: Callable[..., Awaitable[Client]], db: Database) -> Client:
    """Return a client of a directory with two administrators, UNODC and two States."""
    await appoint_founders(db, [a_founder(FIRST), a_founder(OTHER)])
    client = await client_of("directory")
    for code in ("KEN", "NOR"):
        await done(client, "/v1/organizations", FIRST, code=code)
    return client


def by(appointment: str, *, revision: int | None = None) -> dict[str, str]:
    """Headers, all with the same correlation; `second` acts as an administrator under another person's id."""
    if appointment != "second":
        return headers(appointment, revision=revision) | {CORRELATION_HEADER: CORRELATION}
    assert builders.issuer is not None
    appoint_persona(FIRST, person_id=persona_id(OTHER))
    token = builders.issuer.token(persona_id(OTHER))
    return headers(FIRST, revision=revision) | {"Authorization": f"Bearer {token}"}


async def post(api: Client, path: str, who: str, *, revision: int | None = None, **body: Any) -> httpx.Response:
    return await api.post(path, json=body, headers=by(who, revision=revision))


async def done(api: Client, path: str, who: str, *, revision: int | None = None, **body: Any) -> dict[str, Any]:
    answer = await post(api, path, who, revision=revision, **body)
    assert answer.status_code in {200, 201}, answer.text
    return dict(answer.json())


async def refused(api: Client, path: str, who: str, *, revision: int | None = None, **body: Any) -> tuple[int, str]:
    answer = await post(api, path, who, revision=revision, **body)
    return answer.status_code, answer.json()["slug"]


async def entered(api: Client, organization: str = "KEN", by: str = FIRST, **changes: Any) -> dict[str, Any]:
    body = {"organization": organization, "name": "Somebody (fictitious)", "email": "s@ken.example", "language": "en"}
    return await done(api, "/v1/people", by, **body | changes)


def a_role(person: Mapping[str, Any], role: str, organization: str = "KEN", **changes: Any) -> dict[str, Any]:
    return {
        "person_id": person["person_id"],
        "organization": organization,
        "role": role,
        "from": str(TODAY),
        "letter": "Note verbale 1 (fictitious)",
    } | changes


async def appointed(api: Client, person: Mapping[str, Any], role: str, organization: str = "KEN") -> dict[str, Any]:
    """Appoint a person by two administrators."""
    proposed = await done(api, "/v1/appointments", FIRST, **a_role(person, role, organization))
    return await done(api, f"/v1/appointments/{proposed['appointment_id']}/approve", "second", revision=1)


async def kenya(api: Client) -> dict[str, Any]:
    """Enter and appoint the persona KEN:focal_point."""
    person = await entered(api, person_id=str(persona_id(KENYA)))
    return await appointed(api, person, "focal_point")
