"""Sessions of a delivery: forms to plan and revise one, the page of each, and the table of its participants."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from contracts.reference import participant_functions
from services.console.deliveries.moves import DAYS, PARTICIPANTS, REVISE, SESSION
from services.console.deliveries.words import AGE_BAND, SEX
from services.console.fields import Field, FormError, Option, Typed
from services.console.moves.forms import NOTHING, Form, Sent, command, filled, send, show, unplaced, wrong
from services.console.moves.model import COMMENT
from services.console.moves.pages import routes_of
from services.console.page import CurrentPage, Page
from services.console.rendering import organization
from services.console.translations import N_

ALSO = Field(
    name="deliveries",
    label=N_("Other deliveries in this session"),
    hint=N_("Those of the same joint delivery."),
    kind="choices",
    options="deliveries",
    required=False,
)
TERMS = (
    Field(name="modality", label=N_("Modality"), kind="choice", options="modalities"),
    Field(name="languages", label=N_("Languages"), kind="choices", options="languages"),
    Field(name="place", label=N_("Place, or link"), max_length=500, required=False),
    Field(name="trainers", label=N_("Trainers"), kind="choices", options="experts", required=False),
    Field(name="people", label=N_("How many people are to take part?"), kind="number", required=False),
    Field(name="women", label=N_("How many of them are to be women?"), kind="number", required=False),
    COMMENT,
)
FIELDS = (*DAYS, ALSO, *TERMS)
EXPERTS_MAX, DELIVERIES_MAX = 100, 100
"""Maximum numbers of experts and deliveries, the newest, from which one can choose."""

NEW = "/{language:str}/deliveries/{delivery_id:str}/sessions/new"
ONE = "/{language:str}/sessions/{session_id:str}"
NOT_SHOWN = N_("An expert who is not shown")
NO_COUNT = N_("Enter whole numbers only; leave a cell empty if no person is in it")


@get(NEW)
async def new_session(page: CurrentPage, delivery_id: FromPath[str]) -> Response[bytes]:
    return await _new(page, delivery_id, NOTHING)


@post(NEW, status_code=303)
async def plan_session(page: CurrentPage, delivery_id: FromPath[str]) -> Response[bytes]:
    sent = await send(page, "POST", f"/v1/deliveries/{delivery_id}/sessions", FIELDS)
    if sent.record is None:
        return await _new(page, delivery_id, sent)
    return page.redirect(f"/sessions/{sent.record['session_id']}", done="saved")


@get(ONE)
async def show_session(page: CurrentPage, session_id: FromPath[str]) -> Response[bytes]:
    """Show a session: its days, its place, and who took part."""
    session = await page.api.get(f"/v1/sessions/{session_id}")
    moves = SESSION.open_to(session, page.signed_in.role)
    several = len(session["deliveries"]) > 1
    return page.render(
        "deliveries/session.html",
        record=session,
        states=await _states(page, session),
        # If the session serves several deliveries, each has its own table of participants.
        moves=[one for one in moves if not several or one.name != "report_participants"],
        reports=several and "report_participants" in session["moves"],
        counted={one["delivery_id"]: one["participants"] for one in session["participants"]},
    )


@get(f"{ONE}{REVISE}")
async def show_revision(page: CurrentPage, session_id: FromPath[str]) -> Response[bytes]:
    """Show the form, filled with what was stated last."""
    return await _again(page, session_id, NOTHING)


@post(f"{ONE}{REVISE}", status_code=303)
async def revise_session(page: CurrentPage, session_id: FromPath[str]) -> Response[bytes]:
    sent = await send(page, "PUT", f"/v1/sessions/{session_id}", TERMS)
    if sent.record is None:
        return await _again(page, session_id, sent)
    return page.redirect(f"/sessions/{session_id}", done="saved")


@get(f"{ONE}{PARTICIPANTS}")
async def show_participants(page: CurrentPage, session_id: FromPath[str]) -> Response[bytes]:
    """Show the table to fill in: for each function, ages by sex."""
    return await _table(page, session_id, NOTHING)


@post(f"{ONE}{PARTICIPANTS}", status_code=303)
async def report_participants(page: CurrentPage, session_id: FromPath[str]) -> Response[bytes]:
    """Record that the session took place, or report the counts again, for the delivery named in the form."""
    counts = _counted(page.typed)
    if counts is None:
        return await _table(page, session_id, wrong(FormError("", NO_COUNT)))
    session = await page.api.get(f"/v1/sessions/{session_id}")
    move = "hold" if "hold" in session["moves"] else "participants"
    reported = [{"delivery_id": page.value("delivery_id"), "counts": counts}] if counts or move != "hold" else []
    sent = await command(page, "POST", f"/v1/sessions/{session_id}/{move}", {"participants": reported})
    if sent.record is None:
        return await _table(page, session_id, sent)
    return page.redirect(f"/sessions/{session_id}", done="saved")


def _counted(typed: Typed) -> list[dict[str, Any]] | None:
    """Return the counts that were typed, or None if one is not a number of up to six digits."""
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


async def _table(page: Page, session_id: str, sent: Sent) -> Response[bytes]:
    session = await page.api.get(f"/v1/sessions/{session_id}")
    delivery_id = page.value("delivery_id") or page.asked("delivery") or next(iter(session["deliveries"]), "")
    if delivery_id not in session["deliveries"]:
        raise NotFoundException
    before = next((one for one in session["participants"] if one["delivery_id"] == delivery_id), None)
    typed = page.typed or _reported(before["participants"]["counts"] if before else ())
    return page.render(
        "deliveries/participants.html",
        filled={name.partition(".")[0] for name, values in typed.items() if "." in name and any(values)},
        status=sent.status,
        record=session,
        delivery_id=delivery_id,
        state=(await _states(page, session)).get(delivery_id),
        is_open=not {"hold", "report_participants"}.isdisjoint(session["moves"]),
        functions=participant_functions(),
        ages=AGE_BAND,
        sexes=SEX,
        typed=typed,
        errors=unplaced(sent.errors),
    )


def _reported(counts: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return the counts reported before as values of the form."""
    return {f"{one['function']}.{one['age_band']}.{one['sex']}": [str(one["people"])] for one in counts}


async def _new(page: Page, delivery_id: str, sent: Sent) -> Response[bytes]:
    delivery, roster = await asyncio.gather(
        page.api.get(f"/v1/deliveries/{delivery_id}"), page.api.get("/v1/experts", limit=EXPERTS_MAX)
    )
    others = [
        Option(one["delivery_id"], organization(page.language, one["state"]))
        for one in await _joint(page, delivery)
        if one["delivery_id"] != delivery_id and "plan_session" in one["moves"]
    ]
    form = Form(
        heading=N_("Plan a session"),
        back=f"/deliveries/{delivery_id}",
        groups=(("", FIELDS),),
        record=delivery,
        head="deliveries/head.html",
        explains=N_("Both sides are notified. For days outside the delivery's period, say in the comment why."),
        button=N_("Plan a session"),
        given={"experts": _trainers(page, roster, delivery["provider"]), "deliveries": others},
        is_open="plan_session" in delivery["moves"],
    )
    return show(page, form, sent)


async def _again(page: Page, session_id: str, sent: Sent) -> Response[bytes]:
    session, roster = await asyncio.gather(
        page.api.get(f"/v1/sessions/{session_id}"), page.api.get("/v1/experts", limit=EXPERTS_MAX)
    )
    values = {**session, "trainers": [one["expert_id"] for one in session["trainers"]], "comment": ""}
    form = Form(
        heading=N_("Revise the session"),
        back=f"/sessions/{session_id}",
        groups=(("", filled(TERMS, values)),),
        record=session,
        head="deliveries/session_head.html",
        explains=N_("All but its days. Both sides read it."),
        revision=session["revision"],
        given={"experts": _trainers(page, roster, session["provider"], session["trainers"])},
        is_open="revise_session" in session["moves"],
    )
    return show(page, form, sent)


def _trainers(
    page: Page, roster: Mapping[str, Any], provider: str, teaching: Sequence[Mapping[str, Any]] = ()
) -> list[Option]:
    """List the provider's experts whom the reader sees, and the present trainers even if the reader does not."""
    listed = [one for one in roster["experts"] if one["provider"] == provider]
    found = {one["expert_id"]: one["name"] or page.gettext(NOT_SHOWN) for one in (*teaching, *listed)}
    return [Option(expert_id, name) for expert_id, name in found.items()]


async def _joint(page: Page, delivery: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """List the deliveries of the same joint delivery that the reader sees; none if the delivery is not joint."""
    if delivery["joint_delivery_id"] is None:
        return []
    found = await page.api.get("/v1/deliveries", limit=DELIVERIES_MAX)
    return [one for one in found["deliveries"] if one["joint_delivery_id"] == delivery["joint_delivery_id"]]


async def _states(page: Page, session: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the State of each delivery, if the session serves several deliveries; empty if it serves one."""
    if session["serves"] == 1:
        return {}
    found = await page.api.get("/v1/deliveries", limit=DELIVERIES_MAX)
    return {one["delivery_id"]: one["state"] for one in found["deliveries"]}


ROUTES = (
    new_session,
    plan_session,
    show_session,
    show_revision,
    revise_session,
    show_participants,
    report_participants,
    *routes_of(SESSION),
)
