"""What became of a delivery, and the page of a mail's link."""

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
