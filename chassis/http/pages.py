"""Pages of lists: a cursor and a limit, and a link to the next page (RFC 8288)."""

from collections.abc import Callable, MutableMapping, Sequence
from typing import Annotated, Any, TypeVar, cast
from urllib.parse import urlencode

from litestar import Request, Response
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from msgspec import Struct
from msgspec.structs import asdict, replace

from chassis.http.answer import ADDED
from contracts.refusals import Invalid

T = TypeVar("T")
S = TypeVar("S", bound=Struct)
CURSOR_MAX = 64
PART_MAX = 500


def key_of(record: Any) -> Any:
    """The key of a record: its first field."""
    return getattr(record, record.__struct_fields__[0])


class Pages(Struct, frozen=True, kw_only=True):
    """The requested list, for links to its next page: path and filters."""

    path: str
    filters: Sequence[tuple[str, str]]

    def next_link(self, cursor: str | None) -> dict[str, str]:
        """The `Link` header of a page; empty on the last page."""
        if cursor is None:
            return {}
        return {"Link": f'<{self.path}?{urlencode([*self.filters, ("cursor", cursor)])}>; rel="next"'}

    def page(
        self,
        page: type[T],
        found: Sequence[Any],
        limit: int,
        *,
        view: Callable[[Any], object] | None = None,
        at: Callable[[Any], object] = key_of,
        **more: object,
    ) -> Response[T]:
        """Return a page: the first `limit` records as its first field, and `more` fields.

        If there are more records, `cursor` is the value of `at` for the last record shown, a number or a string.
        """
        items, cursor = found[:limit], at(found[limit - 1]) if len(found) > limit else None
        if cursor is not None and not isinstance(cursor, int):
            cursor = str(cursor)
        shown = [view(one) for one in items] if view else list(items)
        fields = {cast(Any, page).__struct_fields__[0]: shown, "cursor": cursor, **more}
        return Response(page(**fields), headers=self.next_link(None if cursor is None else str(cursor)))


Pagination = NamedDependency[Pages]


def pages_of(request: Request[Any, Any, Any]) -> Pages:
    asked = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    return Pages(path=request.url.path, filters=asked)


class ListPart(Struct, frozen=True, kw_only=True):
    """The page that is asked for of a list that is read whole, because it is short."""

    pages: Pages
    cursor: str | None
    limit: int
    headers: MutableMapping[bytes, bytes]
    """Headers that will be added to the answer."""

    def of(self, answer: S, at: Callable[[Any], object] = key_of) -> S:
        """Return the answer with `limit` items of its first list, after the one for which `at` is the cursor.

        Raises Invalid if there is no such item.
        """
        name, items = next((name, value) for name, value in asdict(answer).items() if isinstance(value, list | tuple))
        start = 0
        if self.cursor is not None:
            places = {str(at(one)): place for place, one in enumerate(items, 1)}
            if (start := places.get(self.cursor, 0)) == 0:
                raise Invalid("invalid-field", field="cursor", expected="cursor")
        part = items[start : start + self.limit]
        cursor = str(at(part[-1])) if start + self.limit < len(items) else None
        for header, value in self.pages.next_link(cursor).items():
            self.headers[header.lower().encode()] = value.encode()
        return replace(answer, **{name: part, "cursor": cursor})


Part = NamedDependency[ListPart]


def part_of(
    request: Request[Any, Any, Any],
    cursor: Annotated[str | None, QueryParameter(max_length=CURSOR_MAX)] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=PART_MAX)] = PART_MAX,
) -> ListPart:
    return ListPart(pages=pages_of(request), cursor=cursor, limit=limit, headers=cast(Any, request.scope)[ADDED])
