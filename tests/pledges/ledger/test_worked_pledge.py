"""The entries at the beginning of docs/ledger.md equal those of the ledger."""

from tests import readme, worked_pledge
from tests.pledges.ledger.builders import check_balances


def test_ledger_guide_shows_the_entries_of_the_worked_pledge() -> None:
    shown = readme.between(readme.LEDGER.read_text(encoding="utf-8"), "entries")

    assert worked_pledge.table() == shown, "run ./dev readme"


def test_entries_of_the_worked_pledge_balance() -> None:
    found = worked_pledge.entries()

    assert ["pledged", "committed", "received", "allocated", "spent"] == [entry.type for entry in found]
    for entry in found:
        check_balances(entry)
