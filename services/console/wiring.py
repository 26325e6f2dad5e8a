"""Assemble the console."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import cast
from uuid import UUID

from chassis import clock, erasure
from chassis.auth.openid import OpenId
from chassis.auth.tokens import Issuer
from chassis.db.database import Tx
from chassis.http.edge import Application
from chassis.keys.file import read_or_create
from chassis.service import Running, Service
from chassis.settings import Settings
from chassis.supervise import Loop, every
from contracts.directory import PersonErased
from contracts.facts import Event
from services.console.application import application
from services.console.client import http_client
from services.console.cohorts import pages as cohorts
from services.console.edge import PageEdge
from services.console.home import pages as home
from services.console.intake import pages as intake
from services.console.live import pages as live
from services.console.page import Console
from services.console.requests import pages as requests
from services.console.rounds import pages as rounds
from services.console.sessions.sealing import Sealer, new_cookie
from services.console.sessions.store import Sessions
from services.console.sign_in import pages as sign_in
from services.console.work import assign, views
from services.console.work import pages as work

FORGET_SECONDS = 600.0
ROUTES = (
    *home.ROUTES,
    *sign_in.ROUTES,
    *requests.ROUTES,
    *work.ROUTES,
    *assign.ROUTES,
    *views.ROUTES,
    *live.ROUTES,
    *intake.ROUTES,
    *cohorts.ROUTES,
    *rounds.ROUTES,
)


def pages(running: Running, api: Application) -> Application:
    """The pages in front of `api`, the API of this process; it is called over HTTP if its address is set."""
    settings = running.settings
    console = Console(
        settings=settings,
        sessions=running.own,
        http=http_client(settings.api_url, api),
        issuer=Issuer.load(settings.state / "issuer.jwk", settings.issuer) if settings.keys is None else None,
        openid=openid(settings),
    )
    return PageEdge(
        cast(Application, application(console, ROUTES)),
        api,
        trusted_proxies=settings.trusted_proxies,
        only_https=console.secure,
    )


def openid(settings: Settings) -> OpenId | None:
    """The client of the issuer; None with the embedded one."""
    if settings.keys is None or settings.client_id is None:
        return None
    return OpenId(
        settings.issuer,
        settings.client_id,
        secret=settings.client_secret,
        algorithm=settings.algorithm,
        scope=settings.sign_in_scope,
        strengths=settings.strengths,
        resource=settings.sign_in_resource,
        audience=settings.sign_in_audience,
    )


def own(running: Running) -> Sessions:
    settings = running.settings
    key = settings.session_key or read_or_create(settings.state / "session.key", new_cookie)
    return Sessions(running.db, Sealer(key))


async def forget_ended(sessions: Sessions) -> None:
    await sessions.forget_ended(now=clock.now())


def loops(running: Running) -> Mapping[str, Loop]:
    return {"ended sessions": partial(every, FORGET_SECONDS, partial(forget_ended, running.own))}


async def forget(tx: Tx, person_id: UUID, because: Event | None = None) -> dict[str, int]:
    """Delete what names an erased person: here their sessions."""
    dropped = await erasure.forget(tx, person_id, because)
    ended = await tx.execute("DELETE FROM session WHERE person_id = $1", person_id)
    return {**dropped, "session": int(ended.split()[-1])}


SERVICE = Service(
    name="console",
    folder=Path(__file__).parent,
    publishes=False,
    listens_to=("directory",),
    handlers={PersonErased: erasure.handler_of(forget)},
    loops=loops,
    texts=("session", "started_sign_in"),
    forget=forget,
    own=own,
    pages=pages,
)
