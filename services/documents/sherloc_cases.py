"""The cases of the sherloc service's policy, as in `permission_cases`."""

from functools import cache
from typing import Any

from msgspec.structs import replace

from contracts.facts import Fact
from contracts.legislation import LegislationRecorded, LegislationStatus
from contracts.practices import PracticeRecorded, PracticeSubmitted
from contracts.registry import decode_fact
from services.documents.examples import example_event
from services.documents.permission_subjects import OTHER, PROVIDER, STATE, UNODC, Subject, of
from services.sherloc import policy as sherloc
from services.sherloc.legislation.evolve import evolve as evolve_legislation
from services.sherloc.legislation.model import Legislation
from services.sherloc.legislation.views import LegislationView
from services.sherloc.practices.evolve import evolve as evolve_practice
from services.sherloc.practices.model import Practice, PracticeStatus
from services.sherloc.practices.views import PracticeView

_S = sherloc.Action


@cache
def _example(kind: type[Fact]) -> Any:
    """Created on first use: importing reads no files."""
    return decode_fact(example_event(kind))


def _legislation(status: str) -> Legislation:
    return replace(
        evolve_legislation(None, _example(LegislationRecorded)), state=STATE, status=LegislationStatus(status)
    )


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


SUBJECTS = (
    Subject(
        service="sherloc",
        title="Operations without a record",
        decide=sherloc.decide,
        standings={"another organization": of(OTHER), "UNODC": of(UNODC)},
        reads=(_S.LIST_LEGISLATION, _S.SHOW_FRESHNESS, _S.SHOW_GAPS, _S.FOLLOW, _S.LIST_PRACTICES, _S.RECORD_PRACTICE),
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
        acts=tuple(sherloc.PRACTICE_MOVERS),
    ),
)
