"""What a notice says in the six languages, and nothing that its recipient would have to sign in to read."""

from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import cache
from importlib.resources import files
from uuid import UUID

import msgspec

from contracts.values import Language, Role

RIGHT_TO_LEFT = frozenset({Language.AR})
RLM, LRI, PDI = "\u200f", "\u2066", "\u2069"


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """`{reference}` stands for what the notice is about."""

    subject: str
    text: str


class Templates(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One language's words: what is written below every mail, and what each notice says."""

    details: str
    closing: str
    notices: Mapping[str, Words]


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed to send one dispatch; without `email` where the recipient does not want mail any more."""

    dispatch_id: UUID
    notification_id: UUID
    person_id: UUID
    organization: str
    role: Role
    notice: str
    reference: str
    link: str
    language: Language
    email: str | None
    owed_at: datetime
    correlation_id: str


@cache
def templates(language: Language) -> Templates:
    """Read when first asked for."""
    path = files("services.notifications").joinpath("templates", f"{language}.json")
    return msgspec.json.decode(path.read_bytes(), type=Templates)


def words(notice: str, reference: str, language: Language) -> Words:
    """The notice in one language. KeyError for a notice without words, which a test rules out."""
    template = templates(language).notices[notice]
    shown = isolated(reference) if language in RIGHT_TO_LEFT else reference
    return Words(
        subject=template.subject.replace("{reference}", shown), text=template.text.replace("{reference}", shown)
    )


def isolated(code: str) -> str:
    """A code or a number inside of right-to-left text, in its own direction (UAX #9)."""
    return f"{LRI}{code}{PDI}"


def mail(letter: Letter, *, sender: str, public_url: str) -> EmailMessage:
    """A text mail (RFC 5322). Sent again it is the same mail: its id is the dispatch's.

    The library refuses a line end in any header; there is none, because every value is a code, ours, or checked.
    """
    assert letter.email is not None, "a letter without an address is not written"
    said = words(letter.notice, letter.reference, letter.language)
    frame = templates(letter.language)
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = letter.email
    message["Subject"] = said.subject
    message["Date"] = format_datetime(letter.owed_at)
    message["Message-ID"] = f"<{letter.dispatch_id}@{domain_of(sender)}>"
    message["X-Correlation-Id"] = letter.correlation_id
    message["Auto-Submitted"] = "auto-generated"
    paragraphs = [said.text, frame.details, f"{public_url}{letter.link}", frame.closing]
    if letter.language in RIGHT_TO_LEFT:
        # A plain text has no direction of its own: the mark gives one to each paragraph but the address, which is
        # to be copied as it stands.
        paragraphs = [part if part.startswith("http") else f"{RLM}{part}" for part in paragraphs]
    message.set_content("\n\n".join(paragraphs) + "\n", charset="utf-8", cte="8bit")
    # After the content, whose arrival takes all headers of that name away.
    message["Content-Language"] = letter.language.value
    return message


def domain_of(sender: str) -> str:
    """The part of our own address that makes ids unique in the world."""
    return parseaddr(sender)[1].rpartition("@")[2]
