"""Bodies of commands, with their limits and checks of codes."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts import reference
from contracts.action_points import ActionOwner, ActionSource
from contracts.agreements import CLAUSES_MAX, COSTS_MAX, VERSIONS_MAX, AgreementTerms, ClauseKind, CostShare
from contracts.codes import IndicatorCode, ModalityCode, unknown_code
from contracts.conversion import from_attributes
from contracts.deliveries import CONTACTS_MAX
from contracts.experts import Available, Kinds, Spoken, Topics
from contracts.follow_ups import Use
from contracts.messages import MESSAGE_FILES_MAX
from contracts.refusals import Invalid
from contracts.requests import Persons
from contracts.results import Figure
from contracts.screenings import QUESTIONS_MAX, Answered, ScreeningAnswer, ScreeningKind
from contracts.sessions import DELIVERIES_MAX, Sex, SpokenLanguages, Trainers
from contracts.strategies import Stakeholders
from contracts.values import END, NAME, Code, Language, Period
from services.delivery.agreements.store import AgreementTexts
from services.delivery.bodies import Comment, Words, check_reason
from services.delivery.sessions.participants import AgeBand, Count, merged
from services.delivery.strategies.model import Outline

Scope = Annotated[str, Meta(min_length=1, max_length=4000)]
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=NAME)]
Function = Annotated[str, Meta(max_length=200)]
Telephone = Annotated[str, Meta(pattern=r"^(\+?[0-9 ()./-]{4,40})?" + END, max_length=40)]
Email = Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+" + END, min_length=3, max_length=254)]
MessageText = Annotated[str, Meta(min_length=1, max_length=5000)]
Topic = Annotated[str, Meta(max_length=200)]
MessageFiles = Annotated[tuple[UUID, ...], Meta(max_length=MESSAGE_FILES_MAX)]
Languages = Annotated[tuple[Language, ...], Meta(max_length=6)]
CELLS_MAX = len(Sex) * len(AgeBand) * 20
ActionText = Annotated[str, Meta(min_length=1, max_length=2000)]
Place = Annotated[str, Meta(max_length=500)]
RECOMMENDATIONS_MAX = 20
Counts = Annotated[tuple[Count, ...], Meta(max_length=CELLS_MAX)]


class NewContact(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A contact of the caller's own side, who is aware of being named. `person_id` is the account, if there is one."""

    name: Name
    email: Email
    function: Function = ""
    telephone: Telephone = ""
    languages: Languages = ()
    person_id: UUID | None = None


class NameContacts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All contacts of the caller's own side, in the order in which to contact them. An empty list removes them."""

    contacts: Annotated[tuple[NewContact, ...], Meta(max_length=CONTACTS_MAX)]


class NewCost(CostShare, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A cost borne by one side: its kind, and its amount if it is known."""


class NewClause(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A clause of an agreement: its kind and its text."""

    clause: ClauseKind
    text: Words


class ProposeAgreement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A version of an agreement: its scope, dates, place, modality, participants, costs and clauses.

    `scope` describes what is delivered. The period lies within the delivery's. `women` is the planned number of women
    among the participants.
    """

    period: Period
    modality: ModalityCode
    languages: Annotated[tuple[Language, ...], Meta(min_length=1, max_length=6)]
    language: Language
    scope: Scope
    place: Annotated[str, Meta(max_length=300)] = ""
    participants: Persons | None = None
    women: Annotated[int, Meta(ge=0, le=100_000)] | None = None
    costs: Annotated[tuple[NewCost, ...], Meta(max_length=COSTS_MAX)] = ()
    clauses: Annotated[tuple[NewClause, ...], Meta(max_length=CLAUSES_MAX)] = ()

    @property
    def terms(self) -> AgreementTerms:
        return AgreementTerms(
            period=self.period,
            modality=self.modality,
            languages=self.languages,
            participants=self.participants,
            women=self.women,
            costs=tuple(from_attributes(CostShare, one) for one in self.costs),
            clauses=tuple(one.clause for one in self.clauses),
        )

    def checked_texts(self) -> AgreementTexts:
        """Return the texts. Raises Invalid for an unknown modality."""
        if self.modality not in (known := reference.modalities()):
            raise unknown_code("modality", self.modality, known)
        return AgreementTexts(scope=self.scope, place=self.place, clauses=tuple(one.text for one in self.clauses))


class Sign(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The version to sign, the day if it is not today, and the file with the signature."""

    version: Annotated[int, Meta(ge=1, le=VERSIONS_MAX)]
    signed_on: date | None = None
    file_id: UUID | None = None


class SendMessage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message in one of the six languages. `files` are ids of files added before, each for one message only."""

    text: MessageText
    language: Language
    topic: Topic = ""
    private: bool = False
    files: MessageFiles = ()


class ReadUpTo(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The last message that the caller has read."""

    message_id: UUID


class ReportAgain(Comment, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Figures measured on `measured_on`, in the indicator's unit; `file_id` is a file of the delivery that shows them.

    For a score in a test, `baseline` is the score before and `actual` the score after.
    """

    actual: Figure
    measured_on: date
    baseline: Figure | None = None
    target: Figure | None = None
    file_id: UUID | None = None


class ReportResult(ReportAgain, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first report of an indicator (`/v1/reference/indicators`)."""

    indicator: IndicatorCode


class ReviseActionPoint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The task in one of the six languages, its owner, and its due day."""

    text: ActionText
    language: Language
    owner: ActionOwner
    due_on: date


class AddActionPoint(ReviseActionPoint, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An action point, and its source."""

    source: ActionSource


class GivenAnswer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The answer to one question of a screening, with a comment, which both sides read."""

    question: Code
    answer: ScreeningAnswer
    comment: Words = ""


class AnswerScreening(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Answers to some or all of the questions, which replace the previous answers."""

    answers: Annotated[tuple[GivenAnswer, ...], Meta(max_length=QUESTIONS_MAX)]

    @property
    def answered(self) -> tuple[Answered, ...]:
        return tuple(Answered(question=one.question, answer=one.answer) for one in self.answers)

    @property
    def comments(self) -> dict[str, str]:
        return {one.question: one.comment for one in self.answers if one.comment}


class BeginScreening(AnswerScreening, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The kind of screening, and its first answers."""

    screening: ScreeningKind


class CompleteScreening(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The recommendations that follow from the answers; each becomes an action point."""

    recommendations: Annotated[tuple[ReviseActionPoint, ...], Meta(max_length=RECOMMENDATIONS_MAX)] = ()


class ReopenScreening(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An empty body."""


class ProposeCompletion(Comment, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`completed_on` is the last day, if that is before today.

    `comment` then gives the reason for the later record. It also says why, if no session was held or no result
    reported.
    """

    completed_on: date | None = None


class StateExpert(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An expert of the caller's own organization. `person_id` is the expert's account, if there is one.

    Without `periods` the expert is available at any time. The expert decides whether to state `sex`, which is used for
    counts only.
    """

    name: Name
    function: Function = ""
    biography: Annotated[str, Meta(max_length=4000)] = ""
    email: Email | None = None
    person_id: UUID | None = None
    sex: Sex = Sex.OTHER
    topics: Topics
    kinds: Kinds = ()
    languages: Spoken
    periods: Available = ()

    def check(self) -> None:
        """Raise Invalid for an unknown topic or kind."""
        for field, codes, known in (
            ("topics", self.topics, reference.topics()),
            ("kinds", self.kinds, reference.kinds()),
        ):
            for code in codes:
                if code not in known:
                    raise unknown_code(field, code, known, code_list=field)


class ExpertConsent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The day on which the expert consented to be shown to coordinators and to the States whom the expert teaches."""

    consented_on: date


class WithdrawExpert(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An empty body."""


class AnswerFollowUp(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The answer whether what was delivered is in use. A `text` requires its `language`; both sides read it."""

    result: Use
    text: Words = ""
    language: Language | None = None

    def check(self) -> None:
        """Raise Invalid for a text without its language."""
        if self.text and self.language is None:
            raise Invalid("missing-field", field="language")


class ReviseStrategy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The strategy's title, its stakeholders, and the role of each organization, without names of persons."""

    title: Annotated[str, Meta(min_length=1, max_length=300)]
    stakeholders: Stakeholders
    roles: Scope
    language: Language

    @property
    def outline(self) -> Outline:
        return Outline(stakeholders=tuple(dict.fromkeys(self.stakeholders)), language=self.language)


class DrawUpStrategy(ReviseStrategy, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A strategy of a registered request."""

    request_id: UUID


class ReviseSession(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All fields except the days. `trainers` are experts of the provider; `people` and `women` are planned numbers."""

    modality: ModalityCode
    languages: SpokenLanguages
    place: Place = ""
    trainers: Trainers = ()
    people: Persons | None = None
    women: Persons | None = None
    comment: Words = ""

    def check(self) -> None:
        """Raise Invalid for an unknown modality."""
        if self.modality not in reference.modalities():
            raise unknown_code("modality", self.modality, reference.modalities(), code_list="modalities")


class PlanSession(ReviseSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A session from the first to the last day of `period`, both included.

    `deliveries` are other deliveries of the same joint delivery that the session serves too. `comment` is required, as
    the reason, if the session is outside the period of a delivery or its days are past.
    """

    period: Period
    deliveries: Annotated[tuple[UUID, ...], Meta(max_length=DELIVERIES_MAX - 1)] = ()


class RescheduleSession(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The new days. `comment` is required, as the reason, if they are past or outside the period of a delivery."""

    period: Period
    comment: Words = ""


class CancelSession(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A coded reason (`/v1/reference/reasons/cancel_session`), and a comment, which both sides read."""

    reason: Code
    comment: Words = ""

    def checked(self) -> str:
        return check_reason("cancel_session", self.reason)


class DeliveryParticipants(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Numbers of participants for one delivery, by sex, age band and function. Persons are never named."""

    delivery_id: UUID
    counts: Counts


class ReportParticipants(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The participants of some of the session's deliveries, which replace those reported before."""

    participants: Annotated[tuple[DeliveryParticipants, ...], Meta(min_length=1, max_length=DELIVERIES_MAX)]


class HoldSession(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The participants of a session that took place, if they were counted."""

    participants: Annotated[tuple[DeliveryParticipants, ...], Meta(max_length=DELIVERIES_MAX)] = ()
    comment: Words = ""


def counts_of(participants: Sequence[DeliveryParticipants]) -> dict[UUID, tuple[Count, ...]]:
    """Return the counts by delivery. Raises Invalid for an unknown function, or a delivery that is given twice."""
    for each in participants:
        for one in each.counts:
            if one.function not in reference.participant_functions():
                known = reference.participant_functions()
                raise unknown_code("function", one.function, known, code_list="participant_functions")
    found = {one.delivery_id: merged(one.counts) for one in participants}
    if len(found) < len(participants):
        raise Invalid("participants-delivery", field="participants")
    return found
