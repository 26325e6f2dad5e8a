"""The parser of incoming mails: sender, subject, text and files, with limits against hostile mails.

Nothing is displayed or executed: HTML becomes plain text, and every other part becomes a file.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from email import message_from_bytes
from email.message import EmailMessage, MIMEPart
from email.policy import EmailPolicy
from email.utils import getaddresses
from io import BytesIO
from typing import Any

import msgspec
from msgspec import Struct

from chassis.files.recognition import recognise
from contracts.mails import MAIL_FILES_MAX
from contracts.refusals import Invalid
from services.requests.mail.model import FileFormat

PARTS_MAX = 100
"""Maximum number of MIME parts, at all depths together."""

HEADERS_MAX = 1000
HEADER_BYTES_MAX = 8 * 1024
"""Maximum size of one header, folded lines included."""

LINES_MAX = 500_000
"""Maximum number of lines: somewhat more than a mail of 25 MiB has in base64. The library's time grows with lines."""

READ_HEADER_MAX = 2000
"""Maximum length of a header that is read: the library's time grows with the square of the length."""

TEXT_BYTES_MAX = 512 * 1024
SUBJECT_MAX, ADDRESS_MAX, MESSAGE_ID_MAX, NAME_MAX = 300, 254, 300, 200

UNVERIFIED = "unverified"
RESULTS = frozenset({"pass", "fail", "softfail", "neutral", "none", "policy", "temperror", "permerror"})
"""Results of SPF and DKIM (RFC 8601)."""

_ADDRESS = re.compile(r"[^@\s<>,;:\\\"()\[\]]{1,64}@[A-Za-z0-9.-]{1,189}")
_CHARSET = re.compile(
    r"us-ascii|utf-?8|utf-16(le|be)?|iso-8859-\d{1,2}|windows-125[0-8]|koi8-[ru]|gb2312|gbk|gb18030|big5|"
    r"iso-2022-(jp|kr)|shift_jis|euc-(jp|kr)"
)
"""Charsets that are decoded.

Others are read as UTF-8: Python has encodings that are slow to decode, or that do not encode text.
"""

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NOT_IN_NAMES = re.compile("[\x00-\x1f\x7f/\\\\\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_BLOCKS = frozenset({"p", "div", "br", "tr", "li", "table", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6"})
_HIDDEN = ("script", "style", "head", "template", "noscript")
_AUTOMATIC_SENDERS = re.compile(r"(mailer-daemon|postmaster|no-?reply|owner-.*|.*-request|.*-bounces?)@", re.IGNORECASE)


class MailUnacceptable(Exception):
    """A mail that exceeds a limit; `reply` is the SMTP reply."""

    def __init__(self, reply: str) -> None:
        super().__init__(reply)
        self.reply = reply


_TOO_COMPLEX = "552 5.6.0 Too many parts or headers: send fewer attachments, or several mails"
_TOO_LONG = "552 5.3.4 The text is too long: send it as an attachment"
_TOO_MANY_FILES = f"552 5.3.4 Too many attachments: {MAIL_FILES_MAX} at most"


class IncomingFile(Struct, frozen=True, kw_only=True):
    """A file of a mail, with its content."""

    name: str
    format: str
    content: bytes
    digest: bytes


class IncomingMail(Struct, frozen=True, kw_only=True):
    """The content of a mail; `sender` is the address of its author, in lower case, or empty.

    `automatic` is true if a program or a mailing list sent it (RFC 3834, RFC 2919).
    """

    sender: str
    subject: str
    text: str
    message_id: str
    automatic: bool
    spf: str
    dkim: str
    files: tuple[IncomingFile, ...]
    size_bytes: int

    @property
    def digest(self) -> bytes:
        """SHA-256 of the content; the same if the mail is sent again, whichever servers forwarded it."""
        said = [self.sender, self.message_id, self.subject, self.text, *(one.digest.hex() for one in self.files)]
        return hashlib.sha256(msgspec.json.encode(said)).digest()


class _Limited(EmailPolicy):
    """The library's policy, which additionally refuses long headers before they are read."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        if sum(map(len, sourcelines)) > HEADER_BYTES_MAX:
            raise MailUnacceptable(_TOO_COMPLEX)
        return super().header_source_parse(sourcelines)


def _counting(most: int, headers_max: int) -> Callable[..., EmailMessage]:
    """Return a factory of the parts of one mail: at most `most` parts, with `headers_max` headers together."""
    parts = headers = 0

    class Part(EmailMessage):
        def __init__(self, policy: Any = None) -> None:
            nonlocal parts
            parts += 1
            if parts > most:
                raise MailUnacceptable(_TOO_COMPLEX)
            super().__init__(policy)

        def set_raw(self, name: str, value: str) -> None:
            nonlocal headers
            headers += 1
            if headers > headers_max:
                raise MailUnacceptable(_TOO_COMPLEX)
            super().set_raw(name, value)

    return Part


def read_mail(content: bytes, authserv_id: str | None) -> IncomingMail:
    """Read a mail. Raises MailUnacceptable beyond a limit; a mail with other errors is read as far as possible.

    `authserv_id` is the name under which our own mail edge reports SPF and DKIM.
    """
    if content.count(b"\n") > LINES_MAX:
        raise MailUnacceptable(_TOO_COMPLEX)
    policy = _Limited(message_factory=_counting(PARTS_MAX, HEADERS_MAX))
    try:
        message = message_from_bytes(content, policy=policy)
        assert isinstance(message, EmailMessage), "the policy creates EmailMessage objects"
        body = message.get_body(("plain", "html"))
        text = _text(body) if body is not None else ""
        # An HTML part without plain text is kept as a file.
        files = tuple(_files(message, body if text else None))
    except MailUnacceptable:
        raise
    except Exception as error:
        # The library fails on some malformed mails, with errors of many kinds.
        raise MailUnacceptable(_TOO_COMPLEX) from error
    spf, dkim = _authentication(message, authserv_id)
    return IncomingMail(
        sender=_sender(message),
        subject=_header(message, "Subject", SUBJECT_MAX),
        text=text,
        message_id=_header(message, "Message-ID", MESSAGE_ID_MAX).strip("<> "),
        automatic=_is_automatic(message),
        spf=spf,
        dkim=dkim,
        files=files,
        size_bytes=len(content),
    )


def is_answerable(mail: IncomingMail, envelope_sender: str) -> bool:
    """Check whether this envelope sender may get an automatic answer; programs and mailing lists may not (RFC 3834)."""
    return (
        not mail.automatic
        and bool(_ADDRESS.fullmatch(envelope_sender))
        and not _AUTOMATIC_SENDERS.match(envelope_sender)
    )


def _sender(message: EmailMessage) -> str:
    """Return the address in From; empty if there is none or more than one, or it is not valid."""
    found = getaddresses([_header(message, "From", HEADER_BYTES_MAX)])
    address = found[0][1] if len(found) == 1 and len(message.get_all("From", [])) == 1 else ""
    return address.lower() if len(address) <= ADDRESS_MAX and _ADDRESS.fullmatch(address) else ""


def _header(message: EmailMessage, name: str, most: int) -> str:
    """Return a header as text; empty if it is absent, too long, or unreadable for the library."""
    raw = next((str(value) for given, value in message.raw_items() if given.lower() == name.lower()), "")
    try:
        value = str(message.get(name, "")) if len(raw) <= READ_HEADER_MAX else ""
    except Exception:
        # The library fails on some malformed mails, as in `read_mail`.
        return ""
    return _clean(value.replace("\r", " ").replace("\n", " "))[:most]


def _is_automatic(message: EmailMessage) -> bool:
    submitted = _header(message, "Auto-Submitted", 100).partition(";")[0].strip().lower()
    bulk = _header(message, "Precedence", 100).strip().lower() in {"bulk", "list", "junk"}
    listed = any(name.lower().startswith("list-") for name in message.keys())  # noqa: SIM118 - not a mapping
    return submitted not in {"", "no"} or bulk or listed


def _authentication(message: EmailMessage, authserv_id: str | None) -> tuple[str, str]:
    """Return the results of SPF and DKIM from the topmost header of our own edge, which has to remove forged ones."""
    if authserv_id is None:
        return UNVERIFIED, UNVERIFIED
    for name, value in message.raw_items():
        if name.lower() != "authentication-results":
            continue
        server, _, results = str(value).replace("\r\n", "").partition(";")
        if server.split()[:1] == [authserv_id]:
            found: Mapping[str, str] = dict(reversed(re.findall(r"(?:^|;)\s*(spf|dkim)\s*=\s*([a-z]+)", results)))
            return _result(found, "spf"), _result(found, "dkim")
    return UNVERIFIED, UNVERIFIED


def _result(found: Mapping[str, str], method: str) -> str:
    result = found.get(method, UNVERIFIED)
    return result if result in RESULTS else UNVERIFIED


# -- parts ------------------------------------------------------------------------------------------------------------


def _text(part: MIMEPart) -> str:
    raw = part.get_payload(decode=True)
    content = raw if isinstance(raw, bytes) else b""
    if len(content) > TEXT_BYTES_MAX:
        raise MailUnacceptable(_TOO_LONG)
    charset = str(part.get_content_charset() or "utf-8")
    decoded = content.decode(charset if _CHARSET.fullmatch(charset) else "utf-8", "replace")
    said = decoded if part.get_content_subtype() != "html" else _of_html(decoded)
    return _clean(said.replace("\r\n", "\n")).strip()


def _of_html(source: str) -> str:
    """Return the text of an HTML part, a line per block."""
    # Imported here, because only a process that receives mails needs it.
    from lxml import html
    from lxml.etree import LxmlError

    try:
        root = html.document_fromstring(_clean(source).encode(), parser=html.HTMLParser(encoding="utf-8"))
    except (LxmlError, ValueError):
        return ""
    for hidden in root.xpath("|".join(f"//{name}" for name in _HIDDEN)):
        hidden.drop_tree()
    for element in root.iter():
        if element.tag in _BLOCKS:
            element.tail = "\n" + (element.tail or "")
    lines = (" ".join(line.split()) for line in str(root.text_content()).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))


def _clean(text: str) -> str:
    """Remove control characters, and replace halves of surrogate pairs, which PostgreSQL does not store."""
    return _UNPRINTABLE.sub("", text).encode("utf-8", "replace").decode()


def _files(message: EmailMessage, body: MIMEPart | None) -> Iterator[IncomingFile]:
    found: Sequence[EmailMessage] = list(_leaves(message, body))
    if len(found) > MAIL_FILES_MAX:
        raise MailUnacceptable(_TOO_MANY_FILES)
    for number, part in enumerate(found, 1):
        content = _content(part)
        name = _name(part, number)
        yield IncomingFile(
            name=name, format=_format(content, name), content=content, digest=hashlib.sha256(content).digest()
        )


def _leaves(part: EmailMessage, body: MIMEPart | None) -> Iterator[EmailMessage]:
    """Yield the parts that are files: all but the body and its alternatives. A forwarded mail is one file."""
    if part.get_content_maintype() != "multipart":
        if part is not body and _payload(part) + _content(part):
            yield part
        return
    inner = [one for one in part.iter_parts() if isinstance(one, EmailMessage)]
    if part.get_content_subtype() == "alternative":
        # The alternatives of a text say the same; pictures within them are files.
        inner = [one for one in inner if one.get_content_maintype() != "text" or one.get_filename()]
    for one in inner:
        yield from _leaves(one, body)


def _content(part: EmailMessage) -> bytes:
    if part.get_content_maintype() == "message":
        return b"\r\n".join(bytes(one) for one in part.iter_parts()) if part.is_multipart() else _payload(part)
    return _payload(part)


def _payload(part: MIMEPart) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _name(part: EmailMessage, number: int) -> str:
    try:
        given = part.get_filename("") or ""
    except Exception:
        # The library fails on some malformed mails, as in `read_mail`.
        given = ""
    name = _NOT_IN_NAMES.sub("", _clean(str(given))).strip()
    return name[-NAME_MAX:] or f"attachment-{number}"


def _format(content: bytes, name: str) -> str:
    try:
        return recognise(BytesIO(content), name)
    except Invalid:
        return FileFormat.OTHER
