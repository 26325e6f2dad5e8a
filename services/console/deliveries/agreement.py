"""The agreement of a delivery: its versions, the form of another version, signatures."""

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from contracts.agreements import ClauseKind, CostKind
from contracts.formats import decimal
from services.console.deliveries import words
from services.console.fields import Field, Option, Typed, whole_number
from services.console.labels import SIDE
from services.console.moves.forms import NOTHING, Form, Group, Sent, command, send, show
from services.console.page import ABSENT, REVISION, CurrentPage, Page
from services.console.translations import LANGUAGES, N_, OWN_NAMES

COSTS, CLAUSES = 2, 3
"""Numbers of rows in the form for costs and for clauses."""

MAIN = (
    Field(name="scope", label=N_("What is delivered"), kind="words", max_length=4000, rows=6),
    Field(name="language", label=N_("Language of your texts"), kind="choice", options="text_languages"),
    Field(name="period.from", label=N_("First day"), kind="date"),
    Field(name="period.until", label=N_("Last day"), kind="date"),
    Field(name="place", label=N_("Place"), max_length=300, required=False, empty=""),
    Field(name="modality", label=N_("Modality"), kind="choice", options="modalities"),
    Field(name="languages", label=N_("Languages of delivery"), kind="choices", options="languages"),
    Field(name="participants", label=N_("Number of participants"), kind="number", required=False),
    Field(name="women", label=N_("Of these, women"), kind="number", required=False),
)


def _cost(row: int) -> tuple[Field, ...]:
    return (
        Field(
            name=f"cost{row}.cost",
            label=N_("Cost"),
            kind="choice",
            options=tuple((one, words.COST_KIND[one]) for one in CostKind),
            required=False,
        ),
        Field(
            name=f"cost{row}.side",
            label=N_("Borne by"),
            kind="choice",
            options=tuple(SIDE.items()),
            required=False,
        ),
        Field(name=f"cost{row}.money", label=N_("Amount, if it is known"), kind="money", required=False),
    )


def _clause(row: int) -> tuple[Field, ...]:
    return (
        Field(
            name=f"clause{row}.clause",
            label=N_("Kind of clause"),
            kind="choice",
            options=tuple((one, words.CLAUSE_KIND[one]) for one in ClauseKind),
            required=False,
        ),
        Field(name=f"clause{row}.text", label=N_("Text of the clause"), kind="words", required=False),
    )


GROUPS: Sequence[Group] = (
    ("", MAIN),
    *((N_("Who bears which costs"), _cost(row)) for row in range(1, COSTS + 1)),
    *((N_("Clause"), _clause(row)) for row in range(1, CLAUSES + 1)),
)
FIELDS = tuple(field for _, group in GROUPS for field in group)
SIGNED_ON = Field(
    name="signed_on", label=N_("Day of the signature"), kind="date", required=False, hint=N_("Empty if it is today.")
)


def body_of(typed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of the command for the typed values: rows that are filled in become lists."""
    body = dict(typed)
    costs = [body.pop(f"cost{row}", {}) for row in range(1, COSTS + 1)]
    clauses = [body.pop(f"clause{row}", {}) for row in range(1, CLAUSES + 1)]
    return {
        **body,
        "costs": [one for one in costs if one.get("cost")],
        "clauses": [{"text": "", **one} for one in clauses if one.get("clause")],
    }


def typed_of(version: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return a version as values of the form."""
    terms, texts = version["terms"], version["texts"]
    shown = {
        "scope": [texts["scope"]],
        "language": [version["language"]],
        "period.from": [terms["period"]["from"]],
        "period.until": [terms["period"]["until"]],
        "place": [texts["place"]],
        "modality": [terms["modality"]],
        "languages": list(terms["languages"]),
        "participants": [str(terms["participants"] or "")],
        "women": ["" if terms["women"] is None else str(terms["women"])],
    }
    for row, cost in enumerate(terms["costs"][:COSTS], 1):
        shown |= {f"cost{row}.cost": [cost["cost"]], f"cost{row}.side": [cost["side"]]}
        if money := cost["money"]:
            shown[f"cost{row}.money"] = [str(decimal(money["minor"], money["currency"]))]
            shown[f"cost{row}.money.currency"] = [money["currency"]]
    for row, (clause, text) in enumerate(zip(terms["clauses"], texts["clauses"], strict=True), 1):
        shown |= {f"clause{row}.clause": [clause], f"clause{row}.text": [text]}
    return shown


@get("/{language:str}/deliveries/{delivery_id:str}/agreement")
async def show_agreement(page: CurrentPage, delivery_id: FromPath[str]) -> Response[bytes]:
    return await _shown(page, delivery_id, NOTHING)


@get("/{language:str}/deliveries/{delivery_id:str}/agreement/propose")
async def show_form(page: CurrentPage, delivery_id: FromPath[str]) -> Response[bytes]:
    """Show the form of the first version, or of another version, filled with the last one."""
    return await _form(page, delivery_id, NOTHING)


@post("/{language:str}/deliveries/{delivery_id:str}/agreement/propose", status_code=303)
async def propose(page: CurrentPage, delivery_id: FromPath[str]) -> Response[bytes]:
    path = f"/v1/deliveries/{delivery_id}/agreement"
    again = f"{path}/propose" if page.value(REVISION) else path
    sent = await send(page, "POST", again, FIELDS, body_of=body_of)
    if sent.record is None:
        return await _form(page, delivery_id, sent)
    return page.redirect(f"/deliveries/{delivery_id}/agreement", done="sent")


@post("/{language:str}/deliveries/{delivery_id:str}/agreement/{move:str}", status_code=303)
async def move(page: CurrentPage, delivery_id: FromPath[str], move: FromPath[str]) -> Response[bytes]:
    """Sign the version that was shown, or drop the amendment."""
    path, version = f"/v1/deliveries/{delivery_id}/agreement", page.value("version")
    if move == "sign":
        named = {"version": whole_number(version) or 0}
        sent = await send(page, "POST", f"{path}/sign", (SIGNED_ON,), body_of=lambda typed: typed | named)
    else:
        sent = await command(page, "POST", f"{path}/drop-amendment", {})
    if sent.record is None:
        return await _shown(page, delivery_id, sent)
    return page.redirect(f"/deliveries/{delivery_id}/agreement", done="sent")


async def optional_agreement(page: Page, delivery_id: str) -> Any:
    """Return the agreement, or None before one is proposed."""
    return await page.optional(f"/v1/deliveries/{delivery_id}/agreement", unseen=ABSENT)


async def _shown(page: Page, delivery_id: str, sent: Sent) -> Response[bytes]:
    agreement = await page.api.get(f"/v1/deliveries/{delivery_id}/agreement")
    return page.render(
        "deliveries/agreement.html",
        agreement=agreement,
        field=SIGNED_ON,
        typed=page.typed or None,
        **sent.shown,
    )


async def _form(page: Page, delivery_id: str, sent: Sent) -> Response[bytes]:
    delivery = await page.api.get(f"/v1/deliveries/{delivery_id}")
    agreement = await optional_agreement(page, delivery_id)
    first: Typed = {
        "period.from": [delivery["period"]["from"]],
        "period.until": [delivery["period"]["until"]],
        "language": [page.language],
    }
    heading, back = N_("Propose an agreement"), f"/deliveries/{delivery_id}"
    if agreement:
        heading = N_("Propose an amendment") if agreement["in_force"] else N_("Propose another version")
        back = f"{back}/agreement"
    form = Form(
        heading=heading,
        back=back,
        groups=GROUPS,
        record=delivery,
        head="deliveries/head.html",
        explains=N_("The other side then signs this version, or answers with another one."),
        button=heading,
        revision=agreement["revision"] if agreement else None,
        given={"text_languages": [Option(one, OWN_NAMES[one]) for one in LANGUAGES]},
        typed=typed_of(agreement["versions"][0]) if agreement else first,
        is_open="propose" in agreement["moves"]
        if agreement
        else delivery["status"] == "open" and not delivery["agreed_at"],
    )
    return show(page, form, sent)


ROUTES = (show_agreement, show_form, propose, move)
