"""Rules for review progress: the State records it, UNODC reads it, all others read what is shown."""

from collections.abc import Mapping

from msgspec import Struct

from contracts.decisions import ALLOWED, HIDDEN, Decision, denied
from contracts.values import Caller, Role
from services.sherloc.review_progress.model import ReviewProgress, ReviewProgressStatus

_OF_STATE = frozenset({Role.FOCAL_POINT, Role.OFFICIAL})
_FOCAL_POINTS = frozenset({Role.FOCAL_POINT})
_OVERSEERS = frozenset({Role.COORDINATOR, Role.AUDITOR, Role.SERVICE})
MOVERS: Mapping[str, frozenset[Role]] = {
    "revise_review_progress": _OF_STATE,
    **dict.fromkeys(("consent_to_table", "withdraw_table_consent", "withdraw_review_progress"), _FOCAL_POINTS),
}
"""Maps each move to the roles of the State itself that may make it. Only a focal point consents."""

EVENTS_FOR_ALL = frozenset({"consented"})
"""Events that callers other than the State and UNODC receive of a record that the table shows."""


class NewReviewProgress(Struct, frozen=True, kw_only=True):
    """A record that a State is about to create."""

    state: str


def decide_review_progress(caller: Caller, action: str, record: ReviewProgress | NewReviewProgress) -> Decision:
    if isinstance(record, NewReviewProgress):
        if action != "record_review_progress" or caller.role not in _OF_STATE:
            return denied("not-for-your-role")
        return ALLOWED if caller.organization == record.state else denied("not-your-state")
    if not may_see_progress(caller, record):
        return HIDDEN
    if action in {"show_review_progress", "list_review_progress", "follow"}:
        return ALLOWED
    if caller.role not in MOVERS.get(action, ()):
        return denied("not-for-your-role")
    return ALLOWED if caller.organization == record.state else denied("not-your-state")


def may_see_progress(caller: Caller, record: ReviewProgress) -> bool:
    """Check whether the caller sees a record: always for its State and UNODC's office, else if the State agreed."""
    own = caller.role in _OF_STATE and caller.organization == record.state
    return own or caller.role in _OVERSEERS or record.status is ReviewProgressStatus.SHOWN
