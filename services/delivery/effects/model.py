"""An effect: a change in a State after a delivery. It counts once another person has verified it.

One side of a delivery or a coordinator records it, and a person of the other side or of UNODC verifies or declines it.
"""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from contracts import reference
from contracts.codes import unknown_code
from contracts.conversion import from_attributes
from contracts.decisions import ALLOWED, Decision, Later, denied
from contracts.effects import (
    EffectArticles,
    EffectDeclined,
    EffectKind,
    EffectRecorded,
    EffectVerified,
    EffectWithdrawn,
    Progress,
)
from contracts.nouns import Create, Filter, Move, MoveContext, Noun, Read
from contracts.refusals import Conflict, FieldError, Invalid
from contracts.values import END, Caller, Language, Role, Side
from services.delivery.bodies import Comment, Nothing, Reason, Words, check_reason
from services.delivery.files.model import author_side
from services.delivery.readers import reads_along


class EffectStatus(StrEnum):
    """Statuses of an effect. `recorded`: not verified yet."""

    RECORDED = "recorded"
    VERIFIED = "verified"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class EffectTexts(Struct, frozen=True, kw_only=True):
    """The texts of an effect. `address` is where it can be read, `gazette` where a law was published."""

    title: str
    text: str
    gazette: str
    address: str


class Effect(Struct, frozen=True, kw_only=True):
    """An effect of a delivery. `side` is the side that recorded it, None if a coordinator did."""

    effect_id: UUID
    delivery_id: UUID
    match_id: UUID
    request_id: UUID
    state: str
    provider: str
    side: Side | None
    change: EffectKind
    happened_on: date
    language: Language
    articles: tuple[str, ...]
    moved_from: Progress | None
    moved_to: Progress | None
    file_id: UUID | None
    recorded_by: UUID
    recorded_at: datetime
    status: EffectStatus
    revision: int
    verified_at: datetime | None = None
    declined_at: datetime | None = None
    withdrawn_at: datetime | None = None
    reason: str | None = None


class EffectView(Struct, frozen=True, kw_only=True):
    """A change after a delivery, with its evidence: a file of the delivery, or an address.

    `side` is the side that recorded it, null if a coordinator did; another person verifies or declines it. `title`,
    `text`, `gazette` and `address` are in `language`, and empty once it is withdrawn. `reason` is the reason for which
    it was declined, a code of `/v1/reference/reasons/decline_effect`; `comment` is the comment on the last move.
    """

    effect_id: UUID
    delivery_id: UUID
    request_id: UUID
    state: str
    provider: str
    side: Side | None
    change: EffectKind
    status: EffectStatus
    revision: int
    happened_on: date
    language: Language
    title: str
    text: str
    gazette: str
    address: str
    articles: tuple[str, ...]
    moved_from: Progress | None
    moved_to: Progress | None
    file_id: UUID | None
    recorded_at: datetime
    verified_at: datetime | None
    declined_at: datetime | None
    withdrawn_at: datetime | None
    reason: str | None
    comment: str
    moves: tuple[str, ...]
    later: tuple[Later, ...]


class EffectPage(Struct, frozen=True, kw_only=True):
    """Effects, newest first; `cursor` leads to the next page."""

    effects: list[EffectView]
    cursor: str | None


# -- commands ---------------------------------------------------------------------------------------------------------


class RecordEffect(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change, its day, and the evidence of it: `file_id`, a file of the delivery, or an `address`.

    A changed law requires `gazette` and `articles`, a record on SHERLOC requires `address`, and an observation of the
    review requires `articles`, `moved_from` and `moved_to`.
    """

    change: EffectKind
    happened_on: date
    language: Language
    title: Annotated[str, Meta(min_length=1, max_length=300)]
    text: Words = ""
    gazette: Annotated[str, Meta(max_length=300)] = ""
    address: Annotated[str, Meta(pattern=r"^(https?://\S+)?" + END, max_length=500)] = ""
    articles: EffectArticles = ()
    moved_from: Progress | None = None
    moved_to: Progress | None = None
    file_id: UUID | None = None

    def check(self, today: date) -> None:
        """Raise Invalid for an unknown article, a day in the future, missing evidence, or a field of another kind."""
        for code in self.articles:
            if code not in (known := reference.articles()):
                raise unknown_code("articles", code, known, code_list="articles")
        if self.happened_on > today:
            raise Invalid("day-to-come", field="happened_on")
        moved = self.change is EffectKind.OBSERVATION_MOVED
        needed = {
            "articles": self.change is EffectKind.LAW_CHANGED or moved,
            "gazette": self.change is EffectKind.LAW_CHANGED,
            "address": self.change is EffectKind.SHERLOC_RECORD_UPDATED,
            "moved_from": moved,
            "moved_to": moved,
        }
        for field, is_needed in needed.items():
            if is_needed and not getattr(self, field):
                raise Invalid("missing-field", field=field, errors=[FieldError(field=field, problem="missing-field")])
        if not moved and (self.moved_from or self.moved_to):
            raise Invalid("effect-not-of-an-observation", field="moved_from" if self.moved_from else "moved_to")
        if moved and self.moved_from is self.moved_to:
            raise Invalid("effect-not-moved", field="moved_to")
        if self.file_id is None and not self.address:
            raise Invalid("effect-evidence-missing", field="address")


# -- decisions --------------------------------------------------------------------------------------------------------


def record(effect_id: UUID, body: RecordEffect, ctx: MoveContext) -> EffectRecorded:
    """Record an effect of the delivery found. Raises Conflict before it has begun, and Invalid like `check`."""
    delivery = ctx.found
    if delivery.begun_at is None:
        raise Conflict("delivery-status", status=delivery.status, move="record_effect")
    body.check(ctx.today)
    by = {"side": author_side(ctx.caller.role), "recorded_by": ctx.caller.person_id, "recorded_at": ctx.now}
    of = {name: getattr(delivery, name) for name in ("delivery_id", "match_id", "request_id", "state", "provider")}
    return from_attributes(EffectRecorded, body, effect_id=effect_id, texts_hash=ctx.texts_hash, **of, **by)


def verify(known: Effect, body: Comment, ctx: MoveContext) -> EffectVerified:
    return from_attributes(EffectVerified, known, verified_at=ctx.now)


def decline(known: Effect, body: Reason, ctx: MoveContext) -> EffectDeclined:
    reason = check_reason("decline_effect", body.reason)
    return from_attributes(EffectDeclined, known, reason=reason, declined_at=ctx.now)


def withdraw(known: Effect, body: Nothing, ctx: MoveContext) -> EffectWithdrawn:
    return from_attributes(EffectWithdrawn, known, withdrawn_at=ctx.now)


def _withdrawn(known: Effect, fact: EffectWithdrawn) -> Mapping[str, Any]:
    return {"verified_at": None}


# -- the declaration --------------------------------------------------------------------------------------------------

_AUTHORS = frozenset({Role.FOCAL_POINT, Role.PROVIDER_OFFICER, Role.COORDINATOR})
_RECORDED = frozenset({EffectStatus.RECORDED})


def _another_person(caller: Caller, of: Effect) -> Decision:
    """Allow a person of the other side or of UNODC who did not record it."""
    side = author_side(caller.role)
    own = caller.person_id == of.recorded_by or (side is not None and side is of.side)
    return denied("own-effect") if own else ALLOWED


def _own_side(caller: Caller, of: Effect) -> Decision:
    return ALLOWED if author_side(caller.role) is of.side else denied("not-for-your-role")


EFFECTS = Noun(
    record=Effect,
    texts=EffectTexts,
    view=EffectView,
    page=EffectPage,
    path="/v1/effects",
    table="effect",
    texts_table="effect_text",
    comment="comment",
    sees=reads_along,
    visible="reads_along(state, provider, false, caller_organization(), caller_role())",
    status_slug="effect-status",
    filters=(
        Filter(name="delivery", field="delivery_id"),
        Filter(name="request", field="request_id"),
        Filter(name="change", field="change"),
        "status",
    ),
    lists=Read(
        "list_effects",
        "The effects this caller may see",
        "Lists the effects of the deliveries that the caller may see, or of one request or delivery.",
    ),
    shows=Read(
        "show_effect", "One effect", "Includes the evidence, and the verification by another person if there is one."
    ),
    create=Create(
        name="record_effect",
        command=RecordEffect,
        fact=EffectRecorded,
        decide=record,
        by=_AUTHORS,
        to=EffectStatus.RECORDED,
    ),
    moves=(
        Move(
            name="verify_effect",
            path="verify",
            command=Comment,
            fact=EffectVerified,
            decide=verify,
            by=_AUTHORS,
            guard=_another_person,
            when=_RECORDED,
            to=EffectStatus.VERIFIED,
            summary="Verify an effect",
            description="For a person of the other side or of UNODC who did not record it.",
        ),
        Move(
            name="decline_effect",
            path="decline",
            command=Reason,
            fact=EffectDeclined,
            decide=decline,
            by=_AUTHORS,
            guard=_another_person,
            when=_RECORDED,
            to=EffectStatus.DECLINED,
            summary="Decline an effect",
            description="For a person who may verify it, with a coded reason, which both sides read.",
        ),
        Move(
            name="withdraw_effect",
            path="withdraw",
            command=Nothing,
            fact=EffectWithdrawn,
            decide=withdraw,
            fold=_withdrawn,
            by=_AUTHORS,
            guard=_own_side,
            when=_RECORDED | {EffectStatus.VERIFIED},
            to=EffectStatus.WITHDRAWN,
            deletes_texts=True,
            summary="Withdraw an effect",
            description="For the side that recorded it. Its texts are deleted.",
        ),
    ),
)
