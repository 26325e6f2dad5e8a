"""Steps of tests of folding: a story in facts, and the contents of the tables."""

from collections.abc import Mapping, Sequence
from datetime import date

from chassis.db.database import Database
from chassis.rebuild import contents
from contracts import deliveries as d
from contracts import requests as r
from contracts.facts import Event, Fact
from services.reports.figures.figure_reader import FigureReader
from services.reports.figures.model import FIGURES, TOTAL
from tests.reports.steps import AMatch, Owners, a_line, a_ranking, a_submission, approval, of_request, on


def a_story(owners: Owners) -> list[Event]:
    """Return the events of three requests, from their submission to a delivery, on successive days."""
    events: list[Event] = []
    for number in range(3):
        line = a_line(kind="equipment" if number else "training")
        request = a_submission(line, state="KEN" if number < 2 else "UGA")
        match = AMatch(request, line)
        reported: Sequence[Fact] = (
            request,
            approval(request),
            of_request(r.RequestOpened, request, "opened_at", priority="high"),
            a_ranking(request, line),
            match.presented,
            match.opened,
            match.delivery(d.DeliveryBegun, "begun_at"),
            of_request(r.RequestStarted, request, "started_at"),
        )
        events += [owners.event(fact, on(20 * number + place)) for place, fact in enumerate(reported)]
    return events


async def tables(db: Database) -> Mapping[str, set[str]]:
    """Return the folded rows, and each figure by each of its codes."""
    found = {}
    async with db.transaction() as tx:
        rows = await tx.fetch("SELECT record_id, owner, group_id, state, version, data FROM record")
        found["record"] = {str(tuple(row.values())) for row in rows}
        found["freshness"] = await contents(tx, "freshness")
    reader = FigureReader(db)
    for name, figure in FIGURES.items():
        for by in (TOTAL, *figure.by):
            cells = await reader.cells(name, by, date(2999, 1, 1), None)
            found[f"{name} by {by}"] = {str(cell) for cell in cells.items()}
        published = await reader.published(name, date(2999, 1, 1))
        found[f"{name} published"] = {
            f"{publisher} {by} {cell}"
            for publisher, tables in published.items()
            for by, cells in tables.items()
            for cell in cells.items()
        }
    return found
