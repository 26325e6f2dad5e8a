"""A yearly report in a browser: drafted, written in two languages, issued, and downloaded."""

from collections.abc import Callable

from tests.console.site import Visitor
from tests.console.steps import follow, is_quiet, path_of, press, says

FRENCH = "[Exemple fictif] Les juges ont demandé des formations."
ENGLISH = "[Fictitious sample] Judges asked for training."


def test_a_focal_point_drafts_writes_and_issues_the_report_of_the_state(visit: Callable[..., Visitor]) -> None:
    kenya = visit().step_into("KEN:focal_point")
    kenya.go("/reports")
    press(kenya, "Draft the report")
    report = path_of(kenya)
    says(kenya, "By paragraph of the resolution")

    for code, text in (("fr", FRENCH), ("en", ENGLISH)):
        kenya.go(f"{report}/texts/I.c/{code}")
        kenya.page.fill("textarea[name=text]", text)
        press(kenya, "Save")
        says(kenya, text)
    kenya.go(f"{report}/texts/I.c/en")
    says(kenya, FRENCH)

    press_link(kenya, report, "Issue the report")
    press(kenya, "Issue the report")
    says(kenya, "Issued")
    for format, begins in (("pdf", b"%PDF-"), ("docx", b"PK")):
        answer = kenya.page.request.get(f"{kenya.page.url.partition('?')[0]}/{format}")
        assert answer.body().startswith(begins)
    assert kenya.page.get_by_role("link", name="Edit").count() == 0
    is_quiet(kenya)


def press_link(visitor: Visitor, path: str, text: str) -> None:
    visitor.go(path)
    press(visitor, text)


def test_who_writes_no_report_reads_it(visit: Callable[..., Visitor]) -> None:
    auditor = visit().step_into("UNODC:auditor")
    auditor.go("/reports")
    assert auditor.page.locator("form input[name=as_of]").count() == 0
    follow(auditor, "Report to the Conference")
    says(auditor, "Requests by paragraph of the resolution")
    assert auditor.page.get_by_role("button", name="Issue the report").count() == 0
    is_quiet(auditor)
