"""What every form begins with: its token, and the idempotency key that it keeps until it is opened anew."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.console import rendering
from services.console.fields import MISSING, NONE_CHOSEN, NOT_CHOSEN, Field, read, whole_number
from services.console.page import KEY

CONSOLE = Path(rendering.__file__).parent
FORM = re.compile(r'<form method="post"[^>]*?(?:{{.*?}}[^>]*?)*>\s*(.{0,40})', re.DOTALL)
HEADS = ("{{ form_head(", "{{ head(form)")
OF_THE_ERROR = "error.html"
"""Its form repeats all that was posted, the key too."""


def test_every_form_begins_with_the_head_that_keeps_its_key() -> None:
    without = [
        f"{path.relative_to(CONSOLE)}: {found}"
        for path in (CONSOLE / "templates").rglob("*.html")
        if path.name != OF_THE_ERROR
        for found in FORM.findall(path.read_text(encoding="utf-8"))
        if not found.startswith(HEADS)
    ]
    assert [] == without


def test_only_the_head_writes_a_key() -> None:
    spelt = {
        str(path.relative_to(CONSOLE))
        for ending in ("*.html", "*.py")
        for path in CONSOLE.rglob(ending)
        if KEY in path.read_text(encoding="utf-8")
    }
    assert {"page.py", "templates/pledges/new_check.html"} == spelt


def _commands() -> Iterator[tuple[str, ast.Call]]:
    """Yield each call of the API's client that may send a POST, with its place."""
    for path in CONSOLE.rglob("*.py"):
        for one in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(one, ast.Call) and re.search(r"\bapi\.(send|upload)\Z", ast.unparse(one.func)):
                method = one.args[0]
                if not isinstance(method, ast.Constant) or method.value not in ("PATCH", "PUT", "DELETE"):
                    yield f"{path.relative_to(CONSOLE)}: {ast.unparse(one.args[-1])}", one


def test_every_command_has_a_key() -> None:
    without = [place for place, call in _commands() if "key" not in {one.arg for one in call.keywords}]
    # What is asked for beside a form changes nothing, and the link of a mail counts once.
    assert [
        "deliveries/follow_up_pages.py: body",
        "drafting/lines.py: body",
        "drafting/pages.py: request_body(request)",
    ] == sorted(without)


def test_only_the_helper_judges_what_a_form_is_told() -> None:
    """What a person typed is not lost to an error page that a handler chose by a status."""
    judging = [
        str(path.relative_to(CONSOLE))
        for path in CONSOLE.rglob("*.py")
        if re.search(r"status (==|in) \(?40[14]", path.read_text(encoding="utf-8"))
    ]
    # Beside the helper: the application, what is asked for beside a form, and forms of several commands.
    assert [
        "application.py",
        "drafting/codes.py",
        "drafting/lines.py",
        "drafting/submission.py",
        "fields.py",
        "people/pages.py",
        "work/assign.py",
    ] == sorted(judging)


def test_no_text_is_cut() -> None:
    """`maxlength` cuts what is pasted without a word; it is for codes, amounts and words to search for."""
    cut = {
        found
        for path in (CONSOLE / "templates").rglob("*.html")
        for found in re.findall(
            r'<(?:input|textarea)[^>]*?name="([^"]+)"[^>]*?maxlength', path.read_text(encoding="utf-8")
        )
    }
    searched = {"q", "find"}
    codes = {"code", "provider", "donor", "{{ f.name }}.currency", "{{ name }}"}
    assert searched | codes | {"{{ id }}"} == cut


@pytest.mark.parametrize("text", ["²", "٣", "1²", "-1", "+1", " 1", "1_0", "", "9" * 10, "1.0"])
def test_what_ascii_digits_do_not_write_is_no_number(text: str) -> None:
    assert whole_number(text) is None


def test_number_of_ascii_digits_is_read() -> None:
    assert 12 == whole_number("12")


def test_no_page_asks_whether_a_text_is_of_digits() -> None:
    """`isdigit` accepts `²`, which `int` does not."""
    asking = [
        str(path.relative_to(CONSOLE))
        for path in CONSOLE.rglob("*.py")
        if re.search(r"\.is(digit|numeric)\(", path.read_text(encoding="utf-8"))
    ]
    # The ETag of the API, the length of a body in bytes, and what is asked for ASCII first.
    assert ["client.py", "edge.py", "offerings/capacity.py"] == sorted(asking)


def test_choice_left_open_is_asked_for_as_a_choice() -> None:
    fields = (
        Field(name="kind", label="Kind", kind="choice"),
        Field(name="topics", label="Topics", kind="choices"),
        Field(name="title", label="Title"),
    )
    assert [NOT_CHOSEN, NONE_CHOSEN, MISSING] == [one.message for one in read(fields, {}).errors]
