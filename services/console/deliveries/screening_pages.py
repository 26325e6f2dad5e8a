"""The screenings of a delivery: coded questions, the form of their answers, and the recommendations that follow."""

import asyncio
from collections.abc import Mapping
from typing import Any

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from msgspec.structs import replace

from contracts.reference.deliveries import questions
from contracts.screenings import ScreeningKind
from services.console.deliveries.action_point_pages import DUE_ON, LANGUAGE, OWNER, TEXT
from services.console.deliveries.moves import ANSWERS, COMPLETE, SCREENING
from services.console.deliveries.words import SCREENING_ANSWER
from services.console.fields import Field, Typed
from services.console.moves.forms import NOTHING, Form, Sent, command, rows, send, show, text_languages, unplaced
from services.console.moves.pages import routes_of
from services.console.page import CurrentPage, Page
from services.console.translations import N_

SOURCES = {"inequality": "inequality_checklist", "human_rights": "human_rights_screening"}
RECOMMENDATIONS = 3
"""Number of rows for recommendations in the form."""

NEW = "/{language:str}/deliveries/{delivery_id:str}/screenings/{kind:str}"
ONE = "/{language:str}/screenings/{screening_id:str}"


@get(NEW)
async def new_screening(page: CurrentPage, delivery_id: FromPath[str], kind: FromPath[str]) -> Response[bytes]:
    return await _new(page, delivery_id, _kind(kind), NOTHING)


@post(NEW, status_code=303)
async def begin_screening(page: CurrentPage, delivery_id: FromPath[str], kind: FromPath[str]) -> Response[bytes]:
    which = _kind(kind)
    body = {"screening": which, "answers": answers_of(which, page.typed)}
    sent = await command(page, "POST", f"/v1/deliveries/{delivery_id}/screenings", body)
    if sent.record is None:
        return await _new(page, delivery_id, which, sent)
    return page.redirect(f"/screenings/{sent.record['screening_id']}", done="saved")


@get(ONE)
async def show_screening(page: CurrentPage, screening_id: FromPath[str]) -> Response[bytes]:
    """Show the answers, and the action points that followed."""
    role = page.signed_in.role
    found = await page.api.get(f"/v1/screenings/{screening_id}")
    points = await page.api.get(f"/v1/deliveries/{found['delivery_id']}/action-points")
    source = SOURCES[found["screening"]]
    return page.render(
        "deliveries/screening.html",
        record=found,
        moves=SCREENING.open_to(found, role),
        source=source,
        followed=[one for one in points["action_points"] if one["source"] == source],
    )


@get(f"{ONE}{ANSWERS}")
async def show_answers(page: CurrentPage, screening_id: FromPath[str]) -> Response[bytes]:
    """Show the form, filled with the answers that were given last."""
    return await _again(page, screening_id, NOTHING)


@post(f"{ONE}{ANSWERS}", status_code=303)
async def answer_screening(page: CurrentPage, screening_id: FromPath[str]) -> Response[bytes]:
    found = await page.api.get(f"/v1/screenings/{screening_id}")
    body = {"answers": answers_of(found["screening"], page.typed)}
    sent = await command(page, "PUT", f"/v1/screenings/{screening_id}", body)
    if sent.record is None:
        return await _again(page, screening_id, sent)
    return page.redirect(f"/screenings/{screening_id}", done="saved")


@get(f"{ONE}{COMPLETE}")
async def show_completion(page: CurrentPage, screening_id: FromPath[str]) -> Response[bytes]:
    """Show the form of the recommendations that follow from the answers."""
    return await _completion(page, screening_id, NOTHING)


@post(f"{ONE}{COMPLETE}", status_code=303)
async def complete_screening(page: CurrentPage, screening_id: FromPath[str]) -> Response[bytes]:
    fields = (LANGUAGE, *(one for row in rows(_recommendation, RECOMMENDATIONS, page.typed) for one in row))
    sent = await send(page, "POST", f"/v1/screenings/{screening_id}/complete", fields, body_of=_completed)
    if sent.record is None:
        return await _completion(page, screening_id, sent)
    return page.redirect(f"/screenings/{screening_id}", done="saved")


def _recommendation(row: int) -> tuple[Field, ...]:
    return tuple(replace(one, name=f"recommendation{row}.{one.name}") for one in (TEXT, OWNER, DUE_ON))


def _completed(typed: dict[str, Any]) -> dict[str, Any]:
    """Return the recommendations of all rows that are filled in, in the one language of the form."""
    found = [typed.get(f"recommendation{row}") for row in range(1, RECOMMENDATIONS + 1)]
    return {"recommendations": [{**one, "language": typed["language"]} for one in found if one]}


async def _completion(page: Page, screening_id: str, sent: Sent) -> Response[bytes]:
    found = await page.api.get(f"/v1/screenings/{screening_id}")
    recommended = rows(_recommendation, RECOMMENDATIONS, page.typed)
    form = Form(
        heading=N_("Record that it is completed"),
        back=f"/screenings/{screening_id}",
        groups=(
            ("", (replace(LANGUAGE, value=page.language),)),
            *((N_("Recommendation"), row) for row in recommended),
        ),
        record=found,
        head="deliveries/screening_head.html",
        explains=N_(
            "All questions have to be answered. Each recommendation becomes an action point; further ones can be added"
            " later."
        ),
        button=N_("Record that it is completed"),
        revision=found["revision"],
        given=text_languages(),
        is_open="complete_screening" in found["moves"],
    )
    return show(page, form, sent)


def answers_of(kind: str, typed: Typed) -> list[dict[str, str]]:
    """Return the answers that were given; a comment without an answer has the answer `unknown`."""
    found = []
    for question in questions(kind):
        answer = "".join(typed.get(f"{question}.answer", ())[:1])
        comment = "".join(typed.get(f"{question}.comment", ())[:1]).strip().replace("\r\n", "\n")
        if answer or comment:
            found.append({"question": question, "answer": answer or "unknown", "comment": comment})
    return found


def _kind(name: str) -> ScreeningKind:
    try:
        return ScreeningKind(name)
    except ValueError as unknown:
        raise NotFoundException from unknown


async def _new(page: Page, delivery_id: str, kind: ScreeningKind, sent: Sent) -> Response[bytes]:
    delivery, screenings = await asyncio.gather(
        page.api.get(f"/v1/deliveries/{delivery_id}"), page.api.get(f"/v1/deliveries/{delivery_id}/screenings")
    )
    begun = next((one for one in screenings["screenings"] if one["screening"] == kind), None)
    if begun and not sent.errors:
        return page.redirect(f"/screenings/{begun['screening_id']}")
    return _form(page, delivery, kind, page.typed, sent)


async def _again(page: Page, screening_id: str, sent: Sent) -> Response[bytes]:
    found = await page.api.get(f"/v1/screenings/{screening_id}")
    delivery = await page.api.get(f"/v1/deliveries/{found['delivery_id']}")
    given: Typed = {
        f"{one['question']}.{name}": [one[name] or ""] for one in found["questions"] for name in ("answer", "comment")
    }
    return _form(page, delivery, found["screening"], page.typed or given, sent, found)


def _form(
    page: Page,
    delivery: Mapping[str, Any],
    kind: str,
    typed: Typed,
    sent: Sent,
    screening: Mapping[str, Any] | None = None,
) -> Response[bytes]:
    return page.render(
        "deliveries/answer_screening.html",
        delivery=delivery,
        kind=kind,
        screening=screening,
        questions=list(questions(kind)),
        answers=SCREENING_ANSWER,
        typed=typed,
        **sent.shown | {"errors": unplaced(sent.errors)},
    )


ROUTES = (
    new_screening,
    begin_screening,
    show_screening,
    show_answers,
    answer_screening,
    show_completion,
    complete_screening,
    *routes_of(SCREENING),
)
