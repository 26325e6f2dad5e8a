"""Sessions: only their person gets them, and they end when they should."""

import re

import httpx
import pytest

from services.console.page import FOR_EVERYBODY
from services.console.wiring import ROUTES
from tests.console.site import Site

KEN = "KEN:focal_point"
OPEN_PAGES = {
    "/",
    "/{language:str}",
    "/{language:str}/answer",
    "/{language:str}/legislation-check",
    "/{language:str}/match",
    "/{language:str}/appointment",
    "/{language:str}/public",
    "/{language:str}/public/figures",
    "/{language:str}/public/figures/{name:str}",
    "/{language:str}/public/figures/{name:str}/{file:str}",
    "/{language:str}/public/funding",
    "/{language:str}/public/funding.csv",
    "/{language:str}/public/open-data",
    "/{language:str}/public/offerings",
    "/{language:str}/public/offerings/{offering_id:uuid}",
    "/{language:str}/public/requests",
    "/{language:str}/public/requests/{request_id:uuid}",
    "/{language:str}/sign-in",
    "/{language:str}/sign-in/begin",
    "/{language:str}/sign-in/step-into",
    "/{language:str}/sign-out",
    "/signed-in",
}
"""Pages that need no session. No other page may answer without one."""

VALUES = {"language:str": "en", "uuid": "0197a000-0000-7000-8000-000000000000", "int": "2027", "str": "x"}
CSRF = re.compile(r'name="csrf_token" value="([0-9a-f.]+)"')


def csrf_token(client: httpx.Client, path: str = "/en") -> str:
    found = CSRF.search(client.get(path).text)
    assert found
    return found[1]


def signed_in(client: httpx.Client) -> bool:
    answer = client.get("/en/requests")
    assert answer.status_code in (200, 303)
    return answer.status_code == 200


def test_session_begins_under_a_new_cookie(site: Site) -> None:
    with site.client() as client:
        client.cookies.set("session", "fixed-by-another")
        client.post("/en/sign-in/step-into", data={"person": site.people[KEN]})

        values = [cookie.value for cookie in client.cookies.jar if cookie.name == "session"]
        assert signed_in(client)
        assert "fixed-by-another" not in values[-1:]


def test_cookie_is_hidden_from_scripts_and_other_sites(site: Site) -> None:
    with site.client() as client:
        answer = client.post("/en/sign-in/step-into", data={"person": site.people[KEN]})

        cookie = next(value for value in answer.headers.get_list("set-cookie") if value.startswith("session="))
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Path=/" in cookie


def test_signed_out_session_cannot_be_replayed(site: Site) -> None:
    with site.client(KEN) as client:
        stolen = client.cookies["session"]
        client.post("/en/sign-out", data={"csrf_token": csrf_token(client)})

        with site.client() as thief:
            thief.cookies.set("session", stolen)
            assert not signed_in(thief)


def test_signing_out_everywhere_ends_all_sessions_of_the_person(site: Site) -> None:
    with site.client("FJI:focal_point") as here, site.client("FJI:focal_point") as there, site.client(KEN) as other:
        here.post("/en/sign-out", data={"csrf_token": csrf_token(here), "everywhere": "yes"})

        assert not signed_in(there)
        assert signed_in(other)


def test_unknown_cookie_is_no_session(site: Site) -> None:
    with site.client() as client:
        client.cookies.set("session", "A" * 43)
        assert not signed_in(client)


def test_page_is_for_people_who_have_signed_in_unless_it_says_otherwise(site: Site) -> None:
    said = {path for route in ROUTES for path in route.paths if FOR_EVERYBODY.items() <= route.opt.items()}
    assert OPEN_PAGES == said
    with site.client() as client:
        for route in ROUTES:
            method = "POST" if "POST" in route.http_methods else "GET"
            for path in sorted(route.paths - said):
                address = re.sub(r"{(\w+:(\w+))}", lambda part: VALUES.get(part[1]) or VALUES[part[2]], path)
                answer = client.request(method, address)
                assert 303 == answer.status_code, path
                assert answer.headers["Location"].startswith("/en/sign-in"), path


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}],
    ids=["cross-site", "same-site", "origin"],
)
def test_form_of_another_site_is_refused(site: Site, headers: dict[str, str]) -> None:
    with site.client(KEN) as client:
        token = csrf_token(client)
        answer = client.post("/en/sign-out", data={"csrf_token": token}, headers=headers)

        assert 403 == answer.status_code
        assert signed_in(client)


def test_form_without_the_sessions_token_is_refused(site: Site) -> None:
    with site.client(KEN) as client, site.client("FJI:focal_point") as other:
        for token in ("", "00" * 32, "zz", csrf_token(other)):
            answer = client.post("/en/sign-out", data={"csrf_token": token})
            assert 403 == answer.status_code

        assert signed_in(client)


def test_token_of_a_form_differs_each_time(site: Site) -> None:
    with site.client(KEN) as client:
        assert csrf_token(client) != csrf_token(client)


@pytest.mark.parametrize(
    "after",
    ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "/%0d%0aX: y", "/\r\nX: y"],
)
def test_sign_in_leads_to_no_other_site(site: Site, after: str) -> None:
    with site.client() as client:
        answer = client.post("/en/sign-in/step-into", data={"person": site.people[KEN], "after": after})

        assert 303 == answer.status_code
        assert "evil.example" not in answer.headers["location"] or answer.headers["location"].startswith("/en")
        assert re.fullmatch(r"/[^/\\].*|/", answer.headers["location"])
        assert "x" not in answer.headers


def test_page_for_people_leads_to_sign_in_and_back(site: Site) -> None:
    with site.client() as client:
        answer = client.get("/fr/requests?status=open")

        assert 303 == answer.status_code
        assert "/fr/sign-in?after=%2Ffr%2Frequests%3Fstatus%3Dopen" == answer.headers["location"]
        entered = client.post(
            "/fr/sign-in/step-into", data={"person": site.people[KEN], "after": "/fr/requests?status=open"}
        )
        assert "/fr/requests?status=open" == entered.headers["location"]


def test_person_of_another_appointment_cannot_be_chosen(site: Site) -> None:
    with site.client(KEN) as client:
        client.post("/en/appointment", data={"csrf_token": csrf_token(client), "appointment": "UNODC:coordinator"})

        assert 'name="page"' not in client.get("/en").text
        assert "Focal point, Kenya" in client.get("/en").text


def test_policy_allows_no_foreign_or_inline_content(site: Site) -> None:
    with site.client(KEN) as client:
        answer = client.get("/en")

    policy = answer.headers.get_list("content-security-policy")
    assert 1 == len(policy)
    assert "default-src 'none'" in policy[0]
    assert "unsafe" not in policy[0]
    assert "http" not in policy[0]
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", answer.text)
    assert "no-store" == answer.headers["cache-control"]


def test_assets_are_immutable_and_named_by_content(site: Site) -> None:
    with site.client() as client:
        page = client.get("/en").text
        for path in set(re.findall(r'"(/assets/[^"]+)"', page)):
            answer = client.get(path)
            assert (200, "public, max-age=31536000, immutable") == (answer.status_code, answer.headers["cache-control"])
        assert 404 == client.get("/assets/0000000000000000/console.css").status_code
        assert 404 == client.get("/assets/../wiring.py").status_code


def test_absent_and_forbidden_records_look_the_same(site: Site) -> None:
    with site.client(KEN) as ken, site.client("UNODC:coordinator") as coordinator:
        found = re.findall(r"/en/requests/([0-9a-f-]{36})", coordinator.get("/en/requests").text)
        other = next(one for one in found if ken.get(f"/en/requests/{one}").status_code == 404)
        forbidden = ken.get(f"/en/requests/{other}")
        absent = ken.get("/en/requests/00000000-0000-7000-8000-000000000000")

    def without_ids(text: str) -> str:
        return re.sub(r"[0-9a-f]{32,}|[0-9a-f-]{36}", "", text)

    assert (404, 404) == (forbidden.status_code, absent.status_code)
    assert without_ids(absent.text) == without_ids(forbidden.text)


def test_form_posted_after_the_session_ended_comes_back_to_its_person_once(site: Site) -> None:
    """The form does not come back to another person who signs in with the same browser."""
    path = "/en/requests/new"
    with site.client(KEN) as client, site.client(KEN) as elsewhere:
        typed = {"csrf_token": csrf_token(client), "language": "en", "title": "Typed after the end"}
        elsewhere.post("/en/sign-out", data={"csrf_token": csrf_token(elsewhere), "everywhere": "yes"})

        answer = client.post(path, data=typed)
        assert answer.headers["location"].startswith("/en/sign-in?after=")

        client.cookies.delete("session")
        client.post("/en/sign-in/step-into", data={"person": site.people["KEN:official"]})
        assert "Typed after the end" not in client.get(path).text

        client.cookies.delete("session")
        client.post("/en/sign-in/step-into", data={"person": site.people[KEN]})
        assert "Typed after the end" in client.get(path).text
        assert "Typed after the end" not in client.get(path).text


def test_form_posted_after_signing_out_in_another_tab_comes_back_to_its_person_only(site: Site) -> None:
    path = "/en/requests/new"
    with site.client(KEN) as client:
        typed = {"csrf_token": csrf_token(client), "language": "en", "title": "Typed beside"}
        client.post("/en/sign-out", data={"csrf_token": csrf_token(client)})
        assert "session" not in client.cookies

        answer = client.post(path, data=typed)
        assert (303, "/en/sign-in?after=%2Fen%2Frequests%2Fnew") == (answer.status_code, answer.headers["location"])

        client.post("/en/sign-in/step-into", data={"person": site.people["KEN:official"]})
        assert "Typed beside" not in client.get(path).text

        client.post("/en/sign-out", data={"csrf_token": csrf_token(client)})
        client.post("/en/sign-in/step-into", data={"person": site.people[KEN]})
        assert "Typed beside" in client.get(path).text
        assert "Typed beside" not in client.get(path).text


def test_form_of_an_earlier_session_is_given_back_in_the_next_one(site: Site) -> None:
    """The person signed out and in again in another tab; nobody else gets the form."""
    path = "/en/requests/new"
    with site.client(KEN) as client:
        typed = {"csrf_token": csrf_token(client), "language": "en", "title": "Typed before"}
        client.post("/en/sign-out", data={"csrf_token": csrf_token(client)})
        client.post("/en/sign-in/step-into", data={"person": site.people["KEN:official"]})
        assert 403 == client.post(path, data=typed).status_code

        client.post("/en/sign-out", data={"csrf_token": csrf_token(client)})
        client.post("/en/sign-in/step-into", data={"person": site.people[KEN]})
        answer = client.post(path, data=typed)
        assert (303, path) == (answer.status_code, answer.headers["location"])
        assert "Typed before" in client.get(path).text
        assert "Typed before" not in client.get("/en/requests").text


def test_form_with_a_mark_that_the_console_did_not_make_is_not_kept(site: Site) -> None:
    with site.client(KEN) as client:
        proof, person, acting = csrf_token(client).split(".")
        client.post("/en/sign-out", data={"csrf_token": csrf_token(client)})
        changed = f"{proof}.{person[:-1]}{'0' if person[-1] != '0' else '1'}.{acting}"

        client.post("/en/requests/new", data={"csrf_token": changed, "title": "Forged"})

        assert "kept-form" not in client.cookies


@pytest.mark.parametrize("part", ["%23", "x%3Fx", "%252F", "..%252Fme", "%252e%252e", "%5C", "x%0d%0aX:y", "%E2%80%AE"])
def test_part_of_an_address_reaches_no_other_path_of_the_api(site: Site, part: str) -> None:
    with site.client("UNODC:coordinator") as client:
        for page in (f"requests/{part}/json", f"requests/{part}/do/return", f"funds/{part}/years.csv"):
            assert 404 == client.get(f"/en/{page}").status_code


def test_header_of_an_answer_is_not_written_by_an_address(site: Site) -> None:
    with site.client("ZAF:provider_officer") as client:
        answer = client.get("/en/offerings/x%0d%0aX:y/edit")

    assert 404 == answer.status_code
    assert "x" not in answer.headers
