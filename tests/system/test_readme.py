"""What README.md says that the demo prints is what it prints."""

import asyncio

import pytest

from services.matching.texts import meaning
from tests import readme
from tests.system import readme_session

PRINTED = """What happened

TA-2026-1 FJI (en)  Another
  suggested after 3.0 ms

TA-2026-29704 KEN (en)  A title of
two lines
  case_law: ZAF 777/1000
  suggested after 91.1 ms

Funds (US dollars)

                    SHERLOC-DEV
 ──────────────────────────────
  gap                285,256.63

written: a file
2052 facts of 34 kinds seen on NATS.
"""


@pytest.mark.timeout(300)
@pytest.mark.skipif(meaning.lack() is None, reason="with the model the scores are others")
async def test_readme_shows_what_the_demo_prints() -> None:
    printed = await asyncio.to_thread(readme.demo)
    shown = readme.between(readme.README.read_text(encoding="utf-8"), "demo")

    assert readme.comparable(readme.fenced(readme.excerpt(printed))) == readme.comparable(shown), "run ./dev readme"


def test_excerpt_is_one_request_the_funds_and_the_last_line() -> None:
    found = readme.excerpt(PRINTED)

    assert found.startswith("TA-2026-29704 KEN (en)  A title of\ntwo lines\n  case_law")
    assert "…\nFunds (US dollars)\n\n                    SHERLOC-DEV\n" in found
    assert found.endswith("…\n2052 facts of 34 kinds seen on NATS.")
    assert "FJI" not in found


@pytest.mark.parametrize("changed", [("777", "778"), ("285,256.63", "285,256.64"), ("KEN", "CIV")])
def test_changed_figure_is_a_difference_and_time_is_none(changed: tuple[str, str]) -> None:
    shown = readme.comparable(PRINTED)

    assert shown != readme.comparable(PRINTED.replace(*changed))
    assert shown == readme.comparable(PRINTED.replace("91.1", "12.0").replace("29704", "11").replace("2052", "2070"))


def test_content_is_written_between_its_markers_alone() -> None:
    text = "before\n<!-- demo -->\nold\n<!-- /demo -->\nafter\n"

    assert readme.replaced(text, "demo", "new\n") == text.replace("old", "new")
    with pytest.raises(ValueError, match="no place for entries"):
        readme.replaced(text, "entries", "new\n")


def test_session_of_readme_has_its_commands() -> None:
    assert len(readme_session.steps(readme.README.read_text(encoding="utf-8"))) >= 5
