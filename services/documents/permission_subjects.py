"""Subjects of a policy's cases: kinds of records, callers, and the properties that make a difference."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import product
from typing import Any
from uuid import UUID

from msgspec import Struct

from contracts.decisions import Decision
from contracts.values import Caller, Role

PERSON = UUID(int=1)
OTHER_PERSON = UUID(int=2)
STATE, PROVIDER, DONOR, NAMED, AGREED, OTHER, UNODC = "KEN", "JPN", "DNK", "NOR", "ITA", "FRA", "UNODC"
UNIT = "UNODC-SHERLOC"
YES_OR_NO = ("yes", "no")
PROPOSERS = {"the caller": PERSON, "another person": OTHER_PERSON}


class Actor(Struct, frozen=True):
    """A caller in a role, and the relation of the caller's organization or person to the record."""

    role: Role
    standing: str
    caller: Caller


class Subject(Struct, frozen=True, kw_only=True):
    """One kind of record, or none: the actions on it, the callers, and the properties that make a difference."""

    service: str
    title: str
    decide: Callable[..., Decision]
    standings: Mapping[str, Callable[[Role], Caller]]
    """Maps the caller's relation to the record to the caller in each role."""
    properties: Mapping[str, Sequence[str]] = {}
    """Maps each property to its values."""
    make: Callable[..., Any] = lambda: None
    """Function that makes a record with these properties."""
    reads: Sequence[StrEnum]
    """Actions that decide who sees the record, and which fields."""
    acts: Sequence[StrEnum] = ()
    """Actions on a record by callers who see it."""
    views: Sequence[type[Struct]] = ()
    """The structs in which the record is shown."""
    guarded: Sequence[str] = ()
    """Fields of the views that are shown only to some of the callers who see the record."""

    @property
    def actors(self) -> list[Actor]:
        return [Actor(role, standing, make(role)) for role in Role for standing, make in self.standings.items()]

    def circumstances(self) -> Iterator[tuple[tuple[str, ...], Any]]:
        """Yield every combination of the properties, with its record."""
        for values in product(*self.properties.values()):
            yield values, self.make(*values)


def of_person(person_id: UUID, organization: str, role: Role) -> Caller:
    return Caller(person_id=person_id, organization=organization, role=role)


def of(organization: str) -> Callable[[Role], Caller]:
    return lambda role: Caller(person_id=PERSON, organization=organization, role=role)
