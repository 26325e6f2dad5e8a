"""The bodies of commands, with their limits and checks of codes."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

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
from contracts.refusals import Invalid
from contracts.requests import CODES_MAX, LINES_MAX, Excluded, Line
from contracts.values import Code, Language, Period, State, is_unodc
from services.requests.request.deliveries import Outcome
from services.requests.request.model import Addressee, CirculationRule, Content, Priority, Visibility
from services.requests.request.specificity import LineText
from services.requests.request.store import Texts

STATES_MAX = 50
Name = Annotated[str, Meta(max_length=300)]
Moment = Annotated[datetime, Meta(tz=True)]
Words = Annotated[str, Meta(max_length=2000)]


class NewLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One need. Codes are those of `/v1/reference/…`; `window` is when the assistance is wanted.

    A line that `cannot_wait` is matched only with offerings that are funded already.
    """

    kind: KindCode
    institution: InstitutionCode
    group_size: Annotated[int, Meta(ge=1, le=100_000)]
    languages: Annotated[tuple[Language, ...], Meta(min_length=1, max_length=6)]
    modality: ModalityCode
    window: Period
    topics: Annotated[tuple[TopicCode, ...], Meta(max_length=CODES_MAX)] = ()
    articles: Annotated[tuple[ArticleCode, ...], Meta(max_length=CODES_MAX)] = ()
    paragraphs: Annotated[tuple[ParagraphCode, ...], Meta(max_length=CODES_MAX)] = ()
    pillars: Annotated[tuple[PillarCode, ...], Meta(max_length=CODES_MAX)] = ()
    institution_name: Name = ""
    gender_marker: Annotated[int, Meta(ge=0, le=2)] = 0
    human_rights_marker: Annotated[int, Meta(ge=0, le=2)] = 0
    cannot_wait: bool = False
    markers_justification: Words = ""
    outcome: Words = ""
    in_place: Words = ""

    def line(self) -> Line:
        return from_attributes(Line, self, line_id=new_id())

    def text(self) -> LineText:
        return from_attributes(LineText, self)


class Addressed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """To whom the request is addressed: any provider, UNODC, or the named States (I.h)."""

    to: Addressee = Addressee.ANY
    states: Annotated[tuple[State, ...], Meta(max_length=STATES_MAX)] = ()


class RequestBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of a request. `language` is the language of its texts, which are stored as written.

    Offerings of the `excluded_providers` are not matched with it; only the State and UNODC see this list.
    """

    language: Language
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    lines: Annotated[tuple[NewLine, ...], Meta(max_length=LINES_MAX)] = ()
    need: Annotated[str, Meta(max_length=4000)] = ""
    visibility: Visibility = Visibility.PRIVATE
    addressee: Addressed = Addressed()
    circulation: CirculationRule = CirculationRule.NONE
    excluded_providers: Excluded = ()

    def content(self) -> tuple[Content, Texts, bytes]:
        """The codes, the texts, and the salt of their hash. Raises Invalid for an unknown code."""
        for position, line in enumerate(self.lines, 1):
            _check_codes(line, position)
        _check("addressee.states", self.addressee.states, reference.countries())
        _check_providers(self.excluded_providers)
        texts = Texts(title=self.title, need=self.need, lines=tuple(line.text() for line in self.lines))
        salt, texts_hash = hash_texts(texts)
        content = Content(
            language=self.language,
            visibility=self.visibility,
            addressee=self.addressee.to,
            addressed_states=self.addressee.states,
            circulation_rule=self.circulation,
            lines=tuple(line.line() for line in self.lines),
            texts_hash=texts_hash,
            excluded_providers=tuple(sorted(set(self.excluded_providers))),
        )
        return content, texts, salt


class FileRequest(RequestBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new request; `submit` submits it at once. `state`, if given, has to be the caller's own."""

    submit: bool = False
    state: State | None = None


class ReviseRequest(RequestBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The new content of a draft or a returned request, replacing the old."""


class Comment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """No fields but a comment: the move needs no further data."""

    comment: Words = ""


class Consenting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """To whom the request is shown, which fields of it, from when until when.

    Without `recipients` to those whom the visibility names, without `starts_at` at once, without `ends_at` until it is
    withdrawn; `codes` are always among the fields.
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
    """The priority from triage: `low`, `normal`, `high` or `urgent`."""

    priority: Priority = Priority.NORMAL
    comment: Words = ""


class Delivery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`suffices`: the State declares that what was delivered is enough, although a match is not completed."""

    suffices: bool = False
    comment: Words = ""


class Closing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether the need was met: `met`, `partially_met` or `unmet`.

    It may not contradict the State's evaluations. If both sides have evaluated each delivery, no more is needed;
    `heard_both_sides` states that they have reported to the coordinator in another way. Otherwise a request is closed
    only when the follow-up, a year after its registration, is due.
    """

    outcome: Outcome
    heard_both_sides: bool = False
    comment: Words = ""


def check_reason(move: str, reason: str) -> str:
    """Raises Invalid for a reason that this move does not have."""
    if reason not in (known := reference.reasons(move)):
        raise unknown_code("reason", reason, known, code_list=f"reasons/{move}")
    return reason


def _check_codes(line: NewLine, position: int) -> None:
    place = f"lines[{position - 1}]"
    _check(f"{place}.kind", [line.kind], reference.kinds())
    _check(f"{place}.topics", line.topics, reference.topics())
    _check(f"{place}.articles", line.articles, reference.articles())
    _check(f"{place}.paragraphs", line.paragraphs, reference.paragraphs())
    _check(f"{place}.pillars", line.pillars, reference.pillars())
    _check(f"{place}.institution", [line.institution], reference.institutions())
    _check(f"{place}.modality", [line.modality], reference.modalities())
    if line.window.reversed:
        raise Invalid("dates-reversed", field=f"{place}.window")


def _check_providers(providers: Iterable[str]) -> None:
    states = [provider for provider in providers if not is_unodc(provider)]
    _check("excluded_providers", states, reference.countries())


def _check(field: str, codes: Iterable[str], known: Mapping[str, object]) -> None:
    for code in codes:
        if code not in known:
            raise unknown_code(field, code, known)
