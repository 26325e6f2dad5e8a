"""The bodies of commands, with their limits and checks of codes."""

from datetime import date
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts import reference
from contracts.codes import unknown_code
from contracts.deliveries import CONTACTS_MAX
from contracts.values import END, Code, Language

Words = Annotated[str, Meta(max_length=2000)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Function = Annotated[str, Meta(max_length=200)]
Telephone = Annotated[str, Meta(pattern=r"^(\+?[0-9 ()./-]{4,40})?" + END, max_length=40)]
Email = Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+" + END, min_length=3, max_length=254)]
Languages = Annotated[tuple[Language, ...], Meta(max_length=6)]


class NewContact(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person of one's own side, who knows of it. `person_id` is the person's account, if there is one."""

    name: Name
    email: Email
    function: Function = ""
    telephone: Telephone = ""
    languages: Languages = ()
    person_id: UUID | None = None


class NameContacts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All contacts of one's own side, the first to be asked first; none removes them."""

    contacts: Annotated[tuple[NewContact, ...], Meta(max_length=CONTACTS_MAX)]


class Nothing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An empty body."""


class Comment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An optional comment on the move, which both sides read."""

    comment: Words = ""


class Reason(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A coded reason (`/v1/reference/reasons/…`), and a comment, which both sides read."""

    reason: Code
    comment: Words = ""


class Complete(Comment, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`completed_on` is the last day, if that is before today; a comment then says why it is recorded later."""

    completed_on: date | None = None


def check_reason(move: str, reason: str) -> str:
    """Raises Invalid for a reason that does not belong to this move."""
    if reason not in (known := reference.reasons(move)):
        raise unknown_code("reason", reason, known, code_list=f"reasons/{move}")
    return reason
