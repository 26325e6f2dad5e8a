"""The cases of the sherloc service's policy, as in `permission_cases`."""

from functools import cache
from typing import Any

from msgspec.structs import replace

from contracts.facts import Fact
from contracts.legislation import LegislationRecorded, LegislationStatus
from contracts.legislation_checks import LegislationCheckAsked
from contracts.legislation_proposals import LegislationProposalMade
from contracts.registry import decode_fact
from services.documents.examples import example_event
from services.documents.permission_subjects import OTHER, STATE, UNODC, Subject, of
from services.sherloc import policy as sherloc
from services.sherloc.checks.evolve import evolve as evolve_check
from services.sherloc.checks.views import LegislationCheckView
from services.sherloc.legislation.evolve import evolve as evolve_legislation
from services.sherloc.legislation.model import Legislation
from services.sherloc.legislation.views import LegislationView
from services.sherloc.proposals.evolve import evolve as evolve_proposal
from services.sherloc.proposals.views import LegislationProposalView

_S = sherloc.Action


@cache
def _example(kind: type[Fact]) -> Any:
    """Created on first use: importing reads no files."""
    return decode_fact(example_event(kind))


def _legislation(status: str) -> Legislation:
    return replace(
        evolve_legislation(None, _example(LegislationRecorded)), state=STATE, status=LegislationStatus(status)
    )


SUBJECTS = (
    Subject(
        service="sherloc",
        title="Operations without a record",
        decide=sherloc.decide,
        standings={"another organization": of(OTHER), "UNODC": of(UNODC)},
        reads=(_S.LIST_LEGISLATION, _S.SHOW_FRESHNESS, _S.SHOW_GAPS, _S.LIST_CHECKS, _S.LIST_PROPOSALS, _S.FOLLOW),
    ),
    Subject(
        service="sherloc",
        title="A new record of the register of legislation",
        decide=sherloc.decide,
        standings={"the State itself": of(STATE), "another organization": of(OTHER), "UNODC": of(UNODC)},
        make=lambda: sherloc.NewLegislation(state=STATE),
        reads=(_S.RECORD_LEGISLATION,),
    ),
    Subject(
        service="sherloc",
        title="A record of the register of legislation",
        views=(LegislationView,),
        decide=sherloc.decide,
        standings={"the State itself": of(STATE), "another organization": of(OTHER), "UNODC": of(UNODC)},
        properties={"status": tuple(LegislationStatus)},
        make=_legislation,
        reads=(_S.SHOW_LEGISLATION, _S.LIST_LEGISLATION, _S.FOLLOW),
        acts=tuple(sherloc.LEGISLATION_MOVERS),
    ),
    Subject(
        service="sherloc",
        title="A yearly check of the register",
        views=(LegislationCheckView,),
        decide=sherloc.decide,
        standings={"the State itself": of(STATE), "another organization": of(OTHER), "UNODC": of(UNODC)},
        make=lambda: replace(evolve_check(None, _example(LegislationCheckAsked)), state=STATE),
        reads=(_S.SHOW_CHECK, _S.LIST_CHECKS, _S.FOLLOW),
        acts=tuple(sherloc.CHECK_MOVERS),
    ),
    Subject(
        service="sherloc",
        title="A proposal for the register after a delivery",
        views=(LegislationProposalView,),
        decide=sherloc.decide,
        standings={"the State itself": of(STATE), "another organization": of(OTHER), "UNODC": of(UNODC)},
        make=lambda: replace(evolve_proposal(None, _example(LegislationProposalMade)), state=STATE),
        reads=(_S.SHOW_PROPOSAL, _S.LIST_PROPOSALS, _S.FOLLOW),
        acts=tuple(sherloc.PROPOSAL_MOVERS),
    ),
)
