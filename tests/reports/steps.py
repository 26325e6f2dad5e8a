"""Steps of tests about figures: facts of the owners on given days, and figures as callers read them."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import httpx

from chassis.db.database import Database
from chassis.journal.inbox import Inbox, Outcome
from contracts import deliveries as d
from contracts import matching as m
from contracts import requests as r
from contracts import results, sessions
from contracts.facts import Event, Fact
from contracts.rankings import LineRanked, Suggestion
from contracts.summaries import PublicSummaryApproved
from contracts.values import Period
from services.reports.consumers import HANDLERS
from services.reports.figures.counting import Cell, Row, items
from services.reports.figures.model import NONE, TOTAL
from services.reports.wiring import SERVICE, fold_arrived
from tests.builders import NOON, an_event, headers

Client = httpx.AsyncClient
COORDINATOR, AUDITOR = "UNODC:coordinator", "UNODC:auditor"
KENYA, OFFICIAL = "KEN:focal_point", "KEN:official"
FIRST = date(2026, 3, 1)
STATES = ("UGA", "TZA", "RWA", "ETH", "GHA", "SEN", "MLI")
"""States that publish, in turn: the public sees no number of fewer than five."""

WINDOW = Period(starts=date(2027, 2, 1), ends=date(2027, 6, 30))


def on(days: int) -> datetime:
    """Return noon of the day that is this number of days after 1 March 2026."""
    return datetime.combine(FIRST, NOON.timetz()) + timedelta(days=days)


def a_line(**changes: Any) -> r.Line:
    values: dict[str, Any] = {
        "line_id": uuid4(),
        "kind": "mla_training",
        "topics": ("mutual_legal_assistance",),
        "articles": ("UNTOC:18",),
        "paragraphs": ("I.k",),
        "pillars": ("pursue",),
        "institution": "central_authority",
        "group_size": 25,
        "languages": ("en",),
        "modality": "in_person",
        "window": WINDOW,
        "gender_marker": 1,
        "human_rights_marker": 0,
    }
    return r.Line(**values | changes)


def a_submission(*lines: r.Line, state: str = "KEN", **changes: Any) -> r.RequestSubmitted:
    values: dict[str, Any] = {
        "request_id": uuid4(),
        "state": state,
        "language": "en",
        "visibility": "public_summary",
        "addressee": "any",
        "addressed_states": (),
        "circulation_rule": "granted",
        "lines": lines or (a_line(),),
        "texts_hash": "h",
        "submitted_at": NOON,
    }
    return r.RequestSubmitted(**values | changes)


def approval(request: r.RequestSubmitted, public_summary_id: UUID | None = None) -> PublicSummaryApproved:
    return PublicSummaryApproved(
        public_summary_id=public_summary_id or uuid4(),
        request_id=request.request_id,
        state=request.state,
        approved_at=NOON,
    )


def of_request(kind: type[Fact], request: r.RequestSubmitted, at: str, **more: Any) -> Fact:
    return kind(request_id=request.request_id, state=request.state, **{at: NOON}, **more)


def a_ranking(request: r.RequestSubmitted, line: r.Line) -> LineRanked:
    suggestion = Suggestion(
        match_id=uuid4(), offering_id=uuid4(), provider="NOR", offering_revision=1, score=900, points=(900,)
    )
    return LineRanked(
        line_id=line.line_id,
        request_id=request.request_id,
        state=request.state,
        algorithm="a1",
        criteria=("topics",),
        of=(1000,),
        suggestions=(suggestion,),
        ranked_at=NOON,
    )


class AMatch:
    """Facts of a match of a line with an offering, of Norway if no provider is given."""

    def __init__(self, request: r.RequestSubmitted, line: r.Line, provider: str = "NOR") -> None:
        self.ids: dict[str, Any] = {
            "match_id": uuid4(),
            "request_id": request.request_id,
            "line_id": line.line_id,
            "state": request.state,
            "provider": provider,
        }
        self.offering_id = uuid4()

    def fact(self, kind: type[Fact], at: str, **more: Any) -> Fact:
        return kind(**self.ids, offering_id=self.offering_id, **{at: NOON}, **more)

    @property
    def presented(self) -> Fact:
        return self.fact(m.MatchPresented, "presented_at")

    def declined(self, reason: str) -> Fact:
        return self.fact(m.MatchDeclinedByProvider, "declined_at", reason=reason)

    @property
    def delivery_id(self) -> UUID:
        return d.delivery_id_of(self.ids["match_id"])

    @property
    def opened(self) -> Fact:
        ids = {**self.ids, "delivery_id": self.delivery_id, "offering_id": self.offering_id}
        return d.DeliveryOpened(**ids, period=WINDOW, opened_at=NOON)

    def delivery(self, kind: type[Fact], at: str, **more: Any) -> Fact:
        return kind(**self.ids, delivery_id=self.delivery_id, **{at: NOON}, **more)


def a_session(*deliveries: UUID, states: tuple[str, ...] = ("KEN",)) -> dict[str, Any]:
    """Return the fields that each fact of a session has."""
    return {"session_id": uuid4(), "deliveries": deliveries, "states": states, "provider": "NOR"}


def planned(ids: dict[str, Any], **more: Any) -> sessions.SessionPlanned:
    words = {"modality": "online", "languages": ("fr",), "texts_hash": "h", "planned_at": NOON}
    return sessions.SessionPlanned(**ids, **words, starts=WINDOW.starts, ends=WINDOW.ends, **more)


class Owners:
    """Publishes facts of the other services to the reports service."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.inbox = Inbox(db, "reports", SERVICE.listens_to, HANDLERS)
        self._versions: dict[UUID, int] = {}

    def event(self, fact: Fact, at: datetime) -> Event:
        version = self._versions[fact.aggregate_id] = self._versions.get(fact.aggregate_id, 0) + 1
        return an_event(fact, version, time=at)

    async def tell(self, *facts: Fact, day: int = 0) -> None:
        """Announce facts a number of days after 1 March 2026, and fold them."""
        for fact in facts:
            assert await self.inbox.receive(self.event(fact, on(day))) is Outcome.APPLIED
        await fold_arrived(self.db)

    async def submit(self, many: int, *, day: int = 0, public: bool = False, **changes: Any) -> None:
        """Submit many requests of one line each, with these codes; public ones of several States in turn."""
        states = (changes.pop("state"),) if "state" in changes else STATES if public else ("KEN",)
        for number in range(many):
            request = a_submission(a_line(**changes), state=states[number % len(states)])
            await self.tell_unfolded(request, day=day)
            if public:
                await self.tell_unfolded(approval(request), day=day)
        await fold_arrived(self.db)

    async def tell_unfolded(self, fact: Fact, *, day: int = 0) -> None:
        assert await self.inbox.receive(self.event(fact, on(day))) is Outcome.APPLIED


async def counted_people(owners: Owners, *, day: int = 0, **people: int) -> None:
    """Report people trained by a delivery of its own request for each kind of assistance."""
    for kind, number in people.items():
        line = a_line(kind=kind)
        request = a_submission(line)
        match = AMatch(request, line)
        ids = {"delivery_id": match.delivery_id, "request_id": request.request_id, "state": "KEN", "provider": "NOR"}
        report = {"side": "provider", "measured_on": FIRST, "texts_hash": "h", "reported_at": NOON}
        result = {"result_id": uuid4(), "indicator": "people_trained"}
        await owners.tell(
            request, match.opened, results.ResultReported(**ids, **result, **report, actual=number), day=day
        )


async def asked(api: Client, figure: str, who: str = COORDINATOR, *, public: bool = False, **query: Any) -> Any:
    """Request a figure as a caller, or as the public."""
    path = f"/v1/public/figures/{figure}" if public else f"/v1/figures/{figure}"
    params = {name: value for name, value in query.items() if value is not None}
    return await api.get(path, params=params, headers={} if public else headers(who))


async def shown(api: Client, figure: str, who: str = COORDINATOR, **query: Any) -> dict[str, Any]:
    answer = await asked(api, figure, who, **query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def numbers(api: Client, figure: str, who: str = COORDINATOR, **query: Any) -> dict[str, int | None]:
    """Return the number of each value."""
    return {cell["value"]: cell["number"] for cell in (await shown(api, figure, who, **query))["cells"]}


def summed(groups: Iterable[Iterable[Row]], figure: str, by: str, as_of: date) -> dict[Cell, list[int]]:
    """Return the cells of one figure over these groups as of a day, summed step by step."""
    found: dict[Cell, list[int]] = {}
    for rows in groups:
        for item in items(rows):
            if item.figure == figure:
                values = (NONE,) if by == TOTAL else item.codes[by]
                for value, step in product(values, item.steps):
                    if step.day <= as_of:
                        cell = found.setdefault((value, step.status, step.bucket), [0, 0])
                        cell[0] += step.records
                        cell[1] += step.amount
    return {cell: change for cell, change in found.items() if any(change)}


def day(days: int) -> str:
    return on(days).astimezone(UTC).date().isoformat()


TABLES: Sequence[str] = ("record", "freshness")
