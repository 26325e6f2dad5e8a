"""The routes of alerts: saved filters by which the caller's appointment is notified."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import delete, get
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import CurrentCaller, Db, ExpectedRevision, Now, requires
from chassis.http.commands import change, create, show
from chassis.http.merge_patch import patched
from chassis.http.pages import Part
from contracts.alerts import CRITERION_CODES_MAX, Criteria, UsdMinor
from contracts.codes import ArticleCode, KindCode, ParagraphCode, TopicCode
from contracts.conversion import from_attributes
from contracts.facts import Fact
from contracts.reference import Region
from contracts.values import Role, State
from services.notifications import policy
from services.notifications.alerts import actions, store
from services.notifications.alerts.model import Alert, AlertSubject, Frequency, check_criteria
from services.notifications.policy import Action

_Codes = Meta(max_length=CRITERION_CODES_MAX)


class AlertBody(Criteria, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The criteria of an alert, and how often its owner is notified.

    A record fits if it has one of the codes of each field; an empty field restricts nothing. Kinds, topics, articles
    and paragraphs are those of one line, or of an offering; a topic includes narrower ones. Regions and States are
    those of the request or, for an offering, of its provider. Amounts are in US cents, and apply to `funding` only.
    """

    frequency: Frequency = Frequency.AT_ONCE

    @property
    def criteria(self) -> Criteria:
        return from_attributes(Criteria, self)


class NewAlert(AlertBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An alert on `requests` for providers, on `funding` that matches lack for donors, or on `offerings` for States."""

    subject: AlertSubject


class AlertPatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Changes of an alert, as a JSON merge patch (RFC 7396).

    Absent fields are kept, null resets a field to its default.
    """

    kinds: Annotated[tuple[KindCode, ...], _Codes] | UnsetType | None = UNSET
    topics: Annotated[tuple[TopicCode, ...], _Codes] | UnsetType | None = UNSET
    articles: Annotated[tuple[ArticleCode, ...], _Codes] | UnsetType | None = UNSET
    paragraphs: Annotated[tuple[ParagraphCode, ...], _Codes] | UnsetType | None = UNSET
    regions: Annotated[tuple[Region, ...], _Codes] | UnsetType | None = UNSET
    states: Annotated[tuple[State, ...], _Codes] | UnsetType | None = UNSET
    usd_minor_min: UsdMinor | UnsetType | None = UNSET
    usd_minor_max: UsdMinor | UnsetType | None = UNSET
    frequency: Frequency | UnsetType | None = UNSET


class PauseAlert(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pause during which the alert finds nothing; without `until`, it lasts until the alert is resumed."""

    until: Annotated[datetime, Meta(tz=True)] | None = None


class AlertView(Criteria, frozen=True, kw_only=True):
    """An alert of the caller's appointment."""

    alert_id: UUID
    organization: str
    role: Role
    subject: AlertSubject
    frequency: Frequency
    paused: bool
    paused_until: datetime | None
    created_at: datetime
    revision: int


class AlertList(Struct, frozen=True, kw_only=True):
    """All alerts of the caller's appointment, oldest first."""

    alerts: list[AlertView]
    cursor: str | None = None


async def _read(tx: Tx, ctx: Context, alert_id: UUID) -> AlertView:
    return _view(await store.get(tx, alert_id, ctx.caller), ctx.now)


@create(
    "/v1/alerts",
    Action.CREATE_ALERT,
    "Create an alert: a saved filter of which the caller's appointment is notified",
    read=_read,
    location=lambda view: f"/v1/alerts/{view.alert_id}",
)
async def create_alert(tx: Tx, ctx: Context, alert_id: UUID, data: JSONBody[NewAlert]) -> None:
    """The alert finds records that begin to fit it from now on. Each record is notified once by all alerts together."""
    await actions.create(tx, ctx, alert_id, data.subject, data.criteria, data.frequency)


@get("/v1/alerts", opt=requires(Action.LIST_ALERTS), summary="The alerts of the caller's appointment")
async def list_alerts(db: Db, caller: CurrentCaller, now: Now, part: Part) -> AlertList:
    async with db.transaction(by=caller) as tx:
        return part.of(AlertList(alerts=_views(await store.of_caller(tx, caller), now)))


@show("/v1/alerts/{alert_id:uuid}", Action.SHOW_ALERT, "One alert")
async def show_alert(tx: Tx, ctx: Context, alert_id: FromPath[UUID]) -> AlertView:
    alert = await store.get(tx, alert_id, ctx.caller)
    policy.decide(ctx.caller, Action.SHOW_ALERT, alert).required()
    return _view(alert, ctx.now)


@change("/v1/alerts/{alert_id:uuid}", Action.REVISE_ALERT, "Revise an alert", read=_read, method="PATCH")
async def revise_alert(tx: Tx, ctx: Context, alert_id: FromPath[UUID], data: JSONBody[AlertPatch]) -> None:
    """The body is a JSON merge patch: absent fields are kept, null resets a field to its default."""

    def revised(alert: Alert) -> Fact | None:
        body = patched(from_attributes(AlertBody, alert), data)
        check_criteria(alert.subject, body)
        return alert.revise(body.criteria, body.frequency, now=ctx.now)

    await actions.change(tx, ctx, alert_id, Action.REVISE_ALERT, revised)


@change("/v1/alerts/{alert_id:uuid}/pause", Action.PAUSE_ALERT, "Pause an alert", read=_read)
async def pause_alert(tx: Tx, ctx: Context, alert_id: FromPath[UUID], data: JSONBody[PauseAlert]) -> None:
    """Records that begin to fit the alert during the pause are not reported later."""
    await actions.change(tx, ctx, alert_id, Action.PAUSE_ALERT, lambda alert: alert.pause(data.until, now=ctx.now))


@change("/v1/alerts/{alert_id:uuid}/resume", Action.RESUME_ALERT, "Resume a paused alert", read=_read)
async def resume_alert(tx: Tx, ctx: Context, alert_id: FromPath[UUID]) -> None:
    await actions.change(tx, ctx, alert_id, Action.RESUME_ALERT, lambda alert: alert.resume(now=ctx.now))


@delete("/v1/alerts/{alert_id:uuid}", opt=requires(Action.REMOVE_ALERT), summary="Remove an alert")
async def remove_alert(
    alert_id: FromPath[UUID], db: Db, caller: CurrentCaller, expected: ExpectedRevision, now: Now
) -> None:
    async with db.transaction(by=caller) as tx:
        await actions.remove(tx, Context(caller=caller, now=now, expected=expected), alert_id)


def _views(alerts: Sequence[Alert], now: datetime) -> list[AlertView]:
    return [_view(one, now) for one in alerts]


def _view(alert: Alert, now: datetime) -> AlertView:
    paused = alert.is_paused(now)
    return from_attributes(AlertView, alert, paused=paused, paused_until=alert.paused_until if paused else None)


ROUTES = [create_alert, list_alerts, show_alert, revise_alert, pause_alert, resume_alert, remove_alert]
