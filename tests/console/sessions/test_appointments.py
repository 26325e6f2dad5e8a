"""The appointments of a session."""

from services.console.sessions.model import appointments_of


def test_appointment_of_an_organization_that_entered_the_person_comes_last_and_is_marked() -> None:
    of_kenya = {"organization": "KEN", "role": "focal_point", "status": "in_force", "head": False}

    found = appointments_of({"appointments": [of_kenya], "elsewhere": ["NOR:official"]})

    assert [("KEN:focal_point", False), ("NOR:official", True)] == [(one.name, one.elsewhere) for one in found]
