"""The bodies of commands, with their limits and checks of codes."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType, structs
from msgspec.structs import asdict

from chassis.ids import new_id
from chassis.texts import hash_texts
from contracts import reference
from contracts.codes import (
    ArticleCode,
    InstitutionCode,
    KindCode,
    ModalityCode,
    ParagraphCode,
    PillarCode,
    TopicCode,
    unknown_code,
)
from contracts.consents import EVERYTHING, RECIPIENTS_MAX, FieldSet, FieldSets, Recipient, Terms
from contracts.conversion import from_attributes
from contracts.mails import MAIL_FILES_MAX
from contracts.refusals import Invalid
from contracts.requests import CODES_MAX, LINES_MAX, MEASURES_MAX, DraftLine, Excluded, Line, Measure
from contracts.values import NAME, Code, Language, Period, State, is_unodc
from services.requests.observation.model import Observation
from services.requests.request.completeness import REQUIRED
from services.requests.request.deliveries import Outcome
from services.requests.request.model import Content, Request
from services.requests.request.specificity import LineText, MeasureText, measures_with_texts
from services.requests.request.store import Texts
from services.requests.request.values import Addressee, CirculationRule, FilingChannel, Priority, Visibility

STATES_MAX = 50
Name = Annotated[str, Meta(max_length=300, pattern=NAME)]
Moment = Annotated[datetime, Meta(tz=True)]
Words = Annotated[str, Meta(max_length=2000)]
GroupSize = Annotated[int, Meta(ge=1, le=100_000)]
Marker = Annotated[int, Meta(ge=0, le=2)]
MeasureDescription = Annotated[str, Meta(max_length=1000)]
Title = Annotated[str, Meta(max_length=200)]
NEED_MAX = 4000
Need = Annotated[str, Meta(max_length=NEED_MAX)]
Languages = Annotated[tuple[Language, ...], Meta(max_length=6)]
Topics = Annotated[tuple[TopicCode, ...], Meta(max_length=CODES_MAX)]
Articles = Annotated[tuple[ArticleCode, ...], Meta(max_length=CODES_MAX)]
Paragraphs = Annotated[tuple[ParagraphCode, ...], Meta(max_length=CODES_MAX)]
Pillars = Annotated[tuple[PillarCode, ...], Meta(max_length=CODES_MAX)]
States = Annotated[tuple[State, ...], Meta(max_length=STATES_MAX)]


class NewMeasure(Measure, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A measure that the State takes itself (`own`) or receives: its provider, kind, period and description."""

    kind: KindCode | None = None
    provider: Name = ""
    description: MeasureDescription = ""


NewMeasures = Annotated[tuple[NewMeasure, ...], Meta(max_length=MEASURES_MAX)]


class NewLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One need. Codes are those of `/v1/reference/…`; `window` is when the assistance is wanted.

    A draft may lack any field; `kind`, `institution`, `group_size`, `languages`, `modality` and `window` are needed to
    submit it. A `line_id` names an existing line of the request, which keeps its id. A line with `cannot_wait` is
    matched only with offerings that are already funded.
    """

    line_id: UUID | None = None
    kind: KindCode | None = None
    institution: InstitutionCode | None = None
    group_size: GroupSize | None = None
    languages: Languages = ()
    modality: ModalityCode | None = None
    window: Period | None = None
    topics: Topics = ()
    articles: Articles = ()
    paragraphs: Paragraphs = ()
    pillars: Pillars = ()
    institution_name: Name = ""
    gender_marker: Marker = 0
    human_rights_marker: Marker = 0
    cannot_wait: bool = False
    markers_justification: Words = ""
    outcome: Words = ""
    in_place: Words = ""
    measures: NewMeasures = ()

    def line(self, position: int) -> Line | DraftLine:
        line_id = self.line_id or new_id()
        measures = tuple(from_attributes(Measure, one) for one in self.measures)
        if all(getattr(self, name) for name in REQUIRED):
            return from_attributes(Line, self, line_id=line_id, measures=measures)
        return from_attributes(DraftLine, self, line_id=line_id, position=position, measures=measures)

    def text(self) -> LineText:
        return from_attributes(
            LineText, self, measures=tuple(from_attributes(MeasureText, one) for one in self.measures)
        )

    def copied(self, today: date) -> "NewLine":
        """Return the line for a new request, without its id, and without a window that has begun."""
        begun = self.window is not None and self.window.starts < today
        return structs.replace(self, line_id=None, window=None if begun else self.window)


NewLines = Annotated[tuple[NewLine, ...], Meta(max_length=LINES_MAX)]


class Addressed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The addressee of a request: any provider, UNODC, or the named States (I.h)."""

    to: Addressee = Addressee.ANY
    states: States = ()


class RequestBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of a request. `language` is the language of its texts, which are stored as written.

    A draft needs only the `language`; a submission also needs a title and at least one line, and every line complete.
    Offerings of the `excluded_providers` are not matched with the request; only the State and UNODC see this list.
    """

    language: Language
    title: Title = ""
    lines: NewLines = ()
    need: Need = ""
    visibility: Visibility = Visibility.PRIVATE
    addressee: Addressed = Addressed()
    circulation: CirculationRule = CirculationRule.NONE
    excluded_providers: Excluded = ()

    def content(self, known: Sequence[UUID] = ()) -> tuple[Content, Texts, bytes]:
        """Return the codes, the texts, and the salt of their hash; `known` are the ids of the request's present lines.

        Raises Invalid for an unknown code, and for a `line_id` that is unknown or repeated.
        """
        for number, line in enumerate(self.lines):
            check_codes(line, f"lines[{number}].")
        self._check_line_ids(known)
        _check("addressee.states", self.addressee.states, reference.countries())
        _check_providers(self.excluded_providers)
        texts = Texts(title=self.title, need=self.need, lines=tuple(line.text() for line in self.lines))
        salt, texts_hash = hash_texts(texts)
        lines = [line.line(position) for position, line in enumerate(self.lines, 1)]
        content = Content(
            language=self.language,
            visibility=self.visibility,
            addressee=self.addressee.to,
            addressed_states=self.addressee.states,
            circulation_rule=self.circulation,
            lines=tuple(line for line in lines if isinstance(line, Line)),
            incomplete=tuple(line for line in lines if isinstance(line, DraftLine)),
            texts_hash=texts_hash,
            excluded_providers=tuple(sorted(set(self.excluded_providers))),
        )
        return content, texts, salt

    def _check_line_ids(self, known: Sequence[UUID]) -> None:
        given = [line.line_id for line in self.lines]
        for number, line_id in enumerate(given):
            if line_id is not None and (line_id not in known or line_id in given[:number]):
                raise Invalid("line-unknown", field=f"lines[{number}].line_id")


class FileRequest(RequestBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new request; `submit` submits it at once. `state`, if given, has to be the caller's own.

    `from_request` is an earlier request of the State, whose content is copied. `from_observations` are its observations
    of the review (`/v1/observations`): each article becomes a line, and their texts become `need`. The copied texts
    have to be in `language`.
    """

    submit: bool = False
    state: State | None = None
    from_request: UUID | None = None
    from_observations: Annotated[tuple[UUID, ...], Meta(max_length=LINES_MAX)] = ()

    def over(self, earlier: RequestBody, *, today: date) -> RequestBody:
        """Return the content of the earlier request, with the fields that this request sets in their place.

        Windows that have begun, ids of lines, and the circulation rule are not copied. Raises Invalid if the languages
        of the texts differ.
        """
        if self.language is not earlier.language:
            raise Invalid("copy-language-differs", field="language", expected=earlier.language)
        copied = structs.replace(
            earlier, circulation=CirculationRule.NONE, lines=tuple(line.copied(today) for line in earlier.lines)
        )
        own = {one.name: getattr(self, one.name) for one in structs.fields(RequestBody)}
        return structs.replace(copied, **{name: value for name, value in own.items() if value != _UNSAID.get(name)})


_UNSAID = {one.name: one.default for one in structs.fields(RequestBody)}


def body_from(observations: Sequence[Observation]) -> RequestBody:
    """Return a request from observations: a line for each article, and the texts one below the other.

    Raises Invalid for texts in several languages, or texts that are together longer than a need may be.
    """
    languages = {one.language for one in observations}
    if len(languages) > 1:
        raise Invalid("observations-language-differs", field="from_observations")
    need = "\n\n".join(f"{one.article}: {one.text}" for one in observations)
    if len(need) > NEED_MAX:
        raise Invalid("observations-too-long", field="from_observations", limit=NEED_MAX)
    articles = dict.fromkeys(one.article for one in observations)
    return RequestBody(
        language=languages.pop(), need=need, lines=tuple(NewLine(articles=(article,)) for article in articles)
    )


def body_of(request: Request, texts: Texts) -> RequestBody:
    """Return the content of a request as its State would file it, with the ids of its lines."""
    lines = zip(request.all_lines, texts.lines, strict=True)
    return RequestBody(
        language=request.language,
        title=texts.title,
        lines=tuple(_line_of(line, text) for line, text in lines),
        need=texts.need,
        visibility=request.visibility,
        addressee=Addressed(to=request.addressee, states=request.addressed_states),
        circulation=request.circulation_rule,
        excluded_providers=request.excluded_providers,
    )


def _line_of(line: Line | DraftLine, text: LineText) -> NewLine:
    measures = tuple(NewMeasure(**asdict(one) | asdict(words)) for one, words in measures_with_texts(line, text))
    values = asdict(line) | asdict(text) | {"measures": measures}
    return NewLine(**{name: value for name, value in values.items() if name != "position"})


class AddressedPatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Changes of the addressee; null resets a field to its default."""

    to: Addressee | UnsetType | None = UNSET
    states: States | UnsetType | None = UNSET


class RequestPatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Changes of a draft or a returned request, as a JSON merge patch (RFC 7396).

    Absent fields are kept, null resets a field to its default. `lines` replaces all lines; those with a `line_id` keep
    their ids.
    """

    language: Language | UnsetType = UNSET
    title: Title | UnsetType | None = UNSET
    lines: NewLines | UnsetType | None = UNSET
    need: Need | UnsetType | None = UNSET
    visibility: Visibility | UnsetType | None = UNSET
    addressee: AddressedPatch | UnsetType | None = UNSET
    circulation: CirculationRule | UnsetType | None = UNSET
    excluded_providers: Excluded | UnsetType | None = UNSET


class LinePatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Changes of a line, as a JSON merge patch: absent fields are kept, null resets a field to its default."""

    kind: KindCode | UnsetType | None = UNSET
    institution: InstitutionCode | UnsetType | None = UNSET
    group_size: GroupSize | UnsetType | None = UNSET
    languages: Languages | UnsetType | None = UNSET
    modality: ModalityCode | UnsetType | None = UNSET
    window: Period | UnsetType | None = UNSET
    topics: Topics | UnsetType | None = UNSET
    articles: Articles | UnsetType | None = UNSET
    paragraphs: Paragraphs | UnsetType | None = UNSET
    pillars: Pillars | UnsetType | None = UNSET
    institution_name: Name | UnsetType | None = UNSET
    gender_marker: Marker | UnsetType | None = UNSET
    human_rights_marker: Marker | UnsetType | None = UNSET
    cannot_wait: bool | UnsetType | None = UNSET
    markers_justification: Words | UnsetType | None = UNSET
    outcome: Words | UnsetType | None = UNSET
    in_place: Words | UnsetType | None = UNSET
    measures: NewMeasures | UnsetType | None = UNSET


class LineOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The ids of all lines of a request, in their new order."""

    line_ids: Annotated[tuple[UUID, ...], Meta(max_length=LINES_MAX)]


class FileOnBehalf(RequestBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A State's request that came to UNODC by note verbale, mail or meeting, with the day and the reference."""

    state: State
    channel: FilingChannel
    received_on: date
    received_reference: Annotated[str, Meta(min_length=3, max_length=200)]

    def check(self) -> None:
        """Raise Invalid if the State is unknown."""
        check_state(self.state)


class FileMail(RequestBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A State's request that came by e-mail. `title` and `need` are by default the mail's subject and text.

    `state` is by default that of the sender. `file_ids` are the files of the mail that become scans of the request, by
    default all that are suitable. `received_reference` is by default the Message-ID.
    """

    state: State | None = None
    received_reference: Annotated[str, Meta(min_length=3, max_length=200)] | None = None
    file_ids: Annotated[tuple[UUID, ...], Meta(max_length=MAIL_FILES_MAX)] | None = None


class DiscardMail(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A coded reason (`/v1/reference/reasons`) for which a mail is discarded."""

    reason: Code


class RecordConfirmation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A State's written confirmation of a request that UNODC filed on its behalf; `scan_id` is the scan of it."""

    scan_id: UUID
    comment: Words = ""


class Comment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A comment, for a move that needs no further data."""

    comment: Words = ""


class Consenting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The terms of a consent: to whom the request is shown, which fields of it, from when and until when.

    By default it is shown to those whom the visibility names, from now on, until the consent is withdrawn. `codes` are
    always among the fields.
    """

    recipients: Annotated[tuple[Recipient, ...], Meta(min_length=1, max_length=RECIPIENTS_MAX)] | None = None
    fields: FieldSets = EVERYTHING
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    comment: Words = ""

    def terms(self, by_visibility: Terms) -> Terms:
        return Terms(
            recipients=by_visibility.recipients if self.recipients is None else self.recipients,
            fields=tuple(field for field in FieldSet if field is FieldSet.CODES or field in self.fields),
            starts_at=self.starts_at,
            ends_at=self.ends_at,
        )


class RecordConsent(Consenting, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A State's consent given by note verbale: the note's reference, and the attachment with its scan."""

    note_verbale: Annotated[str, Meta(min_length=3, max_length=200)]
    scan_id: UUID


class Reason(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A coded reason (`/v1/reference/reasons`), and a comment for the other side."""

    reason: Code
    comment: Words = ""


class Triage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The priority from triage: `low`, `normal`, `high` or `urgent`; by default that of the assessment, or else normal.

    A priority that departs from the assessment needs a coded reason (`/v1/reference/reasons/depart_from_criteria`).
    """

    priority: Priority | None = None
    departure: Code | None = None
    comment: Words = ""


class Delivery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The record of a delivery. With `suffices`, the State declares it enough although a match is not completed."""

    suffices: bool = False
    comment: Words = ""


class Closing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The outcome of a request: whether the need was `met`, `partially_met` or `unmet`.

    If it contradicts the State's evaluations, `departure` states the reason; both sides read it. If both sides have
    evaluated each delivery, no more is needed. If no delivery was completed, `heard_both_sides` states that both sides
    have reported to the coordinator in another way, and the comment says how and when. Otherwise a request can be
    closed only when the follow-up, a year after its registration, is due.
    """

    outcome: Outcome
    heard_both_sides: bool = False
    departure: Words = ""
    comment: Words = ""


def check_state(state: str) -> str:
    """Return the State's code. Raises Invalid if it is unknown."""
    _check("state", [state], reference.countries())
    return state


def check_reason(move: str, reason: str, *, name: str = "reason") -> str:
    """Return the reason. Raises Invalid if this move does not have it."""
    if reason not in (known := reference.reasons(move)):
        raise unknown_code(name, reason, known, code_list=f"reasons/{move}")
    return reason


def check_codes(line: NewLine, place: str = "") -> None:
    """Raise Invalid for an unknown code or a reversed period of a line; `place` is the prefix of its fields."""
    _check(f"{place}kind", filter(None, [line.kind]), reference.kinds())
    _check(f"{place}topics", line.topics, reference.topics())
    _check(f"{place}articles", line.articles, reference.articles())
    _check(f"{place}paragraphs", line.paragraphs, reference.paragraphs())
    _check(f"{place}pillars", line.pillars, reference.pillars())
    _check(f"{place}institution", filter(None, [line.institution]), reference.institutions())
    _check(f"{place}modality", filter(None, [line.modality]), reference.modalities())
    if line.window and line.window.reversed:
        raise Invalid("dates-reversed", field=f"{place}window")
    for number, measure in enumerate(line.measures):
        _check(f"{place}measures[{number}].kind", filter(None, [measure.kind]), reference.kinds())
        if measure.period and measure.period.reversed:
            raise Invalid("dates-reversed", field=f"{place}measures[{number}].period")


def _check_providers(providers: Iterable[str]) -> None:
    states = [provider for provider in providers if not is_unodc(provider)]
    _check("excluded_providers", states, reference.countries())


def _check(field: str, codes: Iterable[str], known: Mapping[str, object]) -> None:
    for code in codes:
        if code not in known:
            raise unknown_code(field, code, known)
