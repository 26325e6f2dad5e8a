"""The messages of a delivery, and the form to write one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec.structs import replace

from chassis import clock
from chassis.ids import new_id
from services.console.client import Answer, Problem
from services.console.downloads import as_download
from services.console.fields import Field, read
from services.console.moves.forms import Sent, command, outcome, wrong
from services.console.page import CurrentPage, Page
from services.console.translations import N_

SHOWN = 20
"""Number of messages, the last ones, on the page of a delivery."""

LIST_LENGTH = 50
CLOSED = frozenset({"consent-withdrawn", "consents-unheard"})
"""Refusals by which a provider that sees a delivery is not shown its messages, because of the State's consent."""
WRITERS = frozenset({"focal_point", "provider_officer", "coordinator"})
READERS = WRITERS | {"official"}
TEXT_MAX = 5000

TEXT = Field(name="text", label=N_("Message"), kind="words", max_length=TEXT_MAX)
FIELDS = (
    Field(name="topic", label=N_("Topic of the message"), required=False, empty=""),
    TEXT,
    Field(name="language", label=N_("Language"), kind="choice", options="languages"),
    Field(
        name="private",
        label=N_("Private: only the two sides read it, UNODC does not"),
        kind="yes",
        required=False,
        empty=False,
    ),
)


def fields_for(page: Page, delivery: Mapping[str, Any]) -> Sequence[Field]:
    """Return the fields of the form; a private message can be written once both sides have opened the private topic."""
    both = delivery["state_private_at"] and delivery["provider_private_at"]
    private = bool(both) and page.signed_in.role != "coordinator"
    found = [one for one in FIELDS if private or one.name != "private"]
    return [replace(one, value=page.language) if one.name == "language" else one for one in found]


async def thread_of(page: Page, delivery: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the section of messages on the page of a delivery shows."""
    found = await _messages(page, delivery["delivery_id"], latest="true", limit=SHOWN)
    return {"thread": found, "message_fields": fields_for(page, delivery), "typed": None, **_allowed(page, found)}


async def _messages(page: Page, delivery_id: str, **asked: Any) -> Mapping[str, Any]:
    """Return messages, or none, with the reason in `closed`, if the provider may not read them."""
    try:
        return {**await page.api.get(f"/v1/deliveries/{delivery_id}/messages", **asked), "closed": None}
    except Problem as problem:
        if problem.slug not in CLOSED:
            raise
        return {"messages": [], "cursor": None, "read_up_to": None, "closes_at": None, "closed": problem.title}


def _allowed(page: Page, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return whether the reader may write, the last message, and those of others not yet marked as read."""
    role = page.signed_in.role
    closes_at = found["closes_at"]
    read_up_to = found["read_up_to"] or ""
    unread = [one for one in found["messages"] if not one["mine"] and one["message_id"] > read_up_to]
    return {
        "may_write": role in WRITERS
        and not found["closed"]
        and (closes_at is None or clock.now() < datetime.fromisoformat(closes_at)),
        "unread": len(unread) if role in READERS else 0,
        "last_id": found["messages"][-1]["message_id"] if found["messages"] else "",
        "unread_ids": frozenset(one["message_id"] for one in unread) if role in READERS else frozenset(),
    }


@get("/{language:str}/deliveries/{delivery_id:str}/messages")
async def list_messages(page: CurrentPage, delivery_id: FromPath[str]) -> Response[bytes]:
    """Show all messages, oldest first."""
    delivery = await page.api.get(f"/v1/deliveries/{delivery_id}")
    found = await _messages(page, delivery_id, cursor=page.asked("cursor"), limit=LIST_LENGTH)
    return page.render(
        "deliveries/thread.html",
        delivery=delivery,
        thread=found,
        message_fields=(),
        fields=(),
        is_form=False,
        **_allowed(page, found),
    )


@post("/{language:str}/deliveries/{delivery_id:str}/messages", status_code=303)
async def write(page: CurrentPage, delivery_id: FromPath[str]) -> Response[bytes]:
    """Send a message, with its file if there is one."""
    path = f"/v1/deliveries/{delivery_id}"
    delivery = await page.api.get(path)
    fields = fields_for(page, delivery)
    given = read(fields, page.typed)
    sent = wrong(*given.errors) if given.errors else await outcome(_send(page, path, given.body), fields)
    if sent.errors:
        return await _form(page, delivery, fields, sent)
    return page.redirect(f"/deliveries/{delivery_id}", done="message_sent")


async def _send(page: Page, path: str, body: Mapping[str, Any]) -> Answer:
    key = page.key
    files = await _attach(page, path, key, private=bool(body.get("private")))
    return await page.api.send("POST", f"{path}/messages", {**body, "files": files}, key=key)


async def _attach(page: Page, path: str, key: str, *, private: bool) -> list[str]:
    """Add the file of a message, before the message itself. Return its id in a list, which is empty without a file."""
    file = page.files.get("file")
    if file is None:
        return []
    added = await page.api.upload(
        f"{path}/files?purpose=message&private={str(private).lower()}",
        file.content,
        name=file.name,
        media_type=file.media_type,
        key=f"{key}-file",
    )
    return [added.body["file_id"]]


@post("/{language:str}/deliveries/{delivery_id:str}/messages/read", status_code=303)
async def mark_read(page: CurrentPage, delivery_id: FromPath[str]) -> Response[bytes]:
    """Mark the messages that were on the page as read."""
    path = f"/v1/deliveries/{delivery_id}/messages/read"
    await page.api.send("POST", path, {"message_id": page.value("message_id")}, key=str(new_id()))
    return page.redirect(f"/deliveries/{delivery_id}", done="saved")


@post("/{language:str}/deliveries/{delivery_id:str}/messages/{message_id:str}/withdraw", status_code=303)
async def withdraw(page: CurrentPage, delivery_id: FromPath[str], message_id: FromPath[str]) -> Response[bytes]:
    """Withdraw a message that one wrote: its text is deleted."""
    sent = await command(page, "POST", f"/v1/messages/{message_id}/withdraw", {})
    if sent.errors:
        delivery = await page.api.get(f"/v1/deliveries/{delivery_id}")
        return await _form(page, delivery, fields_for(page, delivery), sent)
    return page.redirect(f"/deliveries/{delivery_id}", done="message_withdrawn")


@get("/{language:str}/deliveries/{delivery_id:str}/files/{file_id:str}")
async def download(page: CurrentPage, delivery_id: FromPath[str], file_id: FromPath[str]) -> Response[bytes]:
    """Return a file of the delivery."""
    return as_download(await page.api.download(f"/v1/delivery-files/{file_id}"))


async def _form(page: Page, delivery: Mapping[str, Any], fields: Sequence[Field], sent: Sent) -> Response[bytes]:
    """Show the form again, with what was typed and the errors."""
    found = await _messages(page, delivery["delivery_id"], latest="true", limit=SHOWN)
    return page.render(
        "deliveries/thread.html",
        delivery=delivery,
        thread=found,
        message_fields=fields,
        fields=fields,
        typed=page.typed,
        is_form=True,
        **sent.shown,
        **_allowed(page, found),
    )


ROUTES = (list_messages, write, mark_read, withdraw, download)
