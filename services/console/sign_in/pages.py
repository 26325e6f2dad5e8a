"""Sign-in at the issuer, choice of the appointment to act in, and sign-out."""

from collections.abc import Sequence
from typing import Any

import msgspec
import structlog
from litestar import Response, get, post

from chassis import clock
from chassis.auth.openid import StartedSignIn
from contracts.reference.refusal_words import refusal_parts, words_of
from contracts.refusals import Refusal, Unavailable
from services.console.client import ApiUnavailable, Problem
from services.console.page import FOR_EVERYBODY, CurrentPage, Page, local_path, see_other
from services.console.sessions.model import Appointment, HeldTokens, Session, StartedHere
from services.console.sign_in import recent_sign_in
from services.console.sign_in.personas import Persona, personas
from services.console.sign_in.session_start import begin_session
from services.console.sign_in.tokens import held_tokens

CALLBACK = "/signed-in"
log = structlog.get_logger()


@get("/{language:str}/sign-in", opt=FOR_EVERYBODY)
async def show_sign_in(page: CurrentPage) -> Response[bytes]:
    """Show the people to sign in as, or, without the embedded issuer, a button that leads to the issuer's page."""
    after = local_path(page.asked("after", "/"))
    if page.session is not None and page.session.acting is None:
        return page.redirect("/appointment", after=after)
    if page.console.issuer is not None:
        return page.render("sign_in/personas.html", groups=personas(page.language), after=after)
    failed = page.asked("failed")
    # An address may name any refusal.
    reasons = {*refusal_parts()["sign_in"], "sign-in-too-weak", "token-invalid"}
    why = words_of(failed, page.language) if failed in reasons else None
    return page.render("sign_in/sign_in.html", after=after, failed=failed, why=why)


@get("/{language:str}/sign-in/begin", opt=FOR_EVERYBODY)
async def begin_sign_in(page: CurrentPage) -> Response[bytes]:
    """Send the browser to the issuer; only this browser can bring the answer back. `again` asks for a new sign-in."""
    console = page.console
    if console.openid is None:
        return page.redirect("/sign-in")
    after = local_path(page.asked("after", "/"))
    try:
        max_age = console.settings.sign_in_again_seconds if page.asked("again") else None
        started = await console.openid.begin(_callback(page), max_age=max_age)
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
        max_age=started.max_age,
    )
    cookie = await console.sessions.begin_sign_in(here, now=clock.now())
    page.cookies.append(console.cookie(console.sign_in_cookie, cookie, seconds=900))
    return see_other(started.address, cookies=page.cookies)


@get(CALLBACK, opt=FOR_EVERYBODY)
async def finish_sign_in(page: CurrentPage) -> Response[bytes]:
    """Exchange the issuer's answer for tokens, and begin a session under a new cookie."""
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
                max_age=started.max_age,
            ),
            page.request.url.query,
        )
    except Unavailable as error:
        raise ApiUnavailable("issuer") from error
    except Refusal as refusal:
        return _failed(page, refusal.slug, started.after, **refusal.details)
    issuer, at, held = console.settings.issuer, tokens.signed_in_at, held_tokens(tokens)
    try:
        return await begin_session(page, held, tokens.access_token, issuer, started.after, signed_in_at=at)
    except Problem as error:
        if error.status != 401:
            raise
        return _failed(page, error.slug, started.after)


def _failed(page: Page, slug: str, after: str, **details: Any) -> Response[bytes]:
    """Redirect to the page that says why, and log it: with another issuer it is mostly a wrong setting."""
    log.warning("sign-in failed", slug=slug, **details)
    return page.redirect("/sign-in", failed=slug, after=after)


@post("/{language:str}/sign-in/step-into", opt=FOR_EVERYBODY, status_code=303)
async def step_into(page: CurrentPage) -> Response[bytes]:
    """Sign in as a person of the sample world, which only the embedded issuer allows."""
    issuer = page.console.issuer
    persona = _persona(page.value("person"))
    if issuer is None or persona is None:
        return page.redirect("/sign-in")
    subject = str(persona.person_id)
    after = local_path(page.value("after") or "/")
    tokens = HeldTokens(subject=subject)
    token, now = issuer.token(subject), clock.now()
    return await begin_session(page, tokens, token, issuer.issuer, after, signed_in_at=now, acting=persona.appointment)


@get("/{language:str}/appointment", opt=FOR_EVERYBODY)
async def choose_appointment(page: CurrentPage) -> Response[bytes]:
    """Show the appointments of the person, and in which of them they act."""
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
    *recent_sign_in.ROUTES,
    choose_appointment,
    act_in,
    sign_out,
)
