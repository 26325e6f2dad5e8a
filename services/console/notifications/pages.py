"""Notifications: the inbox, the page of each, and the page of a digest."""

from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from contracts.console_pages import page_of
from services.console.notifications import alerts, settings
from services.console.page import CurrentPage

LIST_LENGTH = 25


@get("/{language:str}/notifications")
async def list_notifications(page: CurrentPage) -> Response[bytes]:
    unread = page.asked("unread") == "yes"
    found = await page.api.get("/v1/notifications", unread=unread, cursor=page.asked("cursor"), limit=LIST_LENGTH)
    query = {"unread": "yes"} if unread else {}
    return page.render("notifications/list.html", found=found, unread=unread, query=query)


@post("/{language:str}/notifications/read-all", status_code=303)
async def read_all(page: CurrentPage) -> Response[bytes]:
    await page.api.send("POST", "/v1/notifications/read-all", key=page.key)
    return page.redirect("/notifications", done="read")


@get("/{language:str}/notifications/{notification_id:uuid}")
async def show_notification(page: CurrentPage, notification_id: FromPath[UUID]) -> Response[bytes]:
    """Show a notification, with a link to its subject."""
    found = await page.api.get(f"/v1/notifications/{notification_id}")
    return page.render("notifications/show.html", notification=found, record=page_of(found["link"]))


@post("/{language:str}/notifications/{notification_id:uuid}/read", status_code=303)
async def read_notification(page: CurrentPage, notification_id: FromPath[UUID]) -> Response[bytes]:
    """Mark a notification as read, and redirect to its subject or back to the list."""
    path = f"/v1/notifications/{notification_id}/read"
    answer = await page.api.send("POST", path, key=page.key)
    record = page_of(answer.body["link"])
    return page.redirect(record if record and page.value("then") == "open" else "/notifications")


@get("/{language:str}/digests/{digest_id:uuid}")
async def show_digest(page: CurrentPage, digest_id: FromPath[UUID]) -> Response[bytes]:
    """Show what alerts found in a day or a week."""
    digest = await page.api.get(f"/v1/digests/{digest_id}")
    return page.render("notifications/digest.html", digest=digest, page_of=page_of)


ROUTES = (
    list_notifications,
    read_all,
    show_notification,
    read_notification,
    show_digest,
    *settings.ROUTES,
    *alerts.ROUTES,
)
