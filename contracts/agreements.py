"""Facts of the delivery service about agreements, which State and provider sign before a delivery begins.

An agreement has versions. The sides take turns: each proposes a version or signs the last one. The version that both
have signed is in force until both have signed a later one, its amendment.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts.facts import Fact
from contracts.requests import Persons
from contracts.values import Code, Language, Money, Organization, Period, Side, State

CLAUSES_MAX = 20
COSTS_MAX = 10
VERSIONS_MAX = 50


class ClauseKind(StrEnum):
    """Kinds of clauses of an agreement."""

    PRIVILEGES_AND_IMMUNITIES = "privileges_and_immunities"
    APPLICABLE_RULES = "applicable_rules"
    CONFIDENTIALITY = "confidentiality"
    DATA_PROTECTION = "data_protection"
    INTELLECTUAL_PROPERTY = "intellectual_property"
    LIABILITY = "liability"
    OTHER = "other"


class CostKind(StrEnum):
    """Kinds of costs that one side bears."""

    TRAVEL = "travel"
    ACCOMMODATION = "accommodation"
    FEES = "fees"
    VENUE = "venue"
    INTERPRETATION = "interpretation"
    MATERIALS = "materials"
    EQUIPMENT = "equipment"
    OTHER = "other"


class CostShare(Struct, frozen=True, kw_only=True):
    """A kind of cost that one side bears, and its amount if known."""

    side: Side
    cost: CostKind
    money: Money | None = None


class AgreementTerms(Struct, frozen=True, kw_only=True):
    """The terms that are codes, dates and numbers; scope, place and clauses are texts.

    `participants` is the agreed number of persons, and `women` the number of women among them. `clauses` are the kinds
    of the clauses, in the order of their texts.
    """

    period: Period
    modality: Code
    languages: Annotated[tuple[Language, ...], Meta(min_length=1, max_length=6)]
    participants: Persons | None = None
    women: Annotated[int, Meta(ge=0)] | None = None
    costs: Annotated[tuple[CostShare, ...], Meta(max_length=COSTS_MAX)] = ()
    clauses: Annotated[tuple[ClauseKind, ...], Meta(max_length=CLAUSES_MAX)] = ()


class _AgreementFact(Fact, frozen=True, kw_only=True):
    """Fields repeated in every fact of an agreement, so that consumers can act without a query."""

    agreement_id: UUID
    delivery_id: UUID
    request_id: UUID
    state: State
    provider: Organization


class AgreementProposed(_AgreementFact, frozen=True, kw_only=True, tag="delivery.agreement.proposed.v1"):
    """One `side` proposed a version: the first one, a counterproposal, or an amendment of the version in force."""

    side: Code
    version: Annotated[int, Meta(ge=1, le=VERSIONS_MAX)]
    terms: AgreementTerms
    language: Language
    texts_hash: str
    proposed_at: datetime


class AgreementSigned(_AgreementFact, frozen=True, kw_only=True, tag="delivery.agreement.signed.v1"):
    """One `side` signed a version, on a day; `waiting_for` is the other side, None if the version is now in force.

    `file_id` is the file with the signature.
    """

    side: Code
    version: Annotated[int, Meta(ge=1, le=VERSIONS_MAX)]
    signed_on: date
    signed_at: datetime
    waiting_for: Code | None = None
    file_id: UUID | None = None


class AmendmentDropped(_AgreementFact, frozen=True, kw_only=True, tag="delivery.agreement.amendment-dropped.v1"):
    """One `side` dropped the proposed amendment; the version in force remains in force."""

    side: Code
    version: Annotated[int, Meta(ge=1, le=VERSIONS_MAX)]
    dropped_at: datetime


class AgreementEnded(_AgreementFact, frozen=True, kw_only=True, tag="delivery.agreement.ended.v1"):
    """The agreement ended with its delivery: `status` is `ended` after a completion, else `terminated`."""

    status: Code
    ended_at: datetime


FACTS: tuple[type[Fact], ...] = (AgreementProposed, AgreementSigned, AmendmentDropped, AgreementEnded)
