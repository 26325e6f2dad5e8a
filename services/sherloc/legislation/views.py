"""Views of the register."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from contracts import reference
from contracts.conversion import from_attributes
from contracts.values import Caller, Language, Role
from services.sherloc import policy
from services.sherloc.legislation import store
from services.sherloc.legislation.cells import Cell
from services.sherloc.legislation.model import Legislation, LegislationTexts, RegisterStatus, legislation_id_of
from services.sherloc.policy import Action

_NO_TEXTS = LegislationTexts()


class LegislationView(Struct, frozen=True, kw_only=True):
    """A State's law on an article, as on SHERLOC: `not_known`, with revision 0, if the caller sees no record.

    `title` and `gazette` are in `language`; `address` is where the law can be read, `portal_address` the page of
    SHERLOC. `last_verified_by` is the role in which it was last verified. `reason` is the code
    (`/v1/reference/reasons/return_legislation`) with which a coordinator returned it, `comment` that on the last move;
    both are shown to the State and UNODC only.
    """

    legislation_id: UUID
    state: str
    instrument: str
    article: str
    status: RegisterStatus
    revision: int
    title: str
    language: Language | None
    in_force_on: date | None
    gazette: str
    address: str
    portal_address: str
    recorded_at: datetime | None
    changed_at: datetime | None
    published_at: datetime | None
    last_verified_at: datetime | None
    last_verified_by: Role | None
    reason: str | None
    comment: str
    moves: tuple[str, ...]


class LegislationVersion(Struct, frozen=True, kw_only=True):
    """A version of a record, with the texts valid after the move. `move` is the last part of the fact's name."""

    revision: int
    move: str
    status: RegisterStatus
    title: str
    language: Language | None
    in_force_on: date | None
    gazette: str
    address: str
    portal_address: str
    changed_at: datetime
    last_verified_at: datetime | None
    last_verified_by: Role | None
    reason: str | None
    comment: str


class LegislationVersions(Struct, frozen=True, kw_only=True):
    """The last 200 versions of a record, newest first. Others than the State and UNODC read published versions only."""

    versions: list[LegislationVersion]
    cursor: str | None = None


async def legislation_view(tx: Tx, ctx: Context, legislation_id: UUID) -> LegislationView:
    """Return a record as this caller sees it. Raises Missing if this caller may not see it."""
    found = await store.get(tx, legislation_id, ctx.caller)
    policy.decide(ctx.caller, Action.SHOW_LEGISLATION, found).required()
    return (await views_of(tx, [found], ctx.caller))[0]


async def views_of(tx: Tx, found: Sequence[Legislation], caller: Caller) -> list[LegislationView]:
    """Convert records into views for a caller who may see them."""
    texts = await store.texts_of(tx, [(one.legislation_id, one.texts_revision) for one in found])
    comments = await store.comments_of(tx, [one.legislation_id for one in found])
    return [
        from_attributes(
            LegislationView,
            one,
            status=RegisterStatus(one.status),
            comment=comments.get((one.legislation_id, one.revision), ""),
            moves=policy.legislation_moves_open_to(caller, one),
            **_words(texts.get((one.legislation_id, one.texts_revision), _NO_TEXTS)),
        )
        for one in found
    ]


def view_without_record(cell: Cell) -> LegislationView:
    """The view of a cell of which the caller sees no record."""
    return LegislationView(
        legislation_id=legislation_id_of(cell.state, cell.article),
        state=cell.state,
        instrument=reference.articles()[cell.article].instrument,
        article=cell.article,
        status=RegisterStatus.NOT_KNOWN,
        revision=0,
        language=None,
        in_force_on=None,
        recorded_at=None,
        changed_at=None,
        published_at=None,
        last_verified_at=None,
        last_verified_by=None,
        reason=None,
        comment="",
        moves=(),
        **_words(_NO_TEXTS),
    )


async def versions_of(tx: Tx, found: Legislation) -> LegislationVersions:
    """Return the versions of a record that the caller may see."""
    versions = await store.versions(tx, found.legislation_id)
    texts = await store.texts_of(tx, [(found.legislation_id, one.texts_revision) for one in versions])
    comments = await store.comments_of(tx, [found.legislation_id])
    return LegislationVersions(
        versions=[
            from_attributes(
                LegislationVersion,
                one,
                status=RegisterStatus(one.status),
                comment=comments.get((found.legislation_id, one.revision), ""),
                **_words(texts.get((found.legislation_id, one.texts_revision), _NO_TEXTS)),
            )
            for one in versions
        ]
    )


def _words(texts: LegislationTexts) -> dict[str, str]:
    return {name: getattr(texts, name) for name in LegislationTexts.__struct_fields__}
