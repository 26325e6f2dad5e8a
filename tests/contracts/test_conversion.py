"""A struct is made from the attributes of another with the same names."""

import pytest
from msgspec import Struct

from contracts.conversion import from_attributes


class Record(Struct, frozen=True, kw_only=True):
    code: str
    revision: int

    @property
    def label(self) -> str:
        return f"{self.code} {self.revision}"


class View(Struct, frozen=True, kw_only=True):
    code: str
    label: str
    final: bool


def test_what_is_given_comes_before_what_has_the_same_name() -> None:
    record = Record(code="A", revision=2)

    assert View(code="A", label="A 2", final=False) == from_attributes(View, record, final=False)
    assert View(code="B", label="A 2", final=True) == from_attributes(View, record, code="B", final=True)


def test_what_neither_has_is_an_error() -> None:
    with pytest.raises(AttributeError, match="final"):
        from_attributes(View, Record(code="A", revision=2))
