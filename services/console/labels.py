"""Words for the values of the API that no code list has: statuses, roles, recipients, criteria."""

from collections.abc import Mapping

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
REGION = {
    "african": N_("African States"),
    "asia_pacific": N_("Asia-Pacific States"),
    "eastern_european": N_("Eastern European States"),
    "grulac": N_("Latin American and Caribbean States"),
    "weog": N_("Western European and other States"),
}
RESULT = {"met": N_("Met"), "partially_met": N_("Partly met"), "unmet": N_("Not met")}

ROUND_STATUS = {
    "asked": N_("Being planned"),
    "planned": N_("Planned"),
    "failed": N_("No plan found"),
    "adopted": N_("Adopted"),
    "discarded": N_("Discarded"),
}
ROUND_SETTING = {
    "seed": N_("Start of the search"),
    "seconds": N_("Time of the search"),
    "based_on": N_("Round that it changes"),
    "fairness_loss": N_("Benefit given up for fairness"),
    "priorities": N_("What counts more"),
    "budgets": N_("Budgets"),
    "funds": N_("Funds"),
    "taken": N_("Money available in the funds"),
    "deliveries": N_("Deliveries needed"),
    "pinned": N_("Matches that must be in the plan"),
    "forbidden": N_("Matches that must not be in the plan"),
    "rooms": N_("Places of offerings"),
}
GROUP = {
    "ldc": N_("Least developed country"),
    "lldc": N_("Landlocked developing country"),
    "sids": N_("Small island developing State"),
}
MAIL_STATUS = {
    "new": N_("New"),
    "filed": N_("Filed"),
    "added": N_("Added to a request"),
    "discarded": N_("Discarded"),
}
MAIL_CHECK = {
    "pass": N_("passed"),
    "fail": N_("failed"),
    "softfail": N_("failed in part"),
    "none": N_("nothing to check"),
    "neutral": N_("undecided"),
    "temperror": N_("could not be checked"),
    "permerror": N_("could not be checked"),
    "unverified": N_("not checked"),
}
FILE_STATUS = {
    "pending": N_("being checked for malware"),
    "clean": N_("no malware found"),
    "infected": N_("malware found"),
    "removed": N_("removed"),
    "unscanned": N_("not checked for malware"),
}
FLAG = {"true": N_("Yes"), "false": N_("No")}
WAITING_FOR = {"me": N_("Us"), "others": N_("Others"), "anyone": N_("Anyone")}

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
    "mail_status": MAIL_STATUS,
    "round_status": ROUND_STATUS,
    "round_setting": ROUND_SETTING,
    "group": GROUP,
    "mail_check": MAIL_CHECK,
    "file_status": FILE_STATUS,
    "region": REGION,
    "flag": FLAG,
    "waiting_for": WAITING_FOR,
}
"""What a value is of → value → its English words; a page translates them."""

TAG_COLOURS = {
    "new": "blue",
    "asked": "yellow",
    "planned": "blue",
    "failed": "red",
    "adopted": "green",
    "filed": "green",
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
}
"""The colour of a status's tag; its words say the same."""

DONE = {
    "saved": N_("Saved."),
    "submitted": N_("The request was submitted. UNODC acknowledges it within two working days."),
    "assigned": N_("The requests were assigned."),
    "handed_over": N_("The requests were handed over. They are listed here."),
    "view_saved": N_("The view was saved. Its address can be sent to colleagues."),
    "view_deleted": N_("The view was deleted."),
    "proposed": N_("The delivery was proposed. Its States and the provider are notified."),
    "round_asked": N_("The round was asked for. Its plan is shown here when it is made."),
    "adopted": N_("The plan was adopted. Its matches were presented to their States and providers."),
    "plan_discarded": N_("The plan was discarded."),
    "filed": N_("The draft was saved. The focal point of the State is asked to confirm it."),
    "scan_added": N_("The scan was added."),
    "discarded": N_("The mail was discarded."),
    "sent": N_("Done. Those concerned will be notified."),
}
"""What a page says after a command, by the code in its address."""
