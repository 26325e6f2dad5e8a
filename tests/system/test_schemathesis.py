"""Responses to generated requests conform to the OpenAPI document.

Schemathesis calls the whole application, in one process on a real socket with the sample world loaded, as people of six
roles, mostly about existing records.
"""

import json
import re
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from itertools import product
from random import Random
from typing import Any
from zlib import crc32

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import content_type_conformance, ignored_auth, response_schema_conformance
from urllib3.util.retry import Retry

from chassis.auth.tokens import Issuer
from services.demo.people import person_of
from services.documents.stored_examples import CONTRACTS
from tests.builders import a_request
from tests.files import FLOWS, PDF
from tests.http_client import patient_client
from tests.personas import ISSUER, persona_id
from tests.sample_world import Demo
from tests.soak import cases
from tests.system import desk_records, platform, sherloc_records

pytestmark = pytest.mark.thinned

# Schemathesis itself cannot write CSV.
schemathesis.serializer("text/csv")(lambda _, value: str(value).encode("utf-8", "replace"))

SEED = 20261125
EXAMPLES_MAX = cases(3, soak=16)
STREAM_EXAMPLES_MAX = cases(1, soak=6)
"""Number of examples for an event stream, which ends after a second here."""
BUSY = Retry(total=5, status_forcelist=[503], allowed_methods=None, raise_on_status=False)
"""Repeats calls that a platform without a processor for seconds answers with 503 and `Retry-After`."""

XML = {"application/xml": {"schema": {"type": "string"}}}
LUCK = 0.8
SUCCEEDED_MIN = 0.2
"""Share of the commands of which a generated call succeeds."""
SCAN_SECONDS = 15
APPOINTMENTS = (
    "KEN:focal_point",
    "UNODC:coordinator",
    "UNODC:finance_officer",
    "UNODC-SHERLOC:provider_officer",
    "NOR:donor_officer",
    "UNODC:administrator",
)
ASKING = (*APPOINTMENTS, "UNODC:coordinator")
"""The callers; the one with the most permissions is named twice."""

LISTS = {
    "request_id": "/v1/requests",
    "offering_id": "/v1/offerings",
    "match_id": "/v1/matches?limit=100",
    "delivery_id": "/v1/deliveries",
    "expert_id": "/v1/experts",
    "effect_id": "/v1/effects",
    "strategy_id": "/v1/strategies",
    "legislation_id": "/v1/legislation?older_than_months=1",
    "legislation_check_id": "/v1/legislation/checks",
    "legislation_proposal_id": "/v1/legislation/proposals",
    "contribution_id": "/v1/contributions",
    "contribution_export_id": "/v1/contribution-exports",
    "extension_id": "/v1/extensions",
    "outreach_activity_id": "/v1/outreach-activities",
    "review_progress_id": "/v1/review-progress",
    "meeting_id": "/v1/meetings",
    "practice_id": "/v1/practices",
    "joint_delivery_id": "/v1/joint-deliveries",
    "package_id": "/v1/packages",
    "round_id": "/v1/rounds",
    "pledge_id": "/v1/pledges",
    "allocation_id": "/v1/allocations",
    "notification_id": "/v1/notifications",
    "code": "/v1/funds",
    "person_id": "/v1/people",
    "appointment_id": "/v1/appointments",
    "webhook_id": "/v1/webhooks",
    "client_id": "/v1/clients",
    "proposal_id": "/v1/proposals",
    "import_id": "/v1/imports",
    "in_kind_contribution_id": "/v1/in-kind-contributions",
    "activity_id": "/v1/activities",
    "alert_id": "/v1/alerts",
    "view_id": "/v1/views",
    "observation_id": "/v1/observations",
    "report_id": "/v1/reports",
}
FINANCE = "UNODC:finance_officer"
CONFIRMED = {"confirmed", "in_delivery", "completed"}
CODES = {
    "donor": ["NOR", "DEU"],
    "language": list(desk_records.LANGUAGES),
    "year": [2024, 2026],
    "organization": ["KEN", "UNODC"],
    "table": ["kinds", "countries"],
    "move": ["return", "decline_by_state"],
    "state": ["KEN", "NOR"],
    "fund": ["SHERLOC-MNT"],
    "figure": ["lines", "requests"],
    "from": ["2026-01-01"],
    "until": ["2026-11-25"],
}
CHECKS = [not_a_server_error, response_schema_conformance, content_type_conformance, ignored_auth]
DOCUMENT = json.loads((CONTRACTS / "schemas" / "openapi.json").read_text(encoding="utf-8"))
OPERATIONS = sorted(
    (
        label
        for path, methods in DOCUMENT["paths"].items()
        for method in methods
        if crc32((label := f"{method.upper()} {path}").encode()) % cases(4, soak=1) == 0
    ),
    key=lambda label: label.startswith("DELETE"),
)
"""Operations that delete come last, so that the others find records. In a soak all, otherwise about every fourth.

A checksum draws them, so that a new route does not replace those drawn before.
"""

STREAMS = {
    path
    for path, methods in DOCUMENT["paths"].items()
    if "text/event-stream" in methods.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
}
SETS_HEADERS = {"ETag", "Location", "Link"}
OF_A_DELIVERY = {
    "session_id": "sessions",
    "result_id": "results",
    "action_point_id": "action-points",
    "screening_id": "screenings",
    "follow_up_id": "follow-ups",
}
"""Maps an id to the list of a delivery that contains it."""

WITHOUT_RECORD = {
    "GET /v1/digests/{digest_id}",
    "GET /v1/follow-ups/link",
    "GET /v1/legislation/checks/link",
    "GET /v1/matches/link",
    "GET /v1/unsubscribe",
}
"""A digest is issued at 06:00 UTC of the next day, so the sample world has none. A link's token is only in a mail."""

OF_ANOTHER_FILE = {"GET /v1/legislation/checks/{legislation_check_id}"}
"""A State is asked a year after it recorded a law: there is a check only if the tests of its pages made one."""


@dataclass
class Running:
    """The application under test: its address, its callers, known records, and the answers so far."""

    address: str
    issuer: Issuer
    session: requests.Session
    known: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)

    def has_answered(self, label: str) -> bool:
        """Check whether a call of this operation has succeeded."""
        return any(one == label and status < HTTPStatus.MULTIPLE_CHOICES for one, status in self.answers)

    def token(self, appointment: str) -> str:
        return self.issuer.token(person_of(appointment) or persona_id(appointment))

    def headers(self, appointment: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(appointment)}", "Idempotency-Key": str(uuid.uuid4())}


@pytest.fixture(scope="module")
def running(demo: Demo) -> Iterator[Running]:
    """A second process beside the demo, with more records, in which event streams end soon."""
    given = {"ENTRAIDE_EVENT_STREAM_SECONDS": "1"}
    with (
        platform.running(
            "together", database_url=demo.database_url, nats=demo.broker, smtp_url=None, state=demo.state, **given
        ) as second,
        requests.Session() as session,
    ):
        issuer = Issuer.load(demo.state / "issuer.jwk", ISSUER)
        session.mount("http://", HTTPAdapter(max_retries=BUSY))
        found = Running(second.addresses["requests"], issuer, session)
        _create_records(found)
        yield found


def _create_records(running: Running) -> None:
    """Read the ids of existing records; create some in their initial state."""
    with patient_client(running.address) as client:
        for number in range(6):
            body = a_request(submit=number % 2 == 0)
            filed = client.post(
                "/v1/requests", json=body, headers=running.headers("KEN:focal_point")
            ).raise_for_status()
            let_in = _a_client("KEN", "official")
            client.post("/v1/clients", json=let_in, headers=running.headers("KEN:focal_point")).raise_for_status()
            let_in = _a_client("UNODC", "provider_officer")
            client.post("/v1/clients", json=let_in, headers=running.headers("UNODC:administrator")).raise_for_status()
        _propose_and_import(client, running)
        _declare(client, running)
        desk_records.create(client, running.headers)
        sherloc_records.create(client, running.headers)
        for name, ids in desk_records.of_the_mail(client, running.headers).items():
            running.known[desk_records.COORDINATOR, name] = ids
        running.known["KEN:focal_point", "attachment_id"] = _attach(client, running, filed.json())
        for name, ids in desk_records.of_the_delivery(client, running.headers, PDF).items():
            running.known[desk_records.KENYA, name] = ids
        for appointment in APPOINTMENTS:
            hook = {"url": "https://hooks.example/entraide"}
            client.post("/v1/webhooks", json=hook, headers=running.headers(appointment)).raise_for_status()
        for appointment, (name, path) in product(APPOINTMENTS, LISTS.items()):
            answer = client.get(path, headers=running.headers(appointment))
            if answer.status_code == HTTPStatus.FORBIDDEN:
                running.known[appointment, name] = []
                continue
            page = answer.raise_for_status().json()
            (records,) = (value for value in page.values() if isinstance(value, list))
            if name == "delivery_id":
                records.sort(key=lambda record: record["agreement_id"] is None)
            if name == "match_id":
                # Other tests of the same demo suggest newer matches, which are listed first.
                confirmed = [record for record in records if record["status"] in CONFIRMED]
                records = [*confirmed[:4], *(record for record in records if record not in confirmed)]
            running.known[appointment, name] = [record[name] for record in records[:8]]
            if name == "delivery_id" and records:
                for inner, part in OF_A_DELIVERY.items():
                    address = f"/v1/deliveries/{records[0]['delivery_id']}/{part}"
                    found = client.get(address, headers=running.headers(appointment)).raise_for_status().json()
                    running.known[appointment, inner] = [one[inner] for one in found[part.replace("-", "_")]]
            if name == "match_id":
                running.known[appointment, "line_id"] = [record["line_id"] for record in records[:8]]
            if name == "round_id":
                running.known[appointment, "with_id"] = [record["round_id"] for record in records[:8]]
            if name == "import_id":
                running.known[appointment, "line"] = [str(line) for line in range(2, 9)]


def _declare(client: httpx.Client, running: Running) -> None:
    """Declare contributions in kind, and acknowledge half of them."""
    for number in range(6):
        money = {"minor": 1000 + number, "currency": "USD"}
        body = {"fund": "SHERLOC-MNT", "form": "travel", "money": money, "provided_on": "2026-10-12"}
        headers = running.headers("NOR:donor_officer")
        made = client.post("/v1/in-kind-contributions", json=body, headers=headers).raise_for_status()
        if number % 2:
            headers = running.headers(FINANCE) | {"If-Match": made.headers["ETag"]}
            client.post(f"{made.headers['Location']}/acknowledge", json={}, headers=headers).raise_for_status()


def _propose_and_import(client: httpx.Client, running: Running) -> None:
    """Propose the reversal of some entries, and import a table of flows, all but one of them pledges."""
    headers = running.headers
    entries = client.get("/v1/ledger/entries?limit=100", headers=headers(FINANCE)).raise_for_status().json()["entries"]
    spent = {entry["allocation_id"] for entry in entries if entry["type"] == "spent"}
    reversible = [one for one in entries if one["type"] == "allocated" and one["allocation_id"] not in spent]
    for entry in reversible[:6]:
        body = {"entry_id": entry["entry_id"], "reason": "recorded_wrongly"}
        client.post("/v1/ledger/reversals", json=body, headers=headers(FINANCE)).raise_for_status()
    as_file = {"Content-Type": "application/octet-stream", "File-Name": "flows.csv"}
    row = FLOWS.splitlines(keepends=True)[1]
    table = FLOWS + b"".join(row.replace(b"F-1", b"F-1%d" % n).replace(b",paid,", b",pledge,") for n in range(6))
    client.post("/v1/imports", content=table, headers=headers(FINANCE) | as_file).raise_for_status()


def _attach(client: httpx.Client, running: Running, draft: Mapping[str, Any]) -> list[str]:
    """Attach some files, and return their ids once the scan, which takes a second, has ended."""
    path = f"/v1/requests/{draft['request_id']}/attachments"
    given = {"If-Match": f'"{draft["revision"]}"', "Content-Type": "application/octet-stream"}
    for name in ("one.pdf", "two.pdf", "three.pdf"):
        headers = running.headers("KEN:focal_point") | given | {"File-Name": name}
        client.post(path, content=PDF, headers=headers).raise_for_status()
    deadline = time.monotonic() + SCAN_SECONDS
    while time.monotonic() < deadline:
        listed = client.get(path, headers=running.headers("KEN:focal_point")).raise_for_status().json()["attachments"]
        if {one["status"] for one in listed} == {"unscanned"}:
            return [one["attachment_id"] for one in listed]
        time.sleep(0.1)
    raise AssertionError("nobody looks into files")


def _a_client(organization: str, role: str) -> dict[str, Any]:
    last_day = datetime.now(UTC).date() + timedelta(days=30)
    return {
        "organization": organization,
        "name": "Somebody's system",
        "role": role,
        "scopes": ["read"],
        "until": str(last_day),
    }


@pytest.fixture(scope="module")
def api(running: Running) -> Any:
    return schemathesis.openapi.from_url(f"{running.address}/openapi.json")


@pytest.mark.parametrize("label", OPERATIONS)
def test_every_response_conforms_to_the_document(api: Any, running: Running, label: str) -> None:
    method, path = label.split()
    operation = api[path][method]
    cases = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode))

    examples = STREAM_EXAMPLES_MAX if path in STREAMS else EXAMPLES_MAX

    def validate(case: Case, headers: dict[str, str]) -> None:
        response = case.call_and_validate(checks=CHECKS, headers=headers, session=running.session)
        running.answers[(label, response.status_code)] += 1
        if response.status_code < HTTPStatus.MULTIPLE_CHOICES:
            assert _documented_headers(method, path, response.status_code) == _sent_headers(response)

    @seed(SEED)
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=cases, appointment=st.sampled_from(ASKING), luck=st.randoms(use_true_random=False))
    def call(case: Case, appointment: str, luck: Random) -> None:
        headers = {"Authorization": f"Bearer {running.token(appointment)}"}
        _with_luck(case, running, appointment, headers, luck)
        validate(case, headers)

    call()
    if method == "GET" and not running.has_answered(label):
        for case, headers in _plain_calls(operation, path, running):
            validate(case, headers)
    if method == "GET" and label not in OF_ANOTHER_FILE:
        answered = running.has_answered(label)
        assert answered is (label not in WITHOUT_RECORD), "it fails for everybody only if there is no record"


def test_calls_are_not_only_rejected(running: Running) -> None:
    """Otherwise the test above would have checked refusals only; of reads it asserts that each was answered."""
    succeeded = {label for label, status in running.answers if status < HTTPStatus.MULTIPLE_CHOICES}
    commands = {label for label in OPERATIONS if not label.startswith("GET")}

    assert len(commands & succeeded) >= SUCCEEDED_MIN * len(commands), sorted(commands - succeeded)
    assert {400, 401, 403, 404, 409, 412, 428} <= {status for _, status in running.answers}


@pytest.mark.parametrize(
    ("path", "plant", "says"),
    [
        (
            "/v1/requests",
            lambda d: d["components"]["schemas"]["RequestPage"]["required"].append("unheard_of"),
            "schema",
        ),
        ("/health/live", lambda d: _answer_of(d, "/health/live")["content"].update(XML), "Content-Type"),
        ("/health/ready", lambda d: d["paths"]["/health/ready"]["get"].pop("security"), "uthentication"),
    ],
)
def test_difference_from_the_document_is_detected(
    running: Running, path: str, plant: Callable[[dict[str, Any]], Any], says: str
) -> None:
    planted = deepcopy(DOCUMENT)
    plant(planted)
    loaded = schemathesis.openapi.from_dict(planted)
    headers = {"Authorization": f"Bearer {running.token('UNODC:coordinator')}"}

    with pytest.raises(FailureGroup) as found:
        loaded[path]["GET"].Case().call_and_validate(base_url=running.address, checks=CHECKS, headers=headers)

    assert says in str(found.value.exceptions[0])


def _answer_of(document: dict[str, Any], path: str) -> dict[str, Any]:
    answer: dict[str, Any] = document["paths"][path]["get"]["responses"]["200"]
    answer["content"].clear()
    return answer


def _with_luck(case: Case, running: Running, appointment: str, headers: Mapping[str, str], luck: Random) -> None:
    """Mostly use ids and revisions of existing records, since unknown ones never get past 404."""
    if luck.random() < LUCK:
        for name in case.path_parameters or {}:
            if known := CODES.get(name) or running.known.get((appointment, name)):
                case.path_parameters[name] = luck.choice(known)
                # The books are hardly ever closed by a moment that is drawn at random.
                (case.query or {}).pop("as_of", None)
    if luck.random() < LUCK:
        for name in case.query or {}:
            if known := CODES.get(name) or running.known.get((appointment, f"{name}_id")):
                case.query[name] = luck.choice(known)
    if luck.random() < LUCK:
        case.headers.pop("Acting-As", None)
    record = re.match(r"/v1/\w+(/[^/]+)?", case.formatted_path)
    if luck.random() < LUCK and "If-Match" in case.headers and record:
        shown = running.session.get(running.address + record[0], headers=headers)
        case.headers["If-Match"] = shown.headers.get("ETag", '"1"')
    contents = case.operation.definition.raw.get("requestBody", {}).get("content", {})
    content = contents.get("application/json") or contents.get("text/csv", {})
    if luck.random() < LUCK and "example" in content:
        case.body = content["example"]


def _plain_calls(operation: Any, path: str, running: Running) -> Iterator[tuple[Case, dict[str, str]]]:
    """Yield, for each appointment, a call with only the required parameters, about an existing record."""
    parameters = DOCUMENT["paths"][path]["get"].get("parameters", ())
    required = [one["name"] for one in parameters if one.get("in") == "query" and one.get("required")]
    for appointment in APPOINTMENTS:
        query = {name: CODES.get(name) or running.known.get((appointment, f"{name}_id")) for name in required}
        place = {
            name: CODES.get(name) or running.known.get((appointment, name)) for name in re.findall(r"{(\w+)}", path)
        }
        if all(query.values()) and all(place.values()):
            case = operation.Case(
                path_parameters={name: known[0] for name, known in place.items() if known},
                query={name: known[0] for name, known in query.items() if known},
            )
            yield case, {"Authorization": f"Bearer {running.token(appointment)}"}


def _documented_headers(method: str, path: str, status: int) -> set[str]:
    reported = DOCUMENT["paths"][path][method.lower()]["responses"][str(status)]
    return set(reported["headers"]) & SETS_HEADERS


def _sent_headers(response: Any) -> set[str]:
    """Return the names of the headers that were sent.

    The `Link` of a page belongs to its cursor, and a last page has neither.
    """
    came = {name for name in SETS_HEADERS if name.lower() in response.headers}
    body = (
        response.json() if response.headers.get("content-type", [""])[0].partition(";")[0] == "application/json" else {}
    )
    if isinstance(body, dict) and "cursor" in body:
        assert ("Link" in came) == (body["cursor"] is not None)
        came.add("Link")
    return came
