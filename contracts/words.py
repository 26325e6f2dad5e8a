"""What a State wrote in a request that it has submitted, for services alone: a fact names it by a hash."""

from uuid import UUID

from msgspec import Struct


class LineWords(Struct, frozen=True, kw_only=True):
    """What is to come of one line, and what is in place."""

    line_id: UUID
    outcome: str
    in_place: str


class RequestWords(Struct, frozen=True, kw_only=True):
    """The words that `texts_hash` of a submission names, all but whom they are for and how they are justified."""

    request_id: UUID
    texts_hash: str
    title: str
    need: str
    lines: tuple[LineWords, ...]
