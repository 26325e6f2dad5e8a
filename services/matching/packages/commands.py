"""Request bodies of packages."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts.values import END, Code, Money
from services.matching.fields import Words
from services.matching.packages.model import UnitRole

REVISION_MAX = 999_999_999

Unit = Annotated[
    str, Meta(pattern="^UNODC(-[A-Z0-9-]+)?" + END, max_length=32, description="UNODC, or a unit of it (UNODC-…)")
]


class NewPackage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A match of a State's offering, in the revision that was read, with a unit of UNODC and a donor's pledge.

    `money` is asked from the pledge, in the currency of the money that the offering lacks and no more than that.
    `departure` is the coded reason (`/v1/reference/reasons/present`) for passing over a better ranked match. The
    comment is shown to all four parties.
    """

    match_id: UUID
    revision: Annotated[int, Meta(ge=0, le=REVISION_MAX)]
    unit: Unit
    unit_role: UnitRole | None = None
    pledge_id: UUID
    money: Money
    departure: Code | None = None
    comment: Words = ""
