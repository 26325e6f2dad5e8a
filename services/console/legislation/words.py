"""Labels of the status of a State's law on SHERLOC, of yearly checks, and of proposals."""

from services.console.translations import N_, P_

LEGISLATION_STATUS = {
    "not_known": P_("legislation", "Not known"),
    "none": P_("legislation", "No such law"),
    "missing": P_("legislation", "Missing on SHERLOC"),
    "outdated": P_("legislation", "Outdated on SHERLOC"),
    "submitted": P_("legislation", "Submitted"),
    "in_review": P_("legislation", "In review"),
    "published": P_("legislation", "Published"),
    "verified": P_("legislation", "Verified"),
}
CHECK_STATUS = {
    "asked": P_("legislation check", "Waits for an answer"),
    "answered": P_("legislation check", "Answered"),
}
CHECK_RESULT = {"unchanged": N_("Nothing has changed"), "changed": N_("Something has changed")}
LEGISLATION_PROPOSAL_STATUS = {
    "proposed": P_("legislation proposal", "Waits for the State"),
    "accepted": P_("legislation proposal", "Recorded"),
    "dropped": P_("legislation proposal", "Dropped"),
}
