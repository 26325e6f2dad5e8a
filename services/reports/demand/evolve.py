"""Fold facts into rows of demand and supply, with a function for each fact. Other facts only change the version."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from msgspec.structs import replace

from contracts import deliveries as d
from contracts import effects, offerings, results, sessions, summaries
from contracts import matching as m
from contracts import requests as r
from contracts.conversion import from_attributes
from contracts.facts import Fact
from contracts.rankings import LineRanked
from services.reports.demand.model import (
    ENDED,
    Attendance,
    DeliveryRow,
    EffectRow,
    LineRow,
    MatchRow,
    Move,
    OfferingRow,
    RankingRow,
    Report,
    RequestRow,
    ResultRow,
    SessionRow,
    SummaryRow,
    moved,
)

Evolve = Callable[[Any, Any, date], Any]
"""`(row, fact, day)`: returns the row after the fact; None before the first fact that counts."""

CIRCULATION = {"granted": "granted", "silence": "window_running"}


# -- requests ---------------------------------------------------------------------------------------------------------


def line_status(request_status: str, fulfilment: str) -> str:
    """Return the status of a line, from its request's status and its own fulfilment."""
    if fulfilment == "complete":
        return "complete"
    ended = request_status in ENDED or request_status.startswith("closed")
    if fulfilment != "none":
        return "partly_met" if ended else fulfilment
    return "unmet" if ended else "open"


def _to(row: RequestRow | None, status: str, day: date, **changes: Any) -> RequestRow | None:
    """Return the request in a status, with its lines."""
    if row is None:
        return None
    lines = tuple(replace(one, moves=moved(one.moves, line_status(status, one.fulfilment), day)) for one in row.lines)
    return replace(row, moves=moved(row.moves, status, day), lines=lines, **changes)


def _in(status: str) -> Evolve:
    return lambda row, _fact, day: _to(row, status, day)


def _submitted(row: RequestRow | None, fact: r.RequestSubmitted, day: date) -> RequestRow | None:
    before = {one.line_id: one for one in row.lines} if row else {}
    lines = []
    for line in fact.lines:
        known = before.get(line.line_id)
        kept = {"fulfilment": known.fulfilment, "moves": known.moves} if known else {"fulfilment": "none", "moves": ()}
        lines.append(from_attributes(LineRow, line, **kept))
    given: dict[str, Any] = {
        "language": fact.language,
        "visibility": fact.visibility,
        "circulation": CIRCULATION.get(fact.circulation_rule, "none"),
        "lines": tuple(lines),
    }
    row = replace(row, **given) if row else RequestRow(state=fact.state, moves=(), **given)
    return _to(row, "submitted", day)


def _opened(row: RequestRow | None, fact: r.RequestOpened, day: date) -> RequestRow | None:
    return _to(row, "open", day, priority=fact.priority)


def _resumed(row: RequestRow | None, _fact: Fact, day: date) -> RequestRow | None:
    """Return the request in the status that it had before it was held."""
    before = [move.status for move in row.moves if move.status != "on_hold"] if row else []
    return _to(row, before[-1], day) if before else row


def _closed(row: RequestRow | None, fact: r.RequestClosed, day: date) -> RequestRow | None:
    return _to(row, f"closed_{fact.outcome}", day)


def _fulfilled(row: RequestRow | None, fact: r.LineFulfilmentChanged, day: date) -> RequestRow | None:
    if row is None:
        return None
    status = line_status(row.moves[-1].status, fact.fulfilment)
    lines = tuple(
        replace(one, fulfilment=fact.fulfilment, moves=moved(one.moves, status, day))
        if one.line_id == fact.line_id
        else one
        for one in row.lines
    )
    return replace(row, lines=lines)


def _circulates(row: RequestRow | None, fact: Any, _day: date) -> RequestRow | None:
    return replace(row, circulation=getattr(fact, "circulation", "granted")) if row else None


def _revised(row: RequestRow | None, _fact: Fact, _day: date) -> RequestRow | None:
    """End the consents of a revised request. It keeps its status until it is submitted again."""
    return replace(row, circulation="none") if row else None


def _approved(approved: bool) -> Evolve:
    return lambda _row, _fact, _day: SummaryRow(approved=approved)


# -- offerings and matches --------------------------------------------------------------------------------------------


def _offered(row: OfferingRow | None, fact: m.OfferingSubmitted, day: date) -> OfferingRow:
    given = {name: getattr(fact.terms, name) for name in OfferingRow.__struct_fields__ if hasattr(fact.terms, name)}
    moves = moved(row.moves if row else (), "submitted", day)
    return OfferingRow(provider=fact.provider, moves=moves, published=row.published if row else False, **given)


def _status(status: str, **changes: Any) -> Evolve:
    return lambda row, _fact, day: replace(row, moves=moved(row.moves, status, day), **changes) if row else None


def _published(published: bool) -> Evolve:
    return lambda row, _fact, _day: replace(row, published=published) if row else None


def _ranked(row: RankingRow | None, fact: LineRanked, day: date) -> RankingRow:
    return row or RankingRow(line_id=fact.line_id, ranked=day)


def _match(status: str) -> Evolve:
    def evolve(row: MatchRow | None, fact: Any, day: date) -> MatchRow:
        ended = {"reason": reason} if (reason := getattr(fact, "reason", None)) else {}
        if row is None:
            return MatchRow(
                line_id=fact.line_id, state=fact.state, provider=fact.provider, moves=(Move(day, status),), **ended
            )
        return replace(row, moves=moved(row.moves, status, day), **ended)

    return evolve


# -- deliveries -------------------------------------------------------------------------------------------------------


def _delivery(row: DeliveryRow | None, fact: d.DeliveryOpened, day: date) -> DeliveryRow:
    return row or from_attributes(DeliveryRow, fact, moves=(Move(day, "open"),))


def _planned(row: SessionRow | None, fact: Any, day: date) -> SessionRow:
    given = {
        "modality": fact.modality,
        "languages": fact.languages,
        "trainers": len(fact.trainers),
        "people": fact.people,
        "women": fact.women,
    }
    if row is None:
        ids = {"deliveries": fact.deliveries, "states": fact.states, "provider": fact.provider}
        return SessionRow(**ids, moves=(Move(day, "planned"),), **given)
    return replace(row, **given)


def _held(row: SessionRow | None, fact: sessions.SessionHeld, day: date) -> SessionRow | None:
    if row is None:
        return None
    # Facts from before trainers were counted by sex have their number only.
    trainers = fact.trainers or sessions.BySex(other_or_not_stated=row.trainers)
    held = replace(row, moves=moved(row.moves, "held", day), taught=_numbers(trainers))
    return _attended(held, fact, day)


def _attended(row: SessionRow | None, fact: Any, day: date) -> SessionRow | None:
    """Add the reported counts, which replace earlier counts of a delivery from the day of the report."""
    if row is None:
        return None
    counted = tuple(Attendance(day, one.delivery_id, _numbers(one)) for one in fact.participants)
    return replace(row, attendance=(*row.attendance, *counted))


def _numbers(people: sessions.BySex) -> tuple[int, ...]:
    return tuple(getattr(people, sex) for sex in sessions.Sex)


def _reported(row: ResultRow | None, fact: results.ResultReported, day: date) -> ResultRow:
    reports = (*(row.reports if row else ()), Report(day, "reported", fact.actual))
    return from_attributes(ResultRow, fact, reports=reports)


def _judged(status: str) -> Evolve:
    def evolve(row: ResultRow | None, _fact: Fact, day: date) -> ResultRow | None:
        return replace(row, reports=(*row.reports, Report(day, status, row.reports[-1].actual))) if row else None

    return evolve


def _effect(row: EffectRow | None, fact: effects.EffectRecorded, day: date) -> EffectRow:
    return row or from_attributes(EffectRow, fact, moves=(Move(day, "recorded"),))


EVOLVE: Mapping[type[Fact], Evolve] = {
    r.RequestSubmitted: _submitted,
    r.RequestRevised: _revised,
    r.RequestRegistered: _in("registered"),
    r.RequestReturned: _in("returned"),
    r.RequestDeclined: _in("not_accepted"),
    r.RequestOpened: _opened,
    r.RequestHeld: _in("on_hold"),
    r.RequestResumed: _resumed,
    r.RequestStarted: _in("in_delivery"),
    r.RequestReopened: _in("open"),
    r.RequestDelivered: _in("delivered"),
    r.RequestClosed: _closed,
    r.RequestWithdrawn: _in("withdrawn"),
    r.RequestLapsed: _in("lapsed"),
    r.LineFulfilmentChanged: _fulfilled,
    r.CirculationDecided: _circulates,
    r.ConsentGiven: _circulates,
    r.ConsentRecorded: _circulates,
    r.ConsentWithdrawn: _circulates,
    r.ConsentEnded: _circulates,
    summaries.PublicSummaryApproved: _approved(True),
    summaries.PublicSummaryUnpublished: _approved(False),
    LineRanked: _ranked,
    m.OfferingSubmitted: _offered,
    m.OfferingRevised: _status("draft"),
    m.OfferingApproved: _status("available"),
    m.OfferingReturned: _status("returned"),
    m.OfferingSuspended: _status("suspended"),
    m.OfferingResumed: _status("available"),
    m.OfferingReconfirmed: _status("available"),
    m.OfferingWithdrawn: _status("withdrawn"),
    m.OfferingLapsed: _status("lapsed"),
    offerings.OfferingPublished: _published(True),
    offerings.OfferingUnpublished: _published(False),
    m.MatchNominated: _match("nominated"),
    m.MatchInterested: _match("interested"),
    m.MatchShortlisted: _match("shortlisted"),
    m.MatchPresented: _match("presented"),
    m.MatchAccepted: _match("accepted"),
    m.MatchProviderConfirmed: _match("provider_confirmed"),
    m.MatchConfirmed: _match("confirmed"),
    m.MatchBegun: _match("in_delivery"),
    m.MatchCompleted: _match("completed"),
    m.MatchDeclinedByState: _match("declined_by_state"),
    m.MatchDeclinedByProvider: _match("declined_by_provider"),
    m.MatchNotPursued: _match("not_pursued"),
    m.MatchExpired: _match("expired"),
    m.MatchRevoked: _match("revoked"),
    d.DeliveryOpened: _delivery,
    d.DeliveryBegun: _status("in_delivery"),
    d.DeliverySuspended: _status("suspended"),
    d.DeliveryResumed: _status("in_delivery"),
    d.DeliveryCompleted: _status("completed"),
    d.DeliveryTerminated: _status("terminated"),
    sessions.SessionPlanned: _planned,
    sessions.SessionRevised: _planned,
    sessions.SessionCancelled: _status("cancelled"),
    sessions.SessionHeld: _held,
    sessions.SessionParticipantsReported: _attended,
    results.ResultReported: _reported,
    results.ResultConfirmed: _judged("confirmed"),
    results.ResultDisputed: _judged("disputed"),
    effects.EffectRecorded: _effect,
    effects.EffectVerified: _status("verified"),
    effects.EffectDeclined: _status("declined"),
    effects.EffectWithdrawn: _status("withdrawn"),
}
