"""Texts beside an offering: its publication in the catalogue, its contact point, its translations."""

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from services.console.fields import Field, Typed, whole_number
from services.console.moves.forms import NOTHING, Sent, command, send
from services.console.offerings.steps import LANGUAGE, SUMMARY_MAX, TITLE, TITLE_MAX, options
from services.console.page import CurrentPage, Page
from services.console.rendering import code_label
from services.console.translations import LANGUAGES, N_

REMOVE = "remove"
SUMMARY = Field(name="summary", label=N_("Summary"), kind="words", max_length=SUMMARY_MAX, rows=8)
PUBLICATION = (LANGUAGE, TITLE, SUMMARY)
CONTACT = (
    Field(name="name", label=N_("Name")),
    Field(name="function", label=N_("Function"), required=False, empty=""),
    Field(name="email", label=N_("Email address"), kind="email", max_length=254),
)
TRANSLATION = (
    Field(name="title", label=N_("Title"), max_length=2 * TITLE_MAX, required=False, empty=""),
    Field(
        name="summary", label=N_("Summary"), kind="words", max_length=2 * SUMMARY_MAX, rows=8, required=False, empty=""
    ),
    Field(name="machine", label=N_("A machine has translated it"), kind="yes"),
)


@get("/{language:str}/offerings/{offering_id:str}/publication")
async def show_publication(page: CurrentPage, offering_id: FromPath[str]) -> Response[bytes]:
    return await _publication(page, offering_id)


@post("/{language:str}/offerings/{offering_id:str}/publication", status_code=303)
async def publish(page: CurrentPage, offering_id: FromPath[str]) -> Response[bytes]:
    sent = await send(page, "POST", f"/v1/offerings/{offering_id}/publish", PUBLICATION)
    if sent.errors:
        return await _publication(page, offering_id, sent)
    return page.redirect(f"/offerings/{offering_id}", done="published")


async def _publication(page: Page, offering_id: str, sent: Sent = NOTHING) -> Response[bytes]:
    answer = await page.api.read(f"/v1/offerings/{offering_id}")
    offering = answer.body
    begun = offering["publication"] or offering
    first = {name: [begun[name]] for name in ("language", "title", "summary")}
    return _form(
        page,
        offering,
        answer.revision,
        first,
        sent,
        fields=PUBLICATION,
        title=N_("Publish in the catalogue"),
        explains=N_(
            "Everybody can read this text, without signing in, while the offering is available. Name no person in it."
        ),
        button=N_("Publish"),
        is_open="publish" in offering["moves"],
    )


@get("/{language:str}/offerings/{offering_id:str}/contact")
async def show_contact(page: CurrentPage, offering_id: FromPath[str]) -> Response[bytes]:
    return await _contact(page, offering_id)


@post("/{language:str}/offerings/{offering_id:str}/contact", status_code=303)
async def change_contact(page: CurrentPage, offering_id: FromPath[str]) -> Response[bytes]:
    """Name the contact point, or remove it."""
    path = f"/v1/offerings/{offering_id}/contact"
    if page.value("act") == REMOVE:
        sent = await command(page, "DELETE", path, fields=CONTACT)
    else:
        sent = await send(page, "PUT", path, CONTACT)
    if sent.errors:
        return await _contact(page, offering_id, sent)
    return page.redirect(f"/offerings/{offering_id}", done="saved")


async def _contact(page: Page, offering_id: str, sent: Sent = NOTHING) -> Response[bytes]:
    session = page.signed_in
    offering = await page.api.get(f"/v1/offerings/{offering_id}")
    contact = await page.api.get(f"/v1/offerings/{offering_id}/contact")
    first = {name: [value] for name, value in (contact["contact"] or {}).items()}
    own = session.role == "provider_officer" and offering["provider"] == session.organization
    return _form(
        page,
        offering,
        contact["revision"],
        first,
        sent,
        fields=CONTACT if own else (),
        title=N_("Contact point"),
        explains=N_("A person of your organization who knows of it. The other side of a confirmed match can read it."),
        button=N_("Save"),
        is_open=own or contact["contact"] is not None,
        remove=N_("Remove the contact point") if contact["contact"] else "",
    )


@get("/{language:str}/offerings/{offering_id:str}/translations")
async def list_translations(page: CurrentPage, offering_id: FromPath[str]) -> Response[bytes]:
    path = f"/v1/offerings/{offering_id}"
    offering, translations = await page.api.get_all(path, f"{path}/translations")
    found = {one["language"]: one for one in translations["translations"]}
    others = [one for one in LANGUAGES if one != offering["language"]]
    return page.render("offerings/translations.html", offering=offering, found=found, others=others)


@get("/{language:str}/offerings/{offering_id:str}/translations/{into:str}")
async def show_translation(page: CurrentPage, offering_id: FromPath[str], into: FromPath[str]) -> Response[bytes]:
    return await _translation(page, offering_id, into)


@post("/{language:str}/offerings/{offering_id:str}/translations/{into:str}", status_code=303)
async def translate(page: CurrentPage, offering_id: FromPath[str], into: FromPath[str]) -> Response[bytes]:
    """Translate, translate again, or withdraw a translation. The posted revision is that of the one that was shown."""
    path, removes = f"/v1/offerings/{offering_id}/translations", page.value("act") == REMOVE
    named: dict[str, Any] = {"source_revision": whole_number(page.value("source_revision")) or 0}
    if removes or page.revision is not None:
        method, path = "DELETE" if removes else "PUT", f"{path}/{into}"
    else:
        method, named = "POST", {**named, "language": into}
    sent = await send(page, method, path, TRANSLATION, body_of=lambda typed: None if removes else typed | named)
    if sent.errors:
        return await _translation(page, offering_id, into, sent)
    return page.redirect(f"/offerings/{offering_id}/translations", done="saved")


async def _translation(page: Page, offering_id: str, into: str, sent: Sent = NOTHING) -> Response[bytes]:
    session = page.signed_in
    if into not in LANGUAGES:
        raise NotFoundException
    path = f"/v1/offerings/{offering_id}"
    offering, translations = await page.api.get_all(path, f"{path}/translations")
    found = next((one for one in translations["translations"] if one["language"] == into), None)
    first: dict[str, list[str]] = {name: [found.get(name, "")] for name in ("title", "summary")} if found else {}
    return _form(
        page,
        offering,
        found["revision"] if found else None,
        first,
        sent,
        fields=TRANSLATION,
        title=N_("Translate into %(name)s"),
        title_names={"name": code_label(page.language, into, "languages")},
        explains=N_("What you leave empty is shown in the language it was written in."),
        button=N_("Save the translation"),
        back_path=f"/offerings/{offering_id}/translations",
        is_open=session.role in ("provider_officer", "coordinator"),
        remove=N_("Withdraw the translation") if found else "",
        beside=True,
    )


def _form(
    page: Page,
    offering: Mapping[str, Any],
    revision: int | None,
    first: Typed,
    sent: Sent,
    *,
    fields: Sequence[Field],
    **context: Any,
) -> Response[bytes]:
    given = {
        "remove": "",
        "beside": False,
        "title_names": {},
        "back_path": f"/offerings/{offering['offering_id']}",
        **context,
    }
    typed = page.typed or first
    return page.render(
        "offerings/text.html",
        offering=offering,
        record=offering,
        revision=revision,
        fields=fields,
        typed=typed,
        given=options(page.language),
        **given,
        **sent.shown,
    )


ROUTES = (
    show_publication,
    publish,
    show_contact,
    change_contact,
    list_translations,
    show_translation,
    translate,
)
