"""Hard constraints as data: what a line asks, what an offering has, and how the two have to relate.

No score outweighs a violation. `violated` checks one pair; `index.OfferingIndex` keeps a set or column per constraint
and finds the offerings that violate none; `why_not` explains violations.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from contracts.reference import income_group_of, region_of, special_groups_of
from contracts.values import is_unodc
from services.matching.lines.model import WantedLine
from services.matching.offerings.model import Offering, ResourceStatus

Codes = Sequence[str]
Meets = Literal["subset", "overlap", "superset", "disjoint", "at_most", "same_day"]
"""Relations between what is asked and what is had.

The codes asked are a subset (or …) of the codes had, the number asked is at most the number had, or the period asked
shares a day with a period had.
"""

CAPACITY = "capacity"
"""The constraint that depends on other matches."""

WINDOW = "window"
GROUP_SIZE = "group_size"

OVERRIDABLE = (
    "kind", "modality", "language", GROUP_SIZE, "eligibility", "income_group", "special_group", "treaty", "validity",
    WINDOW, "resource_status",
)  # fmt: skip
"""Constraints that a coordinator may override for a match.

The others are a party's exclusion, or that no delivery is left.
"""

UNODC, EVERYONE = "unodc", "everyone"
"""Codes that stand for all units of UNODC, among organizations, and for all States, among States and regions."""


class Constraint(Struct, frozen=True):
    """`requires` is None if the line has no such requirement; `has` is None if the offering has no limit.

    A violation is not reported if the constraint `unless` is violated too. A constraint is not `indexed` if an indexed
    one implies it.
    """

    slug: str
    requires: Callable[[WantedLine], Any]
    meets: Meets
    has: Callable[[Offering], Any]
    unless: str | None = None
    indexed: bool = True


def provider(offering: Offering) -> Codes:
    return (offering.provider, UNODC) if is_unodc(offering.provider) else (offering.provider,)


def _addressed(line: WantedLine) -> Codes | None:
    return {"unodc": (UNODC,), "states": line.addressed_states}.get(line.addressee)


def _state_and_region(line: WantedLine) -> Codes:
    region = region_of(line.state)
    return (EVERYONE, line.state) if region is None else (EVERYONE, line.state, region)


def eligible(offering: Offering) -> Codes:
    named = offering.terms.eligible
    return (*named.states, *named.regions) or (EVERYONE,)


def _income_group(line: WantedLine) -> Codes:
    group = income_group_of(line.state)
    return (EVERYONE,) if group is None else (EVERYONE, group)


def income_groups(offering: Offering) -> Codes:
    return offering.terms.eligible.income_groups or (EVERYONE,)


def special_groups(offering: Offering) -> Codes:
    return offering.terms.eligible.special_groups or (EVERYONE,)


def understood(offering: Offering) -> Codes:
    return (*offering.terms.languages, *offering.terms.interpretation)


CONSTRAINTS = (
    Constraint("own_state", lambda line: (line.state,), "disjoint", provider),
    Constraint("addressee", _addressed, "overlap", provider),
    Constraint("excluded_provider", lambda line: line.excluded_providers, "disjoint", provider),
    Constraint("kind", lambda line: (line.kind,), "subset", lambda offering: offering.terms.kinds),
    Constraint("modality", lambda line: (line.modality,), "subset", lambda offering: offering.terms.modalities),
    Constraint("language", lambda line: line.languages, "subset", understood),
    Constraint(GROUP_SIZE, lambda line: line.group_size, "at_most", lambda offering: offering.terms.group_size_max),
    Constraint("eligibility", _state_and_region, "overlap", eligible),
    Constraint(
        "excluded_state",
        lambda line: (line.state,),
        "disjoint",
        lambda offering: offering.terms.eligible.excluded_states,
    ),
    Constraint("income_group", _income_group, "overlap", income_groups),
    Constraint("special_group", lambda line: (EVERYONE, *special_groups_of(line.state)), "overlap", special_groups),
    Constraint("treaty", lambda line: line.party_to, "superset", lambda offering: offering.terms.treaties),
    # The index holds free capacity within the validity.
    Constraint(
        "validity", lambda line: line.window, "same_day", lambda offering: (offering.terms.valid,), indexed=False
    ),
    Constraint(
        WINDOW,
        lambda line: line.window,
        "same_day",
        lambda offering: [one.period for one in offering.terms.capacity],
        indexed=False,
    ),
    # Missing capacity is not reported if there is no delivery in the window at all.
    Constraint(CAPACITY, lambda line: line.window, "same_day", lambda offering: offering.free_periods, unless=WINDOW),
    Constraint(
        "resource_status",
        lambda line: (ResourceStatus.FUNDED,) if line.cannot_wait else None,
        "subset",
        lambda offering: (offering.terms.resource_status,),
    ),
)
BY_SLUG: Mapping[str, Constraint] = {one.slug: one for one in CONSTRAINTS}

_HOLDS: Mapping[Meets, Callable[[Any, Any], bool]] = {
    "subset": lambda asked, had: set(asked).issubset(had),
    "overlap": lambda asked, had: not set(asked).isdisjoint(had),
    "superset": lambda asked, had: set(had).issubset(asked),
    "disjoint": lambda asked, had: set(asked).isdisjoint(had),
    "at_most": lambda asked, had: had is None or asked <= had,
    "same_day": lambda asked, had: any([asked.overlaps(one) for one in had]),
}


def violated(line: WantedLine, offering: Offering) -> list[str]:
    """Return the constraints that the offering violates for the line; empty if it fits.

    The offering's status is not checked.
    """
    found: list[str] = []
    for one in CONSTRAINTS:
        asked = one.requires(line)
        if asked is not None and one.unless not in found and not _HOLDS[one.meets](asked, one.has(offering)):
            found.append(one.slug)
    return found
