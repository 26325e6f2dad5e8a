"""The page /.well-known/security.txt: the contact for reports of vulnerabilities (RFC 9116)."""

from collections.abc import Sequence
from datetime import timedelta

from litestar import MediaType, Response, get
from litestar.handlers import HTTPRouteHandler

from chassis.http.application import PUBLIC, Now
from chassis.settings import Settings

PLACE = "/.well-known/security.txt"
GOOD_FOR = timedelta(days=90)
"""Time for which a copy is valid; it is limited because the operator may change the contact."""


def routes(settings: Settings) -> Sequence[HTTPRouteHandler]:
    """Return the route; none without a configured contact."""
    contact, public = settings.security_contact, settings.public_url or ""
    if contact is None:
        return ()

    @get(PLACE, opt=PUBLIC, include_in_schema=False, media_type=MediaType.TEXT)
    async def show_contact(now: Now) -> Response[str]:
        expires = (now + GOOD_FOR).strftime("%Y-%m-%dT%H:%M:%SZ")
        lines = [f"Contact: {contact}", f"Expires: {expires}", "Preferred-Languages: en"]
        if public.startswith("https:"):
            lines.append(f"Canonical: {public.rstrip('/')}{PLACE}")
        return Response("".join(f"{line}\n" for line in lines))

    return (show_contact,)
