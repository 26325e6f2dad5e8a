"""The cases of the sherloc service's policy, as in `permission_cases`."""

from functools import cache
from typing import Any

from msgspec.structs import replace

from contracts.contributions import ContributionDrafted, ContributionExportMade
from contracts.facts import Fact
from contracts.legislation import LegislationRecorded, LegislationStatus
from contracts.registry import decode_fact
from services.documents.examples import example_event
from services.documents.permission_subjects import OTHER, STATE, UNODC, Subject, of
from services.sherloc import policy as sherloc
from services.sherloc.contributions.evolve import evolve as evolve_contribution
from services.sherloc.contributions.exports.model import Export
from services.sherloc.contributions.exports.model import evolve as evolve_export
from services.sherloc.contributions.exports.views import ContributionExportView
from services.sherloc.contributions.model import Contribution, ContributionStatus
from services.sherloc.contributions.views import ContributionView
from services.sherloc.legislation.evolve import evolve as evolve_legislation
from services.sherloc.legislation.model import Legislation
from services.sherloc.legislation.views import LegislationView

_S = sherloc.Action


@cache
def _example(kind: type[Fact]) -> Any:
    """Created on first use: importing reads no files."""
    return decode_fact(example_event(kind))


def _legislation(status: str) -> Legislation:
    return replace(
        evolve_legislation(None, _example(LegislationRecorded)), state=STATE, status=LegislationStatus(status)
    )


def _contribution(status: str) -> Contribution:
    return replace(
        evolve_contribution(None, _example(ContributionDrafted)), state=STATE, status=ContributionStatus(status)
    )


def _export() -> Export:
    return evolve_export(None, _example(ContributionExportMade))


SUBJECTS = (
    Subject(
        service="sherloc",
        title="Operations without a record",
        decide=sherloc.decide,
        standings={"another organization": of(OTHER), "UNODC": of(UNODC)},
        reads=(
            *(_S.LIST_LEGISLATION, _S.SHOW_FRESHNESS, _S.SHOW_GAPS, _S.FOLLOW, _S.LIST_CONTRIBUTIONS),
            *(_S.DRAFT_CONTRIBUTION, _S.IMPORT_CONTRIBUTIONS),
            *(_S.LIST_CONTRIBUTION_EXPORTS, _S.MAKE_CONTRIBUTION_EXPORT),
        ),
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
        title="A contribution to SHERLOC",
        views=(ContributionView,),
        decide=sherloc.decide,
        standings={"the State itself": of(STATE), "another organization": of(OTHER), "UNODC": of(UNODC)},
        properties={"status": tuple(ContributionStatus)},
        make=_contribution,
        reads=(_S.SHOW_CONTRIBUTION, _S.LIST_CONTRIBUTIONS, _S.FOLLOW),
        acts=tuple(sherloc.CONTRIBUTION_MOVERS),
    ),
    Subject(
        service="sherloc",
        title="A batch of contributions for the portal",
        views=(ContributionExportView,),
        decide=sherloc.decide,
        standings={"another organization": of(OTHER), "UNODC": of(UNODC)},
        make=_export,
        reads=(_S.SHOW_CONTRIBUTION_EXPORT, _S.LIST_CONTRIBUTION_EXPORTS, _S.FOLLOW),
        acts=(_S.CONFIRM_CONTRIBUTION_EXPORT,),
    ),
)
