"""The access policy for figures and reports; /docs/permissions lists it. `may_see` in SQL implements it for rows."""

from enum import StrEnum

from msgspec import Struct

from contracts.decisions import ALLOWED, HIDDEN, Decision, denied, open_moves
from contracts.values import Caller, Role
from services.reports.annual.model import MOVES, Report, ReportStatus
from services.reports.figures.model import FIGURES, OF_THE_DESK, Unit

OVERSEEING = frozenset({Role.COORDINATOR, Role.AUDITOR, Role.FINANCE_OFFICER, Role.SERVICE})
"""Roles that see the figures of all States."""

OF_A_STATE = frozenset({Role.FOCAL_POINT, Role.OFFICIAL})


class Action(StrEnum):
    """The actions of this service, one for each route."""

    SHOW_FIGURE = "show_figure"
    LIST_REPORTS = "list_reports"
    DRAFT_REPORT = "draft_report"
    SHOW_REPORT = "show_report"
    REVISE_REPORT = "revise_report"
    ISSUE_REPORT = "issue_report"


class Scope(Struct, frozen=True):
    """The records that a figure counts: those of a State, or all if None."""

    state: str | None
    figure: str = ""


def oversees(caller: Caller) -> bool:
    return caller.role in OVERSEEING


def reads_exact(caller: Caller, figure: str) -> bool:
    """Check whether the caller sees exact numbers: everyone of records, UNODC of money, coordinators of people."""
    match FIGURES[figure].unit if figure in FIGURES else None:
        case Unit.PEOPLE:
            return caller.role is Role.COORDINATOR
        case Unit.USD_MINOR:
            return oversees(caller)
    return True


def scope_of(caller: Caller, state: str | None, figure: str = "") -> Scope:
    """Return the scope asked for; without a State, it is the State of a caller who acts for one."""
    return Scope(caller.organization if state is None and caller.role in OF_A_STATE else state, figure)


def decide(caller: Caller, action: Action, resource: Scope | Report | None = None) -> Decision:
    """Decide whether the caller may perform the action; it is denied unless granted. Public figures need no caller.

    Without a scope, the decision is on the caller's own scope.
    """
    match resource, action:
        case Scope() | None, Action.SHOW_FIGURE:
            return _figure(caller, resource)
        case None, Action.LIST_REPORTS:
            return ALLOWED
        case None, Action.DRAFT_REPORT:
            return ALLOWED if caller.role in (Role.COORDINATOR, Role.FOCAL_POINT) else denied("not-for-your-role")
        case Report(), Action.LIST_REPORTS | Action.SHOW_REPORT:
            return ALLOWED if may_see_report(caller, resource) else HIDDEN
        case Report(), Action.REVISE_REPORT | Action.ISSUE_REPORT:
            if not may_see_report(caller, resource):
                return HIDDEN
            if writes_report(caller, resource.state):
                return ALLOWED
    return denied("not-for-your-role")


def _figure(caller: Caller, scope: Scope | None) -> Decision:
    if caller.role is Role.FINANCE_OFFICER and scope is not None and scope.figure in OF_THE_DESK:
        return denied("not-for-your-role")
    if oversees(caller):
        return ALLOWED
    if caller.role not in OF_A_STATE:
        return denied("not-for-your-role")
    return ALLOWED if scope is None or scope.state == caller.organization else HIDDEN


def reported_state(caller: Caller) -> str | None:
    """Return the State whose report the caller drafts; None for the report to the Conference."""
    return caller.organization if caller.role is Role.FOCAL_POINT else None


def writes_report(caller: Caller, state: str | None) -> bool:
    """Check whether the caller writes the report: a coordinator to the Conference, a focal point for the State."""
    if state is None:
        return caller.role is Role.COORDINATOR
    return caller.role is Role.FOCAL_POINT and caller.organization == state


def may_see_report(caller: Caller, report: Report) -> bool:
    """Check whether the caller may see the report.

    UNODC sees a draft to the Conference, and everyone the issued report. A State sees its own report, and UNODC does so
    once it is issued.
    """
    issued = report.status is not ReportStatus.DRAFT
    if report.state is None:
        return issued or oversees(caller)
    if caller.role in OF_A_STATE:
        return caller.organization == report.state
    return issued and oversees(caller)


def report_moves_open_to(caller: Caller, report: Report) -> tuple[str, ...]:
    return open_moves(caller, report, Action, decide, MOVES)
