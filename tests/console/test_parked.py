"""The page of events that could not be applied."""

from services.console.parked.pages import SERVICES
from tests.platform.bodies import DOCUMENT


def test_every_service_that_parks_events_has_its_place_on_the_page() -> None:
    parking = {path.split("/")[3] for path in DOCUMENT["paths"] if path.startswith("/v1/parked/")}

    assert parking == SERVICES.keys()
