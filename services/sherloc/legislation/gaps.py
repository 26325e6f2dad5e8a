"""Gaps of the register: instruments of which several articles of a State lack a current law on SHERLOC."""

from collections.abc import Iterable, Sequence
from typing import Annotated

from msgspec import Meta, Struct

from contracts.codes import ArticleCode, InstrumentCode, KindCode, ParagraphCode
from contracts.legislation import LegislationStatus
from contracts.requests import CODES_MAX
from contracts.values import Language, State
from services.sherloc.legislation.cells import cells_after, place_of
from services.sherloc.legislation.model import Legislation

LACKING_MIN = 5
"""Default minimum number of articles without a current law on SHERLOC that make an instrument a gap."""

REQUESTS = "/v1/requests"
DRAFTED, UPDATED = "legislative_drafting", "sherloc_record_update"
_KINDS = {
    LegislationStatus.NONE: DRAFTED,
    LegislationStatus.MISSING: UPDATED,
    LegislationStatus.OUTDATED: UPDATED,
}
"""Maps each status that counts as lacking to the kind of assistance that a State with it needs."""


class ProposedLine(Struct, frozen=True, kw_only=True):
    """A line of the proposed request: the kind of assistance, the articles, and the paragraphs of the resolution."""

    kind: KindCode
    articles: tuple[ArticleCode, ...]
    paragraphs: tuple[ParagraphCode, ...]


class ProposedRequest(Struct, frozen=True, kw_only=True):
    """The body of a draft, which its State completes and submits."""

    language: Language
    lines: tuple[ProposedLine, ...]


class RequestDraft(Struct, frozen=True, kw_only=True):
    """A request that a focal point may file with a POST of `body` to `address`. Nothing is filed automatically."""

    address: str
    body: ProposedRequest


class LegislationGap(Struct, frozen=True, kw_only=True):
    """An instrument of which several articles lack a current law on SHERLOC, by what is lacking.

    `not_known` is the number of articles without a record, which do not count as lacking.
    """

    state: State
    instrument: InstrumentCode
    without_law: tuple[ArticleCode, ...]
    not_on_sherloc: tuple[ArticleCode, ...]
    outdated_on_sherloc: tuple[ArticleCode, ...]
    not_known: Annotated[int, Meta(ge=0)]
    request: RequestDraft


def gaps_of(records: Iterable[Legislation], *, at_least: int, language: Language) -> list[LegislationGap]:
    """Return the gaps of all States and instruments in the records.

    The records must be all that the caller sees of each State.
    """
    found: dict[tuple[str, str], list[Legislation]] = {}
    for one in records:
        found.setdefault((one.state, one.instrument), []).append(one)
    gaps = []
    for (state, instrument), known in sorted(found.items()):
        lacking = {status: _articles(known, status) for status in _KINDS}
        if sum(map(len, lacking.values())) < at_least:
            continue
        recorded = {one.article for one in known}
        listed = [cell.article for cell in cells_after(None, state=state, instrument=instrument)]
        gaps.append(
            LegislationGap(
                state=state,
                instrument=instrument,
                without_law=lacking[LegislationStatus.NONE],
                not_on_sherloc=lacking[LegislationStatus.MISSING],
                outdated_on_sherloc=lacking[LegislationStatus.OUTDATED],
                not_known=len([article for article in listed if article not in recorded]),
                request=RequestDraft(address=REQUESTS, body=ProposedRequest(language=language, lines=_lines(known))),
            )
        )
    return gaps


def _articles(records: Sequence[Legislation], status: LegislationStatus) -> tuple[str, ...]:
    return tuple(sorted((one.article for one in records if one.status is status), key=place_of))


def _lines(records: Sequence[Legislation]) -> tuple[ProposedLine, ...]:
    """Return one line for each kind of assistance, or more if there are more articles than a line may have."""
    lines = []
    for kind in (DRAFTED, UPDATED):
        articles = sorted((one.article for one in records if _KINDS.get(one.status) == kind), key=place_of)
        for start in range(0, len(articles), CODES_MAX):
            some = tuple(articles[start : start + CODES_MAX])
            lines.append(ProposedLine(kind=kind, articles=some, paragraphs=("I.a",)))
    return tuple(lines)
