"""The cases of the matching service's policy, as in `permission_cases`."""

from functools import cache
from typing import Any

import msgspec
from msgspec.structs import replace

from contracts.facts import Fact
from contracts.joint_deliveries import JointDeliveryProposed
from contracts.matching import MatchSuggested, OfferingSubmitted
from contracts.packages import PackagePresented
from contracts.registry import decode_fact
from contracts.requests import RequestSubmitted
from contracts.rounds import RoundAsked
from contracts.translations import TranslatedBy
from services.documents.examples import WHEN, example_event
from services.documents.permission_subjects import (
    DONOR,
    OTHER,
    PROVIDER,
    STATE,
    UNIT,
    UNODC,
    YES_OR_NO,
    Subject,
    of,
)
from services.documents.request_cases import RECIPIENTS, TO_REQUEST, consents
from services.matching import policy as matching
from services.matching.joint_deliveries import model as joint_delivery
from services.matching.joint_deliveries.views import JointDeliveryView
from services.matching.lines.model import RequestStatus, WantedLine
from services.matching.matches.evolve import evolve as evolve_match
from services.matching.matches.model import Match, MatchStatus
from services.matching.matches.views import MatchDetail
from services.matching.matches.why_not_api import WhyNot
from services.matching.offerings import model as offering
from services.matching.offerings.model import OfferingStatus
from services.matching.offerings.translation_store import OfferingTranslationView
from services.matching.offerings.views import OfferingView
from services.matching.packages.evolve import evolve as evolve_package
from services.matching.packages.model import Package, PackageStatus
from services.matching.packages.views import PackageView
from services.matching.rounds import model as round
from services.matching.rounds.views import RoundDetail
from services.requests.request.values import Circulation


@cache
def _example(kind: type[Fact]) -> Any:
    """Return the example of a fact, created on first use, because importing reads no files."""
    return decode_fact(example_event(kind))


# -- requests ---------------------------------------------------------------------------------------------------------


# -- matching ---------------------------------------------------------------------------------------------------------

_M = matching.Action


def _line(status: str, circulation: str, recipients: str) -> WantedLine:
    submitted: RequestSubmitted = _example(RequestSubmitted)
    line = submitted.lines[0]
    values = msgspec.structs.asdict(line) | {
        "request_id": submitted.request_id,
        "state": STATE,
        "status": RequestStatus(status),
        "addressee": "any",
        "addressed_states": (),
        "visibility": "providers",
        "circulation": circulation,
        "restricted": False,
        "consents": consents(recipients, "codes"),
        "waiting_since": WHEN,
        "priority": None,
    }
    return WantedLine(**{name: values[name] for name in WantedLine.__struct_fields__ if name in values})


def _offering(status: str) -> offering.Offering:
    submitted = offering.evolve(None, _example(OfferingSubmitted))
    return replace(submitted, provider=PROVIDER, status=OfferingStatus(status))


def _match(presented: str, interested: str, disclosed: str, agreed: str) -> Match:
    return replace(
        evolve_match(None, _example(MatchSuggested)),
        state=STATE,
        provider=PROVIDER,
        status=_match_status(presented, agreed),
        presented_at=WHEN if presented == "yes" else None,
        interested_at=WHEN if interested == "yes" else None,
        disclosed=disclosed == "yes",
        confirmed_at=WHEN if agreed == "yes" else None,
    )


def _joint_delivery(disclosed: str, agreed: str) -> joint_delivery.JointDelivery:
    proposed = joint_delivery.evolve(_example(JointDeliveryProposed))
    match = _match("yes", "no", disclosed, agreed)
    theirs = replace(match, match_id=proposed.members[0].match_id, joint_delivery_id=proposed.joint_delivery_id)
    others = replace(theirs, match_id=proposed.members[1].match_id, state=proposed.members[1].state)
    return replace(proposed, provider=PROVIDER, matches=(theirs, others))


def _match_status(presented: str, agreed: str) -> MatchStatus:
    if agreed == "yes":
        return MatchStatus.CONFIRMED
    return MatchStatus.PRESENTED if presented == "yes" else MatchStatus.SUGGESTED


def _package(disclosed: str, agreed: str) -> Package:
    return replace(
        evolve_package(None, _example(PackagePresented)),
        state=STATE,
        provider=PROVIDER,
        unit=UNIT,
        donor=DONOR,
        disclosed=disclosed == "yes",
        status=PackageStatus.CONFIRMED if agreed == "yes" else PackageStatus.PRESENTED,
        confirmed_at=WHEN if agreed == "yes" else None,
    )


def _round() -> round.Round:
    return round.evolve(None, _example(RoundAsked))


def _translated_offering(status: str, made_by: str) -> matching.Translated:
    return matching.Translated(_offering(status), TranslatedBy(made_by))


_OFFERING_READS = (_M.SHOW_OFFERING, _M.LIST_OFFERINGS, _M.FOLLOW)
_MATCH_READS = (_M.SHOW_MATCH, _M.LIST_MATCHES, _M.FOLLOW, _M.READ_CONTACT)
_TO_MATCH = {
    "the State itself": of(STATE),
    "the provider itself": of(PROVIDER),
    "another organization": of(OTHER),
    "UNODC": of(UNODC),
}
_TO_OFFERING = {"the provider itself": of(PROVIDER), "another organization": of(OTHER), "UNODC": of(UNODC)}
_ANY_CALLER = {"another organization": of(OTHER), "UNODC": of(UNODC)}
SUBJECTS = (
    Subject(
        service="matching",
        title="Operations without a record",
        decide=matching.decide,
        standings=_ANY_CALLER,
        reads=(
            _M.LIST_OFFERINGS,
            _M.COUNT_OFFERINGS,
            _M.LIST_MATCHES,
            _M.LIST_JOINT_DELIVERIES,
            _M.LIST_ROUNDS,
            _M.LIST_PACKAGES,
            _M.FOLLOW,
            _M.OFFER,
            _M.PROPOSE,
            _M.WHY_NOT,
            _M.SUGGEST_TOPICS,
            _M.PREVIEW,
            _M.LIST_CHOICES,
            _M.LIST_RANKINGS,
            _M.LIST_COHORTS,
            _M.SIMILAR,
            _M.SHOW_TREATY_STATUS,
            _M.SHOW_WEIGHTS,
            _M.ASK_ROUND,
        ),
        acts=(
            _M.RECORD_TREATY_STATUS,
            _M.ADOPT_WEIGHTS,
            _M.OVERRIDE,
            _M.PRESENT_SEVERAL,
            _M.PROPOSE_JOINTLY,
            _M.PRESENT_PACKAGE,
        ),
    ),
    Subject(
        service="matching",
        title="An offering",
        views=(OfferingView,),
        guarded=(matching.Guarded.COMMENT,),
        decide=matching.decide,
        standings=_TO_OFFERING,
        properties={"status": tuple(OfferingStatus)},
        make=_offering,
        reads=_OFFERING_READS,
        acts=tuple(matching.OFFERERS),
    ),
    Subject(
        service="matching",
        title="A translation of an offering",
        views=(OfferingTranslationView,),
        decide=matching.decide,
        standings=_TO_OFFERING,
        properties={
            "status": tuple(OfferingStatus),
            "made by": tuple(one for one in TranslatedBy if one is not TranslatedBy.STATE),
        },
        make=_translated_offering,
        reads=(_M.SHOW_OFFERING,),
        acts=(_M.TRANSLATE,),
    ),
    Subject(
        service="matching",
        title="A new match, by line",
        decide=matching.decide,
        standings={name: make for name, make in TO_REQUEST.items() if name != "both sides accepted"},
        properties={
            "status": tuple(RequestStatus),
            "circulation": tuple(Circulation),
            "consent to": tuple(RECIPIENTS),
        },
        make=_line,
        reads=(_M.PROPOSE, _M.WHY_NOT),
    ),
    Subject(
        service="matching",
        title="Lines similar to a line",
        decide=matching.decide,
        standings={name: make for name, make in TO_REQUEST.items() if name != "both sides accepted"},
        properties={
            "status": tuple(RequestStatus),
            "circulation": tuple(Circulation),
            "consent to": tuple(RECIPIENTS),
        },
        make=_line,
        reads=(_M.SIMILAR,),
    ),
    Subject(
        service="matching",
        title="A new match, by offering",
        views=(WhyNot,),
        guarded=(matching.Guarded.OBSTACLES, matching.Guarded.PLACE, matching.Guarded.MATCH_ID),
        decide=matching.decide,
        standings=_TO_OFFERING,
        properties={"status": tuple(OfferingStatus)},
        make=_offering,
        reads=(_M.PROPOSE, _M.WHY_NOT),
    ),
    Subject(
        service="matching",
        title="A match",
        views=(MatchDetail,),
        guarded=(
            *(matching.Guarded.RANK, matching.Guarded.DEPARTS, matching.Guarded.DEPARTURE),
            matching.Guarded.JUDGEMENT,
            *(matching.Guarded.STATE_EVALUATION_COMMENT, matching.Guarded.PROVIDER_EVALUATION_COMMENT),
        ),
        decide=matching.decide,
        standings=_TO_MATCH,
        properties={
            "ever presented": YES_OR_NO,
            "begun by interest": YES_OR_NO,
            "a consent lets the provider know": YES_OR_NO,
            "both sides accepted": YES_OR_NO,
        },
        make=_match,
        reads=_MATCH_READS,
        acts=tuple(matching.MATCHERS),
    ),
    Subject(
        service="matching",
        title="A joint delivery",
        views=(JointDeliveryView,),
        guarded=(matching.Guarded.PEOPLE, matching.Guarded.MONEY_NEEDED, matching.Guarded.MONEY_UNCOVERED),
        decide=matching.decide,
        standings={
            "one of its States": of(STATE),
            "the provider itself": of(PROVIDER),
            "another organization": of(OTHER),
            "UNODC": of(UNODC),
        },
        properties={"a consent lets the provider know": YES_OR_NO, "both sides accepted": YES_OR_NO},
        make=_joint_delivery,
        reads=(*matching.JOINT_READS, _M.FOLLOW),
        acts=tuple(matching.JOINT_MOVERS),
    ),
    Subject(
        service="matching",
        title="A package",
        views=(PackageView,),
        decide=matching.decide,
        standings={**_TO_MATCH, "its unit of UNODC": of(UNIT), "its donor": of(DONOR)},
        properties={"a consent names the organization": YES_OR_NO, "all four agreed": YES_OR_NO},
        make=_package,
        reads=matching.PACKAGE_READS,
        acts=tuple(matching.PACKAGE_MOVERS),
    ),
    Subject(
        service="matching",
        title="An allocation round",
        views=(RoundDetail,),
        decide=matching.decide,
        standings=_ANY_CALLER,
        make=_round,
        reads=matching.ROUND_READS,
        acts=tuple(matching.ROUND_MOVERS),
    ),
)  # fmt: skip
