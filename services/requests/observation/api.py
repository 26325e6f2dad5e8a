"""The routes of observations of the review, which only the State that entered them sees."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, delete, get
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import CurrentCaller, Db, ExpectedRevision, Now, requires
from chassis.http.commands import change, create, show
from chassis.http.merge_patch import patched
from chassis.http.pages import Pagination
from contracts import reference
from contracts.codes import ArticleCode, ReviewCluster, unknown_code
from contracts.conversion import from_attributes
from contracts.values import Language
from services.requests import policy
from services.requests.observation import actions, store
from services.requests.observation.model import Observation
from services.requests.policy import Action

LIST_MAX = 100
ObservationText = Annotated[str, Meta(min_length=1, max_length=2000)]


class NewObservation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An observation of a review of the Convention's implementation on an article, in the State's own words."""

    article: ArticleCode
    cluster: ReviewCluster | None = None
    language: Language
    text: ObservationText

    def check(self) -> None:
        """Raise Invalid for an unknown code."""
        if self.article not in reference.articles():
            raise unknown_code("article", self.article, reference.articles(), code_list="articles")
        if self.cluster is not None and self.cluster not in reference.review_clusters():
            raise unknown_code("cluster", self.cluster, reference.review_clusters(), code_list="review_clusters")


class ObservationPatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Changes of an observation, as a JSON merge patch (RFC 7396): absent fields are kept."""

    article: ArticleCode | UnsetType = UNSET
    cluster: ReviewCluster | UnsetType | None = UNSET
    language: Language | UnsetType = UNSET
    text: ObservationText | UnsetType = UNSET


class ObservationView(Struct, frozen=True, kw_only=True):
    """An observation of the caller's own State; a request is begun from it with `from_observations`."""

    observation_id: UUID
    article: str
    cluster: str | None
    language: Language
    text: str
    entered_at: datetime
    revision: int


class ObservationPage(Struct, frozen=True, kw_only=True):
    """The State's observations, oldest first; `cursor` leads to the next page."""

    observations: list[ObservationView]
    cursor: str | None


async def _read(tx: Tx, ctx: Context, observation_id: UUID) -> ObservationView:
    return _view(await store.get(tx, observation_id, ctx.caller))


@create("/v1/observations", Action.ENTER_OBSERVATION, "Enter an observation of the review", read=_read)
async def enter_observation(tx: Tx, ctx: Context, observation_id: UUID, data: JSONBody[NewObservation]) -> None:
    """Enters an observation for the caller's own State, at most 200 per State.

    Only focal points and officials of the State see it.
    """
    data.check()
    await actions.enter(tx, ctx, observation_id, data.article, data.cluster, data.language, data.text)


@get("/v1/observations", opt=requires(Action.LIST_OBSERVATIONS), summary="The State's observations of the review")
async def list_observations(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    article: Annotated[str | None, QueryParameter(max_length=64)] = None,
    cluster: Annotated[str | None, QueryParameter(max_length=64)] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=LIST_MAX)] = 50,
) -> Response[ObservationPage]:
    policy.decide(caller, Action.LIST_OBSERVATIONS).required()
    async with db.transaction(by=caller) as tx:
        found = await store.page(tx, caller, article=article, cluster=cluster, after=cursor, limit=limit + 1)
    return paging.page(ObservationPage, found, limit, view=_view)


@show("/v1/observations/{observation_id:uuid}", Action.SHOW_OBSERVATION, "One observation of the review")
async def show_observation(tx: Tx, ctx: Context, observation_id: FromPath[UUID]) -> ObservationView:
    observation = await store.get(tx, observation_id, ctx.caller)
    policy.decide(ctx.caller, Action.SHOW_OBSERVATION, observation).required()
    return _view(observation)


@change(
    "/v1/observations/{observation_id:uuid}",
    Action.REVISE_OBSERVATION,
    "Revise an observation of the review",
    read=_read,
    method="PATCH",
)
async def revise_observation(
    tx: Tx, ctx: Context, observation_id: FromPath[UUID], data: JSONBody[ObservationPatch]
) -> None:
    """The body is a JSON merge patch: absent fields are kept. Requests begun from the observation do not change."""

    def revised(one: Observation) -> Observation:
        body = patched(
            NewObservation(article=one.article, cluster=one.cluster, language=one.language, text=one.text), data
        )
        body.check()
        return replace(one, article=body.article, cluster=body.cluster, language=body.language, text=body.text)

    await actions.revise(tx, ctx, observation_id, revised)


@delete(
    "/v1/observations/{observation_id:uuid}",
    opt=requires(Action.REMOVE_OBSERVATION),
    summary="Remove an observation of the review",
)
async def remove_observation(
    observation_id: FromPath[UUID], db: Db, caller: CurrentCaller, expected: ExpectedRevision, now: Now
) -> None:
    async with db.transaction(by=caller) as tx:
        await actions.remove(tx, Context(caller=caller, now=now, expected=expected), observation_id)


def _view(observation: Observation) -> ObservationView:
    return from_attributes(ObservationView, observation)


ROUTES = [enter_observation, list_observations, show_observation, revise_observation, remove_observation]
