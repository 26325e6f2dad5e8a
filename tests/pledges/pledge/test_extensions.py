"""Pledges that a donor earmarks to an extension of the portal (I.e)."""

from typing import Any
from uuid import uuid4

import pytest

from tests.pledges.steps import NORWAY, Client, a_pledge, pledge_of, pledged, refused


async def test_pledge_is_earmarked_to_an_extension(api: Client) -> None:
    extension_id = str(uuid4())

    pledge = await pledged(api, extension_id=extension_id)

    shown: dict[str, Any] = await pledge_of(api, pledge)
    assert (extension_id, "earmarked") == (shown["extension_id"], shown["earmarking"])
    other = await pledged(api)
    assert (None, "softly_earmarked") == (other["extension_id"], other["earmarking"])


@pytest.mark.parametrize("earmarking", ["unearmarked", "softly_earmarked", "tightly_earmarked"])
async def test_pledge_for_an_extension_is_neither_looser_nor_tighter(api: Client, earmarking: str) -> None:
    body = a_pledge(extension_id=str(uuid4()), earmarking=earmarking)

    assert (422, "earmarking-of-extension") == await refused(api, "/v1/pledges", NORWAY, **body)


async def test_extension_is_paid_by_a_sherloc_fund_and_is_the_only_purpose(api: Client) -> None:
    both = a_pledge(extension_id=str(uuid4()), requirement_id=str(uuid4()))
    elsewhere = a_pledge(extension_id=str(uuid4()), fund="TA-REQUESTS")

    assert (422, "extension-of-sherloc") == await refused(api, "/v1/pledges", NORWAY, **elsewhere)
    assert (400, "pledge-one-purpose") == await refused(api, "/v1/pledges", NORWAY, **both)
