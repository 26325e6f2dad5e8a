"""A noun, declared once: its record and texts, who reads it, and the moves that change it.

Routes, SQL and transactions follow from the declaration (`chassis/nouns`). A noun is checked when it is declared: each
field of a fact has a field of the record, and each field of the record a fact or a default.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, Generic, TypeVar, cast, get_type_hints
from uuid import UUID

from msgspec import NODEFAULT, Struct
from msgspec.structs import fields, replace

from contracts.codes import unknown_code
from contracts.decisions import ALLOWED, HIDDEN, Decision, Later, Opening, by_day, denied
from contracts.facts import Fact, fact_type, time_field
from contracts.refusals import Conflict
from contracts.values import Caller, Money, Role

R = TypeVar("R", bound=Struct)
C = TypeVar("C", bound=Struct)

OF_EVERY_RECORD = frozenset({"status", "revision", "changed_at"})
"""Fields of a record that each fact sets, whatever its own fields are."""
HASH = "texts_hash"


class MoveContext(Struct, frozen=True, kw_only=True):
    """Who makes a move, when, the salted hash of the texts sent with it, and what the move's lookup returned."""

    caller: Caller
    now: datetime
    texts_hash: str = ""
    found: Any = None

    @property
    def today(self) -> date:
        return self.now.date()


class Read(Struct, frozen=True):
    """A route that reads: the name of its action, its summary, and its description.

    As of a move, the route is written by hand if there is no summary.
    """

    name: str
    summary: str = ""
    description: str = ""


class Filter(Struct, frozen=True, kw_only=True):
    """A parameter by which the list is filtered, the field of the record, and the codes that it may have.

    `kind` is the alias of `contracts.values` with the limits of a code.
    """

    name: str
    field: str
    kind: Any = None
    code_list: str = ""
    codes: Callable[[], Collection[str]] | None = None

    def check(self, value: str | None) -> None:
        """Raise Invalid for an unknown code."""
        if self.codes and value is not None and value not in (known := self.codes()):
            raise unknown_code(self.name, value, known, code_list=self.code_list)


class Create(Struct, Generic[C], frozen=True, kw_only=True):
    """The move that makes a record, in the status `to`. `decide` returns its fact, or raises a refusal.

    `guard` decides for a caller of a role in `by`. With `key` there is one record of each key, and `taken_slug` is that
    of the refusal of a second. Without `summary` its route is written by hand.
    """

    name: str
    command: type[C]
    fact: type[Fact]
    decide: Callable[[UUID, C, MoveContext], Fact]
    by: frozenset[Role]
    to: StrEnum
    summary: str = ""
    description: str = ""
    guard: Callable[[Caller, C], Decision] | None = None
    key: Callable[[C], UUID] | None = None
    taken_slug: str = ""


class Move(Struct, Generic[R, C], frozen=True, kw_only=True):
    """A move of a record in one of the statuses `when`; it keeps its status unless `to` names another.

    `decide` returns its fact, or raises a refusal. `fold` returns what the fact changes besides the fields of its own
    fields' names. `guard` decides for a caller of a role in `by`. `opens` returns the first day on which the move is
    possible, `possible` whether the record and the fields that its view adds allow it to this caller. `texts` are those
    that it does not share with the noun; its route saves them. A move without `path` has a route written by hand, and
    may have no fact. Without `if_match` it is made in any revision.
    """

    name: str
    path: str = ""
    command: type[C] | None = None
    fact: type[Fact] | None = None
    decide: Callable[[R, C, MoveContext], Fact] | None = None
    fold: Callable[[R, Any], Mapping[str, Any]] | None = None
    by: frozenset[Role]
    when: frozenset[StrEnum]
    summary: str = ""
    to: StrEnum | None = None
    guard: Callable[[Caller, R], Decision] | None = None
    opens: Callable[[R], Opening] | None = None
    possible: Callable[[R, Caller, Mapping[str, Any]], bool] | None = None
    texts: type[Struct] | None = None
    deletes_texts: bool = False
    if_match: bool = True
    description: str = ""


class Noun(Struct, Generic[R], frozen=True, kw_only=True, dict=True, eq=False):
    """A noun. The first field of `record`, `view` and `page` is its id, and its list.

    `table` has a column for each field of the record, `texts_table` the id, the salt and a column for each text.
    `sees` says who reads a record; `visible` is the same rule in SQL. `status_slug` is that of the refusal of a move in
    another status. `filters` are fields of the record by which the list is filtered. `unfolded` are fields of facts for
    their readers alone. `comment` is the column of `texts_table` with the comment on the last move.
    """

    record: type[R]
    texts: type[Struct]
    view: type[Struct]
    page: type[Struct]
    path: str
    table: str
    texts_table: str
    sees: Callable[[Caller, R], bool]
    visible: str
    status_slug: str
    lists: Read
    shows: Read
    create: Create[Any]
    moves: tuple[Move[R, Any], ...]
    filters: tuple[str | Filter, ...] = ("status",)
    list_default: int = 50
    list_max: int = 100
    unfolded: frozenset[str] = frozenset()
    comment: str = ""

    def __post_init__(self) -> None:
        """Raise TypeError for what nothing covers: a field, a status, a text, or a fact of two moves."""
        required = {one.name for one in fields(self.record) if one.default is NODEFAULT}
        if missing := required - OF_EVERY_RECORD - {name for name, _ in self.folded[self.create.fact]}:
            raise TypeError(f"{self.create.fact.__name__} has no field for {self.record.__name__}.{min(missing)}")
        if len(self.to) <= sum(one.fact is not None for one in self.moves):
            raise TypeError(f"two moves of {self.record.__name__} have the same fact")
        if unreached := set(self.status_type) - set(self.to.values()):
            raise TypeError(f"no move of {self.record.__name__} leads to {min(unreached)}")
        if len(self.by_name) < len(self.moves):
            raise TypeError(f"two moves of {self.record.__name__} have the same name")
        made: tuple[Create[Any] | Move[R, Any], ...] = (self.create, *self.moves)
        for one in made:
            self._check_decision(one)
            texts = self.texts_of(one)
            if one.command and texts and (unsent := {*texts.__struct_fields__} - {*one.command.__struct_fields__}):
                raise TypeError(f"{one.command.__name__} has no text {min(unsent)}")

    def _check_decision(self, move: "Create[Any] | Move[R, Any]") -> None:
        """Raise TypeError unless the decision takes the command and returns the fact of the move."""
        if move.fact is None or move.command is None or move.decide is None:
            if move.fact or move.command or move.decide or (isinstance(move, Move) and move.path):
                raise TypeError(f"{move.name} needs a command, a fact and a decision")
            return
        _, *hints = get_type_hints(move.decide).values()
        if hints != [move.command, MoveContext, move.fact]:
            raise TypeError(f"{move.name} needs a decision on {move.command.__name__}: {move.fact.__name__}")

    @cached_property
    def key(self) -> str:
        """The name of the record's id."""
        return self.record.__struct_fields__[0]

    @cached_property
    def filter_fields(self) -> Mapping[str, str]:
        """Map each parameter that filters the list to the field of the record."""
        return {one if isinstance(one, str) else one.name: _field_of(one) for one in self.filters}

    @cached_property
    def status_type(self) -> type[StrEnum]:
        return cast(type[StrEnum], get_type_hints(self.record)["status"])

    @cached_property
    def aggregate(self) -> str:
        return fact_type(self.create.fact).split(".")[1]

    @cached_property
    def actions(self) -> type[StrEnum]:
        """The actions on this noun, one for each route; those of routes on another noun are actions on that one."""
        own = [one.name for one in (self.lists, self.create) if one.summary]
        names = [*own, self.shows.name, *(one.name for one in self.moves)]
        values = {name.upper(): name for name in names}
        kind = StrEnum(f"{self.record.__name__}Action", values, module=self.record.__module__)  # type: ignore[misc]
        return cast(type[StrEnum], kind)

    @cached_property
    def by_name(self) -> Mapping[str, Move[R, Any]]:
        return {one.name: one for one in self.moves}

    @cached_property
    def to(self) -> Mapping[type[Fact], StrEnum | None]:
        """The status after each fact; None if it stays the same."""
        return {self.create.fact: self.create.to, **{one.fact: one.to for one in self.moves if one.fact}}

    def texts_of(self, move: "Create[Any] | Move[R, Any]") -> type[Struct] | None:
        """Return the texts that are sent with a move, or None."""
        own = move.texts if isinstance(move, Move) else None
        return own or (self.texts if move.fact and HASH in move.fact.__struct_fields__ else None)

    @cached_property
    def folds(self) -> Mapping[type[Fact], Callable[[R, Any], Mapping[str, Any]]]:
        """The parts of folds that are written by hand."""
        return {one.fact: one.fold for one in self.moves if one.fact and one.fold}

    @cached_property
    def folded(self) -> Mapping[type[Fact], tuple[tuple[str, str], ...]]:
        """Map each fact to the pairs of a record's field and the attribute, with dots, of the fact that it takes.

        Raises TypeError for a field of a fact that the record lacks, but for its time and the hash of the texts.
        """
        return {fact: tuple(self._pairs(fact)) for fact in self.to}

    def _pairs(self, fact: type[Fact]) -> list[tuple[str, str]]:
        known, found = set(self.record.__struct_fields__), []
        for one in fields(fact):
            if one.name in known:
                found.append((one.name, one.name))
            elif one.type is Money and {f"{one.name}_minor", "currency"} <= known:
                found += [(f"{one.name}_minor", f"{one.name}.minor"), ("currency", f"{one.name}.currency")]
            elif one.name not in {HASH, time_field(fact), *self.unfolded}:
                raise TypeError(f"{self.record.__name__} has no field for {fact.__name__}.{one.name}")
        return found

    # -- rules --------------------------------------------------------------------------------------------------------

    def fold(self, known: R | None, fact: Fact) -> R:
        """Return the record after a fact. Actions and the rebuild of the tables use this function."""
        values: dict[str, Any] = {name: _attribute(fact, path) for name, path in self.folded[fact.__class__]}
        if "changed_at" in self.record.__struct_fields__:
            values["changed_at"] = fact.time
        if (status := self.to[fact.__class__]) is not None:
            values["status"] = status
        if known is None:
            assert fact.__class__ is self.create.fact, f"the first fact is {self.create.fact.__name__}"
            return self.record(revision=1, **values)
        if folding := self.folds.get(fact.__class__):
            values |= folding(known, fact)
        return replace(known, revision=revision_of(known) + 1, **values)

    def decides(self, action: str, record: object) -> bool:
        """Check whether an action on this record, or one that lists or makes records, is for this noun to decide."""
        if record is None:
            return action in {self.create.name, self.lists.name}
        return isinstance(record, self.record | self.create.command)

    def decide(self, caller: Caller, action: str, record: R | Struct | None) -> Decision:
        """Decide on an action on an existing record, on listing or making records, or on a command that makes one."""
        reads = {self.shows.name, self.lists.name, "follow"}
        if record is None or isinstance(record, self.create.command):
            return ALLOWED if action in reads else _granted(self.create, caller, action, record)
        assert isinstance(record, self.record)
        if not self.sees(caller, record):
            return HIDDEN
        return ALLOWED if action in reads else _granted(self.by_name.get(action), caller, action, record)

    def require(self, move: Move[R, Any], record: R, today: date) -> None:
        """Raise Conflict unless the record's status allows the move, and its first day has come."""
        if (status := status_of(record)) not in move.when:
            raise Conflict(self.status_slug, status=status, move=move.name)
        if move.opens:
            move.opens(record).require(today)

    def open_to(
        self, caller: Caller, record: R, today: date, shown: Mapping[str, Any]
    ) -> tuple[tuple[str, ...], tuple[Later, ...]]:
        """Return the moves that this caller may make today, and those that open later.

        `shown` are the fields that the view adds to those of the record.
        """
        possible = [
            one
            for one in self.moves
            if status_of(record) in one.when
            and self.decide(caller, one.name, record).allowed
            and (one.possible is None or one.possible(record, caller, shown))
        ]
        opening = {one.name: one.opens(record) for one in possible if one.opens}
        return by_day([one.name for one in possible], opening, today)

    # -- tables of the rules, for documentation and tests -----------------------------------------------------------

    @cached_property
    def statuses(self) -> Mapping[str, Collection[StrEnum]]:
        """Map each move to the statuses in which it is allowed."""
        return {one.name: one.when for one in self.moves}

    @cached_property
    def movers(self) -> Mapping[str, frozenset[Role]]:
        """Map each move to the roles that may make it."""
        return {one.name: one.by for one in self.moves}


def _granted(move: Create[Any] | Move[Any, Any] | None, caller: Caller, action: str, on: Struct | None) -> Decision:
    """Decide on a move of a record, or on a command that makes one."""
    if move is None or move.name != action or caller.role not in move.by:
        return denied("not-for-your-role")
    return move.guard(caller, on) if move.guard and on is not None else ALLOWED


def status_of(record: Any) -> StrEnum:
    return cast(StrEnum, record.status)


def revision_of(record: Any) -> int:
    return cast(int, record.revision)


def _field_of(one: str | Filter) -> str:
    return one if isinstance(one, str) else one.field


def _attribute(source: Any, path: str) -> Any:
    for name in path.split("."):
        source = getattr(source, name)
    return source
