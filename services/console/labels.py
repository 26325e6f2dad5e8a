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
    "meaning": N_("Meaning of both texts"),
}
PACKAGE_STATUS = {
    "presented": N_("Proposed"),
    "confirmed": N_("Confirmed by all"),
    "declined": N_("Declined"),
    "withdrawn": N_("Withdrawn"),
    "ended": N_("Ended"),
}
PARTY = {
    "state": N_("State"),
    "provider": N_("Provider"),
    "unit": N_("Unit of UNODC"),
    "donor": N_("Donor"),
}
UNIT_ROLE = {
    "backstopping": N_("Technical support"),
    "coordination": N_("Coordination"),
    "logistics": N_("Logistics"),
    "quality_assurance": N_("Quality assurance"),
}
JOINT_STATUS = {
    "proposed": N_("Proposed"),
    "partly_agreed": N_("Partly agreed"),
    "agreed": N_("Agreed"),
    "in_delivery": N_("In delivery"),
    "completed": N_("Completed"),
    "ended": N_("Ended"),
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
    "constraint": CONSTRAINT,
    "package_status": PACKAGE_STATUS,
    "party": PARTY,
    "unit_role": UNIT_ROLE,
    "joint_status": JOINT_STATUS,
    "audience": AUDIENCE,
    "field_set": FIELD_SET,
    "door": DOOR,
    "work_package": WORK_PACKAGE,
    "earmarking": EARMARKING,
    "result": RESULT,
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
}
"""The colour of a status's tag; its words say the same."""

DONE = {
    "saved": N_("Saved."),
    "submitted": N_("The request was submitted. UNODC acknowledges it within two working days."),
    "presented": N_("Presented. The State and the provider will be notified."),
    "accepted": N_("Your agreement is recorded. The other side and UNODC will be notified."),
    "completed": N_("Recorded. Both sides are now asked to evaluate the delivery."),
    "consent_given": N_("Your consent is recorded. Those whom it names will be notified."),
    "consent_withdrawn": N_("The consent is withdrawn."),
    "file_added": N_("Added. The file is being checked for viruses."),
    "sent": N_("Done. Those concerned will be notified."),
}
"""What a page says after a command, by the code in its address."""
