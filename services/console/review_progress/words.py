"""Labels of the statuses of review progress."""

from services.console.translations import P_

REVIEW_PROGRESS_STATUS = {
    "own": P_("review progress", "For the State and UNODC"),
    "shown": P_("review progress", "In the table"),
    "withdrawn": P_("review progress", "Taken back"),
}
