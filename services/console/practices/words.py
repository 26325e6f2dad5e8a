"""Labels of practices, challenges and tools."""

from services.console.translations import N_, P_

PRACTICE_KIND = {"practice": N_("Practice"), "challenge": N_("Challenge"), "tool": N_("Tool")}
COUNTRY_REVIEW = {
    "nothing": N_("Nothing of it comes from a country review"),
    "entered_by_state": N_("Our State itself entered here what comes from its country review"),
}
PRACTICE_STATUS = {
    "draft": P_("practice", "Draft"),
    "submitted": P_("practice", "Submitted"),
    "returned": P_("practice", "Returned"),
    "catalogued": P_("practice", "In the catalogue"),
    "withdrawn": P_("practice", "Withdrawn"),
}
