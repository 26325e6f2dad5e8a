"""A strategy of a request without a delivery: drawn up, followed by a verified milestone, and concluded."""

import re
from datetime import UTC, datetime, timedelta

import httpx

from tests.console.site import Site
from tests.console.steps import sent

STATE, COORDINATOR, PROVIDER = "FJI:focal_point", "UNODC:coordinator", "UNODC-SHERLOC:provider_officer"
TYPED = {
    "title": "Fictitious: strategy against migrant smuggling",
    "language": "en",
    "stakeholders": ["ministry", "law_enforcement"],
    "roles": "Fictitious: the Ministry of the Interior leads.",
}


def strategies_of_an_open_request(client: httpx.Client) -> str:
    """Return the address of the strategies of a request that has no delivery yet."""
    (request, *_) = re.findall(r'href="(/en/requests/[0-9a-f-]{36})"', client.get("/en/requests?status=open").text)
    page = client.get(request).text
    assert (f'href="{request}/strategies"' in page, "/en/deliveries/" in page) == (True, False)
    return f"{request}/strategies"


def test_strategy_is_drawn_up_followed_and_concluded(site: Site) -> None:
    tomorrow = (datetime.now(UTC).date() + timedelta(days=1)).isoformat()
    milestone = {"source": "strategy_milestone", "text": "Fictitious: adopted.", "language": "en", "owner": "state"}
    with site.client(STATE) as client:
        address = strategies_of_an_open_request(client)
        refused = sent(client, f"{address}/new", **TYPED | {"roles": ""})
        assert (400, True) == (refused.status_code, 'href="#f-roles"' in refused.text)
        strategy = sent(client, f"{address}/new", **TYPED).headers["Location"].partition("?")[0]
        assert strategy in client.get(address).text
        page = client.get(strategy).text
        assert all(said in page for said in (TYPED["title"], "Ministries, Law enforcement", "no milestone yet"))
        assert 303 == sent(client, f"{strategy}/revise", **TYPED | {"title": "Fictitious: another"}).status_code
        assert 303 == sent(client, f"{strategy}/action-points/new", **milestone, due_on=tomorrow).status_code
        (point,) = re.findall(r'href="(/en/action-points/[0-9a-f-]{36})"', client.get(strategy).text)
        assert f'href="{strategy}"' in client.get(point).text
        form = client.get(f"{point}/revise").text
        assert ('value="unodc"' in form, 'value="provider"' in form) == (True, False)
        assert 409 == sent(client, f"{strategy}/do/conclude").status_code
        sent(client, f"{point}/do/report-done")
        assert f"{point}/do/verify" not in client.get(point).text
    with site.client(COORDINATOR) as client:
        sent(client, f"{point}/do/verify")
        assert "Verified" in client.get(strategy).text
        sent(client, f"{strategy}/do/conclude")
        page = client.get(strategy).text
        assert ("Concluded on" in page, f"{strategy}/do/reopen" in page) == (True, True)
    with site.client(PROVIDER) as client:
        assert [404, 404] == [client.get(one).status_code for one in (strategy, point)]
