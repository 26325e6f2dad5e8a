"""Labels of statuses, each marked with the noun that it describes, by which many languages inflect them."""

from services.console.translations import N_, P_

REQUEST_STATUS = {
    "draft": P_("request", "Draft"),
    "submitted": P_("request", "Submitted"),
    "returned": P_("request", "Returned"),
    "registered": P_("request", "Registered"),
    "open": P_("request", "Open"),
    "in_delivery": P_("request", "In delivery"),
    "delivered": P_("request", "Delivered"),
    "closed": P_("request", "Closed"),
    "on_hold": P_("request", "On hold"),
    "not_accepted": P_("request", "Not accepted"),
    "lapsed": P_("request", "Lapsed"),
    "withdrawn": P_("request", "Withdrawn"),
}
OFFERING_STATUS = {
    "draft": P_("offering", "Draft"),
    "submitted": P_("offering", "Submitted"),
    "returned": P_("offering", "Returned"),
    "available": P_("offering", "Available"),
    "fully_reserved": P_("offering", "Fully reserved"),
    "suspended": P_("offering", "Suspended"),
    "lapsed": P_("offering", "Lapsed"),
    "withdrawn": P_("offering", "Withdrawn"),
}
MATCH_STATUS = {
    "suggested": P_("match", "Suggested"),
    "nominated": P_("match", "Nominated"),
    "interested": P_("match", "Interest expressed"),
    "shortlisted": P_("match", "On the short list"),
    "presented": P_("match", "Presented"),
    "accepted": P_("match", "Accepted by the State"),
    "provider_confirmed": P_("match", "Confirmed by the provider"),
    "confirmed": P_("match", "Confirmed by both"),
    "in_delivery": P_("match", "In delivery"),
    "completed": P_("match", "Completed"),
    "declined_by_state": P_("match", "Declined by the State"),
    "declined_by_provider": P_("match", "Declined by the provider"),
    "not_pursued": P_("match", "Not pursued"),
    "expired": P_("match", "Expired"),
    "revoked": P_("match", "Revoked"),
}
DELIVERY_STATUS = {
    "open": P_("delivery", "Being prepared"),
    "in_delivery": P_("delivery", "In delivery"),
    "suspended": P_("delivery", "Suspended"),
    "completion_proposed": P_("delivery", "Completion proposed"),
    "completed": P_("delivery", "Completed"),
    "terminated": P_("delivery", "Terminated"),
}
ATTACHMENT_STATUS = {
    "pending": N_("Being scanned"),
    "clean": N_("Nothing found"),
    "infected": N_("Dangerous: it cannot be opened"),
    "unscanned": N_("Not scanned"),
    "removed": N_("Removed"),
}
COMPLETION_WITHOUT = {"session": N_("No session was held"), "result": N_("No result was reported")}
AGREEMENT_STATUS = {
    "proposed": P_("agreement", "Proposed"),
    "in_force": P_("agreement", "In force"),
    "amending": P_("agreement", "In force, amendment proposed"),
    "ended": P_("agreement", "Ended with the delivery"),
    "terminated": P_("agreement", "Terminated with the delivery"),
}
SESSION_STATUS = {
    "planned": P_("session", "Planned"),
    "held": P_("session", "Took place"),
    "cancelled": P_("session", "Cancelled"),
}
RESULT_STATUS = {
    "reported": P_("result", "Reported"),
    "confirmed": P_("result", "Confirmed by the State"),
    "disputed": P_("result", "Disputed by the State"),
}
ACTION_POINT_STATUS = {
    "open": P_("action point", "Open"),
    "done": P_("action point", "Reported done"),
    "verified": P_("action point", "Verified"),
    "dropped": P_("action point", "Dropped"),
}
SCREENING_STATUS = {
    "open": P_("screening", "Open"),
    "completed": P_("screening", "Completed"),
}
FOLLOW_UP_STATUS = {
    "scheduled": P_("follow-up", "Not due yet"),
    "asked": P_("follow-up", "Asked"),
    "answered": P_("follow-up", "Answered"),
    "lapsed": P_("follow-up", "Not answered"),
}
STRATEGY_STATUS = {
    "active": P_("strategy", "Active"),
    "concluded": P_("strategy", "Concluded"),
}
EFFECT_STATUS = {
    "recorded": P_("effect", "Not verified yet"),
    "verified": P_("effect", "Verified"),
    "declined": P_("effect", "Declined"),
    "withdrawn": P_("effect", "Withdrawn"),
}
CONTRIBUTION_STATUS = {
    "draft": P_("contribution", "Draft"),
    "submitted": P_("contribution", "Submitted"),
    "returned": P_("contribution", "Returned"),
    "accepted": P_("contribution", "Accepted"),
    "published": P_("contribution", "Published"),
    "superseded": P_("contribution", "Superseded"),
    "withdrawn": P_("contribution", "Withdrawn"),
}
PLEDGE_STATUS = {
    "pledged": P_("pledge", "Pledged"),
    "committed": P_("pledge", "Committed"),
    "partially_received": P_("pledge", "Partly received"),
    "received": P_("pledge", "Received"),
    "withdrawn": P_("pledge", "Withdrawn"),
    "lapsed": P_("pledge", "Lapsed"),
    "written_off": P_("pledge", "Written off"),
    "refunded": P_("pledge", "Refunded"),
    "closed": P_("pledge", "Closed"),
}
PROPOSAL_STATUS = {
    "open": P_("proposal", "Waits for a second person"),
    "approved": P_("proposal", "Approved"),
    "refused": P_("proposal", "Refused"),
}
PACKAGE_STATUS = {
    "presented": P_("package", "Proposed"),
    "confirmed": P_("package", "Confirmed by all"),
    "declined": P_("package", "Declined"),
    "withdrawn": P_("package", "Withdrawn"),
    "ended": P_("package", "Ended"),
}
APPOINTMENT_STATUS = {
    "proposed": P_("appointment", "Proposed"),
    "upcoming": P_("appointment", "Begins later"),
    "in_force": P_("appointment", "In force"),
    "ended": P_("appointment", "Ended"),
    "expired": P_("appointment", "Expired"),
    "refused": P_("appointment", "Refused"),
    "withdrawn": P_("appointment", "Withdrawn"),
}
ALLOCATION_STATUS = {
    "made": P_("allocation", "Allocated"),
    "returned": P_("allocation", "Given back"),
    "reversed": P_("allocation", "Reversed"),
}
JOINT_STATUS = {
    "proposed": P_("joint delivery", "Proposed"),
    "partly_agreed": P_("joint delivery", "Partly agreed"),
    "agreed": P_("joint delivery", "Agreed"),
    "in_delivery": P_("joint delivery", "In delivery"),
    "completed": P_("joint delivery", "Completed"),
    "ended": P_("joint delivery", "Ended"),
}
REPORT_STATUS = {
    "draft": P_("report", "Draft"),
    "issued": P_("report", "Issued"),
    "superseded": P_("report", "Superseded"),
}
ROUND_STATUS = {
    "asked": P_("allocation round", "Being planned"),
    "planned": P_("allocation round", "Planned"),
    "failed": P_("allocation round", "No plan found"),
    "adopted": P_("allocation round", "Adopted"),
    "discarded": P_("allocation round", "Discarded"),
}
MAIL_STATUS = {
    "new": P_("mail", "New"),
    "filed": P_("mail", "Filed"),
    "added": P_("mail", "Added to a request"),
    "discarded": P_("mail", "Discarded"),
}
WEBHOOK_STATUS = {
    "enabled": P_("webhook", "Enabled"),
    "disabled": P_("webhook", "Disabled"),
    "removed": P_("webhook", "Removed"),
}

TAG_COLOURS = {
    "held": "green",
    "verified": "green",
    "answered": "green",
    "reported": "blue",
    "recorded": "blue",
    "done": "blue",
    "disputed": "orange",
    "declined": "red",
    "new": "blue",
    "asked": "yellow",
    "failed": "red",
    "adopted": "green",
    "filed": "green",
    "draft": "grey",
    "submitted": "blue",
    "returned": "orange",
    "registered": "blue",
    "open": "teal",
    "in_delivery": "purple",
    "delivered": "green",
    "completed": "green",
    "closed": "grey",
    "on_hold": "yellow",
    "not_accepted": "red",
    "declined_by_state": "red",
    "declined_by_provider": "red",
    "withdrawn": "grey",
    "lapsed": "grey",
    "presented": "blue",
    "accepted": "blue",
    "provider_confirmed": "blue",
    "completion_proposed": "blue",
    "confirmed": "green",
    "available": "green",
    "fully_reserved": "teal",
    "suspended": "yellow",
    "pledged": "blue",
    "committed": "blue",
    "partially_received": "teal",
    "received": "green",
    "written_off": "red",
    "refunded": "orange",
    "approved": "green",
    "refused": "red",
    "acknowledged": "green",
    "declared": "blue",
    "planned": "blue",
    "cancelled": "grey",
    "dropped": "grey",
    "proposed": "blue",
    "upcoming": "blue",
    "in_force": "green",
    "in_progress": "purple",
    "released": "green",
    "shown": "green",
}
"""Colours of the tags of statuses beside their labels, grey if not listed. Blue is the default of the style sheet."""
