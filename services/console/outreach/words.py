"""Labels of outreach activities: their statuses, audiences and kinds."""

from services.console.translations import N_, P_

OUTREACH_STATUS = {
    "planned": P_("outreach", "Planned"),
    "held": P_("outreach", "Held"),
    "cancelled": P_("outreach", "Cancelled"),
}
OUTREACH_AUDIENCE = {
    "judges_and_prosecutors": N_("Judges and prosecutors"),
    "law_enforcement": N_("Law enforcement"),
    "central_authorities": N_("Central authorities"),
    "legislators": N_("Legislators"),
    "defence_lawyers": N_("Defence lawyers"),
    "academia": N_("Academia"),
    "civil_society": N_("Civil society"),
    "private_sector": N_("The private sector"),
    "general_public": N_("The general public"),
}
OUTREACH_KIND = {
    "briefing": N_("Briefing"),
    "webinar": N_("Webinar"),
    "side_event": N_("Side event"),
    "publication": P_("outreach", "Publication"),
    "social_media": N_("Social media"),
    "university_visit": N_("Visit to a university"),
    "other": P_("outreach", "Other"),
}
