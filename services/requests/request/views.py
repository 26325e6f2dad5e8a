"""Requests as callers see them: with texts, and without the guarded fields that the policy withholds."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import asdict, replace

from chassis.context import Context
from chassis.db.database import Tx
from contracts.consents import Consent, FieldSet
from contracts.conversion import from_attributes
from contracts.coverage import Fulfilment
from contracts.requests import DraftLine, Line, Measure
from contracts.values import Language, Period, Role
from services.requests import policy
from services.requests.audience import store as audience_store
from services.requests.clock.model import Step
from services.requests.consent import store as consent_store
from services.requests.policy import Action, Guarded
from services.requests.request import remark_store, store
from services.requests.request.deliveries import Outcome
from services.requests.request.model import Request
from services.requests.request.specificity import Advice, LineText, advise, measures_with_texts
from services.requests.request.store import Summary, Texts
from services.requests.request.values import (
    Addressee,
    Circulation,
    CirculationRule,
    FilingChannel,
    Priority,
    Status,
    Visibility,
)
from services.requests.translation import store as translation_store
from services.requests.translation.visible_store import TranslationView, visible

NO_NOTES: Mapping[UUID, str] = MappingProxyType({})


class MeasureView(Measure, frozen=True, kw_only=True):
    """A measure that the State takes itself (`own`) or receives: its provider, kind, period and description."""

    provider: str
    description: str


class LineView(Struct, frozen=True, kw_only=True):
    """A line with its texts and its fulfilment. A line of a draft may lack fields that its submission needs.

    `residue` is how many persons of the group no confirmed match covers, null while the line has no group size.
    Withheld fields are absent. `institution_name` is empty for a provider until both sides have accepted, and always
    for a donor. A provider of an accepted match sees the texts of the lines that it serves.
    """

    line_id: UUID
    kind: str | UnsetType = UNSET
    topics: tuple[str, ...]
    articles: tuple[str, ...]
    paragraphs: tuple[str, ...]
    pillars: tuple[str, ...]
    institution: str | UnsetType = UNSET
    institution_name: str | UnsetType = UNSET
    group_size: int | UnsetType = UNSET
    languages: tuple[str, ...]
    modality: str | UnsetType = UNSET
    window: Period | UnsetType = UNSET
    gender_marker: int
    human_rights_marker: int
    cannot_wait: bool
    markers_justification: str | UnsetType = UNSET
    outcome: str | UnsetType = UNSET
    in_place: str | UnsetType = UNSET
    measures: tuple[MeasureView, ...] | UnsetType = UNSET
    fulfilment: Fulfilment
    residue: int | None


class ConsentView(Struct, frozen=True, kw_only=True):
    """A consent of the State: its recipients, its fields, its period, and whether it is in force now.

    `recorded` is true if a coordinator recorded it from a note verbale, whose reference is `note_verbale` and whose
    scan is the attachment `scan_id`.
    """

    consent_id: UUID
    recipients: tuple[str, ...]
    fields: tuple[FieldSet, ...]
    given_at: datetime
    starts_at: datetime | None
    ends_at: datetime | None
    withdrawn_at: datetime | None
    ended_at: datetime | None
    recorded: bool
    scan_id: UUID | None
    in_force: bool
    note_verbale: str | UnsetType = UNSET


class Received(Struct, frozen=True, kw_only=True):
    """The receipt of a request that UNODC filed on the State's behalf: the channel, the day, and its reference.

    `confirmation_scan_id` is the scan of the State's confirmation, if that was recorded.
    """

    channel: FilingChannel
    received_on: date
    reference: str
    confirmation_scan_id: UUID | None


class Assessed(Struct, frozen=True, kw_only=True):
    """The result of an assessment: whether the request is eligible, and its priority, by a version of the criteria."""

    criteria_version: int
    eligible: bool
    priority: Priority


class RunningClock(Struct, frozen=True, kw_only=True):
    """A running clock: who has to do what, for the whole request or for one match, until when."""

    step: Step
    match_id: UUID | None
    line_id: UUID | None
    organization: str
    role: Role
    since: datetime
    due_at: datetime
    paused_at: datetime | None
    overdue_at: datetime | None


class RequestView(Struct, frozen=True, kw_only=True):
    """A request with its texts, in the language they were written in; `advice` lists what providers would ask for.

    `translation` has the texts that are translated into the reader's language, beside the source; null if there are
    none.

    Fields that the State's consents do not give to the caller are absent and named in `withheld`. The consents, the
    `excluded_providers`, the `assessment`, the `assignee` and `received` are shown to the State and UNODC only. A
    provider of an accepted match without a consent sees only the `lines` that it serves. `moves` are those that the
    caller may make in this status. `clocks` are those that run and that the caller may see.
    """

    request_id: UUID
    state: str
    status: Status
    revision: int
    language: str
    title: str | UnsetType = UNSET
    need: str | UnsetType = UNSET
    visibility: Visibility
    addressee: Addressee
    addressed_states: tuple[str, ...]
    circulation_rule: CirculationRule
    circulation: Circulation
    window_ends_at: datetime | None
    restricted: bool
    drafted_at: datetime
    submitted_at: datetime | None
    registered_at: datetime | None
    reference: str | None
    priority: Priority | None
    outcome: Outcome | None
    assessment: Assessed | UnsetType | None = UNSET
    assignee: UUID | UnsetType | None = UNSET
    lines: tuple[LineView, ...]
    advice: tuple[Advice, ...] | UnsetType = UNSET
    consents: tuple[ConsentView, ...] | UnsetType = UNSET
    translation: TranslationView | None
    excluded_providers: tuple[str, ...] | UnsetType = UNSET
    received: Received | UnsetType | None = UNSET
    withheld: tuple[FieldSet, ...]
    moves: tuple[str, ...]
    clocks: tuple[RunningClock, ...] | UnsetType = UNSET


async def read(tx: Tx, ctx: Context, request_id: UUID) -> RequestView:
    """Return the request as this caller sees it, and record the read in the audit. Raises Missing."""
    request = await store.get(tx, request_id, ctx.caller)
    guarded = policy.decide(ctx.caller, Action.SHOW, request).required().fields
    await audience_store.log_access(tx, request, ctx.caller)
    recorded = Guarded.CONSENTS in guarded and any(consent.recorded for consent in request.consents.values())
    notes = await consent_store.notes(tx, request_id) if recorded else NO_NOTES
    lines_shown = policy.lines_shown(ctx.caller, request)
    received = ""
    if request.channel and Guarded.CONSENTS in guarded:
        received = await remark_store.received_reference(tx, request_id) or ""
    found = []
    if ctx.language and ctx.language != request.language:
        found = await visible(tx, ctx.caller, request, ctx.language)
    translation = found[0] if found else None
    return view(request, await store.texts(tx, request), guarded, lines_shown, ctx, notes, received, translation)


async def with_titles(tx: Tx, found: Sequence[Summary], language: Language | None) -> Sequence[Summary]:
    """Return the requests of a list with their titles in this language, where the caller reads the title."""
    ids = [one.request_id for one in found if one.title is not UNSET]
    if language is None or not ids:
        return found
    titles = await translation_store.titles(tx, ids, language)
    return [replace(one, title_translation=titles.get(one.request_id)) for one in found]


def view_of_own(ctx: Context, request: Request, texts: Texts) -> RequestView:
    """Return the request as it is shown to its State, with the texts that were just written."""
    guarded = policy.decide(ctx.caller, Action.SHOW, request).required().fields
    return view(request, texts, guarded, policy.lines_shown(ctx.caller, request), ctx)


def view(
    request: Request,
    texts: Texts,
    guarded: frozenset[str],
    lines_shown: Mapping[UUID, frozenset[str]],
    ctx: Context,
    notes: Mapping[UUID, str] = NO_NOTES,
    received_reference: str = "",
    translation: TranslationView | None = None,
) -> RequestView:
    """Return the request with these guarded fields; `notes` are notes verbales.

    `lines_shown` maps the ids of the visible lines to the guarded fields of each.
    """
    words, institution = Guarded.WORDS in guarded, Guarded.INSTITUTION in guarded
    lines = list(zip(request.all_lines, texts.lines, strict=True))
    return from_attributes(
        RequestView,
        request,
        title=texts.title if words else UNSET,
        need=texts.need if words else UNSET,
        lines=tuple(
            _line(request, line, text, lines_shown[line.line_id]) for line, text in lines if line.line_id in lines_shown
        ),
        # The missing aspects reveal something of the words.
        advice=tuple(advise(lines)) if words and institution else UNSET,
        translation=translation,
        consents=tuple(_consent(consent, notes, ctx.now) for consent in request.consents.values())
        if Guarded.CONSENTS in guarded
        else UNSET,
        excluded_providers=request.excluded_providers if Guarded.EXCLUDED_PROVIDERS in guarded else UNSET,
        assessment=_assessed(request) if Guarded.CONSENTS in guarded else UNSET,
        assignee=request.assignee if Guarded.CONSENTS in guarded else UNSET,
        received=_received(request, received_reference) if Guarded.CONSENTS in guarded else UNSET,
        withheld=withheld(words=words, institution=institution),
        moves=policy.moves_open_to(ctx.caller, request),
        clocks=UNSET,
    )


def _received(request: Request, reference: str) -> Received | None:
    if request.channel is None or request.received_on is None:
        return None
    return Received(
        channel=request.channel,
        received_on=request.received_on,
        reference=reference,
        confirmation_scan_id=request.confirmation_scan_id,
    )


def _assessed(request: Request) -> Assessed | None:
    if request.criteria_version is None or request.eligible is None or request.assessed_priority is None:
        return None
    return Assessed(
        criteria_version=request.criteria_version, eligible=request.eligible, priority=request.assessed_priority
    )


def withheld(*, words: bool, institution: bool) -> tuple[FieldSet, ...]:
    return (*(() if words else (FieldSet.WORDS,)), *(() if institution else (FieldSet.INSTITUTION,)))


def _line(request: Request, line: Line | DraftLine, text: LineText, guarded: frozenset[str]) -> LineView:
    fulfilment = request.fulfilment.get(line.line_id, Fulfilment.NONE)
    chosen = {name: value for name, value in asdict(line).items() if name != "position" and value is not None}
    measures = tuple(MeasureView(**asdict(one) | asdict(words)) for one, words in measures_with_texts(line, text))
    values = {**chosen, **asdict(text), "measures": measures, "fulfilment": fulfilment}
    values["residue"] = request.residue(line)
    if Guarded.INSTITUTION_NAME not in guarded:
        values["institution_name"] = ""
    if Guarded.INSTITUTION not in guarded:
        values.pop("institution", None)
        del values["institution_name"]
    if Guarded.WORDS not in guarded:
        del values["outcome"], values["in_place"], values["markers_justification"], values["measures"]
    return LineView(**values)


def _consent(consent: Consent, notes: Mapping[UUID, str], now: datetime) -> ConsentView:
    values = {name: getattr(consent, name) for name in Consent.__struct_fields__}
    return ConsentView(**values, in_force=consent.in_force(now), note_verbale=notes.get(consent.consent_id, UNSET))
