"""What there is to be given out and to whom: open lines, what fits them, and what is left that nobody was promised."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace

from chassis.db.database import Tx
from contracts.reference import special_groups_of
from contracts.values import Period, is_unodc
from services.matching.index import memory
from services.matching.lines import consent_store
from services.matching.lines import store as line_store
from services.matching.lines.model import RequestStatus, WantedLine
from services.matching.matches import store as match_store
from services.matching.matches.model import SHOWN, Match, MatchStatus
from services.matching.offerings.model import Offering
from services.matching.rounds import store as round_store
from services.matching.rounds.inputs import REVIEW_PARAGRAPHS, Bar, Fitting, Left, OpenLine, OpenOffering, World
from services.matching.rounds.store import Promise

LINES_MAX = 2_000
FITTING_MAX = 20
"""So many offerings are looked at for a line, the best by score."""

AGREED = frozenset({MatchStatus.CONFIRMED, MatchStatus.IN_DELIVERY, MatchStatus.COMPLETED})
PROPOSED_AGAIN = frozenset(
    {
        MatchStatus.EXPIRED,
        MatchStatus.SUGGESTED,
        MatchStatus.NOMINATED,
        MatchStatus.INTERESTED,
        MatchStatus.SHORTLISTED,
    }
)
"""From these a match can be presented, if need be after it has been nominated again."""

ANYBODY = "any"
TOGETHER = 50
"""Lines that are looked at before somebody else has a turn."""


async def snapshot_inputs(tx: Tx, *, now: datetime) -> World:
    """The world of a new round. Raises Unavailable where it is not known which consents are in force."""
    await consent_store.check_heard(tx, ANYBODY)
    lines = await line_store.open_lines(tx, limit=LINES_MAX)
    matches: defaultdict[UUID, list[Match]] = defaultdict(list)
    for match in await match_store.of_lines(tx, [line.line_id for line in lines]):
        matches[match.line_id].append(match)
    offerings: dict[UUID, Offering] = {}
    fitting: list[Fitting] = []
    for some in (lines[at : at + TOGETHER] for at in range(0, len(lines), TOGETHER)):
        for line, best in zip(some, await memory.ranked_for(tx, some, FITTING_MAX), strict=True):
            offerings |= {one.offering.offering_id: one.offering for one in best}
            fitting += [fits(line, one.offering, one.score, matches[line.line_id]) for one in best]
    left = free(offerings.values(), await round_store.promises(tx, list(SHOWN)))
    return World(
        as_at=now,
        lines=tuple(asked(line, matches[line.line_id]) for line in lines),
        offerings=tuple(offered(one, left) for one in offerings.values()),
        fitting=tuple(fitting),
        left_out=max(0, await line_store.count_open(tx) - len(lines)),
    )


def asked(line: WantedLine, matches: Iterable[Match]) -> OpenLine:
    """A line as a round knows it."""
    assert line.waiting_since is not None, "a round is of lines that were submitted"
    return OpenLine(
        line_id=line.line_id,
        request_id=line.request_id,
        state=line.state,
        groups=special_groups_of(line.state),
        review=bool(REVIEW_PARAGRAPHS & set(line.paragraphs)),
        triage=line.priority,
        cannot_wait=line.cannot_wait,
        waiting_since=line.waiting_since.date(),
        promised=sum(match.status in SHOWN | AGREED for match in matches),
        mark=mark(line),
    )


def mark(line: WantedLine) -> str:
    """A hash of what a line asks; who may be told of it, what it is party to and how far it has come is asked anew."""
    still = replace(line, status=RequestStatus.OPEN, circulation="", fulfilment="none", treaties=(), consents=())
    return hashlib.sha256(msgspec.json.encode(still)).hexdigest()[:16]


def fits(line: WantedLine, offering: Offering, score: int, matches: Iterable[Match]) -> Fitting:
    """A pair that breaks no constraint, and whether the two may be proposed to each other."""
    between = next((match for match in matches if match.offering_id == offering.offering_id), None)
    return Fitting(
        line_id=line.line_id,
        offering_id=offering.offering_id,
        score=score,
        starts=tuple(one.starts for one in offering.free_periods if one.overlaps(line.window)),
        match_revision=between.revision if between else 0,
        bar=bar(line, offering, between),
    )


def bar(line: WantedLine, offering: Offering, between: Match | None) -> Bar | None:
    """Why the two are not proposed to each other, if they are not."""
    if between is not None and between.status not in PROPOSED_AGAIN:
        return "matched" if between.status in SHOWN | AGREED else "ended"
    if not (is_unodc(offering.provider) or line.may_be_told_to(offering.provider)):
        return "consent"
    return None


Free = Mapping[tuple[UUID, date], int]
"""By offering and the first day of a period."""


def free(offerings: Iterable[Offering], promises: Sequence[Promise]) -> Free:
    """What is left of each period, less what is promised: each promise where it would take its unit if it were kept."""
    by_id = {one.offering_id: one for one in offerings}
    left = {
        (one.offering_id, at.period.starts): max(0, one.room(at)) for one in by_id.values() for at in one.terms.capacity
    }
    for promise in promises:
        if offering := by_id.get(promise.offering_id):
            window = Period(starts=promise.starts, ends=promise.ends)
            for at in sorted(offering.terms.capacity, key=lambda one: one.period.starts != promise.planned):
                key = offering.offering_id, at.period.starts
                if at.period.overlaps(window) and left[key]:
                    left[key] -= 1
                    break
    return left


def offered(offering: Offering, left: Free) -> OpenOffering:
    """An offering as a round knows it."""
    return OpenOffering(
        offering_id=offering.offering_id,
        provider=offering.provider,
        revision=offering.revision,
        periods=tuple(
            Left(period=at.period, units=left[offering.offering_id, at.period.starts]) for at in offering.terms.capacity
        ),
        lacks=offering.funding_lacking,
    )
