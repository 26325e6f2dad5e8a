"""Views of joint deliveries."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from contracts.conversion import from_attributes
from contracts.values import Caller, Language, Money, Period
from services.matching import policy
from services.matching.joint_deliveries.model import JointDelivery, JointStatus
from services.matching.matches.model import Match, MatchStatus
from services.matching.policy import Action, Guarded


class JointMemberView(Struct, frozen=True, kw_only=True):
    """One State's part. Of another State it has only the name and the status, once both have accepted."""

    state: str
    status: MatchStatus
    match_id: UUID | None
    request_id: UUID | None
    line_id: UUID | None
    persons: int | None
    funding_needed: Money | None


class JointDeliveryView(Struct, frozen=True, kw_only=True):
    """One delivery proposed to several States.

    `states` is their number; `members` are those that the reader may know of. `money_needed` is what the delivery
    lacks, once; each member has a share by its persons. `money_uncovered` is the share of members that have ended.
    Neither these nor `people` are shown to the States. `revision` changes with every match; `capacity_period` is the
    period of which one unit is taken. `moves` are those that the caller may make now.
    """

    joint_delivery_id: UUID
    offering_id: UUID
    provider: str
    status: JointStatus
    revision: int
    kind: str
    modality: str
    topics: tuple[str, ...]
    languages: tuple[Language, ...]
    window: Period
    states: int
    people: int | None
    members: tuple[JointMemberView, ...]
    money_needed: Money | None
    money_uncovered: Money | None
    capacity_period: Period | None
    proposed_at: datetime
    moves: tuple[str, ...]


def view(found: JointDelivery, caller: Caller) -> JointDeliveryView:
    """Return the joint delivery as this caller, who may see it, is shown it."""
    guarded = policy.decide(caller, Action.SHOW_JOINT_DELIVERY, found).required().fields
    return from_attributes(
        JointDeliveryView,
        found,
        states=len(found.members),
        people=found.people if Guarded.PEOPLE in guarded else None,
        members=tuple(_members(found, caller)),
        money_needed=found.money_needed if Guarded.MONEY_NEEDED in guarded else None,
        money_uncovered=found.money_uncovered if Guarded.MONEY_UNCOVERED in guarded else None,
        moves=policy.joint_moves_open_to(caller, found),
    )


def _members(found: JointDelivery, caller: Caller) -> Iterator[JointMemberView]:
    for one in found.matches:
        if policy.may_see_joint_match(caller, found, one):
            yield from_attributes(JointMemberView, found.member(one.match_id), status=found.status_of(one))
        elif caller.role in policy.FILERS and found.shows_name(one, caller.organization):
            yield _named(found, one)


def _named(found: JointDelivery, one: Match) -> JointMemberView:
    return JointMemberView(
        state=one.state,
        status=found.status_of(one),
        match_id=None,
        request_id=None,
        line_id=None,
        persons=None,
        funding_needed=None,
    )
