"""Labels of the statuses of informal meetings."""

from services.console.translations import P_

MEETING_STATUS = {
    "planned": P_("meeting", "Planned"),
    "held": P_("meeting", "Held"),
    "cancelled": P_("meeting", "Cancelled"),
}
