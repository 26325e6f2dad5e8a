"""A visitor's keyboard, without a mouse. Each stop has to show its focus, and must not be covered."""

import re

from playwright.sync_api import Locator, expect

from tests.console.site import Visitor

STOPS_MAX = 100

STOP = """
(wanted) => {
  const one = document.activeElement;
  if (one === document.body) return { there: false, name: "", wrong: "" };
  const shown = [getComputedStyle(one)];
  const label = one.matches("[type=checkbox], [type=radio]") && one.nextElementSibling;
  if (label) shown.push(getComputedStyle(label, "::before"));
  const text = one.querySelector(".govuk-details__summary-text");
  if (text) shown.push(getComputedStyle(text));
  const yellow = (style) => [style.outlineColor, style.backgroundColor, style.boxShadow].join().includes("255, 221, 0");
  const box = [...(label || one).getClientRects()].find((rect) => rect.width > 0) ?? one.getBoundingClientRect();
  const above = document.elementFromPoint(box.x + box.width / 2, Math.min(box.y + box.height / 2, innerHeight - 2));
  const uncovered = above && [one, label].some((part) => part && (part.contains(above) || above.contains(part)));
  const wrong = !shown.some(yellow) ? "has no focus that can be seen" : !uncovered ? "is covered or not on the screen" : "";
  return { there: one === wanted, name: one.outerHTML.slice(0, 200), wrong };
}
"""


class Keyboard:
    """A keyboard that moves with Tab to elements by their names, and presses, ticks, types and chooses there."""

    def __init__(self, visitor: Visitor) -> None:
        self.page = visitor.page
        self.press = visitor.page.keyboard.press
        self.type = visitor.page.keyboard.type

    def reach(self, wanted: Locator) -> None:
        """Press Tab until the focus is on this element."""
        for _ in range(STOPS_MAX):
            self.press("Tab")
            stop = wanted.evaluate(STOP)
            assert not stop["wrong"], f"{self.page.url}: {stop['name']} {stop['wrong']}"
            if stop["there"]:
                return
        raise AssertionError(f"{self.page.url}: Tab does not lead to {wanted}")

    def opens(self, title: str) -> None:
        """Check that a page with this beginning of its title opens, and skip its head unless the focus is below it."""
        expect(self.page).to_have_title(re.compile(f"^{re.escape(title)}"))
        if not self.page.locator("main :focus").count():
            self.reach(self.page.get_by_role("link", name="Skip to main content"))
            self.press("Enter")
            expect(self.page.locator("main")).to_be_focused()

    def shortcut(self, keys: str, *, opens: str) -> None:
        for key in keys.split():
            self.press(key)
        expect(self.page).to_have_title(re.compile(f"^{re.escape(opens)}"))

    def named(self, role: str, name: str) -> Locator:
        return self.page.locator("main").get_by_role(role, name=name).first

    def button(self, name: str) -> None:
        """Press the button, or the link that looks like one, with the space bar."""
        self.reach(self.page.locator("main").get_by_role("button", name=name, exact=True).first)
        self.press("Space")

    def link(self, name: str) -> None:
        self.reach(self.named("link", name))
        self.press("Enter")

    def write(self, name: str, text: str) -> None:
        self.reach(self.named("textbox", name))
        self.type(text)

    def tick(self, role: str, name: str) -> None:
        """Tick a checkbox, or one of several radio buttons: Tab leads to the group, the arrows to the others."""
        wanted = self.named(role, name)
        if role == "radio":
            group = self.page.locator(f"input[type=radio][name='{wanted.get_attribute('name')}']")
            ticked = group.and_(self.page.locator(":checked"))
            self.reach(ticked if ticked.count() else group.first)
            self.press("Space")
            for _ in range(group.count()):
                if not wanted.is_checked():
                    self.press("ArrowDown")
        else:
            self.reach(wanted)
            self.press("Space")
        expect(wanted).to_be_checked()

    def choose(self, name: str, option: str) -> None:
        """Type the beginning of an option of a list."""
        self.reach(self.named("combobox", name))
        self.type(option)
        expect(self.page.locator("select:focus option:checked")).to_have_text(option)
