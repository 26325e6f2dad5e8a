"""Facts of made-up requests, from their submission to the results of their delivery, as rows of the journals."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import msgspec

from contracts import deliveries as d
from contracts import matching as m
from contracts import reference, results
from contracts import requests as r
from contracts.facts import Fact
from contracts.rankings import LineRanked, Suggestion
from contracts.summaries import PublicSummaryApproved
from contracts.values import Period

STATES = sorted(code for code, country in reference.countries().items() if country.region)
PROVIDERS = ("NOR", "JPN", "FRA", "UNODC-ROEA", "CHE", "CAN")
WINDOW = Period(starts=date(2027, 1, 1), ends=date(2027, 6, 30))
PUBLIC_SHARE = 0.3
DAYS_MAX = 200
"""Maximum number of days from the first to the last fact of a story."""

Row = tuple[Any, ...]


def stories(facts: int, first: date, last: date) -> Iterator[tuple[str, Row]]:
    """Make at least `facts` facts, each with its owner; requests begin evenly over the days."""
    chance = random.Random(0)
    written, days = 0, (last - first).days - DAYS_MAX
    while written < facts:
        begins = first + timedelta(days=days * written // facts)
        for owner, row in _story(chance, datetime.combine(begins, datetime.min.time(), UTC)):
            yield owner, row
            written += 1


def _line(chance: random.Random) -> r.Line:
    def some(codes: Sequence[str], most: int) -> tuple[str, ...]:
        return tuple(chance.sample(codes, chance.randint(1, most)))

    kind = chance.choice([code for code, term in reference.kinds().items() if not term.restricted])
    return r.Line(
        line_id=uuid4(),
        kind=kind,
        topics=some(list(reference.topics()), 3),
        articles=some(list(reference.articles()), 3),
        paragraphs=some(list(reference.paragraphs()), 2),
        pillars=some(list(reference.pillars()), 2),
        institution=chance.choice(list(reference.institutions())),
        group_size=chance.randint(5, 60),
        languages=some(("ar", "en", "es", "fr", "ru", "zh"), 2),
        modality=chance.choice(list(reference.modalities())),
        window=WINDOW,
        gender_marker=chance.randint(0, 2),
        human_rights_marker=chance.randint(0, 2),
    )


def _story(chance: random.Random, at: datetime) -> Iterator[tuple[str, Row]]:
    line, state, provider = _line(chance), chance.choice(STATES), chance.choice(PROVIDERS)
    request_id = uuid4()
    match = {
        "match_id": uuid4(),
        "request_id": request_id,
        "line_id": line.line_id,
        "state": state,
        "provider": provider,
    }
    other = {**match, "match_id": uuid4(), "provider": chance.choice(PROVIDERS)}
    delivery = {**match, "delivery_id": d.delivery_id_of(match["match_id"])}
    result = {name: delivery[name] for name in ("delivery_id", "request_id", "state", "provider")}
    result |= {"result_id": uuid4(), "indicator": "people_trained"}
    of_request = {"request_id": request_id, "state": state}
    of_match, offering_id = partial(_of, match), uuid4()
    reported: list[Fact] = [
        r.RequestSubmitted(
            **of_request,
            language=chance.choice(("en", "fr", "es")),
            visibility="public_summary",
            addressee="any",
            addressed_states=(),
            circulation_rule="granted",
            lines=(line,),
            texts_hash="h",
            submitted_at=at,
        )
    ]
    if chance.random() < PUBLIC_SHARE:
        reported.append(PublicSummaryApproved(public_summary_id=uuid4(), **of_request, approved_at=at))
    reported += [
        r.RequestRegistered(**of_request, reference="TA-1", registered_at=at),
        r.RequestOpened(**of_request, priority=chance.choice(("low", "normal", "high")), opened_at=at),
        LineRanked(
            **of_request,
            line_id=line.line_id,
            algorithm="a1",
            criteria=("topics",),
            of=(1000,),
            suggestions=(
                Suggestion(
                    match_id=match["match_id"],
                    offering_id=offering_id,
                    provider=provider,
                    offering_revision=1,
                    score=900,
                    points=(900,),
                ),
            ),
            ranked_at=at,
        ),
        m.MatchPresented(**other, offering_id=offering_id, presented_at=at),
        m.MatchDeclinedByProvider(**other, offering_id=offering_id, reason="no_capacity", declined_at=at),
        of_match(m.MatchPresented, offering_id=offering_id, presented_at=at),
        of_match(m.MatchAccepted, offering_id=offering_id, accepted_at=at),
        of_match(m.MatchConfirmed, offering_id=offering_id, confirmed_at=at, capacity_period=WINDOW),
        d.DeliveryOpened(**delivery, offering_id=offering_id, period=WINDOW, opened_at=at),
        d.DeliveryBegun(**delivery, begun_at=at),
        of_match(m.MatchBegun, offering_id=offering_id, begun_at=at),
        r.RequestStarted(**of_request, started_at=at),
        results.ResultReported(
            **result, side="provider", actual=20, measured_on=at.date(), texts_hash="h", reported_at=at
        ),
        results.ResultConfirmed(**result, confirmed_at=at),
        d.DeliveryCompleted(**delivery, completed_on=at.date(), completed_at=at),
        of_match(m.MatchCompleted, offering_id=offering_id, completed_at=at),
        r.LineFulfilmentChanged(
            **of_request,
            line_id=line.line_id,
            fulfilment="complete",
            match_id=match["match_id"],
            match_status="completed",
            changed_at=at,
        ),
        r.RequestDelivered(**of_request, delivered_at=at),
        r.RequestClosed(**of_request, outcome="met", closed_at=at),
    ]
    versions: dict[UUID, int] = {}
    for place, fact in enumerate(reported):
        time = at + timedelta(days=place * DAYS_MAX // len(reported) * chance.random(), hours=place)
        version = versions[fact.aggregate_id] = versions.get(fact.aggregate_id, 0) + 1
        yield fact.type.partition(".")[0], _row(fact, version, time)


def _of(ids: dict[str, Any], kind: type[Fact], **more: Any) -> Fact:
    return kind(**ids, **more)


def _row(fact: Fact, version: int, at: datetime) -> Row:
    event_id = uuid4()
    head = {
        "specversion": "1.0",
        "id": event_id,
        "source": f"/{fact.type.partition('.')[0]}",
        "type": fact.type,
        "subject": f"{fact.aggregate}/{fact.aggregate_id}",
        "time": at,
        "aggregateversion": version,
        "correlationid": "bench",
        "datacontenttype": "application/json",
        "data": fact,
    }
    event = msgspec.json.encode(head).decode()
    return event_id, fact.aggregate, fact.aggregate_id, version, fact.type, at, event
