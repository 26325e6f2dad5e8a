"""What a caller sends: each body with its limits, and what its codes have to be."""

from collections.abc import Collection, Hashable, Iterable, Sequence
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct, field
from msgspec.structs import asdict

from chassis.texts import hash_texts
from contracts import reference
from contracts.codes import (
    ArticleCode,
    InstrumentCode,
    KindCode,
    ModalityCode,
    ParagraphCode,
    PillarCode,
    TopicCode,
    unknown_code,
)
from contracts.conversion import from_attributes
from contracts.matching import PERIODS_MAX, STATES_MAX, Capacity, Eligibility, Evaluation, Terms, Weight
from contracts.rankings import CRITERIA_MAX
from contracts.refusals import Invalid
from contracts.requests import CODES_MAX, Codes, Excluded
from contracts.values import Code, Language, Money, Period, State, is_unodc
from services.matching.lines.model import RequestStatus, WantedLine
from services.matching.matches.evaluation import Result
from services.matching.offerings.model import MLA_CURRICULUM, Content, ResourceStatus, check_periods
from services.matching.offerings.store import Texts
from services.matching.rounds.settings import RoundSettings
from services.matching.rounds.solver.problem import NUMBER_MAX
from services.matching.treaties.model import TreatyStatus

TEXT_CHARACTERS_MAX = 20_000
_NOWHERE = UUID(int=0)
"""What has no id yet."""

Words = Annotated[str, Meta(max_length=2000)]
Languages = Annotated[tuple[Language, ...], Meta(max_length=6)]
Topics = Annotated[tuple[TopicCode, ...], Meta(max_length=CODES_MAX)]
Articles = Annotated[tuple[ArticleCode, ...], Meta(max_length=CODES_MAX)]
Paragraphs = Annotated[tuple[ParagraphCode, ...], Meta(max_length=CODES_MAX)]
Pillars = Annotated[tuple[PillarCode, ...], Meta(max_length=CODES_MAX)]
States = Annotated[tuple[State, ...], Meta(max_length=STATES_MAX)]


class NewCapacity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many deliveries can be taken on from one day to another, both included."""

    starts: date = field(name="from")
    ends: date = field(name="until")
    units: Annotated[int, Meta(ge=1, le=10_000)]

    def capacity(self) -> Capacity:
        return Capacity(period=Period(starts=self.starts, ends=self.ends), units=self.units)


class Eligible(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """These States and the States of these UN regional groups (all, where both are empty), less some."""

    states: States = ()
    regions: Codes = ()
    excluded_states: States = ()


class OfferingBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of an offering. `language` is the one its words are written in; they are kept in it.

    `languages` are those it is delivered in, `interpretation` those it can be interpreted into. `funding_needed` is
    what one delivery lacks, and has to be given unless `resource_status` is `funded`. A State has to be party to
    all `treaties`: the Convention (`UNTOC`) and its Protocols (`/v1/reference/instruments`).
    """

    language: Language
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    valid: Period
    kinds: Annotated[tuple[KindCode, ...], Meta(max_length=CODES_MAX)] = ()
    topics: Topics = ()
    articles: Articles = ()
    paragraphs: Paragraphs = ()
    pillars: Pillars = ()
    languages: Languages = ()
    interpretation: Languages = ()
    modalities: Annotated[tuple[ModalityCode, ...], Meta(max_length=CODES_MAX)] = ()
    eligible: Eligible = Eligible()
    capacity: Annotated[tuple[NewCapacity, ...], Meta(max_length=PERIODS_MAX)] = ()
    group_size_max: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    resource_status: ResourceStatus = ResourceStatus.FUNDED
    funding_needed: Money | None = None
    curriculum: Codes = ()
    treaties: Annotated[tuple[InstrumentCode, ...], Meta(max_length=CODES_MAX)] = ()
    summary: Annotated[str, Meta(max_length=4000)] = ""

    def content(self) -> tuple[Content, Texts, bytes]:
        """The codes, the words, and the salt of their hash. Raises Invalid for a code nobody knows."""
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
            eligible=Eligibility(
                states=self.eligible.states,
                regions=self.eligible.regions,
                excluded_states=self.eligible.excluded_states,
            ),
            capacity=tuple(sorted((one.capacity() for one in self.capacity), key=lambda one: one.period.starts)),
        )


class NewOffering(OfferingBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new offering of the caller's organization; `submit` submits it for approval at once."""

    submit: bool = False


class ReviseOffering(OfferingBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The new content of an offering, in the place of the old; what was approved needs approval again."""


class RecordTreatyStatus(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether a State is party to an instrument (`/v1/reference/instruments`), as the depositary told on that day."""

    state: State
    instrument: InstrumentCode
    party: bool
    as_of: date

    def check(self) -> None:
        """Raises Invalid for a code nobody knows."""
        _check("state", [self.state], reference.countries())
        _check("instrument", [self.instrument], reference.instruments())


class NewWeight(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much one criterion is to count, in thousandths."""

    criterion: Code
    of: Annotated[int, Meta(ge=1, le=1000)]


class AdoptWeights(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much each criterion is to count, and a coded reason (`/v1/reference/reasons/adopt_weights`).

    The weights are thousandths that add up to 1000; a criterion that is left out is not judged.
    """

    weights: Annotated[tuple[NewWeight, ...], Meta(min_length=1, max_length=CRITERIA_MAX)]
    reason: Code

    def given(self) -> tuple[Weight, ...]:
        return tuple(Weight(criterion=one.criterion, of=one.of) for one in self.weights)


class NewMatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line and an offering that may serve it."""

    line_id: UUID
    offering_id: UUID
    comment: Words = ""


class Comment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing to decide but the move itself."""

    comment: Words = ""


class Reason(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A coded reason (`/v1/reference/reasons/…`), and words for the other side."""

    reason: Code
    comment: Words = ""


class Evaluate(Evaluation, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a completed delivery went: the `result`, ratings from 1, the worst, to 5, and words for UNODC alone."""

    comment: Words = ""

    def given(self) -> Evaluation:
        """Raises Invalid for a result nobody knows."""
        _check("result", [self.result], list(Result))
        return Evaluation(
            result=self.result, relevance=self.relevance, quality=self.quality, timeliness=self.timeliness
        )


class Presentation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`departure` is the coded reason (`/v1/reference/reasons/present`) for passing over a better ranked match."""

    departure: Code | None = None
    comment: Words = ""


class Addressed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """To whom the request would be addressed: any provider, UNODC, or the named States."""

    to: Literal["any", "unodc", "states"] = "any"
    states: States = ()


class DraftedLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line as it stands in a draft, as far as matching asks: its limits are those of a request's line.

    Topics are read from `text`, in any of the six languages, where none are given.
    """

    kind: KindCode
    group_size: Annotated[int, Meta(ge=1, le=100_000)]
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

    def wanted(self, state: str, topics: tuple[str, ...], treaties: tuple[TreatyStatus, ...]) -> WantedLine:
        """As it would be heard of if the State submitted it now."""
        return WantedLine(
            line_id=_NOWHERE,
            request_id=_NOWHERE,
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
            fulfilment="none",
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
        """Raises Invalid for a code nobody knows, a window that ends before it begins, or nothing to go by."""
        _check_said(self)
        _check("modality", [self.modality], reference.modalities())
        _check("kind", [self.kind], reference.kinds())
        _check("addressee.states", self.addressee.states, reference.countries())
        providers = (provider for provider in self.excluded_providers if not is_unodc(provider))
        _check("excluded_providers", providers, reference.countries())
        if self.window.reversed:
            raise Invalid("dates-reversed", field="window")
        if not (self.topics or self.articles or self.text.strip()):
            raise Invalid("subject-missing")


class NewRound(RoundSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that is decided of a round; what is left out is as it is by itself."""

    def settings(self) -> RoundSettings:
        """What is asked. Raises Invalid for a code nobody knows, for what is decided twice and for two ways at once."""
        if self.budgets is not None and self.funds is not None:
            raise Invalid("budgets-and-funds")
        _check("budgets.money.currency", (one.money.currency for one in self.budgets or ()), reference.currencies())
        for earmark in (one.earmarked_for for one in self.budgets or ()):
            _check("budgets.earmarked_for.states", earmark.states if earmark else (), reference.countries())
        if any(one.money.minor > NUMBER_MAX for one in self.budgets or ()):
            raise Invalid("number-out-of-range", field="budgets")
        _check_once("deliveries", [one.line_id for one in self.deliveries])
        _check_once("budgets", [one.fund for one in self.budgets or ()])
        _check_once("funds", self.funds or ())
        _check_once("rooms", [(one.offering_id, one.starts) for one in self.rooms])
        _check_once("pinned", [*self.pinned, *set(self.forbidden)])
        return RoundSettings(**asdict(self))


class Nothing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """There is nothing to say but the move itself."""


def check_reason(move: str, reason: str, *, name: str = "reason") -> str:
    """Raises Invalid for a reason that this move does not have."""
    if reason not in (known := reference.reasons(move)):
        raise unknown_code(name, reason, known, code_list=f"reasons/{move}")
    return reason


def check_state(state: str) -> None:
    """Raises Invalid for what is no State."""
    _check("state", [state], reference.countries())


def _check_codes(body: OfferingBody) -> None:
    _check_said(body)
    _check("kinds", body.kinds, reference.kinds())
    _check("modalities", body.modalities, reference.modalities())
    _check("treaties", body.treaties, reference.instruments())
    _check("curriculum", body.curriculum, MLA_CURRICULUM)
    _check("eligible.states", body.eligible.states, reference.countries())
    _check("eligible.excluded_states", body.eligible.excluded_states, reference.countries())
    _check("eligible.regions", body.eligible.regions, _regions())
    if body.funding_needed is not None:
        _check("funding_needed.currency", [body.funding_needed.currency], reference.currencies())


def _check_said(body: OfferingBody | DraftedLine) -> None:
    _check("topics", body.topics, reference.topics())
    _check("articles", body.articles, reference.articles())
    _check("paragraphs", body.paragraphs, reference.paragraphs())
    _check("pillars", body.pillars, reference.pillars())


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


def _check(name: str, codes: Iterable[str], known: Collection[str]) -> None:
    for code in codes:
        if code not in known:
            raise unknown_code(name, code, known)


def _check_once(name: str, decided: Sequence[Hashable]) -> None:
    if len(set(decided)) < len(decided):
        raise Invalid("decided-twice", field=name)


def _regions() -> set[str]:
    return {country.region for country in reference.countries().values() if country.region}
