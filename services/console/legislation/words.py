"""Words for what a State's law on an article is on SHERLOC."""

from services.console.translations import P_

LEGISLATION_STATUS = {
    "not_known": P_("legislation", "Not known"),
    "none": P_("legislation", "No such law"),
    "missing": P_("legislation", "Missing on SHERLOC"),
    "outdated": P_("legislation", "Outdated on SHERLOC"),
    "submitted": P_("legislation", "Submitted"),
    "in_review": P_("legislation", "In review"),
    "published": P_("legislation", "Published"),
    "verified": P_("legislation", "Verified"),
}
