"""Fold facts into rows of SHERLOC's desk, with a function for each fact. Other facts only change the version."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from msgspec.structs import replace

from contracts import contributions as c
from contracts import extensions as e
from contracts import legislation as g
from contracts import meetings as m
from contracts import outreach as o
from contracts import practices as p
from contracts import review_progress as v
from contracts.facts import Fact
from services.reports.demand.model import Move, moved
from services.reports.desk.model import DeskRow, Vote

Evolve = Callable[[Any, Any, date], Any]

NO_LAW = "no_law"
"""The status of the register in which a State declares that it has no such law."""


def _described(figure: str, codes_of: Callable[[Any], Mapping[str, tuple[str, ...]]], status: str | None) -> Evolve:
    """Take the codes of a fact; a new record is in the status, or in none until it is submitted."""

    def evolve(row: DeskRow | None, fact: Any, day: date) -> DeskRow:
        if row is not None:
            return replace(row, codes=codes_of(fact))
        moves = (Move(day, status),) if status else ()
        return DeskRow(figure=figure, codes=codes_of(fact), state=getattr(fact, "state", None), moves=moves)

    return evolve


def _to(status: str, **taken: str) -> Evolve:
    """Enter a status, and take other values of the row from these fields of the fact.

    What is withdrawn before it was submitted is not counted.
    """

    def evolve(row: DeskRow | None, fact: Any, day: date) -> DeskRow | None:
        if row is None or (status == "withdrawn" and not row.moves):
            return row
        values = {name: getattr(fact, field) for name, field in taken.items()}
        return replace(row, moves=moved(row.moves, status, day), **values)

    return evolve


def _outreach(fact: Any) -> Mapping[str, tuple[str, ...]]:
    return {"audience": (fact.audience,), "language": fact.languages, "paragraph": ("I.b",)}


def _contribution(fact: Any) -> Mapping[str, tuple[str, ...]]:
    paragraph = "I.o" if fact.kind is c.ContributionKind.COURT_DECISION else "I.d"
    codes = {"contribution_kind": (fact.kind,), "article": fact.articles, "language": (fact.language,)}
    return {**codes, "paragraph": (paragraph,)}


def _practice(fact: Any) -> Mapping[str, tuple[str, ...]]:
    codes = {"practice_kind": (fact.practice_kind,), "article": fact.articles, "topic": fact.topics}
    provider = (fact.provider,) if fact.provider else ()
    return {**codes, "language": (fact.language,), "provider": provider, "paragraph": ("I.f", "II.i")}


def _extension(_fact: Any) -> Mapping[str, tuple[str, ...]]:
    return {"paragraph": ("I.e",)}


def _progress(fact: Any) -> Mapping[str, tuple[str, ...]]:
    return {"cluster": (fact.cluster,), "progress": (fact.progress,), "paragraph": ("II.j",)}


def _meeting(_fact: Any) -> Mapping[str, tuple[str, ...]]:
    return {"paragraph": ("II.k",)}


def _change(status: str | None = None) -> Evolve:
    """Add a change of the register; without a status, the one that the State stated."""

    def evolve(row: DeskRow | None, fact: Any, day: date) -> DeskRow:
        codes = {"article": (fact.article,), "paragraph": ("I.a",)}
        row = row or DeskRow(figure="register_changes", codes=codes, state=fact.state)
        stated = status or (NO_LAW if fact.status is g.LegislationStatus.NONE else str(fact.status))
        return replace(row, moves=(*row.moves, Move(max(day, row.moves[-1].day) if row.moves else day, stated)))

    return evolve


def _restated(row: DeskRow | None, fact: v.ReviewProgressRevised, day: date) -> DeskRow | None:
    """Take the progress; a record that was withdrawn is recorded again."""
    if row is None:
        return None
    again = row.moves[-1].status == "withdrawn"
    moves = moved(row.moves, "recorded", day) if again else row.moves
    return replace(row, codes=_progress(fact), moves=moves)


def _voted(change: int) -> Evolve:
    return lambda row, fact, day: replace(row, votes=(*row.votes, Vote(day, fact.state, change))) if row else None


def _signed_up(row: DeskRow | None, fact: m.MeetingSignedUp, _day: date) -> DeskRow | None:
    return replace(row, delegates={**row.delegates, fact.state: fact.people}) if row else None


def _stays_away(row: DeskRow | None, fact: m.MeetingSignUpWithdrawn, _day: date) -> DeskRow | None:
    left = {state: people for state, people in row.delegates.items() if state != fact.state} if row else {}
    return replace(row, delegates=left) if row else None


EVOLVE: Mapping[type[Fact], Evolve] = {
    o.OutreachActivityPlanned: _described("outreach", _outreach, "planned"),
    o.OutreachActivityRevised: _described("outreach", _outreach, "planned"),
    o.OutreachActivityHeld: _to("held", reach="reach"),
    o.OutreachActivityCancelled: _to("cancelled"),
    c.ContributionDrafted: _described("contributions", _contribution, None),
    c.ContributionRevised: _described("contributions", _contribution, None),
    c.ContributionSubmitted: _to("submitted"),
    c.ContributionReturned: _to("returned"),
    c.ContributionAccepted: _to("accepted"),
    c.ContributionPublished: _to("published"),
    c.ContributionSuperseded: _to("superseded"),
    c.ContributionWithdrawn: _to("withdrawn"),
    p.PracticeRecorded: _described("practices", _practice, None),
    p.PracticeRevised: _described("practices", _practice, None),
    p.PracticeSubmitted: _to("submitted"),
    p.PracticeReturned: _to("returned"),
    p.PracticeCatalogued: _to("catalogued"),
    p.PracticeWithdrawn: _to("withdrawn"),
    e.ExtensionProposed: _described("extensions", _extension, "proposed"),
    e.ExtensionPlanned: _to("planned"),
    e.ExtensionBegun: _to("in_progress"),
    e.ExtensionReleased: _to("released"),
    e.ExtensionDropped: _to("dropped"),
    e.ExtensionVotedFor: _voted(1),
    e.ExtensionVoteWithdrawn: _voted(-1),
    g.LegislationRecorded: _change(),
    g.LegislationRevised: _change(),
    g.LegislationSubmitted: _change("submitted"),
    g.LegislationReviewBegun: _change("in_review"),
    g.LegislationReturned: _change("returned"),
    g.LegislationPublished: _change("published"),
    g.LegislationVerified: _change("verified"),
    g.LegislationConfirmedUnchanged: _change("confirmed"),
    g.LegislationMarkedOutdated: _change("outdated"),
    v.ReviewProgressRecorded: _described("review_progress", _progress, "recorded"),
    v.ReviewProgressRevised: _restated,
    v.ReviewProgressConsented: _to("agreed"),
    v.ReviewProgressConsentWithdrawn: _to("recorded"),
    v.ReviewProgressWithdrawn: _to("withdrawn"),
    m.MeetingPlanned: _described("meetings", _meeting, "planned"),
    m.MeetingSignedUp: _signed_up,
    m.MeetingSignUpWithdrawn: _stays_away,
    m.MeetingHeld: _to("held"),
    m.MeetingCancelled: _to("cancelled"),
}
