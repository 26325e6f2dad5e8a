"""Rows of demand and supply, folded from facts: the codes, numbers and days that figures need of each aggregate."""

from datetime import date
from uuid import UUID

from msgspec import Struct

from contracts.values import Language

ENDED = frozenset({"not_accepted", "withdrawn", "lapsed"})
"""Statuses of requests that ended without an outcome."""


class Move(Struct, frozen=True, array_like=True):
    """The day on which a record entered a status."""

    day: date
    status: str


Moves = tuple[Move, ...]


def moved(moves: Moves, status: str, day: date) -> Moves:
    """Add a move, unless the record has that status already. Days never decrease, even if clocks differ."""
    if moves and moves[-1].status == status:
        return moves
    return (*moves, Move(max(day, moves[-1].day) if moves else day, status))


class LineRow(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of a submitted request."""

    line_id: UUID
    kind: str
    topics: tuple[str, ...]
    articles: tuple[str, ...]
    paragraphs: tuple[str, ...]
    pillars: tuple[str, ...]
    institution: str
    languages: tuple[Language, ...]
    modality: str
    gender_marker: int
    human_rights_marker: int
    fulfilment: str = "none"
    moves: Moves = ()


class RequestRow(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="request"):
    """A request since its first submission; its codes are those of its last submission."""

    state: str
    language: Language
    visibility: str
    circulation: str
    lines: tuple[LineRow, ...]
    moves: Moves
    priority: str = "none"


class SummaryRow(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="public_summary"):
    """The State's approval of a public summary of its request."""

    approved: bool = False


class RankingRow(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="line"):
    """The day on which an offering was first found for a line."""

    line_id: UUID
    ranked: date


class OfferingRow(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="offering"):
    """An offering since its first submission."""

    provider: str
    kinds: tuple[str, ...]
    topics: tuple[str, ...]
    articles: tuple[str, ...]
    paragraphs: tuple[str, ...]
    pillars: tuple[str, ...]
    languages: tuple[Language, ...]
    modalities: tuple[str, ...]
    resource_status: str
    moves: Moves
    published: bool = False


class MatchRow(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="match"):
    """A match since its first move; a suggestion does not count as a move."""

    line_id: UUID
    state: str
    provider: str
    moves: Moves
    reason: str | None = None
    """The reason for which it ended."""


class DeliveryRow(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="delivery"):
    """A delivery, which follows a confirmed match."""

    delivery_id: UUID
    line_id: UUID
    state: str
    provider: str
    moves: Moves


class Attendance(Struct, frozen=True, array_like=True):
    """Numbers of participants for a delivery, in the order of `Sex`, as counted on a day."""

    day: date
    delivery_id: UUID
    people: tuple[int, ...]


class SessionRow(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="session"):
    """A course, workshop or visit: its planned places, its participants and its trainers."""

    states: tuple[str, ...]
    provider: str
    modality: str
    languages: tuple[Language, ...]
    moves: Moves
    trainers: int = 0
    people: int | None = None
    women: int | None = None
    deliveries: tuple[UUID, ...] = ()
    attendance: tuple[Attendance, ...] = ()
    taught: tuple[int, ...] = ()
    """Numbers of trainers in the order of `Sex`, once it was held."""


class Report(Struct, frozen=True, array_like=True):
    """The reported value of an indicator and its status, since a day."""

    day: date
    status: str
    actual: int


class ResultRow(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="result"):
    """The result of a delivery by one indicator."""

    delivery_id: UUID
    state: str
    indicator: str
    reports: tuple[Report, ...]


class EffectRow(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="effect"):
    """A change in a State after a delivery."""

    delivery_id: UUID
    state: str
    change: str
    articles: tuple[str, ...]
    moves: Moves
