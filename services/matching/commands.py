"""Request bodies with their limits, and the check of their codes."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType, field
from msgspec.structs import asdict, fields, replace

from chassis.texts import hash_texts
from contracts import reference
from contracts.codes import (
    ArticleCode,
    IncomeGroupCode,
    InstitutionCode,
    InstrumentCode,
    KindCode,
    ModalityCode,
    ParagraphCode,
    PillarCode,
    SpecialGroupCode,
    TopicCode,
)
from contracts.conversion import from_attributes
from contracts.matching import (
    PERIODS_MAX,
    STATES_MAX,
    Capacity,
    Eligibility,
    Terms,
)
from contracts.rankings import CRITERIA_MAX
from contracts.refusals import FieldError, Invalid
from contracts.requests import CODES_MAX, MEASURES_MAX, Codes, Excluded, Measure, Persons
from contracts.values import NAME, Code, Language, Money, Period, State, is_unodc
from contracts.weights import Weight
from services.matching.fields import Words, check_known, check_once
from services.matching.lines.model import RequestStatus, WantedLine
from services.matching.offerings.model import (
    MLA_CURRICULUM,
    Content,
    Offering,
    ResourceStatus,
    check_periods,
    years_later,
)
from services.matching.offerings.store import Texts
from services.matching.rounds.settings import RoundSettings
from services.matching.rounds.solver.problem import NUMBER_MAX
from services.matching.treaties.model import TreatyStatus

TEXT_CHARACTERS_MAX = 20_000
_NO_ID = UUID(int=0)
"""Id of a line that has none yet."""

Languages = Annotated[tuple[Language, ...], Meta(max_length=6)]
Topics = Annotated[tuple[TopicCode, ...], Meta(max_length=CODES_MAX)]
Articles = Annotated[tuple[ArticleCode, ...], Meta(max_length=CODES_MAX)]
Paragraphs = Annotated[tuple[ParagraphCode, ...], Meta(max_length=CODES_MAX)]
Pillars = Annotated[tuple[PillarCode, ...], Meta(max_length=CODES_MAX)]
States = Annotated[tuple[State, ...], Meta(max_length=STATES_MAX)]
Kinds = Annotated[tuple[KindCode, ...], Meta(max_length=CODES_MAX)]
Modalities = Annotated[tuple[ModalityCode, ...], Meta(max_length=CODES_MAX)]
Instruments = Annotated[tuple[InstrumentCode, ...], Meta(max_length=CODES_MAX)]
IncomeGroups = Annotated[tuple[IncomeGroupCode, ...], Meta(max_length=CODES_MAX)]
SpecialGroups = Annotated[tuple[SpecialGroupCode, ...], Meta(max_length=CODES_MAX)]
OfferingTitle = Annotated[str, Meta(min_length=1, max_length=200)]
Summary = Annotated[str, Meta(max_length=4000)]


class NewCapacity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Number of deliveries possible within a period, both days included."""

    starts: date = field(name="from")
    ends: date = field(name="until")
    units: Annotated[int, Meta(ge=1, le=10_000)]

    def capacity(self) -> Capacity:
        return Capacity(period=Period(starts=self.starts, ends=self.ends), units=self.units)


Periods = Annotated[tuple[NewCapacity, ...], Meta(max_length=PERIODS_MAX)]


class Eligible(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The named States and the States of the named UN regional groups (all, if both are empty), except some.

    If `income_groups` or `special_groups` are given, a State also has to be in one of each.
    """

    states: States = ()
    regions: Codes = ()
    excluded_states: States = ()
    income_groups: IncomeGroups = ()
    special_groups: SpecialGroups = ()


class OfferingBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of an offering. `language` is the language of its texts, which are stored as written.

    `languages` are those of delivery, `interpretation` those it can be interpreted into. `funding_needed` is the
    funding gap of one delivery, required unless `resource_status` is `funded`. A State must be party to all `treaties`:
    the Convention (`UNTOC`) and its Protocols (`/v1/reference/instruments`).
    """

    language: Language
    title: OfferingTitle
    valid: Period
    kinds: Kinds = ()
    topics: Topics = ()
    articles: Articles = ()
    paragraphs: Paragraphs = ()
    pillars: Pillars = ()
    languages: Languages = ()
    interpretation: Languages = ()
    modalities: Modalities = ()
    eligible: Eligible = Eligible()
    capacity: Periods = ()
    group_size_max: Persons | None = None
    resource_status: ResourceStatus = ResourceStatus.FUNDED
    funding_needed: Money | None = None
    curriculum: Codes = ()
    treaties: Instruments = ()
    summary: Summary = ""

    def content(self) -> tuple[Content, Texts, bytes]:
        """Return the codes, the texts, and the salt of their hash. Raise Invalid for an unknown code."""
        texts = Texts(title=self.title, summary=self.summary)
        salt, texts_hash = hash_texts(texts)
        return Content(language=self.language, terms=self._terms(), texts_hash=texts_hash), texts, salt

    def _terms(self) -> Terms:
        _check_codes(self)
        _check_periods(self)
        _check_funding(self)
        return from_attributes(
            Terms,
            self,
            eligible=from_attributes(Eligibility, self.eligible),
            capacity=tuple(sorted((one.capacity() for one in self.capacity), key=lambda one: one.period.starts)),
        )


class NewOffering(OfferingBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new offering of the caller's organization; `submit` submits it for approval at once.

    `title` and `valid` are required, unless the content of an earlier offering, `from_offering`, is copied.
    """

    title: OfferingTitle | UnsetType = UNSET  # type: ignore[assignment]
    valid: Period | UnsetType = UNSET  # type: ignore[assignment]
    submit: bool = False
    from_offering: UUID | None = None

    def body(self) -> OfferingBody:
        """Return the content. Raise Invalid with all missing fields if it is incomplete."""
        missing = [name for name in ("title", "valid") if getattr(self, name) is UNSET]
        if missing:
            errors = [FieldError(field=name, problem="missing-field") for name in missing]
            raise Invalid("missing-field", field=missing[0], errors=errors)
        return from_attributes(OfferingBody, self)

    def over(self, earlier: OfferingBody) -> OfferingBody:
        """Return the content of an earlier offering, moved by a year, with the values that this one states.

        Raise Invalid if the languages of the texts differ.
        """
        if self.language is not earlier.language:
            raise Invalid("copy-language-differs", field="language", expected=earlier.language)
        copied = replace(
            earlier,
            valid=_a_year_later(earlier.valid),
            capacity=tuple(
                NewCapacity(starts=years_later(one.starts, 1), ends=years_later(one.ends, 1), units=one.units)
                for one in earlier.capacity
            ),
        )
        own = {one.name: getattr(self, one.name) for one in fields(OfferingBody)}
        return replace(copied, **{name: value for name, value in own.items() if value != _UNSAID[name]})


_UNSAID = {one.name: one.default for one in fields(NewOffering)}


def _a_year_later(period: Period) -> Period:
    return Period(starts=years_later(period.starts, 1), ends=years_later(period.ends, 1))


def body_of(offering: Offering, texts: Texts) -> OfferingBody:
    """Return the content of an offering as its provider would file it."""
    periods = [NewCapacity(starts=c.period.starts, ends=c.period.ends, units=c.units) for c in offering.terms.capacity]
    return from_attributes(
        OfferingBody,
        offering.terms,
        language=offering.language,
        title=texts.title,
        summary=texts.summary,
        eligible=from_attributes(Eligible, offering.terms.eligible),
        capacity=tuple(periods),
        resource_status=ResourceStatus(offering.terms.resource_status),
    )


class EligiblePatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Changes of the eligible States; null empties a list."""

    states: States | UnsetType | None = UNSET
    regions: Codes | UnsetType | None = UNSET
    excluded_states: States | UnsetType | None = UNSET
    income_groups: IncomeGroups | UnsetType | None = UNSET
    special_groups: SpecialGroups | UnsetType | None = UNSET


class OfferingPatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Changes of an offering, as a JSON merge patch (RFC 7396). An approved offering needs approval again.

    Absent fields are kept, null resets a field to its default.
    """

    language: Language | UnsetType = UNSET
    title: OfferingTitle | UnsetType = UNSET
    valid: Period | UnsetType = UNSET
    kinds: Kinds | UnsetType | None = UNSET
    topics: Topics | UnsetType | None = UNSET
    articles: Articles | UnsetType | None = UNSET
    paragraphs: Paragraphs | UnsetType | None = UNSET
    pillars: Pillars | UnsetType | None = UNSET
    languages: Languages | UnsetType | None = UNSET
    interpretation: Languages | UnsetType | None = UNSET
    modalities: Modalities | UnsetType | None = UNSET
    eligible: EligiblePatch | UnsetType | None = UNSET
    capacity: Periods | UnsetType | None = UNSET
    group_size_max: Persons | UnsetType | None = UNSET
    resource_status: ResourceStatus | UnsetType | None = UNSET
    funding_needed: Money | UnsetType | None = UNSET
    curriculum: Codes | UnsetType | None = UNSET
    treaties: Instruments | UnsetType | None = UNSET
    summary: Summary | UnsetType | None = UNSET


class NewWeight(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The weight of one criterion, in thousandths."""

    criterion: Code
    of: Annotated[int, Meta(ge=1, le=1000)]


class AdoptWeights(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The weight of each criterion, and a coded reason (`/v1/reference/reasons/adopt_weights`).

    The weights are thousandths that add up to 1000; a criterion left out is not scored.
    """

    weights: Annotated[tuple[NewWeight, ...], Meta(min_length=1, max_length=CRITERIA_MAX)]
    reason: Code

    def given(self) -> tuple[Weight, ...]:
        return tuple(Weight(criterion=one.criterion, of=one.of) for one in self.weights)


class Comment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A comment on the move, which may be empty."""

    comment: Words = ""


class Reconfirm(Comment, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`valid_until` is the new last day of the validity, later than the present one.

    If it is left out, the validity is extended by a year if it ends within 30 days, else it is unchanged.
    """

    valid_until: date | None = None


class Reason(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A coded reason (`/v1/reference/reasons/…`), and a comment for the other side."""

    reason: Code
    comment: Words = ""


class Addressed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The addressee of the request: any provider, UNODC, or the named States."""

    to: Literal["any", "unodc", "states"] = "any"
    states: States = ()


class DraftedMeasure(Measure, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A measure that the State already takes or receives; matching does not use it."""

    provider: Annotated[str, Meta(max_length=300)] = ""
    description: Annotated[str, Meta(max_length=TEXT_CHARACTERS_MAX)] = ""


class DraftedLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of a draft, as far as matching needs it, with the limits of a request's line.

    If no topics are given, they are read from `text`, in any of the six languages, or without `text` from the outcome.
    A line may be sent as it is filed: fields that matching does not need are accepted and ignored.
    """

    kind: KindCode
    group_size: Persons
    languages: Annotated[tuple[Language, ...], Meta(min_length=1, max_length=6)]
    modality: ModalityCode
    window: Period
    topics: Topics = ()
    articles: Articles = ()
    paragraphs: Paragraphs = ()
    pillars: Pillars = ()
    cannot_wait: bool = False
    addressee: Addressed = Addressed()
    excluded_providers: Excluded = ()
    text: Annotated[str, Meta(max_length=TEXT_CHARACTERS_MAX)] = ""
    outcome: Annotated[str, Meta(max_length=TEXT_CHARACTERS_MAX)] = ""
    line_id: UUID | None = None
    institution: InstitutionCode | None = None
    institution_name: Annotated[str, Meta(max_length=300, pattern=NAME)] = ""
    gender_marker: Annotated[int, Meta(ge=0, le=2)] = 0
    human_rights_marker: Annotated[int, Meta(ge=0, le=2)] = 0
    markers_justification: Annotated[str, Meta(max_length=TEXT_CHARACTERS_MAX)] = ""
    in_place: Annotated[str, Meta(max_length=TEXT_CHARACTERS_MAX)] = ""
    measures: Annotated[tuple[DraftedMeasure, ...], Meta(max_length=MEASURES_MAX)] = ()

    def wanted(self, state: str, topics: tuple[str, ...], treaties: tuple[TreatyStatus, ...]) -> WantedLine:
        """Return the line as matching would receive it if the State submitted it now."""
        return WantedLine(
            line_id=_NO_ID,
            request_id=_NO_ID,
            state=state,
            status=RequestStatus.SUBMITTED,
            kind=self.kind,
            topics=topics,
            articles=self.articles,
            paragraphs=self.paragraphs,
            pillars=self.pillars,
            group_size=self.group_size,
            languages=self.languages,
            modality=self.modality,
            window=self.window,
            addressee=self.addressee.to,
            addressed_states=self.addressee.states,
            visibility="private",
            circulation="none",
            restricted=False,
            cannot_wait=self.cannot_wait,
            excluded_providers=self.excluded_providers,
            treaties=treaties,
        )

    def check(self) -> None:
        """Raise Invalid for an unknown code, a window that ends before it begins, or without a subject.

        One of topics, articles and text is required.
        """
        _check_said(self)
        check_known("modality", [self.modality], reference.modalities())
        check_known("kind", [self.kind], reference.kinds())
        check_known("addressee.states", self.addressee.states, reference.countries())
        providers = (provider for provider in self.excluded_providers if not is_unodc(provider))
        check_known("excluded_providers", providers, reference.countries())
        if self.window.reversed:
            raise Invalid("dates-reversed", field="window")
        if not (self.topics or self.articles or self.text.strip()):
            raise Invalid("subject-missing")


class NewRound(RoundSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of a round; defaults apply to settings left out."""

    def settings(self) -> RoundSettings:
        """Return the settings. Raise Invalid for an unknown code, for duplicates and for contradictory settings."""
        if self.budgets is not None and self.funds is not None:
            raise Invalid("budgets-and-funds")
        check_known(
            "budgets.money.currency", (one.money.currency for one in self.budgets or ()), reference.currencies()
        )
        for earmark in (one.earmarked_for for one in self.budgets or ()):
            check_known("budgets.earmarked_for.states", earmark.states if earmark else (), reference.countries())
        if any(one.money.minor > NUMBER_MAX for one in self.budgets or ()):
            raise Invalid("number-out-of-range", field="budgets")
        check_once("deliveries", [one.line_id for one in self.deliveries])
        check_once("budgets", [one.fund for one in self.budgets or ()])
        check_once("funds", self.funds or ())
        check_once("rooms", [(one.offering_id, one.starts) for one in self.rooms])
        check_once("pinned", [*self.pinned, *set(self.forbidden)])
        return RoundSettings(**asdict(self))


class Nothing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An empty body."""


def check_state(state: str) -> None:
    """Raise Invalid for an unknown State."""
    check_known("state", [state], reference.countries())


def _check_codes(body: OfferingBody) -> None:
    _check_said(body)
    check_known("kinds", body.kinds, reference.kinds())
    check_known("modalities", body.modalities, reference.modalities())
    check_known("treaties", body.treaties, reference.instruments())
    check_known("curriculum", body.curriculum, MLA_CURRICULUM)
    check_known("eligible.states", body.eligible.states, reference.countries())
    check_known("eligible.excluded_states", body.eligible.excluded_states, reference.countries())
    check_known("eligible.regions", body.eligible.regions, _regions())
    check_known("eligible.income_groups", body.eligible.income_groups, reference.income_groups())
    check_known("eligible.special_groups", body.eligible.special_groups, reference.special_groups())
    if body.funding_needed is not None:
        check_known("funding_needed.currency", [body.funding_needed.currency], reference.currencies())


def _check_said(body: OfferingBody | DraftedLine) -> None:
    check_known("topics", body.topics, reference.topics())
    check_known("articles", body.articles, reference.articles())
    check_known("paragraphs", body.paragraphs, reference.paragraphs())
    check_known("pillars", body.pillars, reference.pillars())


def _check_periods(body: OfferingBody) -> None:
    if body.valid.reversed:
        raise Invalid("dates-reversed", field="valid")
    for position, one in enumerate(body.capacity):
        if one.capacity().period.reversed:
            raise Invalid("dates-reversed", field=f"capacity[{position}]")
    check_periods(body.valid, tuple(one.capacity() for one in body.capacity))


def _check_funding(body: OfferingBody) -> None:
    lacking = body.funding_needed.minor if body.funding_needed else None
    if lacking == 0 or (lacking is None) != (body.resource_status is ResourceStatus.FUNDED):
        raise Invalid("funding-inconsistent", resource_status=body.resource_status)


def _regions() -> set[str]:
    return {country.region for country in reference.countries().values() if country.region}
