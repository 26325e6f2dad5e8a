"""Labels of records of a delivery: action points, screenings, agreements, effects, participants."""

from services.console.translations import N_

ACTION_OWNER = {"state": N_("The State"), "provider": N_("The provider"), "unodc": N_("UNODC")}
ACTION_SOURCE = {
    "evaluation": N_("An evaluation"),
    "session": N_("A session"),
    "inequality_checklist": N_("The checklist on inequalities"),
    "human_rights_screening": N_("The human-rights screening"),
    "strategy_milestone": N_("A milestone of a strategy"),
    "other": N_("Something else"),
}
SCREENING_KIND = {
    "inequality": N_("Analysis of inequalities"),
    "human_rights": N_("Screening for human rights"),
}
SCREENING_ANSWER = {
    "yes": N_("Yes"),
    "no": N_("No"),
    "not_applicable": N_("Does not apply"),
    "unknown": N_("Not known"),
}
COST_KIND = {
    "travel": N_("Travel"),
    "accommodation": N_("Accommodation"),
    "fees": N_("Fees"),
    "venue": N_("Venue"),
    "interpretation": N_("Interpretation"),
    "materials": N_("Materials"),
    "equipment": N_("Equipment"),
    "other": N_("Other"),
}
CLAUSE_KIND = {
    "privileges_and_immunities": N_("Privileges and immunities"),
    "applicable_rules": N_("Applicable rules"),
    "confidentiality": N_("Confidentiality"),
    "data_protection": N_("Data protection"),
    "intellectual_property": N_("Intellectual property"),
    "liability": N_("Liability"),
    "other": N_("Other"),
}
TERM = {
    "period": N_("Period"),
    "modality": N_("Modality"),
    "languages": N_("Languages of delivery"),
    "participants": N_("Number of participants"),
    "women": N_("Of these, women"),
    "costs": N_("Who bears which costs"),
    "clauses": N_("Clauses"),
    "scope": N_("What is delivered"),
    "place": N_("Place"),
}
"""Labels of the terms and texts of an agreement."""
EFFECT = {
    "law_changed": N_("A law was changed"),
    "sherloc_record_updated": N_("A record on SHERLOC was updated"),
    "observation_moved": N_("An observation of the review moved"),
    "institution_set_up": N_("An institution was set up"),
    "other": N_("Something else changed"),
}
PROGRESS = {
    "not_addressed": N_("Not addressed"),
    "partly_addressed": N_("Partly addressed"),
    "addressed": N_("Addressed"),
}
USE = {
    "in_use": N_("In use"),
    "partly": N_("Partly in use"),
    "not_in_use": N_("Not in use"),
    "too_early": N_("Too early to say"),
}
SEX = {"women": N_("Women"), "men": N_("Men"), "other_or_not_stated": N_("Other, or not stated")}
AGE_BAND = {
    "under_25": N_("Under 25"),
    **{code: code.replace("_", "–") for code in ("25_34", "35_44", "45_54")},
    "55_over": N_("55 and over"),
    "not_stated": N_("Not stated"),
}
