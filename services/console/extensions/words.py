"""Labels of the phases of an extension of the portal."""

from services.console.translations import P_

EXTENSION_STATUS = {
    "proposed": P_("extension", "Proposed"),
    "planned": P_("extension", "Planned"),
    "in_progress": P_("extension", "In progress"),
    "released": P_("extension", "Released"),
    "dropped": P_("extension", "Dropped"),
}
