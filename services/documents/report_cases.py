"""The cases of the reports' policy, as in `permission_cases`."""

from functools import cache
from typing import Any

from msgspec.structs import replace

from contracts.facts import Fact
from contracts.registry import decode_fact
from contracts.reports import ReportDrafted
from services.documents.examples import example_event
from services.documents.permission_subjects import OTHER, STATE, UNODC, Subject, of
from services.reports.annual.evolve import evolve
from services.reports.annual.model import Report, ReportStatus
from services.reports.annual.views import ReportSummary, ReportView
from services.reports.figures.views import FigureView
from services.reports.policy import Action, Scope, decide

SCOPES = {"a State": STATE, "all": None}

STATUSES = tuple(ReportStatus)


@cache
def _example(kind: type[Fact]) -> Any:
    """Return the example of a fact, created on first use, because importing reads no files."""
    return decode_fact(example_event(kind))


def _report(of_whom: str, status: str) -> Report:
    one = evolve(None, _example(ReportDrafted))
    return replace(one, state=SCOPES[of_whom], status=ReportStatus(status))


_STANDINGS = {"the State": of(STATE), "another organization": of(OTHER), "UNODC": of(UNODC)}

SUBJECTS = (
    Subject(
        service="reports",
        title="Figures",
        decide=decide,
        standings=_STANDINGS,
        properties={"records of": tuple(SCOPES)},
        make=lambda of_whom: Scope(SCOPES[of_whom]),
        reads=(Action.SHOW_FIGURE,),
        views=(FigureView,),
    ),
    Subject(
        service="reports",
        title="Operations without a record",
        decide=decide,
        standings=_STANDINGS,
        reads=(Action.LIST_REPORTS, Action.DRAFT_REPORT),
        views=(ReportSummary,),
    ),
    Subject(
        service="reports",
        title="Yearly reports",
        decide=decide,
        standings=_STANDINGS,
        properties={"report of": tuple(SCOPES), "status": STATUSES},
        make=_report,
        reads=(Action.SHOW_REPORT, Action.LIST_REPORTS),
        acts=(Action.REVISE_REPORT, Action.ISSUE_REPORT),
        views=(ReportView,),
    ),
)
