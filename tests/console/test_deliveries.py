"""A delivery in the browsers of its two sides: contacts, an agreement answered and signed, its beginning."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import expect

from tests.console.site import Site, Visitor
from tests.console.steps import follow, is_quiet, path_of, press, says
from tests.files import PDF

Visit = Callable[..., Visitor]
STATE, PROVIDER = "CHN:focal_point", "UNODC-CYBER:provider_officer"
"""The sides of a delivery of the sample world that needs no money and has not begun."""

OTHER_PROVIDER = "JPN:provider_officer"
"""Provider of another delivery to the same State, so that one test does not depend on what the other leaves."""

JOINT_PROVIDER, JOINT_DELIVERY = "UNODC-SHERLOC:provider_officer", "UNODC-SHERLOC for Madagascar"
"""One of the two deliveries of the sample world's joint delivery, and its provider."""

AUDITOR = "UNODC:auditor"


def delivery_of(site: Site, provider: str) -> str:
    """The provider's delivery that is being prepared, or else one that has begun."""
    with site.client(provider) as client:
        pages: list[httpx.Response] = [
            client.get(f"/en/deliveries?status={status}") for status in ("open", "in_delivery")
        ]
    found = [page.text.partition('href="/en/deliveries/')[2].partition('"')[0] for page in pages]
    return next(filter(None, found))


def begin_without_agreement(provider: Visitor, state: Visitor, path: str) -> None:
    """The State's visitor reads Arabic."""
    for visitor, waive in ((provider, "Go on without a written agreement"), (state, "المضي من دون اتفاق مكتوب")):
        visitor.go(path)
        press(visitor, waive)
        press(visitor, waive)
    provider.go(path)
    press(provider, "Record that delivery has begun")
    press(provider, "Record that delivery has begun")


def of_language(visitor: Visitor, language: str) -> Visitor:
    visitor.language = language
    return visitor


@pytest.mark.parametrize("scripts", [False])
def test_two_sides_agree_and_begin(visit: Visit, site: Site, scripts: bool) -> None:
    """The provider works in English, the State in Arabic, both without JavaScript, as every form has to work."""
    provider = visit(scripts=scripts).step_into(PROVIDER)
    state = of_language(visit(scripts=scripts).step_into(STATE), "ar")
    path = f"/deliveries/{delivery_of(site, PROVIDER)}"

    provider.go(path)
    press(provider, "Name your contacts")
    for name, value in (("first.name", "Fictitious: A. Person"), ("first.email", "a.person@example.org")):
        provider.page.fill(f"input[name='{name}']", value)
    press(provider, "Save")
    says(provider, "a.person@example.org")
    follow(provider, "Propose an agreement")
    press(provider, "Propose an agreement")
    expect(provider.page.locator(".govuk-error-summary"), "the missing fields are not reported").to_be_visible()
    provider.wrong.clear()
    provider.page.fill("textarea[name=scope]", "Fictitious sample: five days of exercises.")
    provider.page.check("input[name=modality][value=in_person]")
    provider.page.check("input[name=languages][value=en]")
    press(provider, "Propose an agreement")
    says(provider, "Version 1")

    state.go(path)
    expect(state.page.locator("main")).to_contain_text("a.person@example.org")
    state.go(f"{path}/agreement/propose")
    state.page.fill("input[name=participants]", "20")
    state.page.fill("input[name=women]", "25")
    press(state, "اقتراح صيغة أخرى")
    expect(state.page.locator(".govuk-error-summary")).to_be_visible()
    state.wrong.clear()
    state.page.fill("input[name=women]", "10")
    press(state, "اقتراح صيغة أخرى")
    expect(state.page.locator("main")).to_contain_text("الصيغة 2")

    provider.go(f"{path}/agreement")
    press(provider, "Sign version 2")
    state.go(f"{path}/agreement")
    press(state, "توقيع الصيغة 2")
    expect(state.page.locator("main")).to_contain_text("نافذ")
    provider.go(path)
    says(provider, "Both sides signed the agreement")
    press(provider, "Record that delivery has begun")
    press(provider, "Record that delivery has begun")
    says(provider, "proposes when delivery is complete")
    _report_and_confirm(provider, state)
    is_quiet(provider, state)


def _report_and_confirm(provider: Visitor, state: Visitor) -> None:
    """Report a result of the delivery whose page the provider reads, and let the State confirm it."""
    press(provider, "Report a result")
    provider.page.check("input[name=indicator][value=people_trained]")
    provider.page.fill("input[name=measured_on]", datetime.now(UTC).date().isoformat())
    press(provider, "Report a result")
    expect(provider.page.locator(".govuk-error-summary"), "the missing figure is not reported").to_be_visible()
    provider.wrong.clear()
    provider.page.fill("input[name=actual]", "20")
    press(provider, "Report a result")
    result = provider.page.url.partition("/en")[2].partition("?")[0]
    state.go(result)
    press(state, "تأكيد النتيجة")
    press(state, "تأكيد النتيجة")
    provider.go(result)
    says(provider, "Confirmed by the State")


def test_two_sides_write_and_read_without_javascript(visit: Visit, site: Site) -> None:
    """The provider attaches a file, the State reads and answers in private, and the author withdraws."""
    provider = visit(scripts=False).step_into(OTHER_PROVIDER)
    state = of_language(visit(scripts=False).step_into(STATE), "ar")
    path = f"/deliveries/{delivery_of(site, OTHER_PROVIDER)}"

    provider.go(path)
    press(provider, "Send")
    expect(provider.page.locator(".govuk-error-summary"), "the missing fields are not reported").to_be_visible()
    provider.wrong.clear()
    provider.page.fill("textarea[name=text]", "Fictitious sample: when can we come?")
    provider.page.set_input_files(
        "input[name=file]", {"name": "Plan.pdf", "mimeType": "application/pdf", "buffer": PDF}
    )
    press(provider, "Send")
    says(provider, "Plan.pdf")
    press(provider, "Open the private topic")
    press(provider, "Open the private topic")

    state.go(path)
    expect(state.page.locator("main")).to_contain_text("when can we come?")
    press(state, "وسم الجميع بأنه مقروء")
    press(state, "فتح الموضوع الخاص")
    press(state, "فتح الموضوع الخاص")
    state.page.fill("textarea[name=text]", "Fictitious sample: between us, in March.")
    state.page.check("input[name=private]")
    press(state, "إرسال")

    provider.go(path)
    says(provider, "between us, in March.")
    says(provider, "UNODC does not read it")
    says(provider, "Read by")
    provider.page.click("summary:has-text('Withdraw this message')")
    press(provider, "Withdraw")
    says(provider, "This message was withdrawn.")
    is_quiet(provider, state)


def test_an_action_point_follows_from_a_screening(visit: Visit, site: Site) -> None:
    """The provider answers the screening, the State does the action point, and the provider verifies it."""
    provider = visit(scripts=False).step_into(OTHER_PROVIDER)
    state = of_language(visit(scripts=False).step_into(STATE), "ar")

    provider.go(f"/deliveries/{delivery_of(site, OTHER_PROVIDER)}")
    follow(provider, "Screening for human rights")
    provider.page.check("input[name='fair_trial.answer'][value=no]")
    provider.page.fill("textarea[name='fair_trial.comment']", "Fictitious sample: no time to prepare a defence.")
    press(provider, "Save")
    says(provider, "no time to prepare a defence")
    press(provider, "Record that it is completed")
    press(provider, "Record that it is completed")
    says(provider, "Not all questions are answered yet.")
    provider.wrong.clear()
    follow(provider, "Cancel")
    press(provider, "Add an action point")
    assert provider.page.is_checked("input[name=source][value=human_rights_screening]")
    provider.page.fill("textarea[name=text]", "Fictitious sample: give the defence ten days.")
    provider.page.check("input[name=owner][value=state]")
    # Tomorrow, because the reminder on the due day would change the record while the State reports.
    provider.page.fill("input[name=due_on]", (datetime.now(UTC).date() + timedelta(days=1)).isoformat())
    press(provider, "Save")
    says(provider, "give the defence ten days")

    point = provider.page.url.partition("/en")[2].partition("?")[0]
    state.go(point)
    press(state, "الإبلاغ عن إنجازه")
    press(state, "الإبلاغ عن إنجازه")
    says(state, "أُبلغ عن إنجازه")
    provider.go(point)
    press(provider, "Verify that it is done")
    press(provider, "Verify that it is done")
    says(provider, "Verified by another person")
    is_quiet(provider, state)


def test_a_session_is_planned_and_held_and_its_small_counts_are_read_by_both_sides(visit: Visit, site: Site) -> None:
    """An expert who consented teaches; the provider counts three women, whom an auditor is not shown."""
    provider = visit(scripts=False).step_into(OTHER_PROVIDER)
    state = of_language(visit(scripts=False).step_into(STATE), "ar")
    auditor = visit(scripts=False).step_into(AUDITOR)
    name, today = f"Fictitious: {uuid4()}", datetime.now(UTC).date().isoformat()

    provider.go("/experts/new")
    provider.page.fill("input[name=name]", name)
    provider.page.fill("input[name='period1.from']", today)
    for field, code in (("topics", "mutual_legal_assistance"), ("languages", "en")):
        provider.page.check(f"input[name={field}][value={code}]")
    press(provider, "Save")
    expect(provider.page.locator(".govuk-error-summary"), "the missing last day is not reported").to_be_visible()
    provider.wrong.clear()
    provider.page.fill("input[name='period1.until']", today)
    press(provider, "Save")
    press(provider, "Record the expert's consent")
    provider.page.fill("input[name=consented_on]", today)
    press(provider, "Record the expert's consent")

    delivery = f"/deliveries/{delivery_of(site, OTHER_PROVIDER)}"
    begin_without_agreement(provider, state, delivery)
    provider.go(f"{delivery}/sessions/new")
    for day in ("period.from", "period.until"):
        provider.page.fill(f"input[name='{day}']", today)
    provider.page.check("input[name=modality][value=in_person]")
    provider.page.check("input[name=languages][value=en]")
    provider.page.get_by_label(name).check()
    press(provider, "Plan a session")
    expect(
        provider.page.locator(".govuk-error-summary"), "the missing comment on the days is not reported"
    ).to_be_visible()
    provider.wrong.clear()
    provider.page.fill("textarea[name=comment]", "Fictitious sample: both sides can begin now.")
    press(provider, "Plan a session")
    press(provider, "Record that it took place")
    provider.page.click("summary:has-text('Judges')")
    for cell, people in (("judge.25_34.women", "3"), ("judge.35_44.men", "9")):
        provider.page.fill(f"input[name='{cell}']", people)
    press(provider, "Save")
    says(provider, "Took place")

    path = provider.page.url.partition("/en")[2].partition("?")[0]
    for reader, counts in ((provider, "3 9 0 12"), (state, "3 9 0 12"), (auditor, "– – 0 12")):
        reader.go(path)
        row = reader.page.locator("main table tbody tr").first
        assert counts == " ".join(row.locator("td").all_inner_texts())
    says(auditor, "An expert who is not shown")
    follow(state, name)
    expect(state.page.locator("main h1")).to_contain_text(name)
    is_quiet(provider, state, auditor)


def test_recommendations_of_a_screening_are_shown_with_the_results(visit: Visit, site: Site) -> None:
    """They are entered when the analysis of inequalities is completed. One that is begun needs all of its fields."""
    provider = visit(scripts=False).step_into(OTHER_PROVIDER)
    path = f"/deliveries/{delivery_of(site, OTHER_PROVIDER)}"
    what, today = f"Fictitious sample: invite women {uuid4()}", datetime.now(UTC).date().isoformat()

    provider.go(path)
    follow(provider, "Analysis of inequalities")
    answers = provider.page.locator("input[type=radio][value=no]")
    answers.first.wait_for()
    for answer in answers.all():
        answer.check()
    press(provider, "Save")
    press(provider, "Record that it is completed")
    provider.page.fill("textarea[name='recommendation2.text']", what)
    press(provider, "Record that it is completed")
    expect(provider.page.locator("#f-recommendation2\\.owner-error")).to_be_visible()
    assert not provider.page.locator("#f-recommendation1\\.owner-error").count(), "an empty recommendation is reported"
    provider.wrong.clear()
    provider.page.check("input[name='recommendation2.owner'][value=state]")
    provider.page.fill("input[name='recommendation2.due_on']", today)
    press(provider, "Record that it is completed")
    says(provider, what)
    provider.go(path)
    shown = provider.page.locator("h3:has-text('Recommendations of the analysis of inequalities') + ul")
    expect(shown).to_contain_text(what)
    is_quiet(provider)


def test_session_is_revised_by_both_sides_at_once(visit: Visit, site: Site) -> None:
    """The State's change stays until the provider has seen it, and the values typed by the provider are not lost."""
    provider, state = visit(scripts=False).step_into(OTHER_PROVIDER), visit(scripts=False).step_into(STATE)
    provider.go(f"/deliveries/{delivery_of(site, OTHER_PROVIDER)}/sessions/new")
    plan_today(provider)
    session = path_of(provider)

    for visitor in (provider, state):
        visitor.go(f"{session}/revise")
    state.page.fill("input[name=place]", "Fictitious sample: room 7")
    press(state, "Save")
    says(state, "room 7")
    provider.page.fill("input[name=people]", "12")
    provider.page.fill("input[name=place]", "Fictitious sample: room 8")
    press(provider, "Save")
    says(provider, "Another person has changed this since you opened the form.")
    expect(provider.page.locator("main dl")).to_contain_text("room 7")
    assert "Fictitious sample: room 8" == provider.page.input_value("input[name=place]")
    provider.wrong.clear()
    press(provider, "Save")
    says(provider, "room 8")
    assert provider.page.locator("input[name=modality]").count() == 0, "the form is still open"
    is_quiet(provider, state)


def test_session_of_several_deliveries_counts_the_participants_of_each(visit: Visit, site: Site) -> None:
    """The session serves both deliveries of a joint delivery, of which the other State's is chosen in the form."""
    provider = visit(scripts=False).step_into(JOINT_PROVIDER)
    provider.go("/deliveries")
    follow(provider, JOINT_DELIVERY)
    press(provider, "Plan a session")
    provider.page.locator("input[name=deliveries]").check()
    plan_today(provider)
    press(provider, "Record that it took place")
    provider.page.click("summary:has-text('Judges')")
    provider.page.fill("input[name='judge.25_34.women']", "7")
    press(provider, "Save")
    says(provider, "Took place")
    says(provider, "Not counted yet.")
    follow(provider, "Enter the participants")
    provider.page.click("summary:has-text('Judges')")
    provider.page.fill("input[name='judge.25_34.women']", "9")
    press(provider, "Save")
    tables = provider.page.locator("main table:has-text('Participants by sex') tbody tr").all_inner_texts()
    assert ["7 0 0 7", "9 0 0 9"] == [" ".join(row.split()) for row in tables]
    is_quiet(provider)


def plan_today(provider: Visitor) -> None:
    """Fill in and send the form of a session."""
    for day in ("period.from", "period.until"):
        provider.page.fill(f"input[name='{day}']", datetime.now(UTC).date().isoformat())
    provider.page.check("input[name=modality][value=in_person]")
    provider.page.check("input[name=languages][value=en]")
    provider.page.fill("textarea[name=comment]", "Fictitious sample: both sides can begin now.")
    press(provider, "Plan a session")
