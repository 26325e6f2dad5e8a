"""The filters and orders of a list of work."""

from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from contracts.values import Language
from services.requests.request.values import Priority, Status


class WaitingFor(StrEnum):
    """The side that has to act: the caller's organization, another one, or either."""

    ME = "me"
    OTHERS = "others"
    ANYONE = "anyone"


class Order(StrEnum):
    """The order of a list: by due time, by waiting time, or by priority and then due time."""

    DUE = "due"
    SINCE = "since"
    PRIORITY = "priority"


class WorkExpansion(StrEnum):
    """Data that is added to the items of a list: the revisions and moves of their requests."""

    REQUEST = "request"


class WorkFilter(Struct, frozen=True, kw_only=True):
    """The filter of a list of work; an empty tuple or None is no condition, and all conditions have to hold."""

    waiting_for: WaitingFor = WaitingFor.ME
    steps: tuple[str, ...] = ()
    statuses: tuple[Status, ...] = ()
    states: tuple[str, ...] | None = None
    region: str | None = None
    """One regional group; several, or one together with States, are resolved into `states`."""
    kinds: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    articles: tuple[str, ...] = ()
    paragraphs: tuple[str, ...] = ()
    priorities: tuple[Priority, ...] = ()
    languages: tuple[Language, ...] = ()
    assignee: UUID | None = None
    unassigned: bool = False
    overdue: bool | None = None
    paused: bool = False
    remit_states: tuple[str, ...] | None = None
    remit_topics: tuple[str, ...] = ()
    """The coordinator's remit; None and empty if it is unlimited, or not asked for."""
    requests: tuple[UUID, ...] | None = None
    """The requests that a search found; None without a search."""
