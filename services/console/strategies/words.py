"""Labels of the stakeholders of a strategy."""

from services.console.translations import N_

STAKEHOLDER = {
    "ministry": N_("Ministries"),
    "parliament": N_("The parliament"),
    "judiciary": N_("The courts"),
    "prosecution": N_("The prosecution service"),
    "law_enforcement": N_("Law enforcement"),
    "other_authority": N_("Other authorities"),
    "civil_society": N_("Civil society"),
    "private_sector": N_("The private sector"),
    "academia": N_("Academia"),
    "international_organization": N_("International organizations"),
}
