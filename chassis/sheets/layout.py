"""The columns of a spreadsheet, derived from the body of the command that files one record.

A row is one item of the body's list (a line of a request); rows with the same key are one record. A column's title is
its label in one of the six languages, or its name.
"""

import unicodedata
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
from msgspec import Meta, Struct

from chassis.http.bodies import values_of
from contracts import reference
from contracts.codes import CODE_LISTS
from contracts.values import CODE_LIST, Language


class ValueType(StrEnum):
    TEXT = "text"
    INTEGER = "integer"
    FLAG = "flag"
    DATE = "date"
    CODE = "code"


class Column(Struct, frozen=True, kw_only=True):
    """A column: its field in the body, or in an item of the body's list, and the type of its cells."""

    name: str
    path: tuple[str, ...]
    of_item: bool
    type: ValueType
    many: bool = False
    """True if a cell holds several values."""
    required: bool = False
    code_list: str | None = None
    """Name of a list of `/v1/reference`."""
    closed: bool = False
    """True if only the values of `labels` are valid."""
    values: tuple[str, ...] = ()
    """The values of an enumeration."""
    titled: str = ""
    """Name of the entry with title and labels in the reference data, if it is not the column's name."""

    def title(self, language: str) -> str:
        return reference.columns()[self.titled or self.name].label(language)

    def labels(self) -> Mapping[str, Mapping[str, str]]:
        """The codes of the column, each with its labels by language."""
        return labels_of(self.titled or self.name, self.code_list, self.values)


class Layout:
    """The columns of the records of one type."""

    def __init__(
        self,
        body: type[Struct],
        *,
        key: str,
        items: str,
        without: Collection[str] = (),
        lists: Mapping[str, str] = MappingProxyType({}),
        titles: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Create a layout. `items` is the list in the body of which a row is one item; empty if there is none.

        `without` are fields that no column sets; `lists` maps columns of codes whose type names no list to the list
        that has most of their labels; `titles` maps columns to another title than their own in the reference data.
        """
        self.body, self.key, self.items = body, key, items
        self._without, self._lists, self._titles = frozenset(without), lists, titles

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The key, the columns of the whole record, and those of an item."""
        first = Column(name=self.key, path=(), of_item=False, type=ValueType.TEXT)
        return (first, *sorted(self._of_struct(self.body, (), of_item=False), key=lambda one: one.of_item))

    @cached_property
    def by_title(self) -> Mapping[str, Column]:
        """The columns by normalized name, and by normalized title in every language."""
        titled = {normalized(column.title(lang)): column for column in self.columns for lang in Language}
        return titled | {normalized(column.name): column for column in self.columns}

    def is_title(self, text: str) -> bool:
        return normalized(text) in self.by_title

    def _of_struct(self, struct: type[Struct], above: tuple[str, ...], *, of_item: bool) -> Iterator[Column]:
        for field in msgspec.structs.fields(struct):
            path, (bare, metas) = (*above, field.encode_name), _bare(field.type)
            item = get_args(bare)[0] if get_origin(bare) is tuple else None
            if ".".join(path) in self._without:
                continue
            if item and _is_struct(_bare(item)[0]):
                if path == (self.items,):
                    yield from self._of_struct(_bare(item)[0], (), of_item=True)
            elif _is_struct(bare):
                yield from self._of_struct(bare, path, of_item=of_item)
            else:
                required = field.required and not above and not of_item
                yield self._column(path, item or bare, metas, many=item is not None, of_item=of_item, required=required)

    def _column(
        self, path: tuple[str, ...], kind: Any, metas: tuple[Meta, ...], *, many: bool, of_item: bool, required: bool
    ) -> Column:
        bare, inner = _bare(kind)
        name = ".".join(path)
        if of_item and name not in reference.columns():
            name = f"{self.items}.{name}"
        given = next((str(m.extra[CODE_LIST]) for m in (*inner, *metas) if m.extra and CODE_LIST in m.extra), None)
        code_list = given or self._lists.get(name)
        values = tuple(str(value) for value in values_of(bare))
        of_choices = tuple(code.partition(":")[2] for code in reference.choices() if code.startswith(f"{name}:"))
        codes = values or of_choices
        return Column(
            name=name,
            path=path,
            of_item=of_item,
            type=ValueType.CODE if codes or code_list else _TYPES.get(bare, ValueType.TEXT),
            many=many,
            required=required,
            code_list=code_list,
            closed=bool(codes or given),
            values=codes,
            titled=self._titles.get(name, ""),
        )


_TYPES: Mapping[Any, ValueType] = {int: ValueType.INTEGER, bool: ValueType.FLAG, date: ValueType.DATE}


def labels_of(name: str, code_list: str | None, values: tuple[str, ...]) -> Mapping[str, Mapping[str, str]]:
    if code_list == "countries":
        return {code: {lang: reference.country_name(code, lang) for lang in Language} for code in reference.countries()}
    if code_list == "currencies":
        return {code: dict.fromkeys(Language, code) for code in reference.currencies()}
    if code_list:
        terms = CODE_LISTS[code_list]()
        return {code: term.labels for code, term in terms.items() if isinstance(term, reference.Term)}
    if set(values) == set(Language):
        return {code: reference.languages()[code].labels for code in values}
    known = reference.choices()
    return {
        code: known[f"{name}:{code}"].labels if f"{name}:{code}" in known else dict.fromkeys(Language, code)
        for code in values
    }


def normalized(text: str) -> str:
    """Normalize a title or label: case, width, apostrophes, dashes, asterisks and spaces."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'").replace("–", "-")
    return " ".join(plain.replace("*", " ").split())


def _bare(kind: Any) -> tuple[Any, tuple[Meta, ...]]:
    """A type without None, unset and annotations, and its annotations."""
    metas: tuple[Meta, ...] = ()
    while True:
        if get_origin(kind) is Annotated:
            kind, *more = get_args(kind)
            metas += tuple(one for one in more if isinstance(one, Meta))
        elif get_origin(kind) in {Union, UnionType}:
            arms = [arm for arm in get_args(kind) if arm not in (NoneType, msgspec.UnsetType)]
            if len(arms) > 1:
                return kind, metas
            kind = arms[0]
        else:
            return kind, metas


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Struct)
