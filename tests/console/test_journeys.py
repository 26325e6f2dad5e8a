"""The main job of each person, from sign-in to its end, in a browser: with JavaScript, and without it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from contracts.reference import country_name
from tests.console.site import Visitor
from tests.console.steps import is_quiet, open_request, path_of, press, says, write_request

Visit = Callable[..., Visitor]
SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])


@SCRIPTS
def test_request_is_written_matched_and_confirmed(visit: Visit, scripts: bool) -> None:
    state = visit(scripts=scripts).sign_in("FJI:focal_point")
    request = write_request(state)

    coordinator = visit(scripts=scripts).sign_in("UNODC:coordinator")
    open_request(coordinator, request)
    coordinator.go(f"{request}/matches")
    chosen = coordinator.page.locator("input[id^=m-]").first
    chosen.check()
    match = f"/matches/{(chosen.get_attribute('id') or '').removeprefix('m-')}"
    press(coordinator, "Present")
    says(coordinator, "Presented.")

    state.go(match)
    says(state, "How well it fits, and why")
    press(state, "Accept")
    press(state, "Accept")
    says(state, "Accepted by the State")

    provider = visit(scripts=scripts).sign_in(provider_of(coordinator, match))
    provider.go(match)
    press(provider, "Confirm")
    press(provider, "Confirm")
    says(provider, "Confirmed by both")
    is_quiet(state, coordinator, provider)


def provider_of(visitor: Visitor, match: str) -> str:
    """Return the appointment of the provider's officer, by the name that the match's page shows."""
    visitor.go(match)
    names = {
        country_name(one.split(":")[0], "en") if len(one.split(":")[0]) == 3 else one.split(":")[0]: one
        for one in visitor.site.people
        if one.endswith(":provider_officer")
    }
    shown = visitor.page.locator("main .govuk-caption-l").inner_text()
    return next(person for name, person in names.items() if f" {name} for " in shown)


@SCRIPTS
def test_donor_pledges_and_finance_records_the_agreement_and_the_payment(visit: Visit, scripts: bool) -> None:
    donor = visit(scripts=scripts).sign_in("FRA:donor_officer")
    press(donor, "Pledge money")
    donor.page.check("input[name=fund][value=SHERLOC-DEV]")
    press(donor, "Continue")
    donor.page.fill("input[name=money]", "12,500.50")
    donor.page.fill("input[name='money.currency']", "EUR")
    press(donor, "Continue")
    says(donor, "EUR 12,500.50")
    press(donor, "Pledge")
    says(donor, "Pledged. UNODC will contact you about the agreement.")
    pledge = path_of(donor)

    finance = visit(scripts=scripts).sign_in("UNODC:finance_officer")
    finance.go(pledge)
    says(finance, "EUR 12,500.50")
    is_quiet(donor, finance)


@SCRIPTS
def test_everybody_reads_what_is_published(visit: Visit, scripts: bool) -> None:
    visitor = visit(scripts=scripts)
    visitor.page.goto("/")
    expect(visitor.page.locator("h1")).to_have_text("Technical assistance against organized crime")
    for path in ("/public/offerings", "/public/requests", "/public/funding", "/public/figures", "/public/open-data"):
        assert 200 == visitor.go(path)
    is_quiet(visitor)


def test_change_is_shown_in_another_browser_within_a_second(visit: Visit) -> None:
    """The change arrives by server-sent events, without a reload."""
    here, there = visit().sign_in("KEN:focal_point"), visit().sign_in("KEN:official")
    here.go("/requests?status=open")
    path = here.page.locator("[data-row] a").first.get_attribute("href") or ""
    request = path.removeprefix("/en")
    here.go(request)
    there.go(request)
    there.page.wait_for_load_state("networkidle")
    press(here, "Pause")
    here.page.locator("input[name=reason], select[name=reason]").first.check()
    press(here, "Pause")
    expect(there.page.locator("main")).to_contain_text("On hold")
    press(here, "Go on")
    press(here, "Go on")


def test_stale_form_shows_that_it_changed_and_keeps_the_text(visit: Visit) -> None:
    here, there = visit().sign_in("TUN:focal_point"), visit().sign_in("UNODC:coordinator")
    here.go("/requests?status=open")
    request = (here.page.locator("[data-row] a").first.get_attribute("href") or "").removeprefix("/en")
    here.go(f"{request}/do/hold")
    here.page.locator("textarea[name=comment]").fill("[Fictitious sample] A text that must not be lost.")
    here.page.locator("input[name=reason]").first.check()
    there.go(f"{request}/do/hold")
    there.page.locator("input[name=reason]").first.check()
    press(there, "Pause")
    there.go(f"{request}/do/resume")
    press(there, "Go on")

    press(here, "Pause")

    says(here, "Another person has changed this since you opened the form.")
    expect(here.page.locator("textarea[name=comment]")).to_have_value(
        "[Fictitious sample] A text that must not be lost."
    )
    press(here, "Pause")
    says(here, "On hold")
