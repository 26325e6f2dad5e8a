"""How a request is shown: with its words, and without the guarded fields that its policy does not show."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict

from contracts.values import Period
from services.requests.domain import Request
from services.requests.policy import Guarded
from services.requests.specificity import Advice, advise
from services.requests.store import Texts


class LineView(Struct, frozen=True, kw_only=True):
    """A line with its words and how far it is met.

    `institution_name` is empty to a provider until both sides have accepted, and to a donor always.
    """

    line_id: UUID
    kind: str
    topics: tuple[str, ...]
    articles: tuple[str, ...]
    paragraphs: tuple[str, ...]
    pillars: tuple[str, ...]
    institution: str
    institution_name: str
    group_size: int
    languages: tuple[str, ...]
    modality: str
    window: Period
    gender_marker: int
    human_rights_marker: int
    markers_justification: str
    outcome: str
    in_place: str
    fulfilment: str


class RequestView(Struct, frozen=True, kw_only=True):
    """A request with its words, in the language they were written in; `advice` says what providers would ask for."""

    request_id: UUID
    state: str
    status: str
    revision: int
    language: str
    title: str
    need: str
    visibility: str
    addressee: str
    addressed_states: tuple[str, ...]
    circulation_rule: str
    circulation: str
    window_ends_at: datetime | None
    restricted: bool
    drafted_at: datetime
    submitted_at: datetime | None
    registered_at: datetime | None
    reference: str | None
    priority: str | None
    outcome: str | None
    lines: tuple[LineView, ...]
    advice: tuple[Advice, ...]


def view(request: Request, texts: Texts, guarded: frozenset[str]) -> RequestView:
    """The request as it is shown to somebody who is shown these of the guarded fields."""
    lines = list(zip(request.lines, texts.lines, strict=True))
    masked = {} if Guarded.INSTITUTION_NAME in guarded else {"institution_name": ""}
    return RequestView(
        request_id=request.request_id,
        state=request.state,
        status=request.status,
        revision=request.revision,
        language=request.language,
        title=texts.title,
        need=texts.need,
        visibility=request.visibility,
        addressee=request.addressee,
        addressed_states=request.addressed_states,
        circulation_rule=request.circulation_rule,
        circulation=request.circulation,
        window_ends_at=request.window_ends_at,
        restricted=request.restricted,
        drafted_at=request.drafted_at,
        submitted_at=request.submitted_at,
        registered_at=request.registered_at,
        reference=request.reference,
        priority=request.priority,
        outcome=request.outcome,
        lines=tuple(
            LineView(
                **asdict(line),
                **{**asdict(text), **masked},
                fulfilment=request.fulfilment[line.line_id],
            )
            for line, text in lines
        ),
        advice=tuple(advise(lines)),
    )
