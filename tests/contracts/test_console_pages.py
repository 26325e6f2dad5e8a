"""The pages of the console to which mails lead."""

import re
from uuid import uuid4

import pytest

from contracts.console_pages import OF_NO_PAGE, PAGES, page_of, page_of_notification
from services.console.wiring import ROUTES
from services.notifications.notices import audience

ID = re.compile(r"\{[a-z_:]+\}")


def test_every_link_of_a_notice_has_a_page_or_is_known_to_have_none() -> None:
    links = {ID.sub("{id}", link) for link in audience.links()}

    assert not links - PAGES.keys() - OF_NO_PAGE
    assert not PAGES.keys() & OF_NO_PAGE


@pytest.mark.parametrize("page", sorted({*PAGES.values(), "/notifications/{id}"}))
def test_every_page_that_a_mail_leads_to_is_a_route_of_the_console(page: str) -> None:
    routes = {ID.sub("{id}", path) for route in ROUTES for path in route.paths}

    assert "/{id}" + page in routes


def test_link_leads_to_the_page_of_its_record_and_else_of_the_notification() -> None:
    record_id, notification_id = uuid4(), uuid4()

    assert f"/matches/{record_id}" == page_of(f"/v1/matches/{record_id}")
    assert f"/requests/{record_id}" == page_of(f"/v1/matches?request={record_id}")
    assert "/funds/SHERLOC-MNT" == page_of("/v1/funds/SHERLOC-MNT")
    assert page_of(f"/v1/matches/{record_id}/secret") is None
    assert page_of(f"/v1/clients/{record_id}") is None
    assert f"/notifications/{notification_id}" == page_of_notification(f"/v1/clients/{record_id}", notification_id)
