"""Request bodies of joint deliveries."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts.joint_deliveries import MEMBERS_MAX, MEMBERS_MIN
from contracts.values import Code
from services.matching.fields import Words, check_once, check_reason


class NewJointDelivery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lines of distinct States and the offering that serves them with one delivery.

    `departure` is the coded reason (`/v1/reference/reasons/present`) for passing over better ranked matches. The
    `comment` is shown to every State and to the provider.
    """

    offering_id: UUID
    lines: Annotated[tuple[UUID, ...], Meta(min_length=MEMBERS_MIN, max_length=MEMBERS_MAX)]
    departure: Code | None = None
    comment: Words = ""

    def check(self) -> None:
        """Raise Invalid for a line that is named twice, and for an unknown departure."""
        check_once("lines", self.lines)
        if self.departure is not None:
            check_reason("present", self.departure, name="departure")
