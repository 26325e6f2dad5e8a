"""Words for what is kept beside a delivery: owners and sources of action points, screenings and their answers."""

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
