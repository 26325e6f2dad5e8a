"""The routes of the public catalogue: what providers publish of their offerings, read by everybody."""

from typing import Annotated, get_args
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta, Struct

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import PUBLIC, PUBLISHED, Db
from chassis.http.commands import change
from chassis.http.pages import Pagination
from chassis.http.queries import query_parameter
from contracts import reference
from contracts.conversion import from_attributes
from contracts.values import Code, Language, Period
from services.matching.fields import check_known
from services.matching.offerings import publication_actions, publication_store
from services.matching.offerings.publication_store import Published
from services.matching.offerings.store import Texts
from services.matching.offerings.views import read
from services.matching.policy import Action


class Publish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The public text of an offering, and the `language` it is written in."""

    language: Language
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    summary: Annotated[str, Meta(min_length=1, max_length=4000)]


class PublicOffering(Struct, frozen=True, kw_only=True):
    """An offering in the public catalogue: the text that its provider published, and codes.

    `regions` are the regional groups that the offering is for; empty if it is for all, or for named States.
    """

    offering_id: UUID
    provider: str
    language: Language
    title: str
    summary: str
    kinds: tuple[str, ...]
    topics: tuple[str, ...]
    languages: tuple[Language, ...]
    interpretation: tuple[Language, ...]
    modalities: tuple[str, ...]
    regions: tuple[str, ...]
    valid: Period


class PublicOfferingPage(Struct, frozen=True, kw_only=True):
    """The public catalogue, newest offerings first; `cursor` leads to the next page."""

    offerings: list[PublicOffering]
    cursor: str | None


@change("/v1/offerings/{offering_id:uuid}/publish", Action.PUBLISH, "Publish an offering in the catalogue", read=read)
async def publish_offering(tx: Tx, ctx: Context, offering_id: FromPath[UUID], data: JSONBody[Publish]) -> None:
    """Requires an officer of the offering's provider. Replaces the previous public text.

    Nothing else of the offering's texts becomes public. The text is public while the offering is available and none of
    its kinds is restricted.
    """
    texts = Texts(title=data.title, summary=data.summary)
    await publication_actions.make_public(tx, ctx, offering_id, data.language, texts)


@change(
    "/v1/offerings/{offering_id:uuid}/unpublish", Action.UNPUBLISH, "Remove an offering from the catalogue", read=read
)
async def unpublish_offering(tx: Tx, ctx: Context, offering_id: FromPath[UUID]) -> None:
    """Requires an officer of the offering's provider.

    The public text is deleted; after five seconds it is shown nowhere.
    """
    await publication_actions.unpublish(tx, ctx, offering_id)


@get("/v1/public/offerings", opt=PUBLIC, summary="The public catalogue of offerings, newest first")
async def list_public_offerings(
    db: Db,
    paging: Pagination,
    kind: Annotated[str | None, query_parameter(Code)] = None,
    topic: Annotated[str | None, query_parameter(Code)] = None,
    delivery_language: FromQuery[Language | None] = None,
    region: Annotated[str | None, query_parameter(Code)] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=publication_store.LIST_MAX)] = 50,
) -> Response[PublicOfferingPage]:
    """Lists the public texts of offerings, with codes.

    `delivery_language` is spoken or interpreted; `region` is a regional group that the offering is open to.
    """
    for name, code, known in (
        ("kind", kind, reference.kinds()),
        ("topic", topic, reference.topics()),
        ("region", region, get_args(reference.Region)),
    ):
        check_known(name, [code] if code else [], known)
    # There is no caller: the statement selects only what is public.
    async with db.transaction(by=None) as tx:
        found = await publication_store.page(
            tx,
            kind=kind,
            topic=topic,
            delivery_language=delivery_language,
            region=region,
            before=cursor,
            limit=limit + 1,
        )
    page = paging.page(PublicOfferingPage, found, limit, view=_public, at=lambda one: one.offering.offering_id)
    page.headers.update(PUBLISHED)
    return page


@get("/v1/public/offerings/{offering_id:uuid}", opt=PUBLIC, summary="An offering in the public catalogue")
async def show_public_offering(offering_id: FromPath[UUID], db: Db) -> Response[PublicOffering]:
    """An offering that is not public is answered like one that does not exist."""
    # There is no caller: the statement selects only what is public.
    async with db.transaction(by=None) as tx:
        found = await publication_store.get(tx, offering_id)
    return Response(_public(found), headers=PUBLISHED)


def _public(published: Published) -> PublicOffering:
    offering = published.offering
    assert offering.publication is not None, "a published offering has a publication"
    return from_attributes(
        PublicOffering,
        offering.terms,
        offering_id=offering.offering_id,
        provider=offering.provider,
        language=offering.publication.language,
        title=published.texts.title,
        summary=published.texts.summary,
        regions=offering.terms.eligible.regions,
    )


ROUTES = [publish_offering, unpublish_offering, list_public_offerings, show_public_offering]
