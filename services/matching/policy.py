"""The access policy for offerings, matches, packages and rounds; /docs/permissions lists it.

`may_see` in SQL implements `may_see_offering`, `may_see_match` and `may_see_package` in the WHERE of every read,
`line_store.similar_to` implements `may_compare`; tests compare them.
"""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from contracts.decisions import ALLOWED, HIDDEN, Decision, denied, open_moves
from contracts.facts import fact_type
from contracts.matching import MatchRescored, MatchShortlisted, OfferingApproved, OfferingReconfirmed, OfferingResumed
from contracts.translations import TranslatedBy
from contracts.values import Caller, Role
from services.matching.joint_deliveries.model import MOVES as JOINT_MOVES
from services.matching.joint_deliveries.model import JointDelivery
from services.matching.lines.model import WantedLine
from services.matching.matches.model import AGREED, Match
from services.matching.matches.model import MOVES as MATCH_MOVES
from services.matching.offerings.model import MOVES as OFFERING_MOVES
from services.matching.offerings.model import Offering, OfferingStatus
from services.matching.packages.model import MOVES as PACKAGE_MOVES
from services.matching.packages.model import Package
from services.matching.rounds.model import Round


class Action(StrEnum):
    """Actions of this service, and `override`, a field of a nomination.

    A joint delivery is confirmed by the action of a match, and withdrawn by the action of an offering.
    """

    OFFER = "offer"
    FOLLOW = "follow"
    LIST_OFFERINGS = "list_offerings"
    COUNT_OFFERINGS = "count_offerings"
    SHOW_OFFERING = "show_offering"
    REVISE = "revise"
    SUBMIT = "submit"
    APPROVE = "approve"
    RETURN = "return"
    SUSPEND = "suspend"
    RESUME = "resume"
    RECONFIRM = "reconfirm"
    PUBLISH = "publish"
    UNPUBLISH = "unpublish"
    READ_CONTACT = "read_contact"
    CHANGE_CONTACT = "change_contact"
    REMOVE_CONTACT = "remove_contact"
    TRANSLATE = "translate"
    WITHDRAW = "withdraw"
    PROPOSE = "propose"
    OVERRIDE = "override"
    WHY_NOT = "why_not"
    SUGGEST_TOPICS = "suggest_topics"
    PREVIEW = "preview"
    LIST_CHOICES = "list_choices"
    LIST_RANKINGS = "list_rankings"
    LIST_COHORTS = "list_cohorts"
    SIMILAR = "similar"
    SHOW_TREATY_STATUS = "show_treaty_status"
    RECORD_TREATY_STATUS = "record_treaty_status"
    SHOW_WEIGHTS = "show_weights"
    ADOPT_WEIGHTS = "adopt_weights"
    LIST_MATCHES = "list_matches"
    SHOW_MATCH = "show_match"
    SHORTLIST = "shortlist"
    PRESENT = "present"
    PRESENT_SEVERAL = "present_several"
    PROPOSE_JOINTLY = "propose_jointly"
    LIST_JOINT_DELIVERIES = "list_joint_deliveries"
    SHOW_JOINT_DELIVERY = "show_joint_delivery"
    ACCEPT = "accept"
    CONFIRM = "confirm"
    EVALUATE = "evaluate"
    DECLINE = "decline"
    NOT_PURSUE = "not_pursue"
    PRESENT_PACKAGE = "present_package"
    LIST_PACKAGES = "list_packages"
    SHOW_PACKAGE = "show_package"
    AGREE = "agree"
    ASK_ROUND = "ask_round"
    LIST_ROUNDS = "list_rounds"
    SHOW_ROUND = "show_round"
    COMPARE_ROUNDS = "compare_rounds"
    ADOPT_ROUND = "adopt_round"
    DISCARD_ROUND = "discard_round"


class Translated(Struct, frozen=True):
    """An existing translation of an offering, and who made it."""

    offering: Offering
    made_by: TranslatedBy


class Guarded(StrEnum):
    """Fields that some callers who see the record do not see."""

    COMMENT = "comment"
    """Comments on an offering's moves; they are between its provider and UNODC."""
    TAKEN = "taken"
    """The units taken of an offering; for kinds that may put persons at risk they would reveal a person."""
    RANK = "rank"
    PRESENTED_PERSONS = "presented_persons"
    """The rank of a match, and persons of presented ones; providers do not see how many others there are."""
    DEPARTS = "departs"
    DEPARTURE = "departure"
    """The reason for a departure from the ranking; providers do not see that another match was passed over."""
    JUDGEMENT = "judgement"
    """The closeness of a match's texts. A provider may not see the State's text; its score leaves the closeness out."""
    STATE_EVALUATION_COMMENT = "state_evaluation_comment"
    PROVIDER_EVALUATION_COMMENT = "provider_evaluation_comment"
    """A side's comment on its evaluation, visible to that side and UNODC; the other side sees only codes."""
    OBSTACLES = "obstacles"
    """The obstacles between an offering and a line; a provider sees only whether the offering fits."""
    PLACE = "place"
    MATCH_ID = "match_id"
    PEOPLE = "people"
    MONEY_NEEDED = "money_needed"
    MONEY_UNCOVERED = "money_uncovered"
    """The totals of a joint delivery; the requests of its States are confidential among each other."""


OVERSEERS = frozenset({Role.COORDINATOR, Role.AUDITOR, Role.SERVICE})
FILERS = frozenset({Role.FOCAL_POINT, Role.OFFICIAL})
_STATE = frozenset({Role.FOCAL_POINT})
_PROVIDER = frozenset({Role.PROVIDER_OFFICER})
_DONOR = frozenset({Role.DONOR_OFFICER})
_COORDINATOR = frozenset({Role.COORDINATOR})
_OVERSIGHT = frozenset({Role.COORDINATOR, Role.AUDITOR})
"""Roles that see the lines of all States together."""

OFFERERS: Mapping[Action, frozenset[Role]] = {
    Action.REVISE: _PROVIDER,
    Action.SUBMIT: _PROVIDER,
    Action.APPROVE: _COORDINATOR,
    Action.RETURN: _COORDINATOR,
    Action.SUSPEND: _PROVIDER | _COORDINATOR,
    Action.RESUME: _PROVIDER | _COORDINATOR,
    Action.RECONFIRM: _PROVIDER,
    Action.PUBLISH: _PROVIDER,
    Action.UNPUBLISH: _PROVIDER,
    Action.READ_CONTACT: _PROVIDER | _COORDINATOR,
    Action.CHANGE_CONTACT: _PROVIDER,
    Action.REMOVE_CONTACT: _PROVIDER | _COORDINATOR,
    Action.TRANSLATE: _PROVIDER | _COORDINATOR,
    Action.WITHDRAW: _PROVIDER,
}
"""Roles that change an offering or read its contact point; a provider's officer only for their own organization."""

CONTACTED = FILERS | _PROVIDER | _COORDINATOR
"""Roles that read the contact point of a confirmed match they may see."""

MATCHERS: Mapping[Action, frozenset[Role]] = {
    Action.SHORTLIST: _COORDINATOR,
    Action.PRESENT: _COORDINATOR,
    Action.ACCEPT: _STATE,
    Action.CONFIRM: _PROVIDER,
    Action.EVALUATE: _STATE | _PROVIDER,
    Action.DECLINE: _STATE | _PROVIDER,
    Action.NOT_PURSUE: _COORDINATOR,
}
"""Roles that change a match they may see."""

JOINT_READS = (Action.SHOW_JOINT_DELIVERY, Action.LIST_JOINT_DELIVERIES)
JOINT_MOVERS: Mapping[Action, frozenset[Role]] = {Action.CONFIRM: _PROVIDER, Action.WITHDRAW: _COORDINATOR}
"""Roles that move a joint delivery they may see."""

EVENTS_OF_OTHERS = frozenset({fact_type(OfferingApproved), fact_type(OfferingReconfirmed), fact_type(OfferingResumed)})
"""Events of others' offerings that show that one is available. All others are between its provider and UNODC."""

_STEPS = frozenset({fact_type(MatchRescored), fact_type(MatchShortlisted)})
"""Events of UNODC's preparation, before a match is shown."""

WRITERS = FILERS | _PROVIDER | _COORDINATOR
"""Roles that write texts with topics: requests, offerings, and requests received by note verbale."""

OF_NO_RECORD: Mapping[Action, frozenset[Role]] = {
    Action.OFFER: _PROVIDER,
    Action.SUGGEST_TOPICS: WRITERS,
    Action.PREVIEW: FILERS,
    Action.LIST_CHOICES: _OVERSIGHT,
    Action.LIST_RANKINGS: _OVERSIGHT,
    Action.LIST_COHORTS: _OVERSIGHT,
    # Treaty status and score weights are public to all roles.
    Action.SHOW_TREATY_STATUS: frozenset(Role),
    Action.RECORD_TREATY_STATUS: _COORDINATOR,
    Action.SHOW_WEIGHTS: frozenset(Role),
    Action.ADOPT_WEIGHTS: _COORDINATOR,
    Action.OVERRIDE: _COORDINATOR,
    Action.PRESENT_SEVERAL: _COORDINATOR,
    Action.PROPOSE_JOINTLY: _COORDINATOR,
    Action.PRESENT_PACKAGE: _COORDINATOR,
    Action.ASK_ROUND: _COORDINATOR,
}
"""Roles by action, for actions without a record."""

PROPOSERS = _COORDINATOR | _PROVIDER
"""Roles that propose a match: a coordinator nominates, a provider's officer expresses interest."""

ROUND_READS = (Action.SHOW_ROUND, Action.COMPARE_ROUNDS, Action.LIST_ROUNDS, Action.FOLLOW)
ROUND_MOVERS: Mapping[Action, frozenset[Role]] = {
    Action.ADOPT_ROUND: _COORDINATOR,
    Action.DISCARD_ROUND: _COORDINATOR,
}
"""Roles that move a round they may see."""

PACKAGE_READS = (Action.SHOW_PACKAGE, Action.LIST_PACKAGES, Action.FOLLOW)
PACKAGE_MOVERS: Mapping[Action, frozenset[Role]] = {
    Action.AGREE: _PROVIDER | _DONOR,
    Action.DECLINE: _PROVIDER | _DONOR,
    Action.WITHDRAW: _COORDINATOR,
}
"""Roles that move a package they may see; a provider's officer only for the unit, a donor's only for the pledge."""

COMPARERS = FILERS | OVERSEERS
"""Roles that compare lines; a State finds only its own lines similar to one of its own, UNODC all."""

_ABOUT_BOTH = frozenset({Action.PROPOSE, Action.WHY_NOT})
_LISTS = frozenset(
    {
        Action.FOLLOW,
        Action.LIST_OFFERINGS,
        Action.COUNT_OFFERINGS,
        Action.LIST_MATCHES,
        Action.LIST_JOINT_DELIVERIES,
        Action.LIST_PACKAGES,
        Action.LIST_ROUNDS,
    }
)
_OF_ITS_OWN = Decision(None, frozenset({Guarded.COMMENT, Guarded.TAKEN}))
_WITH_TAKEN = Decision(None, frozenset({Guarded.TAKEN}))
_RANKING = frozenset({Guarded.RANK, Guarded.PRESENTED_PERSONS, Guarded.DEPARTS, Guarded.DEPARTURE, Guarded.JUDGEMENT})
_TO_STATE = Decision(None, _RANKING | {Guarded.STATE_EVALUATION_COMMENT})
_TO_PROVIDER = Decision(None, frozenset({Guarded.PROVIDER_EVALUATION_COMMENT}))
_TO_OVERSEER = Decision(None, _TO_STATE.fields | _TO_PROVIDER.fields)
_WITH_OBSTACLES = Decision(None, frozenset({Guarded.OBSTACLES, Guarded.PLACE, Guarded.MATCH_ID}))
_WITH_TOTALS = Decision(None, frozenset({Guarded.PEOPLE, Guarded.MONEY_NEEDED, Guarded.MONEY_UNCOVERED}))
_NOT_FOR_YOUR_ROLE = denied("not-for-your-role")
_NOT_YOUR_ORGANIZATION = denied("not-your-organization")


def decide(
    caller: Caller,
    action: Action,
    resource: Offering | Translated | Match | JointDelivery | Package | Round | WantedLine | None = None,
) -> Decision:
    """Decide whether the caller may do this, and which guarded fields they see. Denied unless granted.

    Actions in OF_NO_RECORD have no resource; PROPOSE and WHY_NOT are decided without one, then with the line, then with
    the offering; SIMILAR without one, then with the line; a list without one (always allowed) and for each record in
    it; all others with the record itself. TRANSLATE is also decided with a translation that exists: only the provider
    replaces or withdraws the provider's translation.
    """
    if (those := OF_NO_RECORD.get(action)) is not None:
        return ALLOWED if caller.role in those else _NOT_FOR_YOUR_ROLE
    if isinstance(resource, Translated):
        decision = _decide_offering(caller, action, resource.offering)
        others = resource.made_by is TranslatedBy.PROVIDER and caller.role not in _PROVIDER
        return _NOT_FOR_YOUR_ROLE if decision.allowed and others and action is Action.TRANSLATE else decision
    if isinstance(resource, Round):
        return _decide_round(caller, action)
    if isinstance(resource, JointDelivery):
        return _decide_joint_delivery(caller, action, resource)
    if isinstance(resource, Package):
        return _decide_package(caller, action, resource)
    if action in _ABOUT_BOTH and not isinstance(resource, Match):
        return _decide_proposal(caller, action, resource)
    if action is Action.SIMILAR and not isinstance(resource, Offering | Match):
        return _decide_comparison(caller, resource)
    if isinstance(resource, Offering):
        return _decide_offering(caller, action, resource)
    if isinstance(resource, Match):
        return _decide_match(caller, action, resource)
    return ALLOWED if resource is None and action in _LISTS else HIDDEN


def _decide_proposal(caller: Caller, action: Action, about: Offering | WantedLine | None) -> Decision:
    if caller.role not in PROPOSERS:
        return _NOT_FOR_YOUR_ROLE
    if isinstance(about, WantedLine) and caller.role in _PROVIDER and not about.is_shown_to(caller):
        return HIDDEN
    if isinstance(about, Offering) and not may_see_offering(caller, about):
        return HIDDEN
    if isinstance(about, Offering) and caller.role in _PROVIDER and about.provider != caller.organization:
        return _NOT_YOUR_ORGANIZATION
    if action is Action.WHY_NOT and isinstance(about, Offering) and caller.role in _COORDINATOR:
        return _WITH_OBSTACLES
    return ALLOWED


def _decide_comparison(caller: Caller, line: WantedLine | None) -> Decision:
    if caller.role not in COMPARERS:
        return _NOT_FOR_YOUR_ROLE
    hidden = isinstance(line, WantedLine) and not may_compare(caller, line)
    return HIDDEN if hidden else ALLOWED


def may_compare(caller: Caller, line: WantedLine) -> bool:
    """Return True if the caller may compare the line: UNODC all lines, a State its own.

    Otherwise a State could learn of another State's circulated lines by submitting a similar one.
    """
    return caller.role in OVERSEERS or (caller.role in FILERS and line.state == caller.organization)


def _decide_offering(caller: Caller, action: Action, offering: Offering) -> Decision:
    if not may_see_offering(caller, offering):
        return HIDDEN
    if action is Action.FOLLOW:
        return ALLOWED
    if action is Action.LIST_OFFERINGS or action is Action.SHOW_OFFERING:
        of_its_own = caller.role in OVERSEERS or offering.provider == caller.organization
        return _OF_ITS_OWN if of_its_own else ALLOWED if offering.confidential else _WITH_TAKEN
    if caller.role not in OFFERERS.get(action, ()):
        return _NOT_FOR_YOUR_ROLE
    if caller.role in _PROVIDER and offering.provider != caller.organization:
        return _NOT_YOUR_ORGANIZATION
    return ALLOWED


def _decide_match(caller: Caller, action: Action, match: Match) -> Decision:
    if not may_see_match(caller, match):
        return HIDDEN
    if action is Action.FOLLOW:
        return ALLOWED
    if action is Action.LIST_MATCHES or action is Action.SHOW_MATCH:
        if caller.role in OVERSEERS:
            return _TO_OVERSEER
        return _TO_PROVIDER if caller.role in _PROVIDER else _TO_STATE
    if action is Action.READ_CONTACT:
        if match.status not in AGREED:
            return HIDDEN
        return ALLOWED if caller.role in CONTACTED else _NOT_FOR_YOUR_ROLE
    return ALLOWED if caller.role in MATCHERS.get(action, ()) else _NOT_FOR_YOUR_ROLE


def _decide_joint_delivery(caller: Caller, action: Action, joint: JointDelivery) -> Decision:
    """Decide on a joint delivery. Its fact names all of its States: only overseers follow it, others their matches."""
    if not any(may_see_joint_match(caller, joint, one) for one in joint.matches):
        return HIDDEN
    if action is Action.FOLLOW:
        return ALLOWED if caller.role in OVERSEERS else HIDDEN
    if action in JOINT_READS:
        return ALLOWED if caller.role in FILERS else _WITH_TOTALS
    return ALLOWED if caller.role in JOINT_MOVERS.get(action, ()) else _NOT_FOR_YOUR_ROLE


def may_see_joint_match(caller: Caller, joint: JointDelivery, one: Match) -> bool:
    """Return True if the caller may see this match of a joint delivery as its own."""
    return caller.role in OVERSEERS or (joint.includes(one) and may_see_match(caller, one))


def joint_moves_open_to(caller: Caller, joint: JointDelivery) -> tuple[str, ...]:
    """Return the moves that this caller may make now."""
    return tuple(move for move in JOINT_MOVES if joint.to_move(move) and decide(caller, Action(move), joint).allowed)


def _decide_round(caller: Caller, action: Action) -> Decision:
    """Decide on a round. Rounds are made and read at UNODC; others see their effects on matches."""
    if caller.role not in OVERSEERS:
        return HIDDEN
    if action in ROUND_READS:
        return ALLOWED
    return ALLOWED if caller.role in ROUND_MOVERS.get(action, ()) else _NOT_FOR_YOUR_ROLE


def _decide_package(caller: Caller, action: Action, package: Package) -> Decision:
    if not may_see_package(caller, package):
        return HIDDEN
    if action in PACKAGE_READS:
        return ALLOWED
    if caller.role not in PACKAGE_MOVERS.get(action, ()):
        return _NOT_FOR_YOUR_ROLE
    is_party = caller.role in _COORDINATOR or package.party_of(caller) is not None
    return ALLOWED if is_party else _NOT_YOUR_ORGANIZATION


def moves_open_to(caller: Caller, record: Offering | Match | Package) -> tuple[str, ...]:
    """Return the moves that this caller may make now."""
    if isinstance(record, Package):
        found = open_moves(caller, record, Action, decide, PACKAGE_MOVES)
        return tuple(move for move in found if move != Action.AGREE or record.party_of(caller) in record.waiting_for)
    if isinstance(record, Match):
        return open_moves(caller, record, Action, decide, MATCH_MOVES)
    moves = open_moves(caller, record, Action, decide, OFFERING_MOVES)
    return moves if record.publication else tuple(move for move in moves if move != Action.UNPUBLISH)


def author(caller: Caller, *, machine: bool) -> TranslatedBy:
    """Return the author that a translation by this caller is marked with."""
    if machine:
        return TranslatedBy.MACHINE
    return TranslatedBy.PROVIDER if caller.role in _PROVIDER else TranslatedBy.UNODC


def may_receive(caller: Caller, event_type: str, *, own: bool) -> bool:
    """Return True if a caller who sees the record may receive this event; `own` is True for their own offering."""
    if caller.role in OVERSEERS:
        return True
    if event_type.startswith("matching.offering."):
        return own or event_type in EVENTS_OF_OTHERS
    return event_type not in _STEPS


def may_see_offering(caller: Caller, seen: Offering) -> bool:
    """Return True for overseers and the provider, and for all others while the offering is available."""
    return caller.role in OVERSEERS or seen.provider == caller.organization or seen.status is OfferingStatus.AVAILABLE


def is_public(offering: Offering) -> bool:
    """Return True if everybody may read an offering's public text; `is_public` in SQL is the same rule."""
    available = offering.status is OfferingStatus.AVAILABLE
    return offering.publication is not None and available and not offering.confidential


def may_see_match(caller: Caller, seen: Match) -> bool:
    """Return True for overseers, both sides from the presentation on, and a provider for its own interest.

    A provider needs a consent in force, unless both sides have agreed; a unit of UNODC needs no consent.
    """
    if caller.role in OVERSEERS:
        return True
    if caller.role in FILERS:
        return seen.state == caller.organization and seen.presented_at is not None
    if caller.role is Role.PROVIDER_OFFICER:
        begun = seen.presented_at is not None or seen.interested_at is not None
        known = seen.confirmed_at is not None or caller.of_unodc or seen.disclosed
        return seen.provider == caller.organization and begun and known
    return False


def may_see_package(caller: Caller, seen: Package) -> bool:
    """Return True for overseers and the four parties.

    A provider outside UNODC and the donor need a consent in force, unless all have agreed.
    """
    if caller.role in OVERSEERS:
        return True
    if caller.role in FILERS:
        return seen.state == caller.organization
    known = seen.confirmed_at is not None or seen.disclosed
    if caller.role is Role.PROVIDER_OFFICER:
        return seen.unit == caller.organization or (seen.provider == caller.organization and known)
    return caller.role is Role.DONOR_OFFICER and seen.donor == caller.organization and known
