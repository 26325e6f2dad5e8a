"""The moves of a State's review progress."""

from services.console.moves.model import Move, Noun
from services.console.translations import N_

REVISE = "/revise"
REVIEW_PROGRESS = Noun(
    path="/review-progress",
    api="/v1/review-progress",
    record="review_progress/head.html",
    moves=(
        Move(
            name="consent_to_table",
            path="consent",
            label=N_("Agree that the table shows it"),
            fields=(),
            explains=N_("From then on everybody who signs in here reads it, until your State withdraws its consent."),
            done="saved",
        ),
        Move(name="revise_review_progress", path="revise", label=N_("Revise our progress"), elsewhere=REVISE),
        Move(
            name="withdraw_table_consent",
            path="withdraw-consent",
            label=N_("Withdraw the consent"),
            fields=(),
            explains=N_("Others than your State and UNODC do not read it from then on."),
            warns=True,
            done="consent_withdrawn",
        ),
        Move(
            name="withdraw_review_progress",
            path="withdraw",
            label=N_("Take our progress back"),
            fields=(),
            explains=N_("Its text is deleted, and the table does not show it any more."),
            warns=True,
            done="saved",
        ),
    ),
)
