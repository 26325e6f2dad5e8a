"""The bodies of commands on contributions, with their limits and checks of codes."""

from datetime import date
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts import reference
from contracts.codes import TopicCode, unknown_code
from contracts.contributions import CaseOutcome, ContributionArticles, ContributionKind, Rights
from contracts.conversion import from_attributes
from contracts.refusals import Invalid
from contracts.values import END, Language
from services.sherloc.commands import Address, Comment, PortalAddress, Title, Words
from services.sherloc.contributions.model import BETWEEN_PARTIES, Content, ContributionTexts

Text = Annotated[str, Meta(max_length=8000)]
PARTIES_MAX = 20
Party = Annotated[str, Meta(min_length=1, max_length=60, pattern="^[^;]+" + END)]
Parties = Annotated[tuple[Party, ...], Meta(max_length=PARTIES_MAX)]


class ReviseContribution(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a State contributes, in the `language` of its words: `text` itself or a summary, or the `address` of it.

    `court`, `decided_on`, `parties`, `offence` and `outcome` are of a court decision; its parties are initials, such as
    `A.`, or an authority, such as `Republic`. `authors` are of a bibliography.
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
        """Raises Invalid for an unknown article or offence."""
        for article in self.articles:
            if article not in (known := reference.articles()):
                raise unknown_code("articles", article, known, code_list="articles")
        if self.offence is not None and self.offence not in (topics := reference.topics()):
            raise unknown_code("offence", self.offence, topics, code_list="topics")

    def content(self) -> tuple[Content, ContributionTexts]:
        """What it is about, and its words."""
        texts = {name: getattr(self, name) for name in ("title", "text", "court", "authors", "address")}
        content = from_attributes(Content, self, articles=tuple(dict.fromkeys(self.articles)))
        return content, ContributionTexts(parties=BETWEEN_PARTIES.join(self.parties), **texts)


class DraftContribution(ReviseContribution, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same of one's own State, and its kind, which stays."""

    kind: ContributionKind


class AcceptContribution(Comment, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the coordinator checked: each is needed."""

    complete: bool
    rights_checked: bool
    no_personal_data: bool

    def check(self) -> None:
        """Raises Invalid if something was not found in order."""
        for field in ("complete", "rights_checked", "no_personal_data"):
            if not getattr(self, field):
                raise Invalid("contribution-not-checked", field=field)


class PublishContribution(Comment, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The page of SHERLOC on which it is published."""

    portal_address: PortalAddress


class SupersedeContribution(Comment, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The published contribution of the same State and kind that takes its place."""

    superseded_by: UUID
