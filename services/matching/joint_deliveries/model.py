"""A joint delivery: matches of one offering with lines of several States, served by one delivery.

It stores what was proposed; everything else follows from its matches as they are now. A match that expired and began
again is not part of it any more.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from contracts.apportionment import apportion
from contracts.conversion import from_attributes
from contracts.joint_deliveries import JointDeliveryProposed, JointMember
from contracts.refusals import Conflict
from contracts.values import Language, Money, Period
from services.matching.cohorts.model import Cohort
from services.matching.matches import model as match
from services.matching.matches.model import AGREED, NOT_CONFIRMED, Match, MatchStatus


class JointStatus(StrEnum):
    """Status of a joint delivery, from its matches that have not ended.

    `partly_agreed`: a State or the provider has agreed to a match. `agreed`: all are confirmed.
    """

    PROPOSED = "proposed"
    PARTLY_AGREED = "partly_agreed"
    AGREED = "agreed"
    IN_DELIVERY = "in_delivery"
    COMPLETED = "completed"
    ENDED = "ended"


MOVES: Mapping[str, frozenset[MatchStatus]] = {"confirm": match.MOVES["confirm"], "withdraw": NOT_CONFIRMED}
"""Statuses of the matches that each move changes; nothing is withdrawn once a match is confirmed."""


class JointDelivery(Struct, frozen=True, kw_only=True):
    """A joint delivery as proposed, and its matches in the order of the members."""

    joint_delivery_id: UUID
    offering_id: UUID
    provider: str
    kind: str
    modality: str
    topics: tuple[str, ...]
    languages: tuple[Language, ...]
    window: Period
    people: int
    members: tuple[JointMember, ...]
    proposed_at: datetime
    matches: tuple[Match, ...] = ()

    @property
    def revision(self) -> int:
        """A number that changes with every match."""
        return 1 + sum(one.revision for one in self.matches)

    def includes(self, one: Match) -> bool:
        return one.joint_delivery_id == self.joint_delivery_id

    @property
    def open(self) -> tuple[Match, ...]:
        """Its matches that have not ended."""
        return tuple(one for one in self.matches if self.includes(one) and one.ended_at is None)

    def status_of(self, one: Match) -> MatchStatus:
        return one.status if self.includes(one) else MatchStatus.EXPIRED

    @property
    def status(self) -> JointStatus:
        found = {one.status for one in self.open}
        if not found:
            return JointStatus.ENDED
        if found == {MatchStatus.COMPLETED}:
            return JointStatus.COMPLETED
        if found & {MatchStatus.IN_DELIVERY, MatchStatus.COMPLETED}:
            return JointStatus.IN_DELIVERY
        if found == {MatchStatus.CONFIRMED}:
            return JointStatus.AGREED
        return JointStatus.PROPOSED if found == {MatchStatus.PRESENTED} else JointStatus.PARTLY_AGREED

    def to_move(self, move: str) -> tuple[Match, ...]:
        """Return the matches that a move changes now; empty if it is not allowed."""
        if move == "withdraw" and self.held is not None:
            return ()
        return tuple(one for one in self.open if one.status in MOVES[move])

    def require(self, move: str) -> tuple[Match, ...]:
        """Return the matches that a move changes. Raise Conflict if there are none."""
        if not (matches := self.to_move(move)):
            raise Conflict("joint-delivery-status", status=self.status, move=move)
        return matches

    @property
    def held(self) -> Match | None:
        """A match that is confirmed, in delivery or completed, if there is one; it has the unit of capacity."""
        return next((one for one in self.open if one.status in AGREED), None)

    def held_beside(self, one: Match) -> bool:
        """Return True if another match than this one needs the unit of capacity."""
        return any(other.status in AGREED and other.match_id != one.match_id for other in self.open)

    @property
    def capacity_period(self) -> Period | None:
        """Period of the unit that was taken."""
        return self.held.capacity_period if self.held else None

    def member(self, match_id: UUID) -> JointMember:
        return next(one for one in self.members if one.match_id == match_id)

    @property
    def open_people(self) -> int:
        """Number of persons of the matches that have not ended."""
        return sum(one.covers or self.member(one.match_id).persons for one in self.open)

    @property
    def money_needed(self) -> Money | None:
        """Money that the delivery lacks, once for all members."""
        return _total([one.funding_needed for one in self.members])

    @property
    def money_uncovered(self) -> Money | None:
        """Total of the shares of the matches that have ended, which no one covers."""
        left = {one.match_id for one in self.open}
        return _total([one.funding_needed for one in self.members if one.match_id not in left])

    def shows_name(self, one: Match, state: str) -> bool:
        """Return True if the State may know the match's State: its own, or both have accepted and neither has ended."""
        agreed = [other.state for other in self.open if other.accepted_at is not None]
        return one.state == state or (state in agreed and one.state in agreed)


def _total(shares: Sequence[Money | None]) -> Money | None:
    given = [one for one in shares if one is not None]
    return Money(minor=sum(one.minor for one in given), currency=given[0].currency) if given else None


def shares(lacking: Money | None, persons: Sequence[int]) -> list[Money | None]:
    """Divide the money that one delivery lacks by persons, exact to the minor unit; None for an empty share."""
    if lacking is None:
        return [None] * len(persons)
    parts = apportion(lacking.minor, {f"{place:03}": count for place, count in enumerate(persons)})
    found = [parts.get(f"{place:03}", 0) for place in range(len(persons))]
    return [Money(minor=minor, currency=lacking.currency) if minor else None for minor in found]


def propose(
    joint_delivery_id: UUID, cohort: Cohort, match_ids: Sequence[UUID], *, now: datetime
) -> JointDeliveryProposed:
    """Propose one delivery of the cohort's offering, with these matches of its lines."""
    first, persons = cohort.lines[0], [line.group_size for line in cohort.lines]
    members = zip(cohort.lines, match_ids, persons, shares(cohort.offering.funding_lacking, persons), strict=True)
    return from_attributes(
        JointDeliveryProposed,
        cohort,
        joint_delivery_id=joint_delivery_id,
        offering_id=cohort.offering.offering_id,
        provider=cohort.offering.provider,
        kind=first.kind,
        modality=first.modality,
        members=tuple(
            JointMember(
                match_id=match_id,
                request_id=line.request_id,
                line_id=line.line_id,
                state=line.state,
                persons=count,
                funding_needed=share,
            )
            for line, match_id, count, share in members
        ),
        proposed_at=now,
    )


def evolve(fact: JointDeliveryProposed) -> JointDelivery:
    """The joint delivery without its matches."""
    return from_attributes(JointDelivery, fact, matches=())
