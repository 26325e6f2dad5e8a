"""Forms kept during a sign-in: a form that was posted before is stored, and comes back filled afterwards."""

from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from services.console.forms import CSRF_FIELD
from services.console.page import Page, parts_of
from services.console.sessions.model import KEPT_BYTES_MAX, KEPT_TIME, KeptForm, Session


def form_address(page: Page) -> str:
    """Return the path and query of the page that a form was on, or of the page itself, without `done`."""
    url = page.request.url
    path, query = url.path, url.query
    if page.request.method == "POST":
        before = urlsplit(page.request.headers.get("referer", ""))
        if before.netloc == page.request.headers.get("host") and before.path:
            path, query = before.path, before.query
    rest = urlencode([(name, value) for name, value in parse_qsl(query) if name != "done"])
    return f"{path}?{rest}" if rest else path


async def keep(page: Page, *, now: datetime) -> None:
    """Keep a form that was posted, if a page of this console contained it; the person's cookie may be gone."""
    _, mark, _ = parts_of(page.value(CSRF_FIELD))
    sessions = page.console.sessions
    if "hx-request" in page.request.headers or not sessions.sealer.is_person_mark(mark):
        return
    typed = {name: list(values) for name, values in page.typed.items() if name != CSRF_FIELD}
    if len(msgspec.json.encode(typed)) > KEPT_BYTES_MAX:
        return
    form = KeptForm(path=form_address(page).split("?")[0], typed=typed, mark=mark)
    kept = await sessions.keep_form(form, now=now)
    page.cookies.append(page.console.cookie(page.console.kept_cookie, kept, seconds=int(KEPT_TIME.total_seconds())))


async def restore(page: Page, session: Session, *, now: datetime) -> None:
    """Fill the form of this page with its kept values, once, and only for the person who typed them."""
    console = page.console
    cookie = page.request.cookies.get(console.kept_cookie)
    form = await console.sessions.kept_form(cookie, now=now) if cookie else None
    if cookie is None or form is None or form.path != page.path:
        return
    if not console.sessions.sealer.is_person_mark(form.mark, session.person_id):
        return
    await console.sessions.forget_form(cookie)
    page.cookies.append(console.cookie(console.kept_cookie, "", seconds=0))
    page.typed, page.given_back = form.typed, True
