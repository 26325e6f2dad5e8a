"""Hard constraints: what no score makes up for. `offering_store.candidates` says the same in SQL; a test compares."""

from contracts.reference import region_of
from contracts.values import is_unodc
from services.matching.lines.model import WantedLine
from services.matching.offerings.model import Offering, ResourceStatus

CAPACITY = "capacity"
"""The one constraint that other matches can break and mend again."""


def violated(line: WantedLine, offering: Offering) -> list[str]:
    """The constraints that keep the offering from serving the line; empty where it fits.

    A line's languages are all wanted: each has to be spoken or interpreted. The offering's own status is not looked at.
    """
    terms = offering.terms
    meeting = [one for one in terms.capacity if one.period.overlaps(line.window)]
    holds = {
        "own_state": offering.provider != line.state,
        "addressee": _is_addressed(line, offering.provider),
        "excluded_provider": offering.provider not in line.excluded_providers,
        "kind": line.kind in terms.kinds,
        "modality": line.modality in terms.modalities,
        "language": set(line.languages) <= {*terms.languages, *terms.interpretation},
        "group_size": terms.group_size_max is None or line.group_size <= terms.group_size_max,
        "eligibility": _is_eligible(line.state, offering),
        "excluded_state": line.state not in terms.eligible.excluded_states,
        "treaty": set(terms.treaties) <= line.party_to,
        "validity": terms.valid.overlaps(line.window),
        "window": bool(meeting),
        # Of what is not delivered in the window at all it is no use to say that nothing is left of it.
        CAPACITY: not meeting or any(offering.room(one) > 0 for one in meeting),
        "resource_status": not line.cannot_wait or terms.resource_status == ResourceStatus.FUNDED,
    }
    return [name for name, held in holds.items() if not held]


def _is_addressed(line: WantedLine, provider: str) -> bool:
    if line.addressee == "unodc":
        return is_unodc(provider)
    if line.addressee == "states":
        return provider in line.addressed_states
    return True


def _is_eligible(state: str, offering: Offering) -> bool:
    eligible = offering.terms.eligible
    if not eligible.states and not eligible.regions:
        return True
    return state in eligible.states or region_of(state) in eligible.regions
