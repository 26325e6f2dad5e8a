"""Rules of API clients: validity of secrets, and recipients of notices."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from contracts.callers import HeldAppointment
from contracts.directory import ClientRegistered
from contracts.refusals import Conflict, Invalid
from contracts.values import Role, Scope
from services.directory.clients.model import (
    DAYS_MAX,
    EXPIRING_DAYS,
    OVERLAP_HOURS_MAX,
    Client,
    ClientRole,
    ClientStatus,
    Terms,
    hash_of,
    matches_any,
    register,
)
from services.directory.people.evolve import evolve
from services.notifications.notices import audience, matter, recipients
from services.notifications.notices.notice import Appointment

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
LAST_DAY = date(2027, 11, 26)
HASHES = [(1, hash_of("first")), (2, hash_of("second"))]


def terms(organization: str = "KEN", role: ClientRole = ClientRole.OFFICIAL, ends: date = LAST_DAY) -> Terms:
    return Terms(organization, role, frozenset(Scope), ends)


def registered(**changes: object) -> ClientRegistered:
    fact = register(UUID(int=1), terms(), "hash", registered_by=UUID(int=2), now=NOON)
    return replace(fact, **changes)


def a_client() -> Client:
    client = evolve(None, registered())
    assert isinstance(client, Client)
    return client


def rotated(hours: int) -> Client:
    client = evolve(a_client(), a_client().rotate(hours, now=NOON))
    assert isinstance(client, Client)
    return client


@pytest.mark.parametrize("hours", [0, 1, 24, OVERLAP_HOURS_MAX])
def test_previous_secret_is_valid_until_the_overlap_ends(hours: int) -> None:
    client, ends = rotated(hours), NOON + timedelta(hours=hours)

    assert client.verify_secret("second", HASHES, now=NOON)
    assert client.verify_secret("second", HASHES, now=ends)
    assert client.verify_secret("first", HASHES, now=max(NOON, ends - timedelta(microseconds=1))) is (hours > 0)
    assert not client.verify_secret("first", HASHES, now=ends)


def test_secret_of_another_generation_is_invalid() -> None:
    assert a_client().verify_secret("first", HASHES, now=NOON)
    assert not a_client().verify_secret("second", HASHES, now=NOON)
    assert not replace(rotated(24), generation=3).verify_secret("first", HASHES, now=NOON)


def test_secret_is_invalid_after_the_last_day_or_the_end() -> None:
    last = datetime(2027, 11, 26, 23, 59, 59, tzinfo=UTC)
    client = a_client()

    assert client.verify_secret("first", HASHES, now=last)
    assert not client.verify_secret("first", HASHES, now=last + timedelta(seconds=1))
    ended = evolve(client, client.end("other", now=NOON))
    assert isinstance(ended, Client)
    assert not ended.verify_secret("first", HASHES, now=NOON)
    for over, when, status in ((ended, NOON, "ended"), (client, last + timedelta(seconds=1), "expired")):
        assert ClientStatus(status) is over.shown_status(when.date())
        with pytest.raises(Conflict, match="client-over"):
            over.rotate(1, now=when)
        with pytest.raises(Conflict, match="client-over"):
            over.end("other", now=when)


def test_empty_secret_is_invalid() -> None:
    assert not matches_any("", ())
    assert not matches_any("", (hash_of("first"),))
    assert matches_any("first", (hash_of("second"), hash_of("first")))


def test_client_is_valid_for_a_year_at_most_in_a_role_of_its_organization() -> None:
    for ends in (NOON.date() - timedelta(days=1), NOON.date() + timedelta(days=DAYS_MAX + 1)):
        with pytest.raises(Invalid, match="client-days"):
            register(UUID(int=1), terms(ends=ends), "hash", registered_by=UUID(int=2), now=NOON)
    for organization, role in (
        ("UNODC", ClientRole.OFFICIAL),
        ("UNODC", ClientRole.DONOR_OFFICER),
        ("WORLD-BANK", ClientRole.OFFICIAL),
    ):
        with pytest.raises(Invalid, match="role-not-of-organization"):
            register(UUID(int=1), terms(organization, role), "hash", registered_by=UUID(int=2), now=NOON)


def test_appointment_of_a_client_ends_after_its_last_day() -> None:
    held = HeldAppointment(
        appointment_id=UUID(int=1), person_id=UUID(int=1), organization="KEN", role=Role.OFFICIAL,
        starts=NOON.date(), ends=LAST_DAY, version=1, scopes=frozenset({Scope.READ}),
    )  # fmt: skip

    assert held.in_force(LAST_DAY)
    assert not held.in_force(LAST_DAY + timedelta(days=1))
    assert held.caller.lacks(Scope.WRITE)
    assert not held.caller.lacks(Scope.READ)
    assert not replace(held, scopes=None).caller.lacks(Scope.WRITE)


def test_focal_points_are_notified_of_every_change_of_a_client() -> None:
    client = a_client()
    for fact in (
        registered(),
        client.rotate(24, now=NOON),
        client.expire_soon(now=NOON),
        client.end("other", now=NOON),
    ):
        [notice] = audience.notices_for(fact, caused=False)
        assert [Appointment("KEN", Role.FOCAL_POINT)] == recipients.appointments(notice, fact)
        assert f"/v1/clients/{client.client_id}" == matter.link_of(notice, fact)
    assert EXPIRING_DAYS == 14
