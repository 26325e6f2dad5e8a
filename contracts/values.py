"""Shared values: callers, money, periods, and the six languages."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct, field

MINOR_UNITS_MAX = 10**15
"""The highest amount: a thousand times the yearly budget of the United Nations, in cents."""

END = r"$(?!\n)"
"""End of text in a pattern. Python's `$` also matches before a line feed, and JSON Schema has no `\\Z`."""

NAME = r"^[^\x00-\x1f\x7f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]*" + END
"""Pattern of the name of a person or organization, without signs that control or turn the text around it."""

CODE_LIST = "code_list"
"""Key in `extra` of a type, for the name of its list under `/v1/reference`."""

Code = Annotated[str, Meta(pattern="^[A-Za-z0-9_.:-]+" + END, min_length=1, max_length=64)]
State = Annotated[
    str,
    Meta(
        pattern="^[A-Z]{3}" + END,
        min_length=3,
        max_length=3,
        description="ISO 3166-1 alpha-3",
        extra={CODE_LIST: "countries"},
    ),
]
Organization = Annotated[
    str,
    Meta(
        pattern="^[A-Z][A-Z0-9-]+" + END,
        min_length=3,
        max_length=32,
        description="a State by its ISO 3166-1 alpha-3 code, UNODC, or a unit of it (UNODC-…)",
    ),
]
Currency = Annotated[
    str,
    Meta(
        pattern="^[A-Z]{3}" + END,
        min_length=3,
        max_length=3,
        description="ISO 4217",
        extra={CODE_LIST: "currencies"},
    ),
]


class Language(StrEnum):
    """The six official languages of the United Nations (ISO 639-1)."""

    AR = "ar"
    EN = "en"
    ES = "es"
    FR = "fr"
    RU = "ru"
    ZH = "zh"


class Role(StrEnum):
    """The role of an appointment."""

    FOCAL_POINT = "focal_point"
    OFFICIAL = "official"
    COORDINATOR = "coordinator"
    PROVIDER_OFFICER = "provider_officer"
    DONOR_OFFICER = "donor_officer"
    FINANCE_OFFICER = "finance_officer"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
    SERVICE = "service"


class Side(StrEnum):
    """One of the two sides of a match and of its delivery."""

    STATE = "state"
    PROVIDER = "provider"

    @property
    def other(self) -> "Side":
        return Side.PROVIDER if self is Side.STATE else Side.STATE


def side_of(role: Role) -> Side:
    """The side that a person in this role acts for."""
    return Side.STATE if role in {Role.FOCAL_POINT, Role.OFFICIAL} else Side.PROVIDER


class Scope(StrEnum):
    """Scope of an API client: part of the rights of its role."""

    READ = "read"
    WRITE = "write"


class Caller(Struct, frozen=True, kw_only=True):
    """The caller, in one appointment; `person_id` is the only personal data outside the directory.

    For an API client, `person_id` is the client's id and `scopes` are set. A person has no scopes, and all rights of
    the role.
    """

    person_id: UUID
    organization: Organization
    role: Role
    scopes: frozenset[Scope] | None = None

    @property
    def of_unodc(self) -> bool:
        return is_unodc(self.organization)

    def lacks(self, scope: Scope) -> bool:
        """True for an API client without this scope."""
        return self.scopes is not None and scope not in self.scopes


# Money and periods are complete: unknown fields are refused, in facts and in commands.
class Money(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An amount in whole minor units of an ISO 4217 currency; never a float or a decimal fraction."""

    minor: Annotated[int, Meta(ge=0, le=MINOR_UNITS_MAX)]
    currency: Currency


class Period(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A period from a first to a last day, both included."""

    starts: date = field(name="from")
    ends: date = field(name="until")

    @property
    def reversed(self) -> bool:
        return self.ends < self.starts

    def overlaps(self, other: "Period") -> bool:
        return self.starts <= other.ends and other.starts <= self.ends


def is_unodc(organization: str) -> bool:
    """True for UNODC and all of its units."""
    return organization == "UNODC" or organization.startswith("UNODC-")
