"""Views of informal meetings."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from contracts.conversion import from_attributes
from contracts.decisions import Later, by_day
from contracts.values import Caller, Language
from services.sherloc import policy
from services.sherloc.meetings import store
from services.sherloc.meetings.model import Meeting, MeetingStatus
from services.sherloc.policy import Action


class LessonView(Struct, frozen=True, kw_only=True):
    """A lesson, without its author."""

    lesson_id: UUID
    text: str


class MeetingView(Struct, frozen=True, kw_only=True):
    """An informal meeting of States: `title`, `agenda` and `invitation` in `language`, its location or link in `place`.

    `states` is the number of States that have signed up, `people` the number of people in total, `own_people` the
    number of those from the caller's State. `reason` is the code (`/v1/reference/reasons/cancel_meeting`) with which it
    was cancelled.
    """

    meeting_id: UUID
    status: MeetingStatus
    revision: int
    starts_on: date
    place: str
    language: Language
    title: str
    agenda: str
    invitation: str
    invited: tuple[str, ...]
    states: int
    people: int
    own_people: int
    lessons: tuple[LessonView, ...]
    planned_at: datetime
    changed_at: datetime
    reason: str | None
    moves: tuple[str, ...]
    later: tuple[Later, ...]


async def meeting_view(tx: Tx, ctx: Context, meeting_id: UUID) -> MeetingView:
    """Return a meeting as this caller sees it. Raises Missing if this caller may not see it."""
    found = await store.get(tx, meeting_id, ctx.caller)
    policy.decide(ctx.caller, Action.SHOW_MEETING, found).required()
    return (await views_of(tx, [found], ctx.caller, ctx.today))[0]


async def views_of(tx: Tx, found: Sequence[Meeting], caller: Caller, today: date) -> list[MeetingView]:
    """Convert meetings into views for a caller who may see them."""
    ids = [one.meeting_id for one in found]
    texts, lessons = await store.texts_of(tx, ids), await store.lessons_of(tx, ids)
    views = []
    for one in found:
        coming, own = dict(zip(one.signed_up, one.people, strict=True)), texts[one.meeting_id]
        open_to = policy.meeting_moves_open_to(caller, one, has_lessons=bool(lessons[one.meeting_id]))
        moves, later = by_day(open_to, one.opening, today)
        views.append(
            from_attributes(
                MeetingView,
                one,
                title=own.title,
                agenda=own.agenda,
                invitation=own.invitation,
                place=own.place,
                states=len(coming),
                people=sum(coming.values()),
                own_people=coming.get(caller.organization, 0),
                lessons=tuple(from_attributes(LessonView, lesson) for lesson in lessons[one.meeting_id]),
                moves=moves,
                later=later,
            )
        )
    return views
