"""Labels of the values of the API that no code list has: roles, recipients, criteria, and statuses by name."""

from collections.abc import Mapping

from services.console.deliveries.words import (
    ACTION_OWNER,
    ACTION_SOURCE,
    AGE_BAND,
    CLAUSE_KIND,
    COST_KIND,
    EFFECT,
    PROGRESS,
    SCREENING_ANSWER,
    SCREENING_KIND,
    SEX,
    TERM,
    USE,
)
from services.console.ledger.words import ACCOUNT, BOOK, ENTRY
from services.console.legislation.words import (
    CHECK_RESULT,
    CHECK_STATUS,
    LEGISLATION_PROPOSAL_STATUS,
    LEGISLATION_STATUS,
)
from services.console.nouns import NOUNS
from services.console.practices.words import COUNTRY_REVIEW, PRACTICE_KIND, PRACTICE_STATUS
from services.console.statuses import (
    ACTION_POINT_STATUS,
    AGREEMENT_STATUS,
    ALLOCATION_STATUS,
    APPOINTMENT_STATUS,
    ATTACHMENT_STATUS,
    COMPLETION_WITHOUT,
    CONTRIBUTION_STATUS,
    DELIVERY_STATUS,
    EFFECT_STATUS,
    FOLLOW_UP_STATUS,
    JOINT_STATUS,
    MAIL_STATUS,
    MATCH_STATUS,
    OFFERING_STATUS,
    PACKAGE_STATUS,
    PLEDGE_STATUS,
    PROPOSAL_STATUS,
    REPORT_STATUS,
    REQUEST_STATUS,
    RESULT_STATUS,
    ROUND_STATUS,
    SCREENING_STATUS,
    SESSION_STATUS,
    STRATEGY_STATUS,
    WEBHOOK_STATUS,
)
from services.console.strategies.words import STAKEHOLDER
from services.console.translations import N_

STEP = {
    "confirm_filing": N_("Confirm what was filed on your behalf"),
    "acknowledge": N_("Acknowledge receipt"),
    "triage": N_("Triage"),
    "propose": N_("Propose matches"),
    "state_answer": N_("Answer of the State"),
    "state_decision": N_("Decision of the State"),
    "provider_answer": N_("Answer of the provider"),
    "delivery": N_("Delivery"),
    "confirm_completion": N_("Confirm that delivery is complete, or object"),
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
    "granted": N_("Circulate immediately"),
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
"""Fields that a line needs before its request can be submitted."""

ADDRESSEE = {"any": N_("Any provider"), "unodc": N_("UNODC"), "states": N_("States that we name")}
SIDE = {"state": N_("The State"), "provider": N_("The provider")}

FULFILMENT = {"none": N_("Nothing agreed yet"), "partial": N_("Partly covered")}
FULFILMENT |= {"covered": N_("Fully covered"), "complete": N_("Fully delivered")}
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
GENDER_MARKER = {"0": N_("Not targeted"), "1": N_("Significant objective"), "2": N_("Principal objective")}
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
MEASURE = {
    "write_off": N_("Write off what is owed"),
    "refund": N_("Refund a donor"),
    "reversal": N_("Reverse an entry"),
    "reopening": N_("Open a closed year again"),
    "earmark_release": N_("Release an earmark"),
}
RESULT = {"met": N_("Met"), "partially_met": N_("Partly met"), "unmet": N_("Not met")}

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
CHANNEL = {"inbox": N_("On this site"), "mail": N_("By e-mail"), "webhook": N_("By webhook")}
DISPATCH_STATUS = {
    "owed": N_("waits to be sent"),
    "delivered": N_("delivered"),
    "refused": N_("refused by the recipient’s server"),
    "expired": N_("given up"),
}
FREQUENCY = {"at_once": N_("Immediately"), "daily": N_("Once a day"), "weekly": N_("Once a week")}
ALERT_SUBJECT = {
    "requests": N_("You are notified of new requests that you may see."),
    "funding": N_("You are notified of needs that lack money."),
    "offerings": N_("You are notified of new offerings."),
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
    "delivery_status": DELIVERY_STATUS,
    "agreement_status": AGREEMENT_STATUS,
    "side": SIDE,
    "confirmed_by": {**SIDE, "silence": N_("No answer in time, which counts as a confirmation")},
    "without": COMPLETION_WITHOUT,
    "cost_kind": COST_KIND,
    "clause_kind": CLAUSE_KIND,
    "term": TERM,
    "session_status": SESSION_STATUS,
    "result_status": RESULT_STATUS,
    "action_point_status": ACTION_POINT_STATUS,
    "action_owner": ACTION_OWNER,
    "screening_status": SCREENING_STATUS,
    "screening_kind": SCREENING_KIND,
    "screening_answer": SCREENING_ANSWER,
    "action_source": ACTION_SOURCE,
    "follow_up_status": FOLLOW_UP_STATUS,
    "effect_status": EFFECT_STATUS,
    "strategy_status": STRATEGY_STATUS,
    "stakeholder": STAKEHOLDER,
    "practice_status": PRACTICE_STATUS,
    "practice_kind": PRACTICE_KIND,
    "country_review": COUNTRY_REVIEW,
    "legislation_status": LEGISLATION_STATUS,
    "legislation_check_status": CHECK_STATUS,
    "legislation_check_result": CHECK_RESULT,
    "legislation_proposal_status": LEGISLATION_PROPOSAL_STATUS,
    "effect": EFFECT,
    "contribution_status": CONTRIBUTION_STATUS,
    "progress": PROGRESS,
    "use": USE,
    "sex": SEX,
    "age_band": AGE_BAND,
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
    "gender_marker": GENDER_MARKER,
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
    "translated_by": TRANSLATED_BY,
    "purpose": {
        **WORK_PACKAGE,
        "requests": N_("Requests of States"),
        "activities": N_("Activities"),
    },
    "allocation_status": ALLOCATION_STATUS,
    "measure": MEASURE,
    "proposal_status": PROPOSAL_STATUS,
    "report_status": REPORT_STATUS,
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
    **{name: of for noun in NOUNS for name, of in noun.labels.items()},
}
"""Maps a type of value to its values and their English labels, which pages translate; those of statuses have a mark."""

DONE = {
    "saved": N_("Saved."),
    "message_sent": N_("The message was sent."),
    "message_withdrawn": N_("The message was withdrawn."),
    "submitted": N_("The request was submitted. UNODC acknowledges it within two working days."),
    "drafted": N_("The draft is saved. No person outside your State sees it until it is submitted."),
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
    "delivery_proposed": N_("The delivery was proposed. Its States and the provider are notified."),
    "round_asked": N_("The round was asked for. Its plan is shown here when it is made."),
    "adopted": N_("The plan was adopted. Its matches were presented to their States and providers."),
    "plan_discarded": N_("The plan was discarded."),
    "filed": N_("The draft was saved. The focal point of the State is asked to confirm it."),
    "scan_added": N_("The scan was added."),
    "discarded": N_("The mail was discarded."),
    "event_released": N_("It is tried again within a minute."),
    "message_discarded": N_("The message was discarded."),
    "draft_saved": N_("The draft was saved."),
    "draft_copied": N_("The earlier offering was copied, with its dates a year later. Check it before you submit it."),
    "offering_submitted": N_("The offering was submitted. A coordinator of UNODC decides on it."),
    "published": N_("The text is in the public catalogue while the offering is available."),
    "interested": N_("Your interest was expressed. A coordinator of UNODC decides whether to present the match."),
    "consent_given": N_("Your consent is recorded. Those whom it names will be notified."),
    "consent_withdrawn": N_("The consent is withdrawn."),
    "file_added": N_("Added. The file is being checked for viruses."),
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
    "entered": N_("The person was entered. Now appoint them."),
    "read": N_("All notifications are marked as read."),
}
"""Messages that a page shows after a command, by the code in its address."""
