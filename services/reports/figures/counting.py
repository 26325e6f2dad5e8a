"""Items that a group of records adds to the figures: signed changes by day, computed by pure functions from its rows.

A group is a request with its lines, matches, deliveries and other records, or a single record. Figures are the sum over
all groups, so they do not depend on the order in which facts of different owners arrive.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple
from uuid import UUID

from msgspec.structs import replace

from contracts import reference
from contracts.reference.deliveries import indicators
from contracts.sessions import Sex
from services.reports.demand.model import (
    ENDED,
    DeliveryRow,
    EffectRow,
    LineRow,
    MatchRow,
    Moves,
    OfferingRow,
    RankingRow,
    RequestRow,
    ResultRow,
    SessionRow,
    SummaryRow,
)
from services.reports.desk.model import DeskRow
from services.reports.figures.model import (
    ENTERED,
    FIGURES,
    MATCH_ENDS,
    NONE,
    bucket_of,
)
from services.reports.money.model import SHERLOC_FUNDS, SHERLOC_PARAGRAPH, AllocationRow, PledgeRow

Codes = Mapping[str, Sequence[str]]
Row = (
    RequestRow
    | SummaryRow
    | RankingRow
    | OfferingRow
    | MatchRow
    | DeliveryRow
    | SessionRow
    | ResultRow
    | EffectRow
    | PledgeRow
    | AllocationRow
    | DeskRow
)
Cell = tuple[str, str, int]
"""Value, status and bucket."""


class OfState(NamedTuple):
    """A row, and the State whose record it is; None if it is not the record of one State."""

    state: str | None
    row: Row


class Step(NamedTuple):
    """The entry of a record into a status (1) or its exit (-1) on a day, with its amount."""

    day: date
    status: str
    records: int
    amount: int = 0
    bucket: int = 0


class Item(NamedTuple):
    """The steps of one record in one figure, and its codes.

    `publisher` is the State or provider that has published its group; None if it is not public.
    """

    figure: str
    codes: Codes
    steps: Sequence[Step]
    publisher: str | None


ReadCells = Callable[[str, str, date, str | None], Awaitable[Mapping[Cell, list[int]]]]
"""`(figure, dimension, as_of, state)`: the cells of all groups, or of a State."""

Published = Mapping[str, Mapping[str, Mapping[Cell, list[int]]]]
"""The public cells of a figure: by publisher and dimension."""

ReadPublished = Callable[[str, date], Awaitable[Published]]
"""`(figure, as_of)`: the public cells of a figure."""


def items(rows: Iterable[Row]) -> Iterator[Item]:
    """Yield the items of a group."""
    group = list(rows)
    request = next((row for row in group if isinstance(row, RequestRow)), None)
    lines = {line.line_id: _line_codes(request.state, line) for line in request.lines} if request else {}
    unknown = _unknown(request.state if request else None)
    deliveries = {row.delivery_id: row for row in group if isinstance(row, DeliveryRow)}
    publisher = _publisher(request, group)

    def codes_of(line_id: UUID | None, row: Any, **more: str) -> Codes:
        found = lines.get(line_id, unknown) if line_id else unknown
        return {**found, "provider": [getattr(row, "provider", NONE)], **{name: [code] for name, code in more.items()}}

    if request:
        yield from _request_items(request, group, lines, publisher)
    for row in group:
        match row:
            case OfferingRow():
                yield _offering_item(row)
            case MatchRow():
                codes = codes_of(row.line_id, row, month=_month(row.moves[0].day))
                yield Item("matches", codes, _steps(row.moves), publisher)
                yield Item("match_days", codes, _stays(row.moves), publisher)
                if row.moves[-1].status in MATCH_ENDS:
                    end = {**codes, "reason": [row.reason or NONE]}
                    yield Item("match_ends", end, _steps(row.moves[-1:]), publisher)
            case DeliveryRow():
                codes = codes_of(row.line_id, row, month=_month(row.moves[0].day))
                yield Item("deliveries", codes, _steps(row.moves), publisher)
                yield Item("delivery_days", codes, _stays(row.moves), publisher)
            case ResultRow() if indicators()[row.indicator].unit == "persons":
                delivery = deliveries.get(row.delivery_id)
                codes = codes_of(
                    delivery.line_id if delivery else None,
                    delivery,
                    month=_month(row.reports[0].day),
                    indicator=row.indicator,
                )
                yield Item("people", codes, _report_steps(row), publisher)
            case EffectRow():
                delivery = deliveries.get(row.delivery_id)
                codes = codes_of(
                    delivery.line_id if delivery else None,
                    delivery,
                    month=_month(row.moves[0].day),
                    change=row.change,
                )
                if row.articles:
                    codes = {**codes, "article": row.articles}
                yield Item("effects", codes, _steps(row.moves), publisher)
            case SessionRow():
                yield from _session_items(row)
                yield from _people_items(row, deliveries, codes_of, publisher)
            case PledgeRow():
                yield from _pledge_items(row)
            case AllocationRow():
                yield from _allocation_items(row, codes_of, publisher)
            case DeskRow() if row.moves:
                yield from _desk_items(row)


def seen_by_its_state(row: Row) -> Row | None:
    """Return what the row's State sees of it: a match since it was presented, all of other rows; None for nothing."""
    if not isinstance(row, MatchRow):
        return row
    first = next((place for place, move in enumerate(row.moves) if move.status == "presented"), None)
    return None if first is None else replace(row, moves=row.moves[first:]) if first else row


# -- publication ------------------------------------------------------------------------------------------------------


def _publisher(request: RequestRow | None, group: Sequence[Row]) -> str | None:
    """Return the State if it has published the request: its summary is approved, and its circulation is granted.

    The request remains in the figures once it is closed, unlike the summary itself; a withdrawn request does not.
    """
    public = (
        request is not None
        and any(isinstance(row, SummaryRow) and row.approved for row in group)
        and request.visibility == "public_summary"
        and request.circulation == "granted"
        and request.moves[-1].status not in ENDED
        and not any(reference.kinds()[line.kind].restricted for line in request.lines)
    )
    return request.state if request and public else None


# -- codes ------------------------------------------------------------------------------------------------------------


@cache
def _place(state: str | None) -> Codes:
    groups = [code for code, group in reference.special_groups().items() if state in group.states]
    region = reference.region_of(state) if state else None
    return {"state": [state or NONE], "region": [region or NONE], "group": sorted(groups) or [NONE]}


@cache
def _unknown(state: str | None) -> Codes:
    """Return the codes of records whose line is unknown or has not been received yet."""
    return {**dict.fromkeys(FIGURES["lines"].by, (NONE,)), **_place(state)}


def _some(codes: Iterable[str]) -> Sequence[str]:
    return sorted(set(codes)) or [NONE]


def _line_codes(state: str, line: LineRow) -> Codes:
    return {
        **_place(state),
        "kind": [line.kind],
        "topic": _some(line.topics),
        "article": _some(line.articles),
        "paragraph": _some(line.paragraphs),
        "pillar": _some(line.pillars),
        "language": _some(line.languages),
        "modality": [line.modality],
        "institution": [line.institution],
        "gender_marker": [str(line.gender_marker)],
        "human_rights_marker": [str(line.human_rights_marker)],
        "month": [_month(line.moves[0].day)],
    }


def _month(day: date) -> str:
    return day.isoformat()[:7]


# -- items ------------------------------------------------------------------------------------------------------------


def _request_items(
    request: RequestRow, group: Sequence[Row], lines: Mapping[UUID, Codes], publisher: str | None
) -> Iterator[Item]:
    codes: Codes = {
        **_place(request.state),
        **{
            name: _some(code for line in lines.values() for code in line[name] if code != NONE)
            for name in ("kind", "topic", "article", "paragraph", "pillar")
        },
        "language": [request.language],
        "priority": [request.priority],
        "month": [_month(request.moves[0].day)],
    }
    yield Item("requests", codes, _steps(request.moves), publisher)
    yield Item("request_days", codes, _stays(request.moves), publisher)
    ranked = {row.line_id: row.ranked for row in group if isinstance(row, RankingRow)}
    for line in request.lines:
        yield Item("lines", lines[line.line_id], _steps(line.moves), publisher)
        yield Item("unserved_lines", lines[line.line_id], _unserved(line, ranked.get(line.line_id)), publisher)


def _steps(moves: Moves, amount: int = 0) -> list[Step]:
    found: list[Step] = []
    for before, move in zip((None, *moves), moves, strict=False):
        if before is not None:
            found.append(Step(move.day, before.status, -1, -amount))
        found.append(Step(move.day, move.status, 1, amount))
    return found


def _stays(moves: Moves) -> list[Step]:
    """Return a step for each status that was left, with the bucket of its duration."""
    return [
        Step(after.day, before.status, 1, bucket=bucket_of((after.day - before.day).days))
        for before, after in pairwise(moves)
    ]


def _unserved(line: LineRow, ranked: date | None) -> list[Step]:
    """Return the steps of an unserved line, from its submission until an offering is found or the line ends."""
    (entered,) = ENTERED
    ends = [move.day for move in line.moves[1:] if move.status not in ("open", "partial")]
    if ranked is not None:
        ends.append(max(ranked, line.moves[0].day))
    left = [Step(min(ends), entered, -1)] if ends else []
    return [Step(line.moves[0].day, entered, 1), *left]


def _offering_item(row: OfferingRow) -> Item:
    codes = {
        "kind": _some(row.kinds),
        "topic": _some(row.topics),
        "article": _some(row.articles),
        "paragraph": _some(row.paragraphs),
        "pillar": _some(row.pillars),
        "language": _some(row.languages),
        "modality": _some(row.modalities),
        "resource_status": [row.resource_status],
        "provider": [row.provider],
        "month": [_month(row.moves[0].day)],
    }
    restricted = any(reference.kinds()[kind].restricted for kind in row.kinds)
    public = row.published and row.moves[-1].status == "available" and not restricted
    return Item("offerings", codes, _steps(row.moves), row.provider if public else None)


def _report_steps(row: ResultRow) -> list[Step]:
    found: list[Step] = []
    for before, report in zip((None, *row.reports), row.reports, strict=False):
        if before is not None:
            found.append(Step(report.day, before.status, -1, -before.actual))
        found.append(Step(report.day, report.status, 1, report.actual))
    return found


def _session_items(row: SessionRow) -> Iterator[Item]:
    """Yield the items of a session. It counts for all its States, and is never public, since it can serve several."""
    codes = {
        **_places(row.states),
        "language": _some(row.languages),
        "modality": [row.modality],
        "provider": [row.provider],
        "month": [_month(row.moves[0].day)],
    }
    yield Item("sessions", codes, _steps(row.moves), None)
    if row.people is not None:
        women = row.women
        sexes = {"not_stated": row.people} if women is None else {"women": women, "others": max(0, row.people - women)}
        for sex, people in sexes.items():
            if people:
                yield Item("places", {**codes, "sex": [sex]}, _steps(row.moves, people), None)


def _people_items(
    row: SessionRow, deliveries: Mapping[UUID, DeliveryRow], codes_of: Any, publisher: str | None
) -> Iterator[Item]:
    """Yield the participants of each delivery, and the trainers.

    They have the codes of the line if the session serves one delivery.
    """
    held = next((move.day for move in row.moves if move.status == "held"), None)
    if held is None:
        return
    (entered,) = ENTERED
    delivery = deliveries.get(row.deliveries[0]) if len(row.deliveries) == 1 else None
    own = {"language": _some(row.languages), "modality": [row.modality], "month": [_month(held)]}
    codes = {**codes_of(delivery.line_id if delivery else None, row), **own}
    for delivery_id, state in zip(row.deliveries, row.states, strict=False):
        counted = [one for one in row.attendance if one.delivery_id == delivery_id]
        for place, sex in enumerate(Sex):
            numbers = [one.people[place] for one in counted]
            if any(numbers):
                steps = [
                    Step(one.day, entered, int(before is None), number - (before or 0))
                    for one, before, number in zip(counted, (None, *numbers), numbers, strict=False)
                ]
                yield Item("participants", {**codes, **_place(state), "sex": [sex]}, steps, publisher)
    places = _places(row.states)
    for sex, number in zip(Sex, row.taught, strict=False):
        if number:
            yield Item("trainers", {**codes, **places, "sex": [sex]}, [Step(held, entered, 1, number)], publisher)


def _places(states: Sequence[str]) -> Codes:
    return {
        "state": _some(states),
        "region": _some(code for state in states for code in _place(state)["region"]),
        "group": _some(code for state in states for code in _place(state)["group"] if code != NONE),
    }


def _pledge_items(row: PledgeRow) -> Iterator[Item]:
    paragraph = SHERLOC_PARAGRAPH if row.fund.startswith(SHERLOC_FUNDS) else NONE
    codes = {
        "fund": [row.fund],
        "donor": [row.donor],
        "earmarking": [row.earmarking],
        "form": [row.form],
        "paragraph": [paragraph],
    }
    yield from _money_items(row, codes, None)


def _allocation_items(row: AllocationRow, codes_of: Any, publisher: str | None) -> Iterator[Item]:
    codes = codes_of(UUID(row.line_id) if row.line_id else None, row, fund=row.fund)
    if row.line_id is None and row.fund.startswith(SHERLOC_FUNDS):
        codes = {**codes, "paragraph": [SHERLOC_PARAGRAPH]}
    yield from _money_items(row, codes, publisher)


def _money_items(row: PledgeRow | AllocationRow, codes: Codes, publisher: str | None) -> Iterator[Item]:
    (entered,) = ENTERED
    for book in dict.fromkeys(entry.book for entry in row.entries):
        of_book = [entry for entry in row.entries if entry.book == book]
        steps = [
            Step(entry.day, entered, 1 if number == 0 else 0, entry.usd_minor) for number, entry in enumerate(of_book)
        ]
        yield Item(book.value, {**codes, "month": [_month(of_book[0].day)]}, steps, publisher)


def _desk_items(row: DeskRow) -> Iterator[Item]:
    """Yield the items of a record of SHERLOC's desk. They are not public: the portal and its pages are."""
    (entered,) = ENTERED
    codes = {**_place(row.state), **{name: _some(values) for name, values in row.codes.items()}}
    if row.figure == "register_changes":
        for move in row.moves:
            yield Item(row.figure, {**codes, "month": [_month(move.day)]}, [Step(move.day, move.status, 1)], None)
        return
    codes = {**codes, "month": [_month(row.moves[0].day)]}
    yield Item(row.figure, codes, _steps(row.moves), None)
    for vote in row.votes:
        of_vote = {**codes, **_place(vote.state), "month": [_month(vote.day)]}
        yield Item("votes", of_vote, [Step(vote.day, entered, vote.change)], None)
    held = next((move.day for move in row.moves if move.status == "held"), None)
    if held is not None:
        if row.reach:
            yield Item("reach", codes, [Step(held, entered, 1, row.reach)], None)
        for state, people in row.delegates.items():
            yield Item("delegates", {**codes, **_place(state)}, [Step(held, entered, 1, people)], None)
