"""The moves of a proposal that waits for a second person."""

from services.console.moves.model import Move, Noun
from services.console.translations import N_

PROPOSAL = Noun(
    path="/approvals",
    api="/v1/proposals",
    record="approvals/head.html",
    moves=(
        Move(
            name="approve_proposal",
            path="approve",
            label=N_("Approve"),
            fields=(),
            explains=N_("It is carried out immediately, and entered in the ledger with both names."),
            done="approved",
            asks_sign_in=True,
        ),
        Move(
            name="refuse_proposal",
            path="refuse",
            label=N_("Refuse"),
            fields=(),
            explains=N_("Nothing is changed. It can be proposed again."),
            done="refused",
        ),
    ),
)
REASONS = {
    "write_off": "write_off",
    "refund": "refund",
    "reversal": "reverse_entry",
    "reopening": "reopen_period",
    "earmark_release": "release_earmark",
}
"""Maps each measure to the list of its reasons."""
