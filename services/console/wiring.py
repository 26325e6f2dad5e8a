"""Assembly of the console."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import cast

from chassis import clock
from chassis.auth.openid import OpenId
from chassis.auth.tokens import Issuer
from chassis.http.asgi import Application
from chassis.keys.file import read_or_create
from chassis.service import Running, Service
from chassis.settings import Settings
from chassis.supervise import Loop, every
from services.console.activities import pages as activities
from services.console.allocations import pages as allocations
from services.console.application import application
from services.console.approvals import pages as approvals
from services.console.calendar import pages as calendar
from services.console.client import http_client
from services.console.cohorts import pages as cohorts
from services.console.consumers import HANDLERS, forget
from services.console.contributions import CONTRIBUTIONS
from services.console.criteria import pages as criteria
from services.console.deliveries import (
    action_point_pages,
    follow_up_pages,
    result_pages,
    screening_pages,
    session_pages,
)
from services.console.deliveries import pages as deliveries
from services.console.demand import pages as demand
from services.console.drafting import pages as drafting
from services.console.edge import PageEdge
from services.console.experts import pages as experts
from services.console.extensions import EXTENSIONS
from services.console.figures import pages as figures
from services.console.funds import pages as funds
from services.console.home import pages as home
from services.console.imports import pages as imports
from services.console.intake import pages as intake
from services.console.joint_deliveries import pages as joint_deliveries
from services.console.ledger import pages as ledger
from services.console.legislation import check_pages, gap_pages, proposal_pages
from services.console.legislation import pages as legislation
from services.console.legislation_check import pages as legislation_check
from services.console.live import pages as live
from services.console.match_link import pages as match_link
from services.console.matches import compare, nominate
from services.console.matches import pages as matches
from services.console.meetings import pages as meetings
from services.console.moves.records import routes_of
from services.console.needs import pages as needs
from services.console.notifications import pages as notifications
from services.console.offerings import pages as offerings
from services.console.outreach import OUTREACH
from services.console.packages import pages as packages
from services.console.page import Console
from services.console.parked import pages as parked
from services.console.people import pages as people
from services.console.pledges import pages as pledges
from services.console.pledges.new import given_funds
from services.console.practices import pages as practices
from services.console.public import pages as public
from services.console.public.copies import FOLLOWED, Copies
from services.console.reports import pages as reports
from services.console.requests import pages as requests
from services.console.review_progress import pages as review_progress
from services.console.rounds import pages as rounds
from services.console.search import pages as search
from services.console.sessions.sealing import Sealer, new_cookie
from services.console.sessions.store import Sessions
from services.console.sherloc_contributions import pages as sherloc_contributions
from services.console.sign_in import pages as sign_in
from services.console.statement import pages as statement
from services.console.strategies import pages as strategies
from services.console.work import assign, queue, views
from services.console.work import pages as work
from services.console.years import pages as years

FORGET_SECONDS = 600.0
ROUTES = (
    *home.ROUTES,
    *sign_in.ROUTES,
    *requests.ROUTES,
    *drafting.ROUTES,
    *matches.ROUTES,
    *compare.ROUTES,
    *nominate.ROUTES,
    *work.ROUTES,
    *assign.ROUTES,
    *views.ROUTES,
    *queue.ROUTES,
    *figures.ROUTES,
    *reports.ROUTES,
    *live.ROUTES,
    *intake.ROUTES,
    *calendar.ROUTES,
    *criteria.ROUTES,
    *cohorts.ROUTES,
    *rounds.ROUTES,
    *offerings.ROUTES,
    *demand.ROUTES,
    *funds.ROUTES,
    *pledges.ROUTES,
    *needs.ROUTES,
    *approvals.ROUTES,
    *allocations.ROUTES,
    *activities.ROUTES,
    *routes_of(CONTRIBUTIONS, given=given_funds),
    *ledger.ROUTES,
    *years.ROUTES,
    *statement.ROUTES,
    *public.ROUTES,
    *notifications.ROUTES,
    *search.ROUTES,
    *deliveries.ROUTES,
    *session_pages.ROUTES,
    *result_pages.ROUTES,
    *action_point_pages.ROUTES,
    *screening_pages.ROUTES,
    *follow_up_pages.ROUTES,
    *strategies.ROUTES,
    *legislation_check.ROUTES,
    *match_link.ROUTES,
    *experts.ROUTES,
    *sherloc_contributions.ROUTES,
    *practices.ROUTES,
    *legislation.ROUTES,
    *routes_of(EXTENSIONS),
    *routes_of(OUTREACH),
    *review_progress.ROUTES,
    *check_pages.ROUTES,
    *proposal_pages.ROUTES,
    *gap_pages.ROUTES,
    *meetings.ROUTES,
    *packages.ROUTES,
    *joint_deliveries.ROUTES,
    *imports.ROUTES,
    *people.ROUTES,
    *parked.ROUTES,
)


def pages(running: Running, api: Application, elsewhere: Mapping[str, str] | None) -> Application:
    """Return the pages in front of `api`, the API of this process, or of services with addresses of their own."""
    settings = running.settings
    console = Console(
        settings=settings,
        sessions=running.own.sessions,
        copies=running.own.copies,
        http=http_client(elsewhere, api),
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
    """Return the client of the issuer, or None with the embedded one."""
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


@dataclass(frozen=True)
class Own:
    """What pages and loops share."""

    sessions: Sessions
    copies: Copies


def own(running: Running) -> Own:
    settings = running.settings
    key = settings.session_key or read_or_create(settings.state / "session.key", new_cookie)
    return Own(Sessions(running.db, Sealer(key), timedelta(hours=settings.session_hours)), Copies())


async def forget_ended(sessions: Sessions) -> None:
    await sessions.forget_ended(now=clock.now())


def loops(running: Running) -> Mapping[str, Loop]:
    return {
        "ended sessions": partial(every, FORGET_SECONDS, partial(forget_ended, running.own.sessions)),
        "public copies": partial(running.own.copies.follow, running.bus),
    }


SERVICE = Service(
    name="console",
    folder=Path(__file__).parent,
    publishes=False,
    listens_to=("directory",),
    follows=FOLLOWED,
    handlers=HANDLERS,
    loops=loops,
    texts=("session", "started_sign_in", "kept_form"),
    forget=forget,
    own=own,
    pages=pages,
)
