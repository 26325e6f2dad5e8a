"""Reading of a round's inputs: open lines, fitting offerings, and capacity left that is not promised."""

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
from services.matching.index.memory import Memory
from services.matching.lines import consent_store
from services.matching.lines import store as line_store
from services.matching.lines.model import RequestStatus, WantedLine
from services.matching.matches import store as match_store
from services.matching.matches.model import AGREED, SHOWN, Match, MatchStatus
from services.matching.offerings.model import Offering
from services.matching.rounds import store as round_store
from services.matching.rounds.inputs import REVIEW_PARAGRAPHS, Exclusion, Fitting, Left, OpenLine, OpenOffering, World
from services.matching.rounds.store import Promise

LINES_MAX = 2_000
FITTING_MAX = 20
"""Maximum number of offerings considered for a line, best score first."""

PROPOSED_AGAIN = frozenset(
    {
        MatchStatus.EXPIRED,
        MatchStatus.SUGGESTED,
        MatchStatus.NOMINATED,
        MatchStatus.INTERESTED,
        MatchStatus.SHORTLISTED,
    }
)
"""Statuses in which a match can be presented, if needed after a new nomination."""

ANY_ORGANIZATION = "any"
BATCH_LINES = 50
"""Number of lines processed before yielding to the event loop."""


async def snapshot_inputs(tx: Tx, memory: Memory, *, now: datetime) -> World:
    """Read the inputs of a new round. Raise Unavailable if consents are not up to date."""
    await consent_store.check_consents_current(tx, ANY_ORGANIZATION)
    lines = await line_store.open_lines(tx, limit=LINES_MAX)
    matches: defaultdict[UUID, list[Match]] = defaultdict(list)
    for match in await match_store.of_lines(tx, [line.line_id for line in lines]):
        matches[match.line_id].append(match)
    offerings: dict[UUID, Offering] = {}
    fitting: list[Fitting] = []
    for some in (lines[at : at + BATCH_LINES] for at in range(0, len(lines), BATCH_LINES)):
        for line, best in zip(some, await memory.ranked_for(tx, some, FITTING_MAX), strict=True):
            offerings |= {one.offering.offering_id: one.offering for one in best}
            fitting += [fits(line, one.offering, one.score, matches[line.line_id]) for one in best]
    left = free(offerings.values(), await round_store.promises(tx, list(SHOWN)))
    return World(
        as_of=now,
        lines=tuple(round_line(line, matches[line.line_id]) for line in lines),
        offerings=tuple(offered(one, left) for one in offerings.values()),
        fitting=tuple(fitting),
        left_out=max(0, await line_store.count_open(tx) - len(lines)),
    )


def round_line(line: WantedLine, matches: Iterable[Match]) -> OpenLine:
    """A line as an input of a round."""
    assert line.waiting_since is not None, "only submitted lines are open"
    return OpenLine(
        line_id=line.line_id,
        request_id=line.request_id,
        state=line.state,
        groups=special_groups_of(line.state),
        review=bool(REVIEW_PARAGRAPHS & set(line.paragraphs)),
        triage=line.priority,
        cannot_wait=line.cannot_wait,
        waiting_since=line.waiting_since.date(),
        # Parts of a group count together as one delivery, once they make up the group.
        promised=sum(one.covers or line.group_size for one in matches if one.status in SHOWN | AGREED)
        // line.group_size,
        mark=mark(line),
    )


def mark(line: WantedLine) -> str:
    """A hash of a line's content, without consents, treaty status and progress, which are checked separately."""
    still = replace(line, status=RequestStatus.OPEN, circulation="", treaties=(), consents=(), residue=None)
    return hashlib.sha256(msgspec.json.encode(still)).hexdigest()[:16]


def fits(line: WantedLine, offering: Offering, score: int, matches: Iterable[Match]) -> Fitting:
    """A pair that violates no constraint, and the reason if it may not be proposed."""
    between = next((match for match in matches if match.offering_id == offering.offering_id), None)
    return Fitting(
        line_id=line.line_id,
        offering_id=offering.offering_id,
        score=score,
        starts=tuple(one.starts for one in offering.free_periods if one.overlaps(line.window)),
        match_revision=between.revision if between else 0,
        bar=exclusion_of(line, offering, between),
    )


def exclusion_of(line: WantedLine, offering: Offering, between: Match | None) -> Exclusion | None:
    """Return the reason why the pair is not proposed; None if it may be."""
    if between is not None and between.covers is not None:
        return "matched"
    if between is not None and between.status not in PROPOSED_AGAIN:
        return "matched" if between.status in SHOWN | AGREED else "ended"
    if not (is_unodc(offering.provider) or line.may_be_disclosed_to(offering.provider)):
        return "consent"
    return None


Free = Mapping[tuple[UUID, date], int]
"""Deliveries left, by offering and first day of a period."""


def free(offerings: Iterable[Offering], promises: Sequence[Promise]) -> Free:
    """Capacity left of each period minus promises; a promise counts in the period where it would take its unit."""
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
    """An offering as an input of a round."""
    return OpenOffering(
        offering_id=offering.offering_id,
        provider=offering.provider,
        revision=offering.revision,
        periods=tuple(
            Left(period=at.period, units=left[offering.offering_id, at.period.starts]) for at in offering.terms.capacity
        ),
        lacks=offering.funding_lacking,
    )
