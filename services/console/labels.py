"""Words for the values of the API that no code list has: statuses, roles, recipients, criteria."""

from collections.abc import Mapping

from services.console.ledger.words import ACCOUNT, BOOK, ENTRY
from services.console.translations import N_

REQUEST_STATUS = {
    "draft": N_("Draft"),
    "submitted": N_("Submitted"),
    "returned": N_("Returned"),
    "registered": N_("Registered"),
    "open": N_("Open"),
    "in_delivery": N_("In delivery"),
    "delivered": N_("Delivered"),
    "closed": N_("Closed"),
    "on_hold": N_("On hold"),
    "not_accepted": N_("Not accepted"),
    "lapsed": N_("Lapsed"),
    "withdrawn": N_("Withdrawn"),
}
STEP = {
    "confirm_filing": N_("Confirm what was filed on your behalf"),
    "acknowledge": N_("Acknowledge receipt"),
    "triage": N_("Triage"),
    "propose": N_("Propose matches"),
    "state_answer": N_("Answer of the State"),
    "state_decision": N_("Decision of the State"),
    "provider_answer": N_("Answer of the provider"),
    "delivery": N_("Delivery"),
    "close": N_("Close"),
    "follow_up": N_("Follow up"),
}
PRIORITY = {"low": N_("Low"), "normal": N_("Normal"), "high": N_("High"), "urgent": N_("Urgent")}
CIRCULATION = {
    "none": N_("Not circulated"),
    "window_running": N_("Will be circulated if the State does not object"),
    "granted": N_("Circulated"),
    "objected": N_("The State objected"),
    "withdrawn": N_("Circulation ended"),
}
CIRCULATION_RULE = {
    "none": N_("Do not circulate"),
    "granted": N_("Circulate at once"),
    "silence": N_("Circulate after a period in which the State can object"),
}
FULFILMENT = {"none": N_("Nothing agreed yet"), "partial": N_("Partly covered"), "complete": N_("Fully covered")}
MATCH_STATUS = {
    "suggested": N_("Suggested"),
    "nominated": N_("Nominated"),
    "interested": N_("Interest expressed"),
    "shortlisted": N_("On the short list"),
    "presented": N_("Presented"),
    "accepted": N_("Accepted by the State"),
    "provider_confirmed": N_("Confirmed by the provider"),
    "confirmed": N_("Confirmed by both"),
    "in_delivery": N_("In delivery"),
    "completed": N_("Completed"),
    "declined_by_state": N_("Declined by the State"),
    "declined_by_provider": N_("Declined by the provider"),
    "not_pursued": N_("Not pursued"),
    "expired": N_("Expired"),
    "revoked": N_("Revoked"),
}
OFFERING_STATUS = {
    "draft": N_("Draft"),
    "submitted": N_("Submitted"),
    "returned": N_("Returned"),
    "available": N_("Available"),
    "fully_reserved": N_("Fully reserved"),
    "suspended": N_("Suspended"),
    "lapsed": N_("Lapsed"),
    "withdrawn": N_("Withdrawn"),
}
PLEDGE_STATUS = {
    "pledged": N_("Pledged"),
    "committed": N_("Committed"),
    "partially_received": N_("Partly received"),
    "received": N_("Received"),
    "withdrawn": N_("Withdrawn"),
    "lapsed": N_("Lapsed"),
    "written_off": N_("Written off"),
    "refunded": N_("Refunded"),
    "closed": N_("Closed"),
}
ROLE = {
    "focal_point": N_("Focal point"),
    "official": N_("Official"),
    "coordinator": N_("Coordinator"),
    "provider_officer": N_("Officer of the provider"),
    "donor_officer": N_("Officer of the donor"),
    "finance_officer": N_("Finance officer"),
    "administrator": N_("Administrator"),
    "auditor": N_("Auditor"),
    "service": N_("A service of the platform"),
}
CRITERION = {
    "topics": N_("Topics"),
    "articles": N_("Articles of the Convention"),
    "kind": N_("Kind of assistance"),
    "paragraphs": N_("Paragraphs of the resolution"),
    "pillars": N_("Pillars"),
    "language": N_("Languages"),
    "window": N_("Dates"),
    "region": N_("Region"),
    "legal_system": N_("Legal system"),
    "experience": N_("Experience"),
    "funding": N_("Resources"),
    "load": N_("Free capacity"),
    "words": N_("Words of both texts"),
}
AUDIENCE = {
    "coordinator": N_("UNODC coordinators"),
    "auditor": N_("Auditors"),
    "service": N_("Services of the platform"),
    "unodc_units": N_("Units of UNODC"),
    "providers": N_("All providers"),
    "public": N_("The public"),
}
FIELD_SET = {
    "codes": N_("Kind, topics and dates"),
    "words": N_("Your texts"),
    "institution": N_("The institution"),
}
DOOR = {
    "office": N_("by office"),
    "consent": N_("by your consent"),
    "match": N_("by an accepted match"),
    "circulation": N_("by circulation"),
    "state": N_("of the State itself"),
}
WORK_PACKAGE = {
    "maintenance": N_("Maintenance"),
    "hosting": N_("Hosting"),
    "legal_research": N_("Legal research"),
    "case_law_upload": N_("Entry of case law"),
    "translation": N_("Translation"),
    "training": N_("Training"),
    "development": N_("Development"),
}
EARMARKING = {
    "unearmarked": N_("Not earmarked"),
    "softly_earmarked": N_("Softly earmarked"),
    "earmarked": N_("Earmarked"),
    "tightly_earmarked": N_("Tightly earmarked"),
}
ALLOCATION_STATUS = {"made": N_("Allocated"), "returned": N_("Given back"), "reversed": N_("Reversed")}
MEASURE = {
    "write_off": N_("Write off what is owed"),
    "refund": N_("Refund a donor"),
    "reversal": N_("Reverse an entry"),
    "reopening": N_("Open a closed year again"),
    "earmark_release": N_("Release an earmark"),
}
PROPOSAL_STATUS = {"open": N_("Waits for a second person"), "approved": N_("Approved"), "refused": N_("Refused")}
IN_KIND_STATUS = {
    "declared": N_("Declared"),
    "acknowledged": N_("Acknowledged"),
    "withdrawn": N_("Withdrawn"),
    "struck": N_("Struck out"),
}
ACTIVITY_STATUS = {"planned": N_("Planned"), "completed": N_("Completed"), "cancelled": N_("Cancelled")}
RESULT = {"met": N_("Met"), "partially_met": N_("Partly met"), "unmet": N_("Not met")}

LABELS: Mapping[str, Mapping[str, str]] = {
    "request_status": REQUEST_STATUS,
    "step": STEP,
    "priority": PRIORITY,
    "circulation": CIRCULATION,
    "circulation_rule": CIRCULATION_RULE,
    "fulfilment": FULFILMENT,
    "match_status": MATCH_STATUS,
    "offering_status": OFFERING_STATUS,
    "pledge_status": PLEDGE_STATUS,
    "role": ROLE,
    "criterion": CRITERION,
    "audience": AUDIENCE,
    "field_set": FIELD_SET,
    "door": DOOR,
    "work_package": WORK_PACKAGE,
    "earmarking": EARMARKING,
    "result": RESULT,
    "purpose": {
        **WORK_PACKAGE,
        "requests": N_("Requests of States"),
        "activities": N_("Activities"),
    },
    "allocation_status": ALLOCATION_STATUS,
    "measure": MEASURE,
    "proposal_status": PROPOSAL_STATUS,
    "in_kind_status": IN_KIND_STATUS,
    "activity_status": ACTIVITY_STATUS,
    "entry": ENTRY,
    "book": BOOK,
    "account": ACCOUNT,
}
"""What a value is of → value → its English words; a page translates them."""

TAG_COLOURS = {
    "draft": "grey",
    "submitted": "blue",
    "returned": "orange",
    "registered": "light-blue",
    "open": "turquoise",
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
    "accepted": "light-blue",
    "provider_confirmed": "light-blue",
    "confirmed": "green",
    "available": "green",
    "pledged": "blue",
    "committed": "light-blue",
    "partially_received": "turquoise",
    "received": "green",
    "written_off": "red",
    "refunded": "orange",
    "approved": "green",
    "refused": "red",
    "acknowledged": "green",
    "declared": "blue",
    "planned": "blue",
}
"""The colour of a status's tag; its words say the same."""

DONE = {
    "saved": N_("Saved."),
    "submitted": N_("The request was submitted. UNODC acknowledges it within two working days."),
    "sent": N_("Done. Those concerned will be notified."),
    "pledged": N_("Pledged. UNODC will contact you about the agreement."),
    "committed": N_("The agreement is recorded. The donor will be notified."),
    "received": N_("The payment is recorded. The donor will be notified."),
    "condition_met": N_("Recorded. The instalment is now owed."),
    "proposed": N_("Proposed. It takes effect when another finance officer approves it."),
    "carried_over": N_("Carried over. The donor will be notified."),
    "reduced": N_("Reduced. The donor will be notified."),
    "pledge_closed": N_("The pledge is closed."),
    "pledge_withdrawn": N_("The pledge is withdrawn and no longer counts."),
    "pledge_lapsed": N_("The pledge no longer counts."),
    "allocated": N_("Allocated. The money is set aside for this purpose."),
    "declared": N_("Declared. UNODC acknowledges it once it has been provided."),
    "acknowledged": N_("Acknowledged. The donor will be notified."),
    "spent": N_("Recorded as spent."),
    "given_back": N_("What was left is available in the fund again."),
    "approved": N_("Approved and carried out."),
    "refused": N_("Refused. Nothing was changed."),
    "year_closed": N_("The year is closed. Its figures are final."),
}
"""What a page says after a command, by the code in its address."""
