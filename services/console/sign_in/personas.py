"""The people of the sample world, as whom one can sign in with the embedded issuer."""

from collections.abc import Sequence
from functools import cache
from uuid import UUID

from msgspec import Struct

from services.console.translations import N_
from services.demo.people import personas as everybody

FIRST = ("KEN:focal_point", "UNODC:coordinator", "ZAF:provider_officer", "FRA:donor_officer", "UNODC:finance_officer")


class Persona(Struct, frozen=True, kw_only=True):
    """A person in one appointment."""

    person_id: UUID
    organization: str
    role: str
    name: str
    language: str

    @property
    def appointment(self) -> str:
        return f"{self.organization}:{self.role}"


class Group(Struct, frozen=True):
    """People with one kind of work; `does` describes what they do here."""

    title: str
    does: str
    people: tuple[Persona, ...]


GROUPS = (
    (("focal_point", "official"), N_("Requesting States"), N_("Ask for assistance, choose among matches, evaluate.")),
    (("coordinator",), N_("UNODC coordinators"), N_("Triage requests, propose matches, plan rounds.")),
    (("provider_officer",), N_("Providers"), N_("See demand that fits, keep offerings, confirm matches.")),
    (("donor_officer",), N_("Donors"), N_("Pledge money, see needs, see what the money did.")),
    (("finance_officer",), N_("Finance officers"), N_("Record money, approve, close the year.")),
    (("administrator", "auditor"), N_("Administrators and auditors"), N_("Appoint people; read the books.")),
)


@cache
def personas(language: str) -> Sequence[Group]:
    people = [
        Persona(
            person_id=one.person_id,
            organization=one.organization,
            role=one.role,
            name=one.name,
            language=one.language,
        )
        for one in everybody()
    ]

    def order(one: Persona) -> tuple[bool, int]:
        return one.appointment not in FIRST, people.index(one)

    return [
        Group(title, does, tuple(sorted((one for one in people if one.role in roles), key=order)))
        for roles, title, does in GROUPS
    ]
