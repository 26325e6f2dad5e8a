"""Jobs that are done less often than those of test_journeys.py, each to its end, in a browser."""

import csv
import io
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from tests.console.site import Visitor
from tests.console.steps import follow, is_quiet, open_request, path_of, press, says, write_request

Visit = Callable[..., Visitor]
PLAN_SECONDS = 60
NOW = datetime.now(UTC)
YEAR = NOW.year + 1


def table(*rows: Sequence[object]) -> dict[str, str | bytes]:
    """Return rows as a CSV file to upload."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return {"name": "table.csv", "mimeType": "text/csv", "buffer": text.getvalue().encode()}


def choose(visitor: Visitor, name: str, text: str) -> None:
    """Choose the option with this text, in a list or among radio buttons."""
    visitor.page.locator(f"[name='{name}']").first.wait_for(state="attached")
    options = visitor.page.locator(f"select[name='{name}'] option", has_text=text)
    if options.count():
        visitor.page.select_option(f"select[name='{name}']", options.first.get_attribute("value"))
    else:
        visitor.page.locator(f".govuk-radios__item:has(input[name='{name}'])", has_text=text).locator("input").check()


def plan_round(visitor: Visitor, fairness_loss: str) -> str:
    """Plan a round, and return its path once its page shows, without a reload, that the plan is made."""
    visitor.page.check("input[name=seconds][value='10']")
    visitor.page.check(f"input[name=fairness_loss][value='{fairness_loss}']")
    press(visitor, "Make the plan")
    visitor.page.get_by_text("Adopt the plan").wait_for(timeout=PLAN_SECONDS * 1000)
    return path_of(visitor)


def test_round_is_planned_compared_and_adopted(visit: Visit) -> None:
    coordinator = visit().step_into("UNODC:coordinator")
    coordinator.go("/rounds")
    press(coordinator, "Plan a round")
    coordinator.page.check("input[name=funds][value=TA-REQUESTS]")
    plan_round(coordinator, "50")
    says(coordinator, "What stays unmet, and why")
    press(coordinator, "Plan again with other options")
    assert coordinator.page.is_checked("input[name=funds][value=TA-REQUESTS]")
    coordinator.page.locator("input[name=forbidden]").first.check()
    other = plan_round(coordinator, "0")

    press(coordinator, "Compare")
    says(coordinator, "Two rounds compared")
    says(coordinator, "Benefit given up for fairness")
    says(coordinator, "Matches that must not be in the plan")

    coordinator.go(other)
    press(coordinator, "Adopt the plan")
    press(coordinator, "Adopt the plan")
    says(coordinator, "Its matches were presented to their States and providers.")
    is_quiet(coordinator)


def test_year_is_closed_and_opened_again_by_two(visit: Visit) -> None:
    officer = visit().step_into("UNODC:finance_officer")
    colleague = visit().step_into("UNODC:finance_officer", colleague=True)
    year = f"/years/{NOW.year - 1}"
    officer.go(year)
    says(officer, "In each book both sides are equal")
    press(officer, "Close the year")
    says(officer, "The year is closed. Its figures are final.")

    officer.page.locator("summary", has_text="Propose to open it again").click()
    choose(officer, "reason", "Recorded wrongly")
    press(officer, "Propose to open it again")
    colleague.go(path_of(officer))
    press(colleague, "Approve")
    press(colleague, "Approve")
    says(colleague, "Approved and carried out.")
    officer.go(year)
    says(officer, "Before the year can be closed")
    is_quiet(officer, colleague)


def test_entry_is_reversed_by_two(visit: Visit) -> None:
    officer = visit().step_into("UNODC:finance_officer")
    colleague = visit().step_into("UNODC:finance_officer", colleague=True)
    officer.go("/ledger")
    officer.page.locator("article.entry h2 a", has_text="Spent by UNODC").first.click()
    entry = path_of(officer)
    officer.page.locator("summary", has_text="Propose to reverse this entry").click()
    choose(officer, "reason", "Recorded wrongly")
    press(officer, "Propose to reverse")
    says(officer, "You proposed this. Another finance officer has to approve it.")

    proposer = officer.page.locator(".acting bdi").inner_text()
    colleague.go("/approvals")
    says(colleague, "You can decide")
    says(colleague, proposer)
    says(colleague, "Spent by UNODC")
    colleague.go(path_of(officer))
    says(colleague, proposer)
    says(colleague, "Spent by UNODC")
    assert 0 < colleague.page.locator("table.t-account").count()
    press(colleague, "Approve")
    says(colleague, proposer)
    says(colleague, "Spent by UNODC")
    press(colleague, "Approve")
    says(colleague, "Approved and carried out.")
    colleague.go("/ledger")
    follow(colleague, "Reversed")
    assert f"/en{entry}" == colleague.page.get_by_role("link", name="The entry that it reverses").get_attribute("href")
    is_quiet(officer, colleague)


OFFERING = {
    "language": "en",
    "title": "[Fictitious sample] Magistrates teach magistrates",
    "summary": "[Fictitious sample] Ten evenings of cases.",
    "valid.from": f"{NOW.year}-01-01",
    "valid.until": f"{YEAR}-12-31",
    "kinds": "training",
    "topics": "mutual_legal_assistance",
    "languages": "en",
    "modalities": "remote",
    "resource_status": "partly",
    "funding_needed.minor": 12_000_00,
    "funding_needed.currency": "USD",
    "capacity.from": f"{YEAR}-01-01",
    "capacity.until": f"{YEAR}-12-31",
    "capacity.units": 1,
}
"""An offering that fits the sample request of Fiji that Kuwait may read, and that lacks money."""


def test_package_is_proposed_and_agreed_by_four(visit: Visit) -> None:
    provider = visit().step_into("NOR:provider_officer")
    provider.go("/offerings/import")
    provider.page.set_input_files("input[type=file]", table(tuple(OFFERING), tuple(OFFERING.values())))
    provider.page.check("input[name=submit]")
    press(provider, "Try the import")
    press(provider, "Import these rows")
    follow(provider, "Record 1")
    coordinator = visit().step_into("UNODC:coordinator")
    coordinator.go(path_of(provider))
    press(coordinator, "Approve")
    press(coordinator, "Approve")
    follow_suggestion(coordinator)
    match = path_of(coordinator)

    press(coordinator, "Propose a package")
    choose(coordinator, "unit", "UNODC-MLA")
    choose(coordinator, "pledge_id", "Kuwait")
    coordinator.page.fill("input[name=money]", "12,000")
    choose(coordinator, "departure", "Other reason")
    coordinator.page.fill("textarea[name=comment]", "[Fictitious sample] As agreed by telephone.")
    press(coordinator, "Propose a package")
    package = path_of(coordinator)
    for appointment in ("UNODC-MLA:provider_officer", "KWT:donor_officer"):
        other = visit().step_into(appointment)
        other.go("")
        follow(other, "Norway for Fiji")
        assert package == path_of(other)
        press(other, "Agree")
        press(other, "Agree")
        is_quiet(other)
    state = visit().step_into("FJI:focal_point")
    for person, move in ((state, "Accept"), (provider, "Confirm")):
        person.go(package)
        press(person, "State and provider agree on the match")
        assert match == path_of(person)
        press(person, move)
        press(person, move)

    coordinator.go(package)
    says(coordinator, "Confirmed by all")
    is_quiet(provider, coordinator, state)


def follow_suggestion(visitor: Visitor) -> None:
    """Open the match of the new offering, which is suggested some moments after its approval."""
    for _ in range(40):
        visitor.go("/matches?status=suggested")
        link = visitor.page.locator("[data-row]", has_text=str(OFFERING["title"])).locator("a").first
        if link.count():
            link.click()
            return
        visitor.page.wait_for_timeout(250)
    raise AssertionError("no match is suggested")


def test_summary_is_approved_and_read_by_everybody(visit: Visit) -> None:
    state = visit().step_into("FJI:focal_point")
    request = write_request(state, visibility="public_summary")
    state.go(f"{request}/summary")
    choose(state, "language", "English")
    state.page.fill("input[name=title]", "[Fictitious sample] Investigators learn together")
    state.page.fill("textarea[name=body]", "[Fictitious sample] Prosecutors are to work with colleagues abroad.")
    press(state, "Save the draft")
    press(state, "Approve and publish the draft")
    says(state, "Everybody can read it from when UNODC opens the request")
    coordinator = visit().step_into("UNODC:coordinator")
    open_request(coordinator, request)
    state.go(f"{request}/summary")
    expect(state.page.get_by_role("button", name="Take it back from the public")).to_be_visible()

    everybody = visit()
    everybody.go(f"/public{request}")
    says(everybody, "[Fictitious sample] Investigators learn together")
    is_quiet(state, coordinator, everybody)


REQUEST = {
    "request": "A",
    "language": "en",
    "title": "[Fictitious sample] From a table",
    "kind": "training",
    "institution": "judiciary",
    "group_size": 20,
    "languages": "en",
    "modality": "remote",
    "window.from": f"{YEAR}-02-01",
    "window.until": f"{YEAR}-06-30",
    "topics": "human_rights",
    "outcome": "[Fictitious sample] They work unaided.",
}


def test_official_imports_the_rows_without_a_fault(visit: Visit) -> None:
    official = visit().step_into("KEN:official")
    official.go("/requests")
    follow(official, "Import from a spreadsheet")
    rows = table(tuple(REQUEST), tuple(REQUEST.values()), tuple({**REQUEST, "request": "B", "kind": "dance"}.values()))
    official.page.set_input_files("input[type=file]", rows)
    press(official, "Try the import")
    says(official, "1 row is rejected")
    says(official, "Kind of assistance: The code is not in the list")

    press(official, "Import these rows")
    says(official, "1 record was imported")
    follow(official, "Record 1")
    says(official, "[Fictitious sample] From a table")
    is_quiet(official)


def test_people_are_entered_approved_and_an_appointment_is_ended(visit: Visit) -> None:
    administrator = visit().step_into("UNODC:administrator")
    colleague = visit().step_into("UNODC:administrator", colleague=True)
    name, mark = f"[Fictitious sample] Newcomer {NOW:%H%M%S}", f"{NOW:%H%M%S}"
    good = ["NOR", name, f"a{mark}@nor.example", "en", "provider_officer", f"{NOW:%Y-%m-%d}"]
    of_a_state = ["KEN", f"{name} of Kenya", f"b{mark}@ken.example", "en", "official", f"{NOW:%Y-%m-%d}"]
    unreadable = ["NOR", f"{name} without mail", "nor.example", "en", "provider_officer", f"{NOW:%Y-%m-%d}"]
    administrator.go("/people")
    press(administrator, "Enter several people")
    lines = ["\t".join(row) for row in (good, of_a_state, unreadable)]
    administrator.page.fill("textarea[name=table]", "\n".join(lines))
    press(administrator, "Enter and appoint")
    says(administrator, "No person was entered.")
    administrator.page.fill("textarea[name=table]", "\n".join(lines[:2]))
    press(administrator, "Enter and appoint")
    says(administrator, "Entered, not appointed: This State has a focal point, who alone appoints")
    assert lines[1] == administrator.page.locator("textarea[name=table]").input_value()

    follow(administrator, "Proposed")
    colleague.go(path_of(administrator))
    press(colleague, "Approve the appointment")
    says(colleague, name)
    press(colleague, "Approve the appointment")
    says(colleague, "In force")
    press(colleague, "End the appointment")
    colleague.page.locator("select[name=reason]").select_option(index=1)
    press(colleague, "End the appointment")
    says(colleague, "Ended")
    assert 1 == len(administrator.wrong), "a table that cannot be read is answered with 400, which Chromium reports"
    is_quiet(colleague)


def test_offering_that_is_refused_says_which_fields_with_links(visit: Visit) -> None:
    provider = visit().step_into("ZAF:provider_officer")
    provider.go("/offerings/new")
    provider.page.fill("input[name=title]", "Fictitious: not complete")
    press(provider, "Save and continue")
    path = path_of(provider).partition("/edit")[0]
    provider.go(f"{path}/check")
    press(provider, "Submit for approval")

    summary = provider.page.locator(".govuk-error-summary__list a")
    fields = {one.inner_text().partition(":")[0]: one.get_attribute("href") for one in summary.all()}
    assert {
        "Kinds of assistance": f"/en{path}/edit/what?return=check#f-kinds",
        "Languages of delivery": f"/en{path}/edit/how?return=check#f-languages",
        "Modalities": f"/en{path}/edit/how?return=check#f-modalities",
        "Periods and deliveries": f"/en{path}/edit/when?return=check#f-capacity",
    } == fields
    summary.first.click()
    expect(provider.page.locator("#f-kinds")).to_be_in_viewport()


@pytest.mark.soak
def test_work_is_handed_over_for_an_absence(visit: Visit) -> None:
    coordinator = visit().step_into("UNODC:coordinator")
    coordinator.go("/work")
    coordinator.page.locator("[data-row] input[type=checkbox]").first.check()
    press(coordinator, "Take what is ticked")
    says(coordinator, "The requests were assigned.")
    follow(coordinator, "Hand over")
    choose(coordinator, "giver", "(you)")
    coordinator.page.locator("select[name=assignee]").select_option(index=2)
    press(coordinator, "Hand over")
    says(coordinator, "The requests were handed over. They are listed here.")
    says(coordinator, "In charge of a colleague")
    is_quiet(coordinator)


@pytest.mark.soak
def test_view_is_saved_shared_and_deleted(visit: Visit) -> None:
    coordinator = visit().step_into("UNODC:coordinator")
    colleague = visit().step_into("UNODC:coordinator", colleague=True)
    name = f"[Fictitious sample] Late in triage {NOW:%H%M%S}"
    coordinator.go("/work?step=triage&overdue=true")
    follow(coordinator, "Save as a view")
    coordinator.page.fill("input[name=name]", name)
    coordinator.page.check("input[name=shared]")
    press(coordinator, "Save")
    says(coordinator, "The view was saved.")

    colleague.go("/work")
    follow(colleague, name)
    assert "step=triage&overdue=true" in colleague.page.url
    coordinator.go("/work/views")
    coordinator.page.get_by_role("link", name=f"Change {name}").click()
    press(coordinator, "Delete this view")
    colleague.go("/work/views")
    assert name not in colleague.page.locator("main").inner_text()
    is_quiet(coordinator, colleague)
