"""Follow-ups and effects of a delivery, and the page of the link in a mail."""

import re

from tests.console.site import Site

STATE, PROVIDER = "SGP:focal_point", "UNODC-SHERLOC:provider_officer"


def test_follow_ups_of_a_completed_delivery_are_on_a_page_of_its_own(site: Site) -> None:
    for who in (STATE, PROVIDER):
        with site.client(who) as client:
            listed = client.get("/en/deliveries?status=completed").text
            (delivery, *_) = re.findall(r'href="(/en/deliveries/[0-9a-f-]{36})"', listed)
            assert f'href="{delivery}/after"' in client.get(delivery).text
            page = client.get(f"{delivery}/after").text
            assert ("6 months later" in page, "12 months later" in page) == (True, True)


def test_link_that_is_forged_answers_nothing_in_any_language(site: Site) -> None:
    with site.client() as client:
        for path in ("/en/answer", "/ar/answer?token=x", f"/fr/answer?token={'A' * 64}"):
            for answer in (client.get(path), client.post(path, data={"result": "in_use"})):
                assert 404 == answer.status_code, answer.text
                assert 'name="result"' not in answer.text


def test_effect_is_recorded_by_one_side_and_verified_by_the_other(site: Site) -> None:
    typed = {
        "change": "law_changed",
        "happened_on": "2026-11-20",
        "title": "Fictitious: an act",
        "language": "en",
        "gazette": "Fictitious: No. 112",
        "first_article": "UNTOC:18",
        "address": "https://gazette.example/112",
    }
    with site.client(STATE) as client:
        listed = client.get("/en/deliveries?status=completed").text
        (delivery, *_) = re.findall(r'href="(/en/deliveries/[0-9a-f-]{36})"', listed)
        form = f"{delivery}/effects/new"
        hidden = hidden_of(client.get(form).text)
        refused = client.post(form, data=hidden | typed | {"gazette": ""})
        assert (400, True) == (refused.status_code, 'href="#f-gazette"' in refused.text)
        effect = client.post(form, data=hidden | typed).headers["Location"].partition("?")[0]
        assert "/do/verify" not in client.get(effect).text
    with site.client(PROVIDER) as client:
        form = f"{effect}/do/verify"
        client.post(form, data=hidden_of(client.get(form).text))
        assert "Verified on" in client.get(effect).text


def hidden_of(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
