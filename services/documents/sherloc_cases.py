"""The cases of the sherloc service's policy, as in `permission_cases`."""

from enum import StrEnum
from functools import cache
from typing import Any

from msgspec.structs import replace

from contracts.contributions import ContributionDrafted, ContributionExportMade
from contracts.effects import Progress
from contracts.facts import Fact
from contracts.legislation import LegislationRecorded, LegislationStatus
from contracts.legislation_checks import LegislationCheckAsked
from contracts.legislation_proposals import LegislationProposalMade
from contracts.nouns import Noun
from contracts.practices import PracticeRecorded, PracticeSubmitted
from contracts.registry import decode_fact
from contracts.values import Language
from services.documents.examples import example_event
from services.documents.permission_subjects import OTHER, PROVIDER, STATE, UNODC, Subject, of
from services.sherloc import policy as sherloc
from services.sherloc.checks.evolve import evolve as evolve_check
from services.sherloc.checks.views import LegislationCheckView
from services.sherloc.contributions.evolve import evolve as evolve_contribution
from services.sherloc.contributions.exports.model import Export
from services.sherloc.contributions.exports.model import evolve as evolve_export
from services.sherloc.contributions.exports.views import ContributionExportView
from services.sherloc.contributions.model import Contribution, ContributionStatus
from services.sherloc.contributions.views import ContributionView
from services.sherloc.extensions.model import EXTENSIONS
from services.sherloc.legislation.evolve import evolve as evolve_legislation
from services.sherloc.legislation.model import UP_TO_DATE, Legislation
from services.sherloc.legislation.views import LegislationView
from services.sherloc.meetings.model import MEETINGS
from services.sherloc.outreach import OUTREACH
from services.sherloc.practices.evolve import evolve as evolve_practice
from services.sherloc.practices.model import Practice, PracticeStatus
from services.sherloc.practices.rules import MOVERS as PRACTICE_MOVERS
from services.sherloc.practices.views import PracticeView
from services.sherloc.proposals.evolve import evolve as evolve_proposal
from services.sherloc.proposals.views import LegislationProposalView
from services.sherloc.review_progress.model import REVIEW_PROGRESS, RecordReviewProgress

_S = sherloc.Action


@cache
def _example(kind: type[Fact]) -> Any:
    """Return the example of a fact, created on first use, because importing reads no files."""
    return decode_fact(example_event(kind))


def _legislation(status: str) -> Legislation:
    known = LegislationStatus(status)
    on_portal = known if known in UP_TO_DATE else None
    return replace(
        evolve_legislation(None, _example(LegislationRecorded)),
        state=STATE,
        status=known,
        portal_status=on_portal,
        portal_revision=on_portal and 1,
    )


def _contribution(status: str) -> Contribution:
    return replace(
        evolve_contribution(None, _example(ContributionDrafted)), state=STATE, status=ContributionStatus(status)
    )


def _export() -> Export:
    return evolve_export(None, _example(ContributionExportMade))


def _practice(author: str, status: str) -> Practice:
    found = evolve_practice(None, _example(PracticeRecorded))
    if status not in {"draft", "withdrawn unsubmitted"}:
        found = evolve_practice(found, _example(PracticeSubmitted))
    of_state = author == "a State"
    return replace(
        found,
        state=STATE if of_state else None,
        provider=None if of_state else PROVIDER,
        status=PracticeStatus(status.partition(" ")[0]),
    )


def _declared(title: str, noun: Noun[Any], **own: str) -> Subject:
    """Return the cases of a declared noun: each action in each status; `own` is the State of the record."""

    def make(status: str) -> Any:
        return replace(noun.fold(None, _example(noun.create.fact)), status=noun.status_type(status), **own)

    return Subject(
        service="sherloc",
        title=title,
        views=(noun.view,),
        decide=sherloc.decide,
        standings={
            **({"the State itself": of(STATE)} if own else {}),
            "another organization": of(OTHER),
            "UNODC": of(UNODC),
        },
        properties={"status": tuple(noun.status_type)},
        make=make,
        reads=(noun.actions(noun.shows.name), noun.actions(noun.lists.name), _S.FOLLOW),
        acts=tuple(noun.actions(one.name) for one in noun.moves),
    )


def _lists(noun: Noun[Any]) -> StrEnum:
    return noun.actions(noun.lists.name)


def _creates(noun: Noun[Any]) -> StrEnum:
    return noun.actions(noun.create.name)


SUBJECTS = (
    Subject(
        service="sherloc",
        title="Operations without a record",
        decide=sherloc.decide,
        standings={"another organization": of(OTHER), "UNODC": of(UNODC)},
        reads=(
            *(_S.LIST_LEGISLATION, _S.SHOW_FRESHNESS, _S.SHOW_GAPS, _S.FOLLOW, _S.LIST_CONTRIBUTIONS),
            *(_S.DRAFT_CONTRIBUTION, _S.IMPORT_CONTRIBUTIONS),
            *(_S.LIST_EXPORTS, _S.MAKE_EXPORT),
            *(_lists(EXTENSIONS), _lists(OUTREACH), _lists(REVIEW_PROGRESS), _S.SHOW_PROGRESS_TABLE),
            *(_lists(MEETINGS), _S.LIST_CHECKS, _S.LIST_PROPOSALS, _S.LIST_PRACTICES, _S.RECORD_PRACTICE),
        ),
        acts=(_creates(EXTENSIONS), _creates(OUTREACH), _creates(MEETINGS)),
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
        reads=(_S.SHOW_EXPORT, _S.LIST_EXPORTS, _S.FOLLOW),
        acts=(_S.CONFIRM_EXPORT,),
    ),
    _declared("An extension of the portal", EXTENSIONS),
    _declared("An activity of the outreach plan", OUTREACH),
    Subject(
        service="sherloc",
        title="A State's progress that is about to be recorded",
        decide=sherloc.decide,
        standings={"the State itself": of(STATE), "another organization": of(OTHER), "UNODC": of(UNODC)},
        make=lambda: RecordReviewProgress(
            state=STATE, cluster="international_cooperation", progress=Progress.ADDRESSED, language=Language.EN
        ),
        reads=(_creates(REVIEW_PROGRESS),),
    ),
    _declared("A State's progress after the review", REVIEW_PROGRESS, state=STATE),
    _declared("An informal meeting", MEETINGS),
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
    Subject(
        service="sherloc",
        title="A practice, a challenge or a tool",
        views=(PracticeView,),
        decide=sherloc.decide,
        standings={
            "the State itself": of(STATE),
            "the provider itself": of(PROVIDER),
            "another organization": of(OTHER),
            "UNODC": of(UNODC),
        },
        properties={"author": ("a State", "a provider"), "status": (*PracticeStatus, "withdrawn unsubmitted")},
        make=_practice,
        reads=(_S.SHOW_PRACTICE, _S.LIST_PRACTICES, _S.FOLLOW),
        acts=tuple(_S(move) for move in PRACTICE_MOVERS),
    ),
)
