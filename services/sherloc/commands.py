"""The bodies of commands, with their limits and checks of codes."""

from datetime import date
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts import reference
from contracts.codes import ArticleCode, TopicCode, unknown_code
from contracts.contributions import CaseOutcome, ContributionArticles, ContributionKind, Rights
from contracts.conversion import from_attributes
from contracts.legislation import LegislationStatus
from contracts.refusals import Invalid
from contracts.values import END, Code, Language, State
from services.sherloc.contributions.model import BETWEEN_PARTIES, Content, ContributionTexts
from services.sherloc.legislation.model import LegislationTexts, Statement

Words = Annotated[str, Meta(max_length=2000)]
Title = Annotated[str, Meta(max_length=300)]
Address = Annotated[str, Meta(pattern=r"^(https?://\S+)?" + END, max_length=500)]
PortalAddress = Annotated[str, Meta(pattern=r"^https?://\S+" + END, min_length=10, max_length=500)]
Text = Annotated[str, Meta(max_length=8000)]
PARTIES_MAX = 20
Party = Annotated[str, Meta(min_length=1, max_length=60, pattern="^[^;]+" + END)]
Parties = Annotated[tuple[Party, ...], Meta(max_length=PARTIES_MAX)]


class Comment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An optional comment on the move, which the State and UNODC read."""

    comment: Words = ""


class Reason(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A coded reason (`/v1/reference/reasons/…`), and a comment, which the State and UNODC read."""

    reason: Code
    comment: Words = ""


class ReviseLegislation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The status of a State's law on an article on SHERLOC (`none`, `missing` or `outdated`), and its source.

    Texts require a `language`, which is also that of the law. Submission requires `title`, `in_force_on`, and `gazette`
    or `address`.
    """

    status: LegislationStatus
    title: Title = ""
    language: Language | None = None
    in_force_on: date | None = None
    gazette: Title = ""
    address: Address = ""
    comment: Words = ""


class RecordLegislation(ReviseLegislation, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new record of one's own State for an article (`/v1/reference/articles`) without a record."""

    state: State
    article: ArticleCode

    def check(self) -> None:
        """Raise Invalid for an unknown article."""
        if self.article not in (known := reference.articles()):
            raise unknown_code("article", self.article, known, code_list="articles")


class PublishLegislation(Comment, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The page of SHERLOC on which the law is published."""

    portal_address: PortalAddress


class ReviseContribution(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of a contribution, in `language`: `text` (the text itself or a summary), or its `address`.

    `court`, `decided_on`, `parties`, `offence` and `outcome` are for a court decision; its parties are initials, such
    as `A.`, or an authority, such as `Republic`. `authors` are for a bibliography.
    """

    language: Language
    title: Title = ""
    text: Text = ""
    articles: ContributionArticles = ()
    rights: Rights = Rights.UNCLEAR
    court: Title = ""
    decided_on: date | None = None
    parties: Parties = ()
    offence: TopicCode | None = None
    outcome: CaseOutcome | None = None
    authors: Title = ""
    address: Address = ""
    comment: Words = ""

    def check(self) -> None:
        """Raise Invalid for an unknown article or offence."""
        for article in self.articles:
            if article not in (known := reference.articles()):
                raise unknown_code("articles", article, known, code_list="articles")
        if self.offence is not None and self.offence not in (topics := reference.topics()):
            raise unknown_code("offence", self.offence, topics, code_list="topics")

    def content(self) -> tuple[Content, ContributionTexts]:
        """Return the content and the texts of the contribution."""
        texts = {name: getattr(self, name) for name in ("title", "text", "court", "authors", "address")}
        content = from_attributes(Content, self, articles=tuple(dict.fromkeys(self.articles)))
        return content, ContributionTexts(parties=BETWEEN_PARTIES.join(self.parties), **texts)


class DraftContribution(ReviseContribution, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new contribution of one's own State. Its `kind` cannot be changed later."""

    kind: ContributionKind


class AcceptContribution(Comment, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The coordinator's statements; each must be true."""

    complete: bool
    rights_checked: bool
    no_personal_data: bool

    def check(self) -> None:
        """Raise Invalid unless every statement is true."""
        for field in ("complete", "rights_checked", "no_personal_data"):
            if not getattr(self, field):
                raise Invalid("contribution-not-checked", field=field)


class PublishContribution(Comment, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The page of SHERLOC on which the contribution is published."""

    portal_address: PortalAddress


class SupersedeContribution(Comment, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The published contribution of the same State and kind that replaces this one."""

    superseded_by: UUID


def stated(body: ReviseLegislation) -> tuple[Statement, LegislationTexts]:
    """Return the statement on a law and its texts."""
    texts = LegislationTexts(title=body.title, gazette=body.gazette, address=body.address)
    return from_attributes(Statement, body), texts
