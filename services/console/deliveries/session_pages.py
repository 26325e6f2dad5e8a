"""Sessions of a delivery: a new one, the page of each, and the table of its participants."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from chassis.ids import new_id
from contracts.reference import participant_functions
from services.console.client import Problem
from services.console.deliveries.moves import DAYS, PARTICIPANTS, SESSION
from services.console.deliveries.words import AGE_BAND, SEX
from services.console.fields import Field, FormError, Option, Typed, errors_of, read
from services.console.moves.model import COMMENT
from services.console.moves.pages import KEY, REVISION, routes_of
from services.console.page import CurrentPage, Page
from services.console.translations import N_

FIELDS = (
    *DAYS,
    Field(name="modality", label=N_("Modality"), kind="choice", options="modalities"),
    Field(name="languages", label=N_("Languages"), kind="choices", options="languages"),
    Field(name="place", label=N_("Place, or link"), max_length=500, required=False),
    Field(name="trainers", label=N_("Trainers"), kind="choices", options="experts", required=False),
    Field(name="people", label=N_("How many people are to take part?"), kind="number", required=False),
    Field(name="women", label=N_("How many of them are to be women?"), kind="number", required=False),
    COMMENT,
)
EXPERTS_MAX = 100
NEW = "/{language:str}/deliveries/{delivery_id:str}/sessions/new"
ONE = "/{language:str}/sessions/{session_id:str}"
NO_COUNT = N_("Enter whole numbers only; leave a cell empty if nobody is in it")


@get(NEW)
async def new_session(page: CurrentPage, delivery_id: FromPath[str]) -> Response[bytes]:
    return await _form(page, delivery_id, {})


@post(NEW, status_code=303)
async def plan_session(page: CurrentPage, delivery_id: FromPath[str]) -> Response[bytes]:
    sent = read(FIELDS, page.typed)
    if sent.errors:
        return await _form(page, delivery_id, page.typed, errors=sent.errors, status=400)
    path = f"/v1/deliveries/{delivery_id}/sessions"
    try:
        made = await page.api.send("POST", path, sent.body, key=page.value(KEY) or str(new_id()))
    except Problem as problem:
        if problem.status in (401, 404):
            raise
        errors = errors_of(FIELDS, problem.errors, problem.title) or (FormError("", problem.title, True),)
        return await _form(page, delivery_id, page.typed, errors=errors, status=problem.status)
    return page.redirect(f"/sessions/{made.body['session_id']}", done="saved")


@get(ONE)
async def show_session(page: CurrentPage, session_id: FromPath[str]) -> Response[bytes]:
    """Its days, its place, and who took part."""
    role = page.signed_in.role
    session = await page.api.get(f"/v1/sessions/{session_id}")
    return page.render("deliveries/session.html", record=session, moves=SESSION.open_to(session, role))


@get(f"{ONE}{PARTICIPANTS}")
async def show_participants(page: CurrentPage, session_id: FromPath[str]) -> Response[bytes]:
    """The table to fill in: for each function, ages by sex."""
    return await _table(page, session_id)


@post(f"{ONE}{PARTICIPANTS}", status_code=303)
async def report_participants(page: CurrentPage, session_id: FromPath[str]) -> Response[bytes]:
    """That it took place, or the counts again; of the delivery named in the form."""
    counts = _counted(page.typed)
    if counts is None:
        return await _table(page, session_id, errors=(FormError("", NO_COUNT),), status=400)
    session = await page.api.get(f"/v1/sessions/{session_id}")
    move = "hold" if "hold" in session["moves"] else "participants"
    reported = [{"delivery_id": page.value("delivery_id"), "counts": counts}] if counts or move != "hold" else []
    revision = page.value(REVISION)
    try:
        await page.api.send(
            "POST",
            f"/v1/sessions/{session_id}/{move}",
            {"participants": reported},
            key=page.value(KEY) or str(new_id()),
            revision=int(revision) if revision.isdigit() else None,
        )
    except Problem as problem:
        if problem.status in (401, 404):
            raise
        errors = (FormError("", problem.title, True),)
        return await _table(page, session_id, errors=errors, status=problem.status)
    return page.redirect(f"/sessions/{session_id}", done="saved")


def _counted(typed: Typed) -> list[dict[str, Any]] | None:
    """The counts that were typed; None if one is no number."""
    found = []
    for function in participant_functions():
        for age in AGE_BAND:
            for sex in SEX:
                given = "".join(typed.get(f"{function}.{age}.{sex}", ())[:1]).strip()
                if not given:
                    continue
                if not given.isdecimal() or len(given) > 6:
                    return None
                found.append({"sex": sex, "age_band": age, "function": function, "people": int(given)})
    return found


async def _table(
    page: Page, session_id: str, *, errors: Sequence[FormError] = (), status: int = 200
) -> Response[bytes]:
    role = page.signed_in.role
    session = await page.api.get(f"/v1/sessions/{session_id}")
    delivery_id = page.value("delivery_id") or page.asked("delivery") or next(iter(session["deliveries"]), "")
    if delivery_id not in session["deliveries"]:
        raise NotFoundException
    before = next((one for one in session["participants"] if one["delivery_id"] == delivery_id), None)
    typed = page.typed or _reported(before["participants"]["counts"] if before else ())
    return page.render(
        "deliveries/participants.html",
        filled={name.partition(".")[0] for name, values in typed.items() if "." in name and any(values)},
        status=status,
        record=session,
        delivery_id=delivery_id,
        is_open=any(one.elsewhere == PARTICIPANTS for one in SESSION.open_to(session, role)),
        functions=participant_functions(),
        ages=AGE_BAND,
        sexes=SEX,
        typed=typed,
        errors=errors,
    )


def _reported(counts: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """The counts reported before, as they would be typed."""
    return {f"{one['function']}.{one['age_band']}.{one['sex']}": [str(one["people"])] for one in counts}


async def _form(
    page: Page, delivery_id: str, typed: Typed, *, errors: Sequence[FormError] = (), status: int = 200
) -> Response[bytes]:
    delivery, roster = await asyncio.gather(
        page.api.get(f"/v1/deliveries/{delivery_id}"), page.api.get("/v1/experts", limit=EXPERTS_MAX)
    )
    experts = [Option(one["expert_id"], one["name"]) for one in roster["experts"]]
    return page.render(
        "deliveries/plan_session.html",
        status=status,
        delivery=delivery,
        given={"experts": experts},
        fields=[one for one in FIELDS if experts or one.name != "trainers"],
        typed=typed,
        errors=errors,
    )


ROUTES = (new_session, plan_session, show_session, show_participants, report_participants, *routes_of(SESSION))
