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
VISIBILITY = {
    "private": N_("Only our State and UNODC"),
    "named": N_("Providers that we name later"),
    "providers": N_("All providers"),
    "public_summary": N_("All providers, and the public a summary that we approve"),
}
LINE_FIELD = {
    "kind": N_("Kind of assistance"),
    "institution": N_("Kind of institution"),
    "group_size": N_("Number of people"),
    "languages": N_("Languages"),
    "modality": N_("How"),
    "window": N_("Dates"),
}
"""What a line needs before its request can be submitted."""

ATTACHMENT_STATUS = {
    "pending": N_("Being scanned"),
    "clean": N_("Nothing found"),
    "infected": N_("Dangerous: it cannot be opened"),
    "unscanned": N_("Not scanned"),
    "removed": N_("Removed"),
}
ADDRESSEE = {"any": N_("Any provider"), "unodc": N_("UNODC"), "states": N_("States that we name")}
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
    "meaning": N_("Meaning of both texts"),
}
CONSTRAINT = {
    "kind": N_("Kind of assistance"),
    "modality": N_("Modality"),
    "language": N_("Languages"),
    "group_size": N_("Size of the group"),
    "eligibility": N_("States that the offering is open to"),
    "income_group": N_("Income group of the State"),
    "special_group": N_("Group of States"),
    "treaty": N_("Treaties in force for the State"),
    "validity": N_("Validity of the offering"),
    "window": N_("Dates"),
    "resource_status": N_("Resources"),
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
REGION = {
    "african": N_("African States"),
    "asia_pacific": N_("Asia-Pacific States"),
    "eastern_european": N_("Eastern European States"),
    "grulac": N_("Latin American and Caribbean States"),
    "weog": N_("Western European and other States"),
}
TRANSLATED_BY = {
    "state": N_("The State"),
    "provider": N_("The provider"),
    "unodc": N_("UNODC"),
    "machine": N_("A machine"),
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

FLAG = {"true": N_("Yes"), "false": N_("No")}
WAITING_FOR = {"me": N_("Us"), "others": N_("Others"), "anyone": N_("Anyone")}
CHANNEL = {"inbox": N_("On this site"), "mail": N_("By e-mail"), "webhook": N_("By webhook")}
DISPATCH_STATUS = {
    "owed": N_("waits to be sent"),
    "delivered": N_("delivered"),
    "refused": N_("refused by the recipient’s server"),
    "expired": N_("given up"),
}
FREQUENCY = {"at_once": N_("At once"), "daily": N_("Once a day"), "weekly": N_("Once a week")}
ALERT_SUBJECT = {
    "requests": N_("You are notified of new requests that you may see."),
    "funding": N_("You are notified of needs that lack money."),
    "offerings": N_("You are notified of new offerings."),
}
WEBHOOK_STATUS = {"enabled": N_("Enabled"), "disabled": N_("Disabled"), "removed": N_("Removed")}
APPOINTMENT_STATUS = {
    "proposed": N_("Proposed"),
    "upcoming": N_("Begins later"),
    "in_force": N_("In force"),
    "ended": N_("Ended"),
    "expired": N_("Expired"),
    "refused": N_("Refused"),
    "withdrawn": N_("Withdrawn"),
}
ORGANIZATION_KIND = {
    "state": N_("State"),
    "unodc": N_("UNODC"),
    "unit": N_("Unit of UNODC"),
    "other": N_("Organization"),
}
CODE_LIST = {
    "kinds": N_("Kind of assistance"),
    "topics": N_("Topic"),
    "articles": N_("Article of the Convention"),
    "paragraphs": N_("Paragraph of the resolution"),
    "institutions": N_("Institution"),
    "instruments": N_("Instrument"),
    "modalities": N_("Modality"),
    "languages": N_("Language"),
    "pillars": N_("Pillar"),
}

LABELS: Mapping[str, Mapping[str, str]] = {
    "request_status": REQUEST_STATUS,
    "step": STEP,
    "priority": PRIORITY,
    "circulation": CIRCULATION,
    "circulation_rule": CIRCULATION_RULE,
    "visibility": VISIBILITY,
    "addressee": ADDRESSEE,
    "line_field": LINE_FIELD,
    "attachment_status": ATTACHMENT_STATUS,
    "fulfilment": FULFILMENT,
    "match_status": MATCH_STATUS,
    "offering_status": OFFERING_STATUS,
    "pledge_status": PLEDGE_STATUS,
    "role": ROLE,
    "criterion": CRITERION,
    "constraint": CONSTRAINT,
    "audience": AUDIENCE,
    "field_set": FIELD_SET,
    "door": DOOR,
    "work_package": WORK_PACKAGE,
    "earmarking": EARMARKING,
    "result": RESULT,
    "region": REGION,
    "flag": FLAG,
    "waiting_for": WAITING_FOR,
    "translated_by": TRANSLATED_BY,
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
    "channel": CHANNEL,
    "dispatch_status": DISPATCH_STATUS,
    "frequency": FREQUENCY,
    "alert_subject": ALERT_SUBJECT,
    "webhook_status": WEBHOOK_STATUS,
    "appointment_status": APPOINTMENT_STATUS,
    "code_list": CODE_LIST,
    "organization_kind": ORGANIZATION_KIND,
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
    "fully_reserved": "turquoise",
    "suspended": "yellow",
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
    "proposed": "blue",
    "upcoming": "light-blue",
    "in_force": "green",
}
"""The colour of a status's tag; its words say the same."""

DONE = {
    "saved": N_("Saved."),
    "submitted": N_("The request was submitted. UNODC acknowledges it within two working days."),
    "drafted": N_("The draft is saved. Nobody outside your State sees it until it is submitted."),
    "copied": N_("The draft is saved with what was copied. Check each part."),
    "merged": N_("Saved. Another official changed the request meanwhile; both changes are kept."),
    "removed": N_("Removed."),
    "attached": N_("The file is attached. It can be opened after it is scanned."),
    "presented": N_("Presented. The State and the provider will be notified."),
    "accepted": N_("Your agreement is recorded. The other side and UNODC will be notified."),
    "completed": N_("Recorded. Both sides are now asked to evaluate the delivery."),
    "assigned": N_("The requests were assigned."),
    "handed_over": N_("The requests were handed over. They are listed here."),
    "view_saved": N_("The view was saved. Its address can be sent to colleagues."),
    "view_deleted": N_("The view was deleted."),
    "draft_saved": N_("The draft was saved."),
    "draft_copied": N_("The earlier offering was copied, with its dates a year later. Check it before you submit it."),
    "offering_submitted": N_("The offering was submitted. A coordinator of UNODC decides on it."),
    "published": N_("The text is in the public catalogue while the offering is available."),
    "interested": N_("Your interest was expressed. A coordinator of UNODC decides whether to present the match."),
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
    "read": N_("All notifications are marked as read."),
}
"""What a page says after a command, by the code in its address."""
