"""Drafts: saved incomplete, revised by merge patches and line by line, submitted when complete."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from chassis.db.database import Database
from chassis.rebuild import verify
from contracts import reference
from contracts.values import Language
from services.requests.request.specificity import Aspect
from services.requests.wiring import SERVICE
from tests.builders import a_line, a_request, headers
from tests.databases import connected
from tests.requests.steps import Client, filed

OFFICIAL = "KEN:official"
COORDINATOR = "UNODC:coordinator"
OTHER_LINE = "00000000-0000-4000-8000-000000000001"
PARTIAL: Mapping[str, Any] = {"kind": "training", "topics": ["electronic_evidence"], "outcome": "Fictitious sample."}


async def saved(api: Client, by: str = OFFICIAL, **body: Any) -> dict[str, Any]:
    answer = await api.post("/v1/requests", json={"language": "en", **body}, headers=headers(by))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def call(
    api: Client, method: str, draft: Mapping[str, Any], below: str = "", body: Any = None, by: str = OFFICIAL
) -> httpx.Response:
    path = f"/v1/requests/{draft['request_id']}{below}"
    return await api.request(method, path, json=body, headers=headers(by, revision=draft["revision"]))


async def changed(api: Client, method: str, draft: Mapping[str, Any], below: str = "", body: Any = None) -> Any:
    answer = await call(api, method, draft, below, body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ids(request: Mapping[str, Any]) -> list[str]:
    return [line["line_id"] for line in request["lines"]]


async def test_a_draft_needs_a_language_only(api: Client) -> None:
    draft = await saved(api)

    assert (draft["status"], draft["title"], draft["lines"]) == ("draft", "", [])
    shown = await api.get(f"/v1/requests/{draft['request_id']}", headers=headers(OFFICIAL))
    assert shown.json() == draft
    without = await api.post("/v1/requests", json={"title": "Fictitious sample"}, headers=headers(OFFICIAL))
    assert (400, "missing-field", "language") == (
        without.status_code, without.json()["slug"], without.json()["details"]["field"],
    )  # fmt: skip


async def test_incomplete_lines_are_kept_in_their_order(api: Client, database_url: str) -> None:
    draft = await saved(api, lines=[PARTIAL, a_line(), {}])

    first, second, third = draft["lines"]
    assert (first["kind"], first["topics"], first["outcome"]) == (
        "training", ["electronic_evidence"], "Fictitious sample.",
    )  # fmt: skip
    assert not {"institution", "group_size", "modality", "window"} & first.keys()
    assert (second["kind"], second["group_size"]) == ("mla_training", 25)
    assert "kind" not in third
    shown = await api.get(f"/v1/requests/{draft['request_id']}", headers=headers(OFFICIAL))
    assert shown.json() == draft
    async with connected(database_url, "requests", owner=True) as owner:
        assert [] == await verify(owner, SERVICE)


async def test_two_officials_complete_a_draft(api: Client, database_url: str) -> None:
    draft = await saved(api, lines=[PARTIAL])
    draft = await changed(api, "PATCH", draft, body={"title": "Fictitious sample: training on evidence"})
    rest = {name: a_line()[name] for name in ("institution", "group_size", "languages", "modality", "window")}
    answer = await call(api, "PATCH", draft, f"/lines/{ids(draft)[0]}", rest, by="KEN:focal_point")
    assert answer.status_code == 200, answer.text

    submitted = await call(api, "POST", answer.json(), "/submit", {}, by="KEN:focal_point")

    assert submitted.status_code == 200, submitted.text
    assert submitted.json()["status"] == "submitted"
    assert ids(submitted.json()) == ids(draft)
    (line,) = submitted.json()["lines"]
    assert (line["topics"], line["group_size"], line["outcome"]) == (
        ["electronic_evidence"], 25, "Fictitious sample.",
    )  # fmt: skip
    async with connected(database_url, "requests", owner=True) as owner:
        assert [] == await verify(owner, SERVICE)


@pytest.mark.parametrize("at_once", [True, False])
async def test_an_incomplete_request_is_not_submitted(
    api: Client, databases: Mapping[str, Database], at_once: bool
) -> None:
    body = {"language": "en", "lines": [{**a_line(), "window": None}, PARTIAL]}
    if at_once:
        answer = await api.post("/v1/requests", json=body | {"submit": True}, headers=headers())
    else:
        draft = await saved(api, **body)
        answer = await call(api, "POST", draft, "/submit", {}, by="KEN:focal_point")

    assert answer.status_code == 400, answer.text
    assert answer.json()["slug"] == "request-incomplete"
    assert [(one["field"], one["problem"]) for one in answer.json()["details"]["errors"]] == [
        (field, "missing-field")
        for field in (
            "title",
            "lines[0].window",
            "lines[1].institution",
            "lines[1].group_size",
            "lines[1].languages",
            "lines[1].modality",
            "lines[1].window",
        )
    ]
    async with databases["requests"].transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM request WHERE status <> 'draft'") == 0


async def test_a_merge_patch_keeps_what_it_does_not_name(api: Client) -> None:
    draft = await filed(api, submit=False, addressee={"to": "states", "states": ["NOR", "FRA"]})

    patched = await changed(api, "PATCH", draft, body={"need": None, "addressee": {"states": ["FRA"]}})

    assert patched["need"] == ""
    assert (patched["addressee"], patched["addressed_states"]) == ("states", ["FRA"])
    assert (patched["title"], patched["lines"]) == (draft["title"], draft["lines"])


async def test_a_merge_patch_replaces_the_lines_it_names(api: Client) -> None:
    draft = await filed(api, submit=False, lines=[a_line(), a_line(kind="training")])
    kept = {**a_line(group_size=12), "line_id": ids(draft)[1]}

    patched = await changed(api, "PATCH", draft, body={"lines": [kept, a_line()]})

    assert ids(patched)[0] == ids(draft)[1]
    assert ids(patched)[1] not in ids(draft)
    assert [line["group_size"] for line in patched["lines"]] == [12, 25]


@pytest.mark.parametrize("media_type", ["application/merge-patch+json", "application/json"])
async def test_a_merge_patch_has_its_media_type(api: Client, media_type: str) -> None:
    draft = await saved(api)
    given = headers(OFFICIAL, revision=1) | {"Content-Type": media_type}
    path = f"/v1/requests/{draft['request_id']}"

    answer = await api.patch(path, content=b'{"title": "Fictitious sample"}', headers=given)

    assert (200, "Fictitious sample") == (answer.status_code, answer.json()["title"])
    other = await api.patch(path, content=b"{}", headers=given | {"Content-Type": "application/json-patch+json"})
    assert (415, ["application/merge-patch+json", "application/json"]) == (
        other.status_code,
        other.json()["details"]["accepted"],
    )


async def test_a_line_is_added_changed_moved_and_removed(api: Client, database_url: str) -> None:
    draft = await saved(api, lines=[a_line()])
    draft = await changed(api, "POST", draft, "/lines", PARTIAL)
    first, second = ids(draft)
    draft = await changed(api, "PATCH", draft, f"/lines/{second}", {"kind": None, "group_size": 9})
    assert ("kind" in draft["lines"][1], draft["lines"][1]["group_size"]) == (False, 9)
    draft = await changed(api, "PUT", draft, "/lines/order", {"line_ids": [second, first]})
    assert ids(draft) == [second, first]
    draft = await changed(api, "DELETE", draft, f"/lines/{second}")

    assert (ids(draft), draft["lines"][0]["kind"], draft["revision"]) == ([first], "mla_training", 5)
    async with connected(database_url, "requests", owner=True) as owner:
        assert [] == await verify(owner, SERVICE)


async def test_an_added_line_is_added_once(api: Client) -> None:
    draft = await saved(api)
    path, given = f"/v1/requests/{draft['request_id']}/lines", headers(OFFICIAL, revision=1)

    answers = [await api.post(path, json=PARTIAL, headers=given) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert len(answers[1].json()["lines"]) == 1


@pytest.mark.parametrize(
    ("method", "below", "body", "status", "slug", "field"),
    [
        ("PATCH", "", {"lines": [{"line_id": OTHER_LINE}]}, 400, "line-unknown", "lines[0].line_id"),
        ("PATCH", "", {"lines": [{"line_id": "{0}"}, {"line_id": "{0}"}]}, 400, "line-unknown", "lines[1].line_id"),
        ("PATCH", "", {"language": None}, 400, "invalid-field", "language"),
        ("PATCH", "", {"lines": [{"kind": "traning"}]}, 400, "unknown-code", "lines[0].kind"),
        ("POST", "/lines", {"line_id": OTHER_LINE}, 400, "line-unknown", "line_id"),
        ("PATCH", "/lines/{0}", {"topics": ["corruptio"]}, 400, "unknown-code", "topics"),
        ("PATCH", "/lines/{0}", {"window": {"from": "2027-02-01", "until": "2027-01-01"}}, 400, "dates-reversed", "window"),
        ("PATCH", f"/lines/{OTHER_LINE}", {}, 404, "not-found", None),
        ("DELETE", f"/lines/{OTHER_LINE}", None, 404, "not-found", None),
        ("PUT", "/lines/order", {"line_ids": []}, 400, "lines-not-the-same", "line_ids"),
        ("PUT", "/lines/order", {"line_ids": ["{0}", "{0}"]}, 400, "lines-not-the-same", "line_ids"),
    ],
)  # fmt: skip
async def test_a_wrong_change_of_lines_is_refused(
    api: Client, method: str, below: str, body: Any, status: int, slug: str, field: str | None
) -> None:
    draft = await saved(api, lines=[PARTIAL])
    line_id = ids(draft)[0]

    def named(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: named(one) for name, one in value.items()}
        if isinstance(value, list):
            return [named(one) for one in value]
        return line_id if value == "{0}" else value

    answer = await call(api, method, draft, below.format(line_id), named(body))

    assert (status, slug) == (answer.status_code, answer.json()["slug"]), answer.text
    assert answer.json().get("details", {}).get("field") == field
    shown = await api.get(f"/v1/requests/{draft['request_id']}", headers=headers(OFFICIAL))
    assert shown.json() == draft


async def test_a_line_is_changed_in_the_revision_that_was_read(api: Client) -> None:
    draft = await saved(api, lines=[PARTIAL])
    await changed(api, "PATCH", draft, body={"title": "Fictitious sample"})

    stale = await call(api, "PATCH", draft, f"/lines/{ids(draft)[0]}", {"group_size": 3})

    assert stale.status_code == 412


async def test_a_request_has_no_more_lines_than_its_limit(api: Client) -> None:
    draft = await saved(api, lines=[{}] * 20)

    answer = await call(api, "POST", draft, "/lines", {})

    assert (400, "too-many-lines") == (answer.status_code, answer.json()["slug"])


async def test_a_submitted_request_is_not_revised(api: Client) -> None:
    request = await filed(api)

    for method, below, body in (
        ("PATCH", "", {"need": ""}),
        ("POST", "/lines", {}),
        ("PATCH", f"/lines/{ids(request)[0]}", {}),
        ("DELETE", f"/lines/{ids(request)[0]}", None),
        ("PUT", "/lines/order", {"line_ids": ids(request)}),
    ):
        answer = await call(api, method, request, below, body)
        assert (409, "request-status") == (answer.status_code, answer.json()["slug"])


async def test_a_draft_is_there_for_its_state_only(api: Client) -> None:
    draft = await saved(api, lines=[PARTIAL])

    for by in ("UGA:focal_point", COORDINATOR, "NOR:provider_officer"):
        for method, below, body in (("GET", "", None), ("POST", "/lines", {}), ("PATCH", "", {"need": ""})):
            assert (await call(api, method, draft, below, body, by=by)).status_code == 404


async def test_a_partial_body_is_checked(api: Client) -> None:
    answer = await api.post(
        "/v1/requests/check", json={"language": "fr", "lines": [PARTIAL]}, headers=headers(OFFICIAL)
    )

    assert answer.status_code == 200, answer.text
    checked = answer.json()
    assert [one["field"] for one in checked["missing"]] == [
        "title", "lines[0].institution", "lines[0].group_size", "lines[0].languages", "lines[0].modality",
        "lines[0].window",
    ]  # fmt: skip
    assert checked["advice"] == [
        {"position": 1, "score": 1, "missing": ["who", "outcome", "when", "language", "in_place"]}
    ]
    assert reference.aspects().keys() > set(checked["advice"][0]["missing"])


async def test_what_is_shown_can_be_filed_again(api: Client) -> None:
    """The check accepts a body with the ids of lines, as in a form that was opened from a draft."""
    draft = await filed(api, submit=False)
    line = {name: value for name, value in draft["lines"][0].items() if name not in {"fulfilment", "residue"}}

    answer = await api.post("/v1/requests/check", json={**a_request(lines=[line]), "submit": None}, headers=headers())

    assert answer.status_code == 400
    body = {name: value for name, value in a_request(lines=[line]).items() if name != "submit"}
    answer = await api.post("/v1/requests/check", json=body, headers=headers())
    assert (200, []) == (answer.status_code, answer.json()["missing"])


def test_each_aspect_has_a_label_and_a_sentence_in_six_languages() -> None:
    assert list(reference.aspects()) == [aspect.value for aspect in Aspect]
    assert all(one.labels.keys() == one.sentences.keys() == set(Language) for one in reference.aspects().values())
