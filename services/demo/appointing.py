"""Register the sample world's organizations, people and appointments, through the public API."""

from collections.abc import Mapping
from typing import Any

from chassis import clock
from contracts.callers import Subject
from contracts.values import Language
from services.demo.people import Persona, StepError, personas
from services.demo.steps import Steps
from services.directory.people.actions import Founder
from services.directory.people.store import PersonTexts

ADMINISTRATOR = "UNODC:administrator"
FOCAL_POINT = "focal_point"
SAMPLE = "[Fictitious sample]"
SIDE_BY_SIDE = 4
LETTER = f"{SAMPLE} Note verbale of 2 November 2026"


def administrators() -> tuple[Persona, Persona]:
    """The two founders, who appoint all others."""
    first, second = [one for one in personas() if one.appointment == ADMINISTRATOR]
    return first, second


async def appoint_all(steps: Steps) -> None:
    """Register organizations, enter people and appoint them. Existing records are left unchanged. Raises StepError."""
    api = steps.api
    known = {one["code"] for one in await steps.all(ADMINISTRATOR, "/v1/organizations", "organizations")}
    entered = {one["person_id"] for one in await steps.all(ADMINISTRATOR, "/v1/people", "people")}
    held = {
        (one["person_id"], one["organization"], one["role"]): one
        for one in await steps.all(ADMINISTRATOR, "/v1/appointments", "appointments")
        if one["status"] in {"proposed", "in_force"}
    }
    _, second = administrators()

    async def register(code: str) -> None:
        body = {"code": code} if len(code) == 3 else {"code": code, "name": f"{SAMPLE} {code}"}
        await api.post(ADMINISTRATOR, "/v1/organizations", body, step=code)

    async def enter(persona: Persona) -> None:
        body = {
            "person_id": str(persona.person_id),
            "organization": persona.organization,
            "name": persona.name,
            "email": persona.email,
            "language": persona.language,
            "subjects": [{"issuer": api.issuer, "subject": str(persona.person_id)}],
        }
        await api.post(ADMINISTRATOR, "/v1/people", body, step=str(persona.person_id))

    async def appoint_official(persona: Persona) -> None:
        """Appoint an official, whose sign-in subjects their own focal point approves first."""
        focal_point = f"{persona.organization}:{FOCAL_POINT}"
        path = f"/v1/people/{persona.person_id}"
        person = await api.get(focal_point, path)
        if person["subjects_proposed_at"] is not None:
            await api.post(focal_point, f"{path}/approve-subjects", {}, revision=person["revision"])
        await appoint(persona)

    async def appoint(persona: Persona) -> None:
        one = held.get((str(persona.person_id), persona.organization, persona.role))
        by = f"{persona.organization}:{FOCAL_POINT}" if persona.role == "official" else ADMINISTRATOR
        one = one or await api.post(by, "/v1/appointments", _appointment(persona), step=str(persona.person_id))
        if one["status"] == "proposed":
            path = f"/v1/appointments/{one['appointment_id']}/approve"
            one = await api.post(ADMINISTRATOR, path, {}, person=second.person_id, revision=one["revision"])
        if one["status"] != "in_force":
            raise StepError(f"the appointment of {persona.appointment} is {one['status']}")

    codes = sorted({one.organization for one in personas()} - known)
    await steps.each("organizations are registered", codes, register, SIDE_BY_SIDE)
    people = [one for one in personas() if str(one.person_id) not in entered]
    await steps.each("people are entered", people, enter, SIDE_BY_SIDE)
    officials = [one for one in personas() if one.role == "official"]
    others = [one for one in personas() if one not in officials]
    await steps.each("two administrators appoint", others, appoint, SIDE_BY_SIDE)
    await steps.each("focal points appoint their officials, alone", officials, appoint_official, SIDE_BY_SIDE)


def _appointment(persona: Persona) -> Mapping[str, Any]:
    return {
        "person_id": str(persona.person_id),
        "organization": persona.organization,
        "role": persona.role,
        "from": str(clock.now().date()),
        "letter": LETTER,
    }


def founders(issuer: str) -> list[Founder]:
    """The two administrators in the form required to found the directory."""
    return [
        Founder(
            person_id=one.person_id,
            texts=PersonTexts(
                name=one.name,
                email=one.email,
                language=Language(one.language),
                subjects=(Subject(issuer=issuer, subject=str(one.person_id)),),
            ),
        )
        for one in administrators()
    ]
