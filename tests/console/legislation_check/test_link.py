"""The page of the link in the mail of a yearly check."""

from tests.console.site import Site


def test_link_that_is_forged_answers_nothing_in_any_language(site: Site) -> None:
    with site.client() as client:
        for language, token in (("en", ""), ("ar", "?token=x"), ("fr", f"?token={'A' * 64}")):
            path = f"/{language}/legislation-check{token}"
            for answer in (client.get(path), client.post(path, data={"result": "unchanged"})):
                assert 404 == answer.status_code, answer.text
                assert 'name="result"' not in answer.text
