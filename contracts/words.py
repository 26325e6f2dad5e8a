"""Texts of a submitted request, for services only; the fact has their hash."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts.values import Organization, Role

TITLES_MAX = 100


class LineWords(Struct, frozen=True, kw_only=True):
    """The expected outcome of a line, and a text on what already exists."""

    line_id: UUID
    outcome: str
    in_place: str


class RequestWords(Struct, frozen=True, kw_only=True):
    """The texts that `texts_hash` of a submission covers, without beneficiary and justification."""

    request_id: UUID
    texts_hash: str
    title: str
    need: str
    lines: tuple[LineWords, ...]


class TitleQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Query for the titles of these requests, as far as a role in an organization may read them."""

    organization: Organization
    role: Role
    request_ids: Annotated[tuple[UUID, ...], Meta(max_length=TITLES_MAX)]


class RequestTitle(Struct, frozen=True, kw_only=True):
    request_id: UUID
    title: str
