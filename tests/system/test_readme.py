"""The parts of programs' output that README.md shows."""

import pytest

from tests import readme
from tests.system import readme_session

PRINTED = """People are fictitious.

── TA-2026-1  FJI  en ───────── open ──
[Fictitious sample] Another
  witness_protection         UNODC-JUSTICE   688/1000 confirmed

── TA-2026-29704  CIV  fr ───── closed: met ──
[Exemple fictif] Un titre de
deux lignes
  mla_training               UNODC-MLA       718/1000 completed
    USD 85,000.00 spent

── A refund by two finance officers  CHE ── approved ──
       CHF 10,000.00  from TA-REQUESTS

Funds (US dollars)

                    SHERLOC-DEV
 ──────────────────────────────
  gap                285,256.63

7 files for the donor are in a folder
12 requests, 3 of them delivered, evaluated and closed (2 met, 1 partially_met).
2482 facts of 45 kinds seen on NATS.
More of each: ./dev demo --details
"""


def test_excerpt_is_one_card_the_refund_the_funds_and_the_summary() -> None:
    found = readme.excerpt(PRINTED)

    assert found.startswith(
        "── TA-2026-29704  CIV  fr ───── closed: met ──\n[Exemple fictif] Un titre de\ndeux lignes\n  mla"
    )
    assert "\n…\n── A refund by two finance officers" in found
    assert "…\nFunds (US dollars)\n\n                    SHERLOC-DEV\n" in found
    assert found.endswith("2482 facts of 45 kinds seen on NATS.\nMore of each: ./dev demo --details")
    assert "FJI" not in found
    assert "7 files" not in found


@pytest.mark.parametrize("changed", [("718", "719"), ("285,256.63", "285,256.64"), ("CIV", "KEN")])
def test_changed_figure_is_a_difference_and_time_is_none(changed: tuple[str, str]) -> None:
    shown = readme.comparable(PRINTED)

    assert shown != readme.comparable(PRINTED.replace(*changed))
    assert shown == readme.comparable(PRINTED.replace("29704", "11").replace("2482", "2490"))


def test_content_is_written_between_its_markers_alone() -> None:
    text = "before\n<!-- demo -->\nold\n<!-- /demo -->\nafter\n"

    assert readme.replaced(text, "demo", "new\n") == text.replace("old", "new")
    with pytest.raises(ValueError, match="no place for entries"):
        readme.replaced(text, "entries", "new\n")


def test_session_of_readme_has_its_commands() -> None:
    assert len(readme_session.steps(readme.README.read_text(encoding="utf-8"))) >= 5
