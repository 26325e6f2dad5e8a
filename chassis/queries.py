"""What a query parameter has to look like."""

from typing import Any, get_args

from litestar.params import QueryParameter
from msgspec import Meta


def formed_as(word: Any, *, name: str | None = None) -> QueryParameter:
    """A parameter in the form of `word`, one of the aliases of `contracts.values`; anything else is `invalid-request`.

    Named as a parameter's type such an alias would be a `str` without limits: what it says of itself is looked at in
    bodies only.
    """
    _, meta = get_args(word)
    assert isinstance(meta, Meta), "an alias says its form once"
    return QueryParameter(name=name, pattern=meta.pattern, min_length=meta.min_length, max_length=meta.max_length)
