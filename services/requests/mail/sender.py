"""The sender of the automatic answer that each mail gets, whether or not its sender is known (RFC 3834).

After a crash an answer may be sent twice. It has the null sender, so that no program answers it.
"""

from collections.abc import Mapping
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from importlib.resources import files
from urllib.parse import unquote, urlsplit

import aiosmtplib
import msgspec
import structlog
from msgspec import Struct

from chassis import clock
from chassis.db.database import Database
from contracts.values import Language
from services.requests.mail import answer_store
from services.requests.mail.answer_store import Answer

POLL_SECONDS = 5.0
REPLY_SECONDS = 10.0
log = structlog.get_logger()


class AnswerTerms(Struct, frozen=True, kw_only=True):
    """The mail server, and the address that answers come from."""

    url: str
    address: str


@cache
def answer_texts() -> Mapping[Language, str]:
    """Return the answer in six languages, read on first use."""
    path = files("services.requests").joinpath("mail", "answer.json")
    return msgspec.json.decode(path.read_bytes(), type=dict[Language, str])


def answer_mail(answer: Answer, address: str) -> EmailMessage:
    """Return the answer in all languages, because neither the sender nor their language is known."""
    message = EmailMessage(policy=SMTP)
    message["From"] = f"Entraide <{address}>"
    message["To"] = answer.address
    message["Subject"] = "Auto: Entraide"
    message["Auto-Submitted"] = "auto-replied"
    if answer.in_reply_to and answer.in_reply_to.isascii() and answer.in_reply_to.isprintable():
        message["In-Reply-To"] = message["References"] = f"<{answer.in_reply_to}>"
    message.set_content("\n\n".join(answer_texts().values()) + "\n", charset="utf-8", cte="8bit")
    return message


async def send_answers(db: Database, terms: AnswerTerms) -> None:
    """Send the answers that are owed; one that could not be sent is tried again after its lease."""
    now = clock.now()
    async with db.transaction() as tx:
        await answer_store.delete_old(tx, now=now)
        answer = await answer_store.claim(tx, now=now)
    while answer is not None:
        if await _sent(answer, terms):
            async with db.transaction() as tx:
                await answer_store.end(tx, answer, now=clock.now())
        async with db.transaction() as tx:
            answer = await answer_store.claim(tx, now=clock.now())


async def _sent(answer: Answer, terms: AnswerTerms) -> bool:
    parts = urlsplit(terms.url)
    try:
        await aiosmtplib.send(
            answer_mail(answer, terms.address),
            sender="",
            recipients=[answer.address],
            hostname=parts.hostname,
            port=parts.port or (465 if parts.scheme == "smtps" else 25),
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            use_tls=parts.scheme == "smtps",
            local_hostname=terms.address.partition("@")[2],
            timeout=REPLY_SECONDS,
        )
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        log.warning("an automatic answer was not sent", reason=type(error).__name__)
        return False
    return True
