"""The page of an unsubscribe link, and its one-click POST (RFC 8058).

Neither has a caller: the signed token of the link says what may be paused.
"""

from typing import Any

from litestar import MediaType, Request, Response, get, post
from msgspec import Struct, field

from chassis.auth.answer_links import LinkToken
from chassis.http.application import PUBLIC, Db, Now
from chassis.http.forms import form_of, takes_form
from contracts.refusals import Invalid
from contracts.values import Language
from services.notifications.notices.wording import templates
from services.notifications.unsubscribe import actions
from services.notifications.unsubscribe.page import form, page

FIELD, ONE_CLICK = "List-Unsubscribe", "One-Click"
POLICY = "default-src 'none'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
"""The content security policy of the page, which may only send its own form."""


class OneClick(Struct, frozen=True, kw_only=True):
    """The form that a mail program posts to an unsubscribe link: `List-Unsubscribe=One-Click`."""

    list_unsubscribe: str = field(name=FIELD)


@get(
    "/v1/unsubscribe",
    opt=PUBLIC,
    media_type=MediaType.HTML,
)
async def confirm_unsubscribing(token: LinkToken, db: Db) -> Response[str]:
    """Shows a page with a button. It changes nothing, because programs follow links before people do."""
    async with db.transaction(by=None) as tx:
        link, language = await actions.read(tx, token)
    said = templates(language).unsubscribe
    return _html(language, page(language, said.title, getattr(said, link.target), form(FIELD, ONE_CLICK, said.button)))


@post(
    "/v1/unsubscribe",
    opt=takes_form(OneClick),
    status_code=200,
    media_type=MediaType.HTML,
)
async def unsubscribe(token: LinkToken, db: Db, now: Now, request: Request[Any, Any, Any]) -> Response[str]:
    """Unsubscribes by the link in a mail, without signing in. Repeating it changes nothing; the owner can resume it."""
    if (await form_of(request)).get(FIELD) != ONE_CLICK:
        raise Invalid("missing-field", field=FIELD)
    async with db.transaction(by=None) as tx:
        link, language = await actions.read(tx, token)
        await actions.unsubscribe(tx, link, now=now)
    said = templates(language).unsubscribe
    return _html(language, page(language, said.title, said.done))


def _html(language: Language, content: str) -> Response[str]:
    headers = {"Content-Security-Policy": POLICY, "Content-Language": language.value}
    return Response(content, media_type=MediaType.HTML, headers=headers)


ROUTES = [confirm_unsubscribing, unsubscribe]
