"""The service that answers each path of the API, for callers of services with addresses of their own."""

OWNERS = {
    "requests": "requests",
    "work": "requests",
    "views": "requests",
    "observations": "requests",
    "calendar": "requests",
    "criteria": "requests",
    "offerings": "matching",
    "matches": "matching",
    "packages": "matching",
    "treaty-statuses": "matching",
    "joint-deliveries": "matching",
    "rounds": "matching",
    "deliveries": "delivery",
    "delivery-files": "delivery",
    "messages": "delivery",
    "sessions": "delivery",
    "experts": "delivery",
    "results": "delivery",
    "action-points": "delivery",
    "screenings": "delivery",
    "follow-ups": "delivery",
    "effects": "delivery",
    "strategies": "delivery",
    "legislation": "sherloc",
    "contributions": "sherloc",
    "contribution-exports": "sherloc",
    "extensions": "sherloc",
    "outreach-activities": "sherloc",
    "review-progress": "sherloc",
    "meetings": "sherloc",
    "practices": "sherloc",
    "funds": "pledges",
    "pledges": "pledges",
    "allocations": "pledges",
    "requirements": "pledges",
    "rates": "pledges",
    "ledger": "pledges",
    "statements": "pledges",
    "proposals": "pledges",
    "flows": "pledges",
    "imports": "pledges",
    "in-kind-contributions": "pledges",
    "activities": "pledges",
    "notifications": "notifications",
    "subscriptions": "notifications",
    "webhooks": "notifications",
    "alerts": "notifications",
    "unsubscribe": "notifications",
    "digests": "notifications",
    "organizations": "directory",
    "people": "directory",
    "appointments": "directory",
    "intake": "requests",
    "attachments": "requests",
    "me": "directory",
    "coordinators": "directory",
    "finance-officers": "directory",
    "clients": "directory",
    "token": "directory",
    "reference": "requests",
    "figures": "reports",
    "reports": "reports",
}
"""The service of each `/v1/<collection>`, for services with addresses of their own."""

PUBLIC_OWNERS = {
    "requests": "requests",
    "offerings": "matching",
    "funds": "pledges",
    "legislation": "sherloc",
    "figures": "reports",
    "catalogue": "reports",
    "datasets": "reports",
}
"""The service of each `/v1/public/<collection>` and of the dataset files of that name."""


def owner_of(path: str) -> str:
    """The service that answers a path under `/v1`, with or without a query. Raises KeyError if it is unknown."""
    _, _, collection, *rest = path.partition("?")[0].split("/")
    if collection in ("events", "parked"):
        return rest[0]
    if collection == "public":
        return PUBLIC_OWNERS[rest[0].partition(".")[0]]
    return OWNERS[collection.partition(".")[0]]
