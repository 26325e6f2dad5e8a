"""Old events stay readable, and the AsyncAPI document of all facts is valid for the official parser."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from contracts.facts import Event, Fact, time_field
from contracts.matching import MatchConfirmed
from contracts.registry import FACTS
from contracts.requests import RequestOpened
from services.composition import all_services
from services.documents.stored_examples import CONTRACTS, kept_examples
from tests.contracts.example_codes import unknown_codes
from tests.contracts.steps import schema_validator
from tests.node import installed
from tests.soak import IS_SOAK

NODE = Path(__file__).parent / "node"
EXAMPLES = [(name, example) for name, examples in sorted(kept_examples().items()) for example in examples]
LAST = EXAMPLES if IS_SOAK else list(dict(EXAMPLES).items())
"""One example of each fact; all examples in a soak."""


def test_every_fact_has_an_example_that_is_kept() -> None:
    assert set(FACTS) == set(kept_examples()), "a published fact must keep its example"


class Rescheduled(Fact, frozen=True, kw_only=True, tag="requests.request.rescheduled.v1"):
    request_id: UUID
    due_at: datetime
    rescheduled_at: datetime


def test_a_fact_of_two_times_that_names_neither_is_refused() -> None:
    with pytest.raises(TypeError, match="Rescheduled: TIME"):
        time_field(Rescheduled)


def test_a_fact_whose_time_is_not_among_its_required_times_is_refused() -> None:
    class Wrong(Rescheduled, frozen=True, kw_only=True, tag="requests.request.wrong.v1"):
        TIME = "planned_at"

    with pytest.raises(TypeError, match="Wrong: TIME"):
        time_field(Wrong)


def test_a_fact_of_two_times_has_the_one_that_it_names() -> None:
    class Named(Rescheduled, frozen=True, kw_only=True, tag="requests.request.named.v1"):
        TIME = "rescheduled_at"

    first, second = datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 9, 2, tzinfo=UTC)
    assert Named(request_id=UUID(int=1), due_at=first, rescheduled_at=second).time == second


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=[f"{name}-{e['id'][:4]}" for name, e in EXAMPLES])
def test_an_old_event_is_read_in_full_by_todays_code(name: str, example: Mapping[str, Any]) -> None:
    assert [] == unread(example, FACTS[name])
    assert [] == unknown_codes(example)
    event = msgspec.json.decode(json.dumps(example), type=Event)
    assert name == event.type
    assert UUID(example["data"][f"{event.aggregate}_id"]) == event.aggregate_id


@pytest.mark.thinned
@pytest.mark.parametrize(("name", "example"), LAST, ids=[f"{name}-{e['id'][:4]}" for name, e in LAST])
def test_a_schema_accepts_its_examples_and_bites(name: str, example: Mapping[str, Any]) -> None:
    schema = json.loads((CONTRACTS / "schemas" / "facts" / f"{name}.json").read_text(encoding="utf-8"))
    validator = schema_validator(schema)

    assert [] == [error.message for error in validator.iter_errors(example)]
    for member in example["data"]:
        less = {key: value for key, value in example["data"].items() if key != member}
        assert validator.is_valid({**example, "data": less}) == (member not in _required(FACTS[name])), member
    assert not validator.is_valid({**example, "type": "requests.request.unheard-of.v1"})


def test_a_required_field_more_is_a_broken_contract() -> None:
    class Planted(RequestOpened, frozen=True, kw_only=True, tag="requests.request.opened.v1"):
        urgency: str

    assert [] == _unread_by(RequestOpened)
    assert ["Object missing required field `urgency`"] == _unread_by(Planted)


def test_a_field_more_that_is_optional_is_not() -> None:
    class Planted(RequestOpened, frozen=True, kw_only=True, tag="requests.request.opened.v1"):
        urgency: str | None = None

    assert [] == _unread_by(Planted)


def test_an_optional_field_that_becomes_required_is_a_broken_contract() -> None:
    class Planted(MatchConfirmed, frozen=True, kw_only=True, tag="matching.match.confirmed.v1"):
        funding_needed: dict[str, Any]

    assert [] == _unread_by(MatchConfirmed)
    assert ["Expected `object`, got `null` - at `$.funding_needed`"] == _unread_by(Planted)


def test_a_field_that_disappears_is_a_broken_contract() -> None:
    planted = msgspec.defstruct(
        "Planted",
        [("match_id", UUID), ("confirmed_at", str)],
        bases=(Fact,),
        frozen=True,
        kw_only=True,
        tag="matching.match.confirmed.v1",
    )

    found = _unread_by(planted)

    assert "`funding_needed` is lost" in found
    assert "`capacity_period` is lost" in found


def unread(example: Mapping[str, Any], kind: type[Fact]) -> list[str]:
    """The parts of an old event that a kind of fact cannot read, or loses when it is read."""
    try:
        fact = msgspec.json.decode(json.dumps(example["data"]), type=kind)
    except msgspec.ValidationError as error:
        return [str(error)]
    now = json.loads(msgspec.json.encode(fact))
    return [f"`{member}` is lost" for member in _lost(example["data"], now)]


def _unread_by(kind: type[Fact]) -> list[str]:
    name = str(kind.__struct_config__.tag)
    return [fault for example in kept_examples()[name] for fault in unread(example, kind)]


def _lost(old: Any, new: Any, place: str = "") -> Iterator[str]:
    """The places of `old` that are not the same in `new`, which may have further fields."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key, value in old.items():
            inner = f"{place}.{key}".removeprefix(".")
            yield from _lost(value, new[key], inner) if key in new else [inner]
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for position, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _lost(before, after, f"{place}[{position}]")
    elif old != new:
        yield place


def _required(kind: type[Fact]) -> set[str]:
    shape = msgspec.inspect.type_info(kind)
    assert isinstance(shape, msgspec.inspect.StructType)
    return {field.encode_name for field in shape.fields if field.required} | {"type"}


# -- the AsyncAPI document, by the official parser --------------------------------------------------------------------


@pytest.fixture(scope="session")
def validators() -> Path:
    """A folder with the pinned validators."""
    return installed(NODE)


def _asyncapi_faults(validators: Path, document: Mapping[str, Any]) -> Mapping[str, Any]:
    command = ["node", "validate_asyncapi.mjs"]
    done = subprocess.run(
        command, cwd=validators, input=json.dumps(document), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout, done.stderr
    found: Mapping[str, Any] = json.loads(done.stdout)
    return found


def test_the_asyncapi_document_is_valid_and_complete(validators: Path) -> None:
    document = json.loads((CONTRACTS / "schemas" / "asyncapi.json").read_text(encoding="utf-8"))
    services = all_services()
    parts = [name.split(".") for name in FACTS]
    heard = sum(aggregate in one.consumed_aggregates(owner) for owner, aggregate, *_ in parts for one in services)

    streams = {f"/v1/events/{name}" for name in ("delivery", "directory", "matching", "pledges", "requests", "sherloc")}
    streams |= {"/v1/notifications/stream"}
    addresses = {channel["address"] for channel in document["channels"].values()}

    assert {"operations": len(FACTS) + heard + len(streams), "wrong": []} == _asyncapi_faults(validators, document)
    assert {f"ta.{name}" for name in FACTS} | streams == addresses


@pytest.mark.soak
def test_the_validator_of_events_bites(validators: Path) -> None:
    document = json.loads((CONTRACTS / "schemas" / "asyncapi.json").read_text(encoding="utf-8"))
    document["components"]["schemas"]["Period"]["pattern"] = r"a\Z"
    document["operations"]["requests.send.requests.request.opened.v1"]["action"] = "shout"

    *of_the_document, of_patterns = _asyncapi_faults(validators, document)["wrong"]

    assert "Invalid regular expression: /a\\Z/u: Invalid escape" == of_patterns
    assert any("action" in fault for fault in of_the_document)
