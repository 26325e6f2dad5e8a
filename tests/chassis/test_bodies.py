"""An invalid body is rejected with all its errors, in the terms of the API."""

import json
import time
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated, Any, Literal

import httpx
import msgspec
import pytest
from msgspec import Meta, Struct, field

from chassis.http.bodies import ERRORS_MAX, errors_of, refused_body
from contracts.codes import InstitutionCode, KindCode, nearest
from contracts.values import Language, Money, State
from tests.builders import a_line, a_request, headers
from tests.chassis.steps import check_problem

Client = httpx.AsyncClient


class Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    kind: KindCode
    starts: date = field(name="from")
    institution: InstitutionCode = "prosecution"
    units: Annotated[int, Meta(ge=1, le=10)] = 1


class Whole(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: Annotated[str, Meta(min_length=1, max_length=5)]
    parts: Annotated[tuple[Part, ...], Meta(max_length=3)] = ()
    language: Language = Language.EN
    to: Literal["any", "states"] | None = None
    money: Money | None = None
    labels: dict[str, int] = {}
    state: State | None = None


def reported(body: Any) -> list[tuple[str, str]]:
    return [(error.field, error.problem) for error in errors_of(json.dumps(body).encode(), Whole)]


PART = {"kind": "training", "from": "2026-01-01"}


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"title": "x"}, []),
        ({"title": "x", "parts": [PART], "to": None, "money": {"minor": 1, "currency": "EUR"}}, []),
        ({}, [("title", "missing-field")]),
        ([], [("body", "invalid-field")]),
        (None, [("body", "invalid-field")]),
        ({"titel": "x"}, [("titel", "unknown-field"), ("title", "missing-field")]),
        ({"title": ""}, [("title", "invalid-field")]),
        ({"title": "x", "parts": [PART] * 4}, [("parts", "invalid-field")]),
        ({"title": "x", "parts": {}}, [("parts", "invalid-field")]),
        ({"title": "x", "labels": {"en": "x"}}, [("labels.en", "invalid-field")]),
        ({"title": "x", "state": "ZZZ"}, [("state", "unknown-code")]),
        ({"title": "x", "state": "zz"}, [("state", "invalid-field")]),
        (
            {"title": "x", "money": {"minor": -1, "currency": "EURO", "cents": 1}},
            [
                ("money.minor", "number-out-of-range"),
                ("money.currency", "invalid-field"),
                ("money.cents", "unknown-field"),
            ],
        ),
        (
            {
                "title": 7,
                "parts": [
                    PART,
                    {"kind": "training", "institution": "prosecution_service", "units": 11},
                    {"kind": "trainings", "from": "yesterday"},
                ],
                "language": "de",
                "to": "state",
            },
            [
                ("title", "invalid-field"),
                ("parts[1].institution", "unknown-code"),
                ("parts[1].units", "number-out-of-range"),
                ("parts[1].from", "missing-field"),
                ("parts[2].kind", "unknown-code"),
                ("parts[2].from", "invalid-field"),
                ("language", "invalid-field"),
                ("to", "invalid-field"),
            ],
        ),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_all_errors_of_a_body_are_found(body: Any, errors: list[tuple[str, str]]) -> None:
    assert errors == reported(body)


def test_allowed_values_and_nearest_are_named() -> None:
    body = {"title": "x", "language": "de", "to": "state", "titel": 1, "parts": [PART | {"institution": "courts"}]}
    language, to, titel, institution = errors_of(json.dumps(body).encode(), Whole)

    assert ("ar", "en", "es", "fr", "ru", "zh") == language.allowed
    assert (("any", "states"), "states") == (to.allowed, to.nearest)
    assert "title" == titel.nearest
    assert "/v1/reference/institutions" == institution.code_list
    assert "judiciary" in institution.allowed


def test_nearest_code() -> None:
    assert "prosecution" == nearest("prosecution_service", ["police", "prosecution", "prison_service"])
    assert "electronic_evidence" == nearest("electronic_evidense", ["electronic_commerce", "electronic_evidence"])
    assert nearest("xyzzy", ["police", "prosecution"]) is None


def test_number_out_of_range_is_reported_by_the_decoder() -> None:
    body = b'{"title": "x", "money": {"minor": 1e400, "currency": "EUR"}}'
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(body, type=Whole)

    refusal = refused_body(body, Whole, caught.value)
    assert ("number-out-of-range", "money.minor") == (refusal.slug, refusal.details["field"])


def test_number_of_errors_and_time_to_find_them_are_limited() -> None:
    strange = {f"name_{number:05}": number for number in range(9000)}
    for body in (strange, {"title": "x", "parts": [{"kind": "k" * 60}] * 9000}, {"labels": dict.fromkeys(strange, "")}):
        started = time.process_time()
        assert len(errors_of(json.dumps(body).encode(), Whole)) <= ERRORS_MAX + 1
        assert time.process_time() - started < 0.5


# -- answers of the API -----------------------------------------------------------------------------------------------


@pytest.fixture
async def api(client_of: Callable[..., Awaitable[Client]]) -> Client:
    return await client_of("requests", "matching")


async def test_all_errors_of_a_request_are_reported(api: Client) -> None:
    lines = [a_line(institution="prosecution_service"), a_line(group_size=0, kind="unheard_of")]
    body = a_request(lines=lines, language="de", titel="x")
    answer = await api.post("/v1/requests", json=body, headers=headers())

    errors = {error["field"]: error for error in answer.json()["details"]["errors"]}
    assert {"language", "titel", "lines[0].institution", "lines[1].group_size", "lines[1].kind"} == errors.keys()
    institution = errors["lines[0].institution"]
    assert "prosecution" == institution["nearest"]
    assert "/v1/reference/institutions" == institution["code_list"]
    assert "prosecution" in institution["allowed"]
    assert "prosecution_service" not in answer.text
    assert ["ar", "en", "es", "fr", "ru", "zh"] == errors["language"]["allowed"]
    assert 400 == answer.status_code


async def test_all_unknown_codes_are_reported_together(api: Client) -> None:
    lines = [a_line(kind="unheard_of"), a_line(topics=["electronic_evidense"], modality="by_post")]
    answer = await api.post("/v1/requests", json=a_request(lines=lines), headers=headers())

    check_problem(answer, 400, "unknown-code")
    errors = {error["field"]: error for error in answer.json()["details"]["errors"]}
    assert {"lines[0].kind", "lines[1].topics[0]", "lines[1].modality"} == errors.keys()
    assert "electronic_evidence" == errors["lines[1].topics[0]"]["nearest"]


async def test_unknown_reason_of_a_move_is_rejected_with_the_allowed_ones(api: Client) -> None:
    filed = (await api.post("/v1/requests", json=a_request(), headers=headers())).headers["Location"]
    answer = await api.post(
        f"{filed}/return", json={"reason": "incomplet"}, headers=headers("UNODC:coordinator", revision=1)
    )

    check_problem(answer, 400, "unknown-code")
    [error] = answer.json()["details"]["errors"]
    assert ("reason", "/v1/reference/reasons/return") == (error["field"], error["code_list"])
    assert "incomplete" in error["nearest"]
    assert error["nearest"] in error["allowed"]


async def test_errors_do_not_name_internal_fields(api: Client) -> None:
    for content in (b"[]", b"{}", b"null", b'{"lines": [{}]}'):
        answer = await api.post(
            "/v1/requests", content=content, headers=headers() | {"Content-Type": "application/json"}
        )
        assert 400 == answer.status_code
        said = json.dumps(answer.json()["details"])
        assert "$" not in said
        assert '"data"' not in said


# -- missing bodies ---------------------------------------------------------------------------------------------------


async def test_missing_body_of_a_move_equals_an_empty_one(api: Client) -> None:
    draft = (await api.post("/v1/requests", json=a_request(submit=False), headers=headers())).headers["Location"]
    given = headers(revision=1)
    answer = await api.post(f"{draft}/submit", headers=given)
    again = await api.post(f"{draft}/submit", json={}, headers=given)

    assert (200, "submitted") == (answer.status_code, answer.json()["status"])
    assert (200, answer.json()) == (again.status_code, again.json())


async def test_missing_body_is_rejected_with_the_required_fields(api: Client) -> None:
    answer = await api.post("/v1/requests", headers=headers())

    check_problem(answer, 400, "missing-field")
    assert {"language"} == {error["field"] for error in answer.json()["details"]["errors"]}
