"""The audience of a request and the reasons for it, and the consents of its State."""

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from services.console.fields import Field, FormError, read
from services.console.moves.forms import NOTHING, Sent, command, outcome, wrong
from services.console.moves.model import COMMENT
from services.console.page import CurrentPage, Page
from services.console.translations import N_

RECIPIENTS = Field(
    name="recipients",
    label=N_("Who may see it"),
    kind="choices",
    required=False,
    options=(("providers", N_("All providers")), ("unodc_units", N_("Units of UNODC"))),
    value=["providers"],
)
ONE_STATE = Field(
    name="one_state",
    label=N_("Or only one State as provider"),
    kind="choice",
    required=False,
    options="countries",
    hint=N_("To name several, give a consent for each."),
)
SETS = Field(
    name="fields",
    label=N_("What they may see"),
    kind="choices",
    options=(
        ("codes", N_("Kind, topics and dates")),
        ("words", N_("Your texts")),
        ("institution", N_("The institution")),
    ),
    value=["codes", "words"],
)
STARTS = Field(name="starts_at", label=N_("From"), kind="date", required=False, hint=N_("Empty: from now on."))
ENDS = Field(
    name="ends_at", label=N_("Until"), kind="date", required=False, hint=N_("Empty: until you withdraw the consent.")
)
FIELDS = (RECIPIENTS, ONE_STATE, SETS, STARTS, ENDS, COMMENT)
NONE_CHOSEN = N_("Choose who may see it")


@get("/{language:str}/requests/{request_id:str}/audience")
async def show_audience(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    """Show who may see a request, why and since when, who has read it, and what the State agreed to."""
    request, audience = await page.api.get_all(f"/v1/requests/{request_id}", f"/v1/requests/{request_id}/audience")
    return page.render("requests/audience.html", request=request, audience=audience)


@get("/{language:str}/requests/{request_id:str}/consent")
async def ask_consent(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    """Show the form of a consent; with `check` in the address, show who would see the request before it is given."""
    if not page.asked("check"):
        return await _form(page, request_id)
    typed = {name: page.asked_all(name) for name in page.request.query_params}
    body, errors = body_of(typed)
    if errors:
        return await _form(page, request_id, wrong(*errors), typed)
    return await _check(page, request_id, typed, body)


@post("/{language:str}/requests/{request_id:str}/consent", status_code=303)
async def give_consent(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    body, errors = body_of(page.typed)
    sent = wrong(*errors)
    if not errors:
        sent = await command(page, "POST", f"/v1/requests/{request_id}/consents", body, FIELDS)
    if sent.errors:
        return await _form(page, request_id, sent, page.typed)
    return page.redirect(f"/requests/{request_id}/audience", done="consent_given")


@get("/{language:str}/requests/{request_id:str}/consents/{consent_id:str}/withdraw")
async def ask_withdrawal(page: CurrentPage, request_id: FromPath[str], consent_id: FromPath[str]) -> Response[bytes]:
    return await _withdrawal(page, request_id, consent_id)


@post("/{language:str}/requests/{request_id:str}/consents/{consent_id:str}/withdraw", status_code=303)
async def withdraw_consent(page: CurrentPage, request_id: FromPath[str], consent_id: FromPath[str]) -> Response[bytes]:
    sent = await command(page, "DELETE", f"/v1/requests/{request_id}/consents/{consent_id}")
    if sent.errors:
        return await _withdrawal(page, request_id, consent_id, sent)
    return page.redirect(f"/requests/{request_id}/audience", done="consent_withdrawn")


def body_of(
    typed: Mapping[str, Sequence[str]], fields: Sequence[Field] = FIELDS
) -> tuple[dict[str, Any], tuple[FormError, ...]]:
    """Read the consent that was typed."""
    found = read(fields, typed)
    body, errors = found.body, found.errors
    one_state = body.pop("one_state", None)
    body["recipients"] = [*body.get("recipients", ()), *([one_state] if one_state else ())]
    if not body["recipients"]:
        errors = (*errors, FormError("recipients", NONE_CHOSEN))
    # A day begins and ends in UTC, as the clocks of the API do.
    for name, time in (("starts_at", "T00:00:00Z"), ("ends_at", "T23:59:59Z")):
        if name in body:
            body[name] += time
    return body, errors


async def _form(
    page: Page, request_id: str, sent: Sent = NOTHING, typed: Mapping[str, Sequence[str]] | None = None
) -> Response[bytes]:
    request = await page.api.get(f"/v1/requests/{request_id}")
    return page.render(
        "requests/consent.html",
        request=request,
        fields=FIELDS,
        typed=typed or None,
        is_open="consent" in request["moves"],
        **sent.shown,
    )


async def _check(
    page: Page, request_id: str, typed: Mapping[str, Sequence[str]], body: Mapping[str, Any]
) -> Response[bytes]:
    consented = ",".join(body["recipients"])
    asked = await outcome(page.api.read(f"/v1/requests/{request_id}/audience", if_consented=consented))
    if asked.errors:
        return await _form(page, request_id, asked, typed)
    request = await page.api.get(f"/v1/requests/{request_id}")
    again = {name: values for name, values in typed.items() if name != "check"}
    return page.render(
        "requests/consent_check.html",
        request=request,
        body=body,
        admissions=[foreseen(one, body) for one in asked.record["admissions"]],
        typed=again,
    )


def foreseen(admission: Mapping[str, Any], body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an admission with the fields and period of this consent: the API foresees it for the recipients alone."""
    if admission["door"] != "consent" or admission["who"] not in body["recipients"]:
        return admission
    terms = {"since": body.get("starts_at", admission["since"]), "until": body.get("ends_at")}
    return {**admission, **terms, "fields": body["fields"]}


async def _withdrawal(page: Page, request_id: str, consent_id: str, sent: Sent = NOTHING) -> Response[bytes]:
    request = await page.api.get(f"/v1/requests/{request_id}")
    consent = next((one for one in request.get("consents", ()) if one["consent_id"] == consent_id), None)
    return page.render("requests/withdraw_consent.html", request=request, consent=consent, **sent.shown)


ROUTES = (show_audience, ask_consent, give_consent, ask_withdrawal, withdraw_consent)
