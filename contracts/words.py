"""Texts of a submitted request, for services only; the fact names them by a hash."""

from uuid import UUID

from msgspec import Struct


class LineWords(Struct, frozen=True, kw_only=True):
    """The expected outcome of a line, and what is in place."""

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
