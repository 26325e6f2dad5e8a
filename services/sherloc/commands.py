"""The bodies of commands, with their limits and checks of codes."""

from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

from contracts import reference
from contracts.codes import ArticleCode, unknown_code
from contracts.conversion import from_attributes
from contracts.legislation import LegislationStatus
from contracts.values import END, Code, Language, State
from services.sherloc.legislation.model import LegislationTexts, Statement

Words = Annotated[str, Meta(max_length=2000)]
Title = Annotated[str, Meta(max_length=300)]
Address = Annotated[str, Meta(pattern=r"^(https?://\S+)?" + END, max_length=500)]
PortalAddress = Annotated[str, Meta(pattern=r"^https?://\S+" + END, min_length=10, max_length=500)]


class Comment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An optional comment on the move, which the State and UNODC read."""

    comment: Words = ""


class Reason(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A coded reason (`/v1/reference/reasons/…`), and a comment, which the State and UNODC read."""

    reason: Code
    comment: Words = ""


class ReviseLegislation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a State's law on an article is on SHERLOC: `none`, `missing` or `outdated`, and where the law can be read.

    Words need the `language` they and the law are in. To submit it, `title`, `in_force_on`, and `gazette` or `address`
    are needed.
    """

    status: LegislationStatus
    title: Title = ""
    language: Language | None = None
    in_force_on: date | None = None
    gazette: Title = ""
    address: Address = ""
    comment: Words = ""


class RecordLegislation(ReviseLegislation, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same for one's own State and an article (`/v1/reference/articles`) of which nothing is recorded yet."""

    state: State
    article: ArticleCode

    def check(self) -> None:
        """Raises Invalid for an unknown article."""
        if self.article not in (known := reference.articles()):
            raise unknown_code("article", self.article, known, code_list="articles")


class PublishLegislation(Comment, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The page of SHERLOC on which it is published."""

    portal_address: PortalAddress


def stated(body: ReviseLegislation) -> tuple[Statement, LegislationTexts]:
    """What a body says of a law, and its words."""
    texts = LegislationTexts(title=body.title, gazette=body.gazette, address=body.address)
    return from_attributes(Statement, body), texts


def check_reason(move: str, reason: str) -> str:
    """Raises Invalid for a reason that does not belong to this move."""
    if reason not in (known := reference.reasons(move)):
        raise unknown_code("reason", reason, known, code_list=f"reasons/{move}")
    return reason
