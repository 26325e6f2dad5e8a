"""Who may see an offering or a match, and who may move it. Pure: `may_see` says the same in SQL; a test compares."""

from contracts.refusals import Forbidden
from contracts.values import Caller, Role
from services.matching import match, offering
from services.matching.match import Match
from services.matching.offering import Offering, OfferingStatus

OVERSEERS = frozenset({Role.COORDINATOR, Role.AUDITOR, Role.SERVICE})


def may_see_offering(caller: Caller, seen: Offering) -> bool:
    """The own organization's in every state, everybody's once they are available."""
    return caller.role in OVERSEERS or seen.provider == caller.organization or seen.status is OfferingStatus.AVAILABLE


def may_see_match(caller: Caller, seen: Match) -> bool:
    """The two sides from the presentation on; a provider also its own interest."""
    if caller.role in OVERSEERS:
        return True
    if caller.role in {Role.FOCAL_POINT, Role.OFFICIAL}:
        return seen.state == caller.organization and seen.presented_at is not None
    if caller.role is Role.PROVIDER_OFFICER:
        told = seen.presented_at is not None or seen.interested_at is not None
        return seen.provider == caller.organization and told
    return False


def sees_comments(caller: Caller, seen: Offering) -> bool:
    """What is written beside an offering's moves is between its provider and UNODC."""
    return caller.role in OVERSEERS or seen.provider == caller.organization


def sees_ranking(caller: Caller) -> bool:
    """A provider is not told how many others there are, nor that one of them was passed over."""
    return caller.role is not Role.PROVIDER_OFFICER


def check_may_offer(caller: Caller) -> None:
    """Raises Forbidden for anybody but a provider's officer, who offers for the own organization."""
    if caller.role is not Role.PROVIDER_OFFICER:
        raise Forbidden("not-for-your-role")


def check_may_move_offering(caller: Caller, seen: Offering, move: str) -> None:
    """Raises Forbidden where the role never makes this move, or the offering is another organization's."""
    if caller.role not in offering.MOVES[move].roles:
        raise Forbidden("not-for-your-role")
    if caller.role is Role.PROVIDER_OFFICER and seen.provider != caller.organization:
        raise Forbidden("not-your-organization")


def check_may_move_match(caller: Caller, move: str) -> None:
    """Raises Forbidden where the role never makes this move; whose match it is, `may_see_match` has settled."""
    if caller.role not in match.MOVES[move].roles:
        raise Forbidden("not-for-your-role")


def check_may_begin(caller: Caller) -> None:
    """Raises Forbidden for anybody but a coordinator, who nominates, and a provider's officer, who is interested."""
    if caller.role not in match.MOVES["nominate"].roles | match.MOVES["interest"].roles:
        raise Forbidden("not-for-your-role")
