"""The bodies of commands on portal extensions."""

from typing import Annotated

from msgspec import Meta, Struct

from contracts.codes import unknown_code
from contracts.funds import WORK_PACKAGES
from contracts.values import Code, Language, Money

Title = Annotated[str, Meta(min_length=1, max_length=300)]
Scope = Annotated[str, Meta(min_length=1, max_length=10_000)]


class ProposeExtension(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A capability that the portal is to have, in one language, with its cost and the work package that pays for it."""

    language: Language
    title: Title
    scope: Scope
    cost: Money
    work_package: Code

    def check(self) -> None:
        """Raise Invalid for an unknown work package."""
        if self.work_package not in WORK_PACKAGES:
            raise unknown_code("work_package", self.work_package, WORK_PACKAGES)


class ReviseExtension(ProposeExtension, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All fields of the extension again. The earlier texts are deleted."""


class NoteProgress(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A note on the progress, in one language."""

    language: Language
    text: Annotated[str, Meta(min_length=1, max_length=2000)]
