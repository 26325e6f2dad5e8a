"""Routes of the criteria: show and publish them, and assess a request by them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import CurrentCaller, Db, requires, with_etag
from chassis.http.commands import change
from contracts.criteria import CRITERIA_MAX, Judgements, PriorityCriterion
from contracts.values import Code, Language
from services.requests import policy
from services.requests.criteria import actions, store
from services.requests.criteria.model import CRITERIA_ID, Criteria
from services.requests.policy import Action
from services.requests.request.views import read

VERSION_MAX = 999_999_999
Text = Annotated[str, Meta(min_length=1, max_length=300)]


class Texts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A text in each of the six languages."""

    ar: Text
    en: Text
    es: Text
    fr: Text
    ru: Text
    zh: Text

    def by_language(self) -> dict[str, str]:
        return {language: getattr(self, language) for language in Language}


class NewEligibility(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A criterion that a request has to meet."""

    code: Code
    texts: Texts


class NewPriority(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A criterion of the priority, with its weight relative to the others."""

    code: Code
    weight: Annotated[int, Meta(ge=1, le=100)]
    texts: Texts


class NewCriteria(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All criteria of the next version."""

    eligibility: Annotated[tuple[NewEligibility, ...], Meta(max_length=CRITERIA_MAX)] = ()
    priority: Annotated[tuple[NewPriority, ...], Meta(min_length=1, max_length=CRITERIA_MAX)]


class CriterionView(Struct, frozen=True, kw_only=True):
    """A criterion with its text by language; `weight` is 0 for one of eligibility."""

    code: str
    weight: int
    texts: dict[str, str]


class CriteriaView(Struct, frozen=True, kw_only=True):
    """A version of the criteria; `revision` is the version, 0 if none was published."""

    revision: int
    published_at: datetime | None
    eligibility: list[CriterionView]
    priority: list[CriterionView]


class Assessment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The points of a request for each criterion in force: 0 or 1 for eligibility, 0 to 3 for priority."""

    judged: Judgements
    comment: Annotated[str, Meta(max_length=2000)] = ""


@get("/v1/criteria", opt=requires(Action.SHOW_CRITERIA), summary="The criteria for eligibility and priority")
async def show_criteria(
    db: Db, caller: CurrentCaller, revision: Annotated[int | None, QueryParameter(ge=0, le=VERSION_MAX)] = None
) -> Response[CriteriaView]:
    """Shows the criteria in force, or those of the version with the number `revision`."""
    policy.decide(caller, Action.SHOW_CRITERIA).required()
    async with db.transaction(by=caller) as tx:
        found = await (store.in_force(tx) if revision is None else store.version(tx, revision))
        view = await _view(tx, found)
    return with_etag(view, revision=found.version)


async def _in_force(tx: Tx, _ctx: Context, _criteria_id: UUID) -> CriteriaView:
    return await _view(tx, await store.in_force(tx))


@change(
    "/v1/criteria",
    Action.PUBLISH_CRITERIA,
    "Publish the next version of the criteria",
    read=_in_force,
    key=lambda: CRITERIA_ID,
)
async def publish_criteria(tx: Tx, ctx: Context, _criteria_id: UUID, data: JSONBody[NewCriteria]) -> None:
    """The body is the whole list, in six languages. Assessments by earlier versions remain.

    Send `If-Match: "0"` for the first version.
    """
    texts = {one.code: one.texts.by_language() for one in data.eligibility}
    texts |= {one.code: one.texts.by_language() for one in data.priority}
    priority = [PriorityCriterion(code=one.code, weight=one.weight) for one in data.priority]
    await actions.publish_version(tx, ctx, [one.code for one in data.eligibility], priority, texts)


@change("/v1/requests/{request_id:uuid}/assess", Action.ASSESS, "Assess a request by the criteria", read=read)
async def assess_request(tx: Tx, ctx: Context, request_id: FromPath[UUID], data: JSONBody[Assessment]) -> None:
    """Every criterion in force has to be judged. The priority follows from the points.

    Opening the request with another priority requires a reason; a request that is not eligible cannot be opened.
    """
    await actions.assess(tx, ctx, request_id, data.judged, data.comment)


async def _view(tx: Tx, one: Criteria) -> CriteriaView:
    texts = await store.texts(tx, one.version)
    return CriteriaView(
        revision=one.version,
        published_at=one.published_at,
        eligibility=[CriterionView(code=code, weight=0, texts=texts.get(code, {})) for code in one.eligibility],
        priority=[
            CriterionView(code=each.code, weight=each.weight, texts=texts.get(each.code, {})) for each in one.priority
        ],
    )


ROUTES = [show_criteria, publish_criteria, assess_request]
