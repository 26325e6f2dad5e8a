"""Tests of every cell of the table of statuses and moves of a file."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from msgspec.structs import replace

from contracts.facts import Fact
from contracts.refusals import Conflict, Forbidden, Invalid
from contracts.values import Caller, Role
from services.delivery import policy
from services.delivery.files import model
from services.delivery.files.evolve import evolve
from services.delivery.files.model import MOVES, File, FilePurpose, FileStatus, Stored
from services.delivery.policy import Action
from tests.builders import NOON
from tests.delivery.files.builders import a_file, added

F = FileStatus
DECIDE: dict[str, Callable[[File], Fact]] = {
    "clear": lambda f: f.clear(scanned=True, now=NOON),
    "refuse": lambda f: f.refuse(now=NOON),
    "remove_file": lambda f: f.remove(now=NOON),
}
TABLE: dict[str, dict[FileStatus, FileStatus]] = {
    "clear": {F.PENDING: F.CLEAN},
    "refuse": {F.PENDING: F.INFECTED},
    "remove_file": dict.fromkeys((F.PENDING, F.CLEAN, F.UNSCANNED, F.INFECTED), F.REMOVED),
}


def test_every_move_has_its_row() -> None:
    assert TABLE.keys() | {"read_file"} == DECIDE.keys() | {"read_file"} == MOVES.keys()


@pytest.mark.parametrize("status", FileStatus)
@pytest.mark.parametrize("move", TABLE)
def test_each_cell_of_the_table(move: str, status: FileStatus) -> None:
    before = replace(a_file(), status=status)
    if status not in TABLE[move]:
        with pytest.raises(Conflict, match="attachment-status"):
            DECIDE[move](before)
        return
    after = evolve(before, DECIDE[move](before))

    assert (TABLE[move][status], before.revision + 1) == (after.status, after.revision)


@pytest.mark.parametrize(
    ("stored", "slug"),
    [
        (Stored(files=0, size_bytes=0, of_delivery=model.FILES_MAX), "too-many-delivery-files"),
        (Stored(files=9, size_bytes=0, of_delivery=0), "delivery-file-quota-exceeded"),
        (Stored(files=0, size_bytes=892, of_delivery=0), "delivery-file-quota-exceeded"),
    ],
)
def test_files_are_limited(stored: Stored, slug: str) -> None:
    with pytest.raises(Conflict, match=slug):
        added(stored=stored)


def test_private_files_are_for_private_messages_of_the_two_sides() -> None:
    assert a_file(private=True).private
    with pytest.raises(Invalid, match="private-file-purpose"):
        added(private=True, purpose=FilePurpose.MATERIAL)
    with pytest.raises(Conflict, match="private-topic-not-open"):
        added(private=True, opened=False)
    with pytest.raises(Forbidden):
        added(Role.COORDINATOR, private=True)


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("role", Role)
def test_who_reads_and_removes_a_file(role: Role, private: bool) -> None:
    file = a_file(private=private)
    organization = "NOR" if role is Role.PROVIDER_OFFICER else "KEN"
    caller = Caller(person_id=uuid4(), organization=organization, role=role)
    of_sides = role in {Role.FOCAL_POINT, Role.OFFICIAL, Role.PROVIDER_OFFICER}
    sees = of_sides or (not private and role in {Role.COORDINATOR, Role.AUDITOR, Role.SERVICE})

    assert sees == policy.may_see(caller, file)
    reads = of_sides or (not private and role is Role.COORDINATOR)
    assert reads == policy.decide(caller, Action.READ_FILE, file).allowed
    assert (role is Role.FOCAL_POINT) == policy.decide(caller, Action.REMOVE_FILE, file).allowed
