"""The mark in a form identifies its session and person, also after the session has ended."""

from uuid import UUID

from services.console.sessions.model import KeptForm
from services.console.sessions.sealing import Sealer, new_cookie

KAMAU, BARASA = UUID(int=1), UUID(int=2)


def test_a_mark_is_of_one_session_and_one_person() -> None:
    sealer, cookie = Sealer("a key of the operator"), new_cookie()
    mark = sealer.mark(cookie, KAMAU)

    assert sealer.is_mark(cookie, KAMAU, mark)
    assert not sealer.is_mark(cookie, BARASA, mark)
    assert not sealer.is_mark(new_cookie(), KAMAU, mark)
    assert not Sealer("another key").is_mark(cookie, KAMAU, mark)
    assert not sealer.is_mark(cookie, KAMAU, "é")


def test_a_kept_form_is_opened_with_its_cookie_only() -> None:
    sealer, cookie = Sealer("a key of the operator"), new_cookie()
    form = KeptForm(path="/en/requests/new", typed={"title": ["Mine"]}, cookie=new_cookie(), mark="00")
    sealed = sealer.seal(cookie, form)

    assert sealer.open(cookie, sealed, KeptForm) == form
    assert sealer.open(new_cookie(), sealed, KeptForm) is None
    assert b"Mine" not in sealed
