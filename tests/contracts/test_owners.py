"""Every path of the API is answered by the service that contracts/owners.py names."""

import pytest

from contracts.owners import OWNERS, PUBLIC_OWNERS, owner_of
from services.composition import all_services

PATHS = sorted(
    (path, service.name)
    for service in all_services()
    for handler in service.routes
    for path in handler.paths
    if path.startswith("/v1/")
)


@pytest.mark.parametrize(("path", "service"), PATHS)
def test_path_is_answered_by_its_owner(path: str, service: str) -> None:
    assert service == owner_of(path)


def test_every_collection_has_a_path() -> None:
    found = {path.split("/")[2].partition(".")[0] for path, _ in PATHS} | {"reference"}

    assert set(OWNERS) == found - {"events", "parked", "public"}
    assert set(PUBLIC_OWNERS) == {
        path.split("/")[3].partition(".")[0] for path, _ in PATHS if path.startswith("/v1/public/")
    }


def test_query_is_no_part_of_the_path() -> None:
    assert owner_of("/v1/work?q=/v1/pledges") == "requests"
