"""The texts of notices in six languages; they contain nothing that requires signing in to read."""

from collections.abc import Mapping
from datetime import date, datetime
from email.header import Header
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import cache
from importlib.resources import files
from typing import Any
from uuid import UUID

import msgspec

from contracts import reference
from contracts.answer_links import AnswerLink, Purpose, token_of
from contracts.console_pages import ANSWERS, page_of, page_of_notification
from contracts.facts import fact_type
from contracts.formats import day
from contracts.matching import MatchPresented
from contracts.reply_addresses import Reply, reply_address
from contracts.values import Language, Role
from services.notifications.notices.references import localized

RIGHT_TO_LEFT = frozenset({Language.AR})
_ASKED_ABOUT: Mapping[Purpose, str] = {
    Purpose.FOLLOW_UP: "/v1/follow-ups/",
    Purpose.LEGISLATION_CHECK: "/v1/legislation/checks/",
    Purpose.MATCH: "/v1/matches/",
}
"""Beginnings of the links of notices that ask a question."""

_ASKED_BY: Mapping[Purpose, tuple[str, Role]] = {Purpose.MATCH: (fact_type(MatchPresented), Role.FOCAL_POINT)}
"""The only notice and the only role of its reader that ask, where other notices have such a link too."""

KINDS_SHOWN_MAX = 3
RLM, LRI, PDI = "\u200f", "\u2066", "\u2069"


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """The texts of a notice; `{reference}` is replaced by its reference, localized."""

    subject: str
    text: str
    about: str = ""
    """Whose matter it is, what it is about, and by when to act."""


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a notice is about, as far as its reader may know: the State or organization, kinds, and the last day."""

    whose: str | None = None
    kinds: tuple[str, ...] = ()
    due_on: date | None = None


NOTHING = About()


class UnsubscribeWords(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The texts of the page of an unsubscribe link: the questions about an alert and about a subscription's mails."""

    title: str
    alert: str
    subscription: str
    button: str
    done: str


class Templates(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One language's texts: the footer of every mail, and each notice."""

    answer: str
    by: str
    details: str
    closing: str
    closing_with_reply: str
    unsubscribe: UnsubscribeWords
    notices: Mapping[str, Words]


class LetterEntry(msgspec.Struct, frozen=True):
    """One record of a digest: a line of text, and a link to more."""

    text: str
    link: str


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """The data to send one dispatch; `email` is None if the recipient has unsubscribed from mail."""

    dispatch_id: UUID
    notification_id: UUID
    person_id: UUID
    organization: str
    role: Role
    notice: str
    reference: str
    link: str
    cause_id: UUID | None = None
    found_id: UUID | None = None
    language: Language
    email: str | None
    request_id: UUID | None = None
    match_id: UUID | None = None
    owed_at: datetime
    whose: str | None = None
    kind: str | None = None
    due_on: date | None = None
    about: About = NOTHING
    correlation_id: str
    entries: tuple[LetterEntry, ...] = ()
    subscription_id: UUID | None = None
    alert_id: UUID | None = None
    unsubscribe: str | None = None
    """The path of its unsubscribe link, for hits and digests only."""


class Unfolded(UnstructuredHeader, BaseHeader):
    """A header of one long word, which is not folded.

    Folding would encode it (RFC 2047), so that mail programs could not read it.
    """

    def fold(self, *, policy: Any) -> str:
        return f"{self.name}: {self}{policy.linesep}"


class Encoded(UnstructuredHeader, BaseHeader):
    """A header of words. The folding of the library loses or doubles a space between encoded words (RFC 2047)."""

    def fold(self, *, policy: Any) -> str:
        charset = "us-ascii" if self.isascii() else "utf-8"
        words = Header(str(self), charset, header_name=self.name).encode(linesep=policy.linesep)
        return f"{self.name}: {words}{policy.linesep}"


HEADERS = HeaderRegistry()
HEADERS.map_to_type("subject", Encoded)
HEADERS.map_to_type("list-unsubscribe", Unfolded)
POLICY = SMTP.clone(header_factory=HEADERS)


@cache
def templates(language: Language) -> Templates:
    """Return the templates of a language, read on first use."""
    path = files("services.notifications").joinpath("templates", f"{language}.json")
    return msgspec.json.decode(path.read_bytes(), type=Templates)


def words(notice: str, code: str, language: Language, about: About = NOTHING, *, reader: str = "") -> Words:
    """Return the texts of a notice in one language. Raises KeyError if there are none; a test checks that there are.

    The subject also names whose matter it is, unless the reader's own, and its only kind.
    """
    template = templates(language).notices[notice]
    shown = localized(code, language)
    if language in RIGHT_TO_LEFT and shown == code:
        shown = isolated(code)
    subject = template.subject.replace("{reference}", shown)
    whose = [] if about.whose is None else [organization_name(about.whose, language)]
    labels = reference.kinds()
    kinds = [labels[code].label(language) for code in about.kinds[:KINDS_SHOWN_MAX] if code in labels]
    more = ["…"] if len(about.kinds) > KINDS_SHOWN_MAX else []
    by = [] if about.due_on is None else [templates(language).by.replace("{day}", day(about.due_on, language))]
    told = [one for one in whose if about.whose != reader and one not in subject]
    return Words(
        subject=" · ".join([subject, *told, *(kinds if len(kinds) == 1 else [])]),
        text=template.text.replace("{reference}", shown),
        about=" · ".join([*whose, *kinds, *more, *by]),
    )


def organization_name(organization: str, language: Language) -> str:
    """Return the name of a State, or the code of another organization."""
    if organization in reference.countries():
        return reference.country_name(organization, language)
    return isolated(organization) if language in RIGHT_TO_LEFT else organization


def isolated(code: str) -> str:
    """Isolate a code or number in right-to-left text, in its own direction (UAX #9)."""
    return f"{LRI}{code}{PDI}"


class ReplyTerms(msgspec.Struct, frozen=True, kw_only=True):
    """The key and the domain of the addresses to which answers are sent."""

    key: bytes
    domain: str


def reply_to(letter: Letter, terms: ReplyTerms | None) -> str | None:
    """Return the address for an answer; None if there is none, as for a notice about neither a request nor a match."""
    about = letter.match_id or letter.request_id
    if terms is None or about is None or letter.email is None:
        return None
    reply = Reply(about=about, is_match=letter.match_id is not None, person_id=letter.person_id, email=letter.email)
    return reply_address(terms.key, terms.domain, reply, today=letter.owed_at.date())


def answer_page(letter: Letter, terms: ReplyTerms | None) -> str | None:
    """Return the page for an answer without signing in, without the language before it; None if nothing is asked."""
    for purpose, page in ANSWERS.items():
        about = letter.link.removeprefix(_ASKED_ABOUT[purpose])
        asks = (letter.notice, letter.role) == _ASKED_BY.get(purpose, (letter.notice, letter.role))
        if terms is not None and about != letter.link and asks:
            link = AnswerLink(purpose=purpose, about=UUID(about), person_id=letter.person_id)
            return page.format(token=token_of(terms.key, link))
    return None


def mail(letter: Letter, *, sender: str, public_url: str, replies: ReplyTerms | None = None) -> EmailMessage:
    """Return a text mail (RFC 5322), the same at every attempt: its Message-ID is derived from the dispatch's id.

    The library refuses line ends in headers; every value is a code, our own text, or was checked before.
    """
    assert letter.email is not None, "a letter without an address is not written"
    said = words(letter.notice, letter.reference, letter.language, letter.about, reader=letter.organization)
    frame = templates(letter.language)
    message = EmailMessage(policy=POLICY)
    message["From"] = sender
    message["To"] = letter.email
    answered_at = reply_to(letter, replies)
    if answered_at is not None:
        message["Reply-To"] = answered_at
    message["Subject"] = said.subject
    message["Date"] = format_datetime(letter.owed_at)
    message["Message-ID"] = f"<{letter.dispatch_id}@{domain_of(sender)}>"
    message["X-Correlation-Id"] = letter.correlation_id
    message["Auto-Submitted"] = "auto-generated"
    if letter.unsubscribe is not None:
        # RFC 8058: one click in the mail program unsubscribes, without signing in.
        message["List-Unsubscribe"] = f"<{public_url}{letter.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    # Link to the console's pages in the mail's language, not to the API, because people open them.
    base = f"{public_url}/{letter.language}"
    entries = [part for one in letter.entries for part in (one.text, f"{base}{page_of(one.link) or ''}")]
    details = f"{base}{page_of_notification(letter.link, letter.notification_id)}"
    closing = frame.closing if answered_at is None else frame.closing_with_reply
    answered_on = answer_page(letter, replies)
    asked = [] if answered_on is None else [frame.answer, f"{base}{answered_on}"]
    paragraphs = [said.text, *filter(None, [said.about]), *asked, *entries, frame.details, details, closing]
    if letter.language in RIGHT_TO_LEFT:
        # Plain text has no direction: the mark sets it for each paragraph except the address, which is to be copied
        # unchanged.
        paragraphs = [part if part.startswith("http") else f"{RLM}{part}" for part in paragraphs]
    message.set_content("\n\n".join(paragraphs) + "\n", charset="utf-8", cte="8bit")
    # Set after the content, because setting the content removes all headers of that name.
    message["Content-Language"] = letter.language.value
    return message


def domain_of(sender: str) -> str:
    """Return the domain of our own address, for unique Message-IDs."""
    return parseaddr(sender)[1].rpartition("@")[2]
