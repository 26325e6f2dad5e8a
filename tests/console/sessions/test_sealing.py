"""The mark in a form identifies its session and person, also after the session has ended."""

from uuid import UUID

from services.console.sessions.model import KeptForm
from services.console.sessions.sealing import Sealer, new_cookie

KAMAU, BARASA = UUID(int=1), UUID(int=2)


def test_a_mark_is_of_one_session_and_one_appointment() -> None:
    sealer, cookie = Sealer("a key of the operator"), new_cookie()
    mark = sealer.mark(cookie, "KEN:official")

    assert sealer.is_mark(cookie, "KEN:official", mark)
    assert not sealer.is_mark(cookie, "KEN:focal_point", mark)
    assert not sealer.is_mark(new_cookie(), "KEN:official", mark)
    assert not Sealer("another key").is_mark(cookie, "KEN:official", mark)
    assert not sealer.is_mark(cookie, "KEN:official", "é")


def test_a_mark_of_a_person_is_theirs_and_made_with_the_key() -> None:
    sealer = Sealer("a key of the operator")
    mark = sealer.person_mark(KAMAU)

    assert sealer.is_person_mark(mark, KAMAU)
    assert sealer.is_person_mark(mark)
    assert not sealer.is_person_mark(mark, BARASA)
    assert not any(sealer.is_person_mark(one) for one in ("", "é", "00", f"00{mark[2:]}x", mark[:-2], "0" * 64))
    assert not Sealer("another key").is_person_mark(mark)


def test_a_kept_form_is_opened_with_its_cookie_only() -> None:
    sealer, cookie = Sealer("a key of the operator"), new_cookie()
    form = KeptForm(path="/en/requests/new", typed={"title": ["Mine"]}, mark="00")
    sealed = sealer.seal(cookie, form)

    assert sealer.open(cookie, sealed, KeptForm) == form
    assert sealer.open(new_cookie(), sealed, KeptForm) is None
    assert b"Mine" not in sealed
