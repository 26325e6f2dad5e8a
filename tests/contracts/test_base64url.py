"""Signed tokens are decoded strictly: each has one text."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from contracts import base64url
from contracts.answer_links import AnswerLink, Purpose, read_token, token_of
from contracts.refusals import Missing
from contracts.reply_addresses import Reply, read_reply_address, reply_address
from services.notifications.unsubscribe.model import Link, Target, link_of

KEY = bytes(32)
DAY = date(2026, 12, 3)


@given(some.binary(max_size=60))
def test_text_is_read_back(content: bytes) -> None:
    assert content == base64url.decode(base64url.encode(content))


@pytest.mark.parametrize(
    "text", ["A", "AA=", "AA==", "AB", "AAB", "A A", "AA\n", "+-AA", "/_AA", "AA.AA", "ÄA", "AA=A"]
)
def test_other_texts_are_rejected(text: str) -> None:
    with pytest.raises(ValueError, match=r"canonical|incorrectly|Invalid|ASCII|padd|cannot"):
        base64url.decode(text)


def others_of(token: str) -> list[str]:
    """Texts that a lenient decoder reads as the same bytes."""
    middle = len(token) // 2
    inserted = [token[:middle] + sign + token[middle:] for sign in ("!", ".", " ", "\n", "é")]
    return [*inserted, token + "=", token + "==", token + "!", " " + token, token.replace("-", "+").replace("_", "/")]


@pytest.mark.parametrize("purpose", Purpose)
def test_answer_link_has_one_text(purpose: Purpose) -> None:
    link = AnswerLink(purpose=purpose, about=UUID(int=2**127 + 7), person_id=UUID(bytes=b"\xff" * 16))
    token = token_of(KEY, link)

    assert link == read_token(KEY, purpose, token)
    assert [None] * len(others_of(token)) == [read_token(KEY, purpose, one) for one in others_of(token)]


@pytest.mark.parametrize("target", Target)
def test_unsubscribe_link_has_one_text(target: Target) -> None:
    token = Link(target, UUID(bytes=b"\xff" * 16)).token(KEY)

    assert Link(target, UUID(bytes=b"\xff" * 16)) == link_of(token, KEY)
    for other in others_of(token):
        with pytest.raises(Missing):
            link_of(other, KEY)


def test_reply_address_has_one_text() -> None:
    reply = Reply(about=UUID(bytes=b"\xff" * 16), is_match=True, person_id=UUID(int=7), email="a@gov.example")
    local, _, domain = reply_address(KEY, "entraide.example", reply, today=DAY).partition("@")

    assert reply == read_reply_address(KEY, f"{local}@{domain}", reply.email, today=DAY)
    for other in others_of(local.removeprefix("reply+")):
        assert read_reply_address(KEY, f"reply+{other}@{domain}", reply.email, today=DAY) is None
