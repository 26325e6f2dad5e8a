"""The pages of the console that show records of the API, to which links in mails lead."""

import re
from collections.abc import Mapping

from contracts.answer_links import Purpose

PAGES: Mapping[str, str] = {
    "/v1/requests/{id}": "/requests/{id}",
    "/v1/matches/{id}": "/matches/{id}",
    "/v1/deliveries/{id}": "/deliveries/{id}",
    "/v1/sessions/{id}": "/sessions/{id}",
    "/v1/follow-ups/{id}": "/follow-ups/{id}",
    "/v1/effects/{id}": "/effects/{id}",
    "/v1/strategies/{id}": "/strategies/{id}",
    "/v1/contributions/{id}": "/sherloc/contributions/{id}",
    "/v1/legislation/{id}": "/legislation/{id}",
    "/v1/legislation/checks/{id}": "/legislation/checks/{id}",
    "/v1/legislation/proposals/{id}": "/legislation/proposals/{id}",
    "/v1/meetings/{id}": "/meetings/{id}",
    "/v1/practices/{id}": "/practices/{id}",
    "/v1/matches?request={id}": "/requests/{id}",
    "/v1/offerings/{id}": "/offerings/{id}",
    "/v1/pledges/{id}": "/pledges/{id}",
    "/v1/funds/{id}": "/funds/{id}",
    "/v1/proposals/{id}": "/approvals/{id}",
    "/v1/packages/{id}": "/packages/{id}",
    "/v1/extensions/{id}": "/extensions/{id}",
    "/v1/activities/{id}": "/activities/{id}",
    "/v1/in-kind-contributions/{id}": "/contributions/{id}",
    "/v1/intake/mails/{id}": "/intake/{id}",
    "/v1/people/{id}": "/people/{id}",
    "/v1/appointments/{id}": "/appointments/{id}",
    "/v1/digests/{id}": "/digests/{id}",
}
"""Maps each link of a notice to its page; both contain the id of the record."""

OF_NO_PAGE = frozenset({"/v1/clients/{id}", "/v1/webhooks/{id}"})
"""Links of records without a page of their own, for which the page of the notification is used."""

ANSWERS: Mapping[Purpose, str] = {
    Purpose.FOLLOW_UP: "/answer?token={token}",
    Purpose.LEGISLATION_CHECK: "/legislation-check?token={token}",
    Purpose.MATCH: "/match?token={token}",
}
"""Maps each purpose of an answer link to the page on which a person answers without signing in."""

ID = re.compile(r"[A-Za-z0-9_-]+\Z")


def page_of(link: str) -> str | None:
    """The path of the page of a record, without the language prefix; None if the record has no page."""
    for shape, page in PAGES.items():
        before, mark, _ = shape.partition("{id}")
        if link == shape or (mark and link.startswith(before) and ID.match(link.removeprefix(before))):
            return page.replace("{id}", link.removeprefix(before))
    return None


def page_of_notification(link: str, notification_id: object) -> str:
    """The page of the record that a notification is about; the page of the notification itself if there is none."""
    return page_of(link) or f"/notifications/{notification_id}"
