"""SHERLOC's desk in browsers: a practice, a law, an extension, outreach, review progress, a meeting."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.console.checks import check
from tests.console.site import Visitor
from tests.console.steps import follow, is_quiet, path_of, press, says

Visit = Callable[..., Visitor]
STATE, OTHER, COORDINATOR = "MDG:focal_point", "ZAF:provider_officer", "UNODC:coordinator"
DONOR = "FRA:donor_officer"


def test_a_practice_is_recorded_catalogued_and_found_in_another_language(visit: Visit) -> None:
    """The State writes in English, and another reader searches in French, both without JavaScript."""
    state, desk = visit(scripts=False).step_into(STATE), visit(scripts=False).step_into(COORDINATOR)
    title = f"Fictitious: a roster of interpreters {uuid4().hex[:8]}"

    state.go("/practices/new")
    press(state, "Save")
    expect(state.page.locator(".govuk-error-summary"), "the missing fields are not reported").to_be_visible()
    state.wrong.clear()
    state.page.fill("input[name=title]", title)
    state.page.fill("textarea[name=text]", "Fictitious: courts share one roster.")
    for name, value in (("practice_kind", "practice"), ("country_review", "nothing")):
        state.page.check(f"input[name={name}][value={value}]")
    state.page.check("input[name=topics][value=witness_protection]")
    press(state, "Save")
    says(state, "Draft")
    path = state.page.url.partition("/en")[2].partition("?")[0]
    press(state, "Submit it for the catalogue")
    press(state, "Submit it for the catalogue")
    says(state, "Submitted")

    desk.go(path)
    press(desk, "Put it into the catalogue")
    press(desk, "Put it into the catalogue")
    says(desk, "In the catalogue")

    reader = visit(scripts=False, language="fr").step_into(OTHER)
    reader.go("/practices?q=protection+des+temoins")
    expect(reader.page.locator("main")).to_contain_text(title)
    is_quiet(state, desk, reader)


def test_a_law_is_recorded_published_and_confirmed(visit: Visit) -> None:
    state, desk = visit(scripts=False).step_into(STATE), visit(scripts=False).step_into(COORDINATOR)

    state.go("/legislation")
    follow(state, "Record the law")
    state.page.check("input[name=status][value=missing]")
    state.page.fill("input[name=title]", "Fictitious: Act on everything")
    state.page.fill("input[name=in_force_on]", "2020-01-01")
    state.page.fill("input[name=gazette]", "Fictitious: No. 1")
    press(state, "Save")
    path = state.page.url.partition("/en")[2].partition("?")[0]
    press(state, "Submit the law for SHERLOC")
    press(state, "Submit the law for SHERLOC")
    says(state, "Submitted")

    desk.go(path)
    press(desk, "Begin the review")
    press(desk, "Begin the review")
    says(desk, "In review")
    press(desk, "Publish it on SHERLOC")
    desk.page.fill("input[name=portal_address]", "https://sherloc.example/1")
    press(desk, "Publish it on SHERLOC")
    says(desk, "Published")

    state.go(path)
    press(state, "Nothing has changed")
    press(state, "Nothing has changed")
    says(state, "Verified")
    says(state, "Versions")
    state.go("/legislation/freshness")
    says(state, "Madagascar")
    is_quiet(state, desk)


def test_extension_is_proposed_voted_for_notified_and_pledged_to(visit: Visit) -> None:
    desk, state, donor = visit().step_into(COORDINATOR), visit().step_into(STATE), visit().step_into(DONOR)
    title = f"Fictitious: search by offence {uuid4().hex[:8]}"

    desk.go("/legislation")
    follow(desk, "Extensions")
    check(desk, "/extensions")
    press(desk, "Propose an extension")
    desk.page.fill("input[name=title]", title)
    desk.page.fill("textarea[name=scope]", "Fictitious: decisions are found by offence.")
    desk.page.fill("input[name=cost]", "120,000")
    check(desk, "/extensions/new")
    press(desk, "Save")
    says(desk, "Proposed")
    path = path_of(desk)

    state.go(path)
    press(state, "Vote for the extension")
    press(state, "Vote for the extension")
    says(state, "Madagascar")
    desk.go(path)
    press(desk, "Plan the extension")
    press(desk, "Plan the extension")
    press(desk, "Note progress")
    desk.page.fill("textarea[name=text]", "Fictitious: the index is complete.")
    press(desk, "Save")
    says(desk, "Fictitious: the index is complete.")
    check(desk, path)

    donor.go(path)
    press(donor, "Make a pledge for it")
    check(donor, "/pledges/new")
    donor.page.locator("[name=fund]").first.check()
    press(donor, "Continue")
    donor.page.fill("input[name=money]", "5,000")
    press(donor, "Continue")
    says(donor, title)
    press(donor, "Pledge")
    says(donor, "Pledged. UNODC will contact you about the agreement.")
    follow(donor, "Read the extension")
    says(donor, title)
    is_quiet(desk, state, donor)


def test_an_outreach_activity_is_planned_and_held_with_its_reach(visit: Visit) -> None:
    desk = visit().step_into(COORDINATOR)

    desk.go("/outreach")
    check(desk, "/outreach")
    press(desk, "Plan an outreach activity")
    desk.page.fill("input[name=title]", "Fictitious: a webinar for judges")
    desk.page.select_option("select[name=audience]", "judges_and_prosecutors")
    desk.page.select_option("select[name=outreach_kind]", "webinar")
    for name, value in (("starts", "2026-11-02"), ("ends", "2026-11-03"), ("budget", "1500"), ("reach_target", "80")):
        desk.page.fill(f"input[name={name}]", value)
    desk.page.check("input[name=languages][value=fr]")
    check(desk, "/outreach/new")
    press(desk, "Save")
    says(desk, "Planned")
    press(desk, "The activity was held")
    desk.page.fill("input[name=reach]", "100")
    press(desk, "The activity was held")
    says(desk, "100 (125% of the target)")
    check(desk, path_of(desk))
    is_quiet(desk)


def test_what_cannot_be_recorded_yet_says_from_when(visit: Visit) -> None:
    desk = visit().step_into(COORDINATOR)
    desk.go("/meetings/new")
    for name, value in (("title", "Fictitious: later"), ("starts_on", "2099-03-01"), ("place", "Vienna")):
        desk.page.fill(f"input[name={name}]", value)
    desk.page.fill("textarea[name=agenda]", "Fictitious: each State speaks.")
    press(desk, "Save")

    says(desk, "Record that it was held: Possible from 1 March 2099 on.")
    expect(desk.page.locator("main").get_by_role("button", name="Record that it was held")).to_have_count(0)
    check(desk, path_of(desk))
    desk.go(f"{path_of(desk)}/do/hold")
    says(desk, "Possible from 1 March 2099 on.")
    expect(desk.page.locator("main form")).to_have_count(0)
    is_quiet(desk)


def test_a_state_records_its_progress_and_agrees_to_the_table(visit: Visit) -> None:
    state, reader = visit().step_into(STATE), visit(scripts=False).step_into(DONOR)
    words = f"Fictitious: the law is in force {uuid4().hex[:8]}"

    state.go("/review-progress")
    check(state, "/review-progress")
    press(state, "Record our progress")
    state.page.locator("input[name=cluster]").first.check()
    state.page.check("input[name=progress][value=addressed]")
    state.page.fill("textarea[name=text]", words)
    check(state, "/review-progress/new")
    press(state, "Save")
    says(state, "For the State and UNODC")
    check(state, path_of(state))
    reader.go("/review-progress/table")
    expect(reader.page.locator("main")).not_to_contain_text(words)

    press(state, "Agree that the table shows it")
    press(state, "Agree that the table shows it")
    says(state, "In the table")
    reader.go("/review-progress/table")
    says(reader, words)
    state.go("/review-progress/table")
    check(state, "/review-progress/table")
    is_quiet(state, reader)


def test_meeting_is_planned_held_and_has_an_anonymous_lesson(visit: Visit) -> None:
    state, desk = visit(scripts=False).step_into(STATE), visit(width=320).step_into(COORDINATOR)
    lesson = f"Fictitious: ask the ministry first {uuid4().hex[:8]}"

    desk.go("/meetings")
    check(desk, "/meetings")
    press(desk, "Plan a meeting")
    for name, value in (("title", "Fictitious: what helped"), ("starts_on", datetime.now(UTC).date().isoformat())):
        desk.page.fill(f"input[name={name}]", value)
    desk.page.fill("input[name=place]", "https://meet.example/2")
    desk.page.fill("textarea[name=agenda]", "Fictitious: each State speaks.")
    press(desk, "Save")
    says(desk, "None yet")
    path = path_of(desk)
    press(desk, "Invite States")
    desk.page.check("input[name=states][value=MDG]")
    press(desk, "Invite States")
    says(desk, "Madagascar")

    state.go(path)
    press(state, "Sign up")
    state.page.fill("input[name=people]", "2")
    press(state, "Sign up")
    says(state, "Of your State")

    desk.go(path)
    press(desk, "Record that it was held")
    press(desk, "Record that it was held")
    state.go(path)
    press(state, "Add a lesson")
    state.page.fill("textarea[name=text]", lesson)
    press(state, "Save")
    says(state, lesson)
    desk.go(path)
    says(desk, lesson)
    check(desk, path)
    press(desk, "Remove a lesson")
    desk.page.locator("input[name=lesson_id]").check()
    press(desk, "Remove a lesson")
    says(desk, "No lesson was added yet.")
    is_quiet(state, desk)


@pytest.mark.parametrize(
    ("person", "language", "width"),
    [("KEN:focal_point", "ar", 320), pytest.param(COORDINATOR, "fr", 1280, marks=pytest.mark.soak)],
)
def test_pages_of_the_desk_and_of_figures_are_whole(visit: Visit, person: str, language: str, width: int) -> None:
    """These are pages that the walk of every page visits only in a soak."""
    visitor = visit(language=language, width=width).step_into(person)
    for path in (
        *(f"/legislation/{one}" for one in ("gaps", "checks", "proposals")),
        *("/figures", "/figures/lines?by=topic", "/figures/request_days", "/public/figures/offerings?by=topic"),
    ):
        assert 200 == visitor.go(path), path
        check(visitor, path)
