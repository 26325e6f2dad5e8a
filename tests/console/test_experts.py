"""The roster of experts in browsers: experts are entered, revised by two persons at once, and found."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from tests.console.site import Visitor
from tests.console.steps import follow, is_quiet, path_of, press, says

Visit = Callable[..., Visitor]
PROVIDER = "JPN:provider_officer"


@pytest.fixture
def officer(visit: Visit) -> Visitor:
    return visit(scripts=False).step_into(PROVIDER)


def enter(officer: Visitor) -> str:
    """Enter an expert on asset recovery, who is available in two months, and return the name."""
    name = f"Fictitious: {uuid4()}"
    officer.go("/experts/new")
    officer.page.fill("input[name=name]", name)
    for row, month in ((1, "01"), (2, "03")):
        officer.page.fill(f"input[name='period{row}.from']", f"2031-{month}-01")
        officer.page.fill(f"input[name='period{row}.until']", f"2031-{month}-28")
    for field, code in (("topics", "confiscation"), ("kinds", "training"), ("languages", "fr")):
        officer.page.check(f"input[name={field}][value={code}]")
    press(officer, "Save")
    return name


def test_expert_is_revised_by_two_at_once(visit: Visit, officer: Visitor) -> None:
    """The edit of the first stays until the second has seen it; periods and kinds stay as they were."""
    colleague = visit(scripts=False).step_into(PROVIDER)
    name = enter(officer)
    expert = path_of(officer)

    for visitor in (officer, colleague):
        visitor.go(f"{expert}/revise")
    colleague.page.check("input[name=languages][value=en]")
    press(colleague, "Save")
    officer.page.fill("textarea[name=biography]", "Fictitious sample: a judge for ten years.")
    press(officer, "Save")
    says(officer, "Another person has changed this since you opened the form.")
    assert "Fictitious sample: a judge for ten years." == officer.page.input_value("textarea[name=biography]")
    says(officer, "English, French")
    officer.wrong.clear()
    officer.page.check("input[name=languages][value=en]")
    press(officer, "Save")

    says(officer, name)
    for kept in ("Training", "1 January 2031", "28 March 2031", "English, French", "a judge for ten years"):
        says(officer, kept)
    is_quiet(officer, colleague)


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("topic", "confiscation", True),
        pytest.param("topic", "extradition", False, marks=pytest.mark.soak),
        pytest.param("kind", "training", True, marks=pytest.mark.soak),
        pytest.param("language", "ar", False, marks=pytest.mark.soak),
        pytest.param("available_on", "2031-03-05", True, marks=pytest.mark.soak),
        ("available_on", "2031-02-05", False),
    ],
)
def test_experts_are_found_by_what_they_teach_and_when(officer: Visitor, name: str, value: str, found: bool) -> None:
    expert = enter(officer)
    officer.go("/experts")
    if name == "available_on":
        officer.page.fill(f"[name={name}]", value)
    else:
        officer.page.select_option(f"[name={name}]", value)
    press(officer, "Filter")

    assert found == (expert in officer.page.content())
    follow(officer, "Show all")
    says(officer, expert)
    is_quiet(officer)
