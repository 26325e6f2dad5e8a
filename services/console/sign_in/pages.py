"""Signing in at the issuer, choosing the appointment to act in, and signing out."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post

from chassis import clock
from chassis.auth.openid import StartedSignIn
from contracts.refusals import Refusal, Unavailable
from services.console.client import ApiClient, ApiUnavailable, Problem
from services.console.page import FOR_EVERYBODY, Console, CurrentPage, Page, local_path, see_other
from services.console.sessions.model import Appointment, Held, HeldTokens, Session, StartedHere, appointments_of
from services.console.sign_in.personas import Persona, personas
from services.console.sign_in.tokens import held_tokens

CALLBACK = "/signed-in"


@get("/{language:str}/sign-in", opt=FOR_EVERYBODY)
async def show_sign_in(page: CurrentPage) -> Response[bytes]:
    """With the embedded issuer: whose place to step into. With another: the issuer's page, by a button."""
    after = local_path(page.asked("after", "/"))
    if page.session is not None and page.session.acting is None:
        return page.redirect("/appointment", after=after)
    if page.console.issuer is not None:
        return page.render("sign_in/personas.html", groups=personas(page.language), after=after)
    return page.render("sign_in/sign_in.html", after=after, failed=page.asked("failed"))


@get("/{language:str}/sign-in/begin", opt=FOR_EVERYBODY)
async def begin_sign_in(page: CurrentPage) -> Response[bytes]:
    """Send the browser to the issuer; only this browser can bring the answer back."""
    console = page.console
    if console.openid is None:
        return page.redirect("/sign-in")
    after = local_path(page.asked("after", "/"))
    try:
        started = await console.openid.begin(_callback(page))
    except Unavailable as error:
        raise ApiUnavailable("issuer") from error
    here = StartedHere(
        address=started.address,
        redirect_uri=started.redirect_uri,
        state=started.state,
        nonce=started.nonce,
        verifier=started.verifier,
        language=page.language,
        after=after,
    )
    cookie = await console.sessions.begin_sign_in(here, now=clock.now())
    page.cookies.append(console.cookie(console.sign_in_cookie, cookie, seconds=900))
    return see_other(started.address, cookies=page.cookies)


@get(CALLBACK, opt=FOR_EVERYBODY)
async def finish_sign_in(page: CurrentPage) -> Response[bytes]:
    """The issuer's answer: exchange it for tokens, and begin a session under a new cookie."""
    console = page.console
    cookie = page.request.cookies.get(console.sign_in_cookie)
    started = await console.sessions.take_sign_in(cookie, now=clock.now()) if cookie else None
    if console.openid is None or started is None:
        return page.redirect("/sign-in", failed="sign-in-not-asked")
    page.language = started.language
    try:
        tokens = await console.openid.finish(
            StartedSignIn(
                address=started.address,
                redirect_uri=started.redirect_uri,
                state=started.state,
                nonce=started.nonce,
                verifier=started.verifier,
            ),
            page.request.url.query,
        )
    except Unavailable as error:
        raise ApiUnavailable("issuer") from error
    except Refusal as refusal:
        return page.redirect("/sign-in", failed=refusal.slug, after=started.after)
    return await enter(page, held_tokens(tokens), tokens.access_token, console.settings.issuer, started.after)


@post("/{language:str}/sign-in/step-into", opt=FOR_EVERYBODY, status_code=303)
async def step_into(page: CurrentPage) -> Response[bytes]:
    """Step into the place of a person of the sample world: only beside the embedded issuer."""
    issuer = page.console.issuer
    persona = _persona(page.value("person"))
    if issuer is None or persona is None:
        return page.redirect("/sign-in")
    subject = str(persona.person_id)
    after = local_path(page.value("after") or "/")
    tokens = HeldTokens(subject=subject)
    return await enter(page, tokens, issuer.token(subject), issuer.issuer, after, acting=persona.appointment)


async def enter(
    page: Page, tokens: HeldTokens, access_token: str, issuer: str, after: str, *, acting: str | None = None
) -> Response[bytes]:
    """Begin a session of a person whom the API knows, end the one before, and go where they wanted to."""
    console = page.console
    try:
        me = await who_is(console, page, access_token, acting)
    except Problem as error:
        if error.status == 403:
            return page.render("sign_in/unknown.html", status=403, problem=error)
        raise
    appointments = tuple(appointments_of(me))
    chosen = acting or (appointments[0].name if len(appointments) == 1 else None)
    held = Held(tokens=tokens, name=me["name"] or "", acting=chosen, appointments=appointments)
    if page.session is not None:
        await console.sessions.end(page.session.cookie)
    session = await console.sessions.create(issuer, UUID(me["person_id"]), held, now=clock.now())
    page.cookies.append(console.cookie(console.session_cookie, session.cookie))
    if chosen is None:
        return page.redirect("/appointment", after=after)
    return page.redirect("") if after == "/" else see_other(after, cookies=page.cookies)


async def who_is(console: Console, page: Page, access_token: str, acting: str | None) -> dict[str, Any]:
    """The answer of `/v1/me`; a person with several appointments is asked for in the first of those it names."""
    client = ApiClient(console.http, token=access_token, acting=acting, language=page.language)
    try:
        return dict(await client.get("/v1/me"))
    except Problem as error:
        held = error.details.get("held")
        if error.slug != "appointment-not-named" or not held:
            raise
        client = ApiClient(console.http, token=access_token, acting=str(held[0]), language=page.language)
        return dict(await client.get("/v1/me"))


@get("/{language:str}/appointment", opt=FOR_EVERYBODY)
async def choose_appointment(page: CurrentPage) -> Response[bytes]:
    """My appointments, and in which of them I act."""
    if page.session is None:
        return page.redirect("/sign-in")
    return page.render("sign_in/appointment.html", after=local_path(page.asked("after", "/")))


@post("/{language:str}/appointment", opt=FOR_EVERYBODY, status_code=303)
async def act_in(page: CurrentPage) -> Response[bytes]:
    session = page.session
    if session is None:
        return page.redirect("/sign-in")
    wanted = _appointment(session, page.value("appointment"))
    if wanted is not None:
        await page.console.sessions.change(session, msgspec.structs.replace(session.held, acting=wanted.name))
    after = local_path(page.value("after") or "/")
    return page.redirect("") if after == "/" else see_other(after)


@post("/{language:str}/sign-out", opt=FOR_EVERYBODY, status_code=303)
async def sign_out(page: CurrentPage) -> Response[bytes]:
    """End this session, or all sessions of the person."""
    console = page.console
    if page.session is not None:
        if page.value("everywhere"):
            await console.sessions.end_all(page.session)
        else:
            await console.sessions.end(page.session.cookie)
    page.cookies.append(console.cookie(console.session_cookie, "", seconds=0))
    return page.redirect("")


def _callback(page: Page) -> str:
    settings = page.console.settings
    base = settings.public_url or f"http://{settings.host}:{settings.port}"
    return base.rstrip("/") + CALLBACK


def _persona(given: str) -> Persona | None:
    every: Sequence[Persona] = [one for group in personas("en") for one in group.people]
    return next((one for one in every if f"{one.person_id} {one.appointment}" == given), None)


def _appointment(session: Session, name: str) -> Appointment | None:
    return next((one for one in session.held.appointments if one.name == name), None)


ROUTES = (
    show_sign_in,
    begin_sign_in,
    finish_sign_in,
    step_into,
    choose_appointment,
    act_in,
    sign_out,
)
