"""A webhook's moves, retry schedule and signatures, checked by the test vectors of the specification."""

import base64
import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.notifications import Record, WebhookDisabled, WebhookRegistered
from contracts.refusals import Conflict
from contracts.values import Role
from services.notifications.notices import audience
from services.notifications.notices.model import Accepted, Failed, Rejected
from services.notifications.webhooks import model as webhook
from services.notifications.webhooks import signing
from services.notifications.webhooks.model import (
    DELAYS_SECONDS,
    MOVES,
    OVERLAP_HOURS,
    WAIT_SECONDS_MAX,
    Schedule,
    Webhook,
    WebhookStatus,
    evolve,
    payload,
    wait_seconds,
)
from services.notifications.webhooks.sender import outcome_of
from services.notifications.webhooks.signing import Keyring, Scheme, secret_of, sign, verification_key_of
from tests.builders import NOON, a_caller

MASTER = b"m" * 32


def a_webhook() -> Webhook:
    caller = a_caller()
    return evolve(
        None,
        WebhookRegistered(
            webhook_id=uuid4(),
            person_id=caller.person_id,
            organization="KEN",
            role=Role.FOCAL_POINT,
            scheme="v1a",
            key_id="a",
            url_hash="h",
            registered_at=NOON,
        ),
    )


# -- signatures -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scheme", "key", "signature"),
    [
        # libraries/python/tests/test_webhooks.py and libraries/go/webhook_asymmetric_test.go of the specification
        ("v1", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        (
            "v1a",
            "VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=",
            "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==",
        ),
    ],
)
def test_signature_matches_the_test_vectors_of_the_specification(scheme: str, key: str, signature: str) -> None:
    body = b'{"test": 2432232314}'

    assert signature == sign(Scheme(scheme), base64.b64decode(key), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)


def test_signing_key_is_derived_per_webhook_and_generation() -> None:
    keyring = Keyring([MASTER])
    one, other = UUID(int=1), UUID(int=2)
    keys = [keyring.key(keyring.newest, webhook_id, n) for webhook_id in (one, other) for n in (1, 2)]

    assert 4 == len(set(keys))
    assert keys[0] == Keyring([b"x" * 32, MASTER]).key(keyring.newest, one, 1), (
        "the position of the master key does not matter"
    )
    assert MASTER not in keys


def test_new_master_key_applies_to_new_webhooks_and_old_ones_keep_theirs() -> None:
    both = Keyring.parse("\n".join(base64.b64encode(key).decode() for key in (b"n" * 32, MASTER)) + "\n")

    assert Keyring([b"n" * 32]).newest == both.newest
    assert both.key(Keyring([MASTER]).newest, UUID(int=1), 1)
    with pytest.raises(KeyError):
        Keyring([b"n" * 32]).key(Keyring([MASTER]).newest, UUID(int=1), 1)


@pytest.mark.parametrize("text", ["", "\n", "short", "not base64!", base64.b64encode(b"k" * 31).decode()])
def test_invalid_master_keys_are_rejected_without_repeating_them(text: str) -> None:
    with pytest.raises(ValueError, match="webhooks") as no:
        Keyring.parse(text)

    assert not text.strip() or text not in str(no.value)


def test_secrets_have_the_specified_format() -> None:
    assert "whsec_a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=" == secret_of(b"k" * 32)
    assert verification_key_of(b"k" * 32).startswith("whpk_")
    assert 32 == len(base64.b64decode(verification_key_of(b"k" * 32).removeprefix("whpk_")))


def test_two_keys_give_two_signatures() -> None:
    headers = signing.headers(Scheme.HMAC, [b"a" * 32, b"b" * 32], "id", 7, b"{}")

    assert {"webhook-id", "webhook-timestamp", "webhook-signature"} == set(headers)
    assert 2 == len(set(headers["webhook-signature"].split(" ")))


# -- moves ------------------------------------------------------------------------------------------------------------


def test_previous_key_is_valid_for_a_day_after_rotation() -> None:
    before = a_webhook()
    after = evolve(before, before.rotate("b", now=NOON))
    again = evolve(after, after.rotate("c", now=NOON + timedelta(hours=1)))
    later = NOON + timedelta(hours=OVERLAP_HOURS)

    assert [("a", 1)] == list(before.keys(now=NOON))
    assert [("b", 2), ("a", 1)] == list(after.keys(now=later - timedelta(seconds=1)))
    assert [("b", 2)] == list(after.keys(now=later))
    assert [("c", 3), ("b", 2)] == list(again.keys(now=later)), "the second rotation drops the first key"


@pytest.mark.parametrize("status", list(WebhookStatus))
@pytest.mark.parametrize("move", ["enable", "rotate", "remove", "test"])
def test_move_not_allowed_by_the_status_is_rejected(status: WebhookStatus, move: str) -> None:
    one = a_webhook()
    if status is not WebhookStatus.ENABLED:
        one = evolve(one, one.disable("gone", now=NOON))
    if status is WebhookStatus.REMOVED:
        one = evolve(one, one.remove(now=NOON))

    if status in MOVES[move]:
        one.check(move)
        return
    with pytest.raises(Conflict) as no:
        one.check(move)
    assert "webhook-status" == no.value.slug


def test_disabled_webhook_is_not_disabled_again() -> None:
    one = a_webhook()
    fact = one.disable("gone", now=NOON)
    assert isinstance(fact, WebhookDisabled)

    assert evolve(one, fact).disable("failing", now=NOON) is None


# -- retries ----------------------------------------------------------------------------------------------------------


def test_retry_schedule_is_that_of_the_specification() -> None:
    schedule = Schedule(spread=0)
    at, times = NOON, []
    for attempt in range(1, len(DELAYS_SECONDS) + 1):
        at = schedule.next_at(attempt, at) or NOON
        times.append(str(at - NOON))

    assert ["0:00:05", "0:05:05", "0:35:05", "2:35:05", "7:35:05", "17:35:05"] == times[:6]
    assert timedelta(hours=75, minutes=35, seconds=5) == at - NOON
    assert schedule.next_at(len(DELAYS_SECONDS) + 1, NOON) is None


@given(st.floats(0, 1), st.integers(1, len(DELAYS_SECONDS)), st.integers(0, WAIT_SECONDS_MAX))
def test_retry_delay_has_jitter_of_a_fifth_at_most(spread: float, attempt: int, wait: int) -> None:
    delay = DELAYS_SECONDS[attempt - 1]
    next_at = Schedule(spread=spread, wait_seconds=wait).next_at(attempt, NOON)
    assert next_at is not None
    seconds = (next_at - NOON).total_seconds()

    assert max(delay, wait) <= seconds + 0.001
    assert seconds <= max(delay * 1.2, wait) + 0.001


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (None, 0), ("", 0), ("0", 0), ("120", 120), ("999999", WAIT_SECONDS_MAX), ("9" * 5000, WAIT_SECONDS_MAX),
        ("-5", 0), ("1.5", 0), ("soon", 0), ("²", 0), ("Wed, 25 Nov 2026 12:02:00 GMT", 120),
        ("Wed, 25 Nov 2020 12:02:00 GMT", 0), ("Wed, 25 Nov 2926 12:02:00 GMT", WAIT_SECONDS_MAX),
        ("Wed, 25 Nov 2026 12:02:00 -0000", 120), ("Wed, 99 Nov 2026 12:02:00 GMT", 0),
    ],
)  # fmt: skip
def test_retry_after_is_honoured_within_bounds(given: str | None, seconds: int) -> None:
    assert seconds == wait_seconds(given, NOON)


@given(st.text())
def test_malformed_retry_after_is_ignored(text: str) -> None:
    assert 0 <= wait_seconds(text, NOON) <= WAIT_SECONDS_MAX


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Accepted("200")), (204, Accepted("204")), (299, Accepted("299")), (301, Failed("301")),
        (400, Failed("400")), (404, Failed("404")), (410, Rejected("410")), (429, Failed("429")), (500, Failed("500")),
    ],
)  # fmt: skip
def test_response_status_is_interpreted_as_specified(status: int, outcome: Any) -> None:
    assert outcome == outcome_of(status)


# -- payload ----------------------------------------------------------------------------------------------------------


def test_payload_contains_only_ids_type_and_time() -> None:
    body = payload("pledges.allocation.made.v1:donor", UUID(int=1), Record(aggregate="fund", id="SHERLOC-MNT"), NOON)

    assert {
        "type": "pledges.allocation.made.v1",
        "timestamp": "2026-11-25T12:00:00Z",
        "data": {"event_id": str(UUID(int=1)), "aggregate": "fund", "id": "SHERLOC-MNT", "version": None},
    } == json.loads(body)


@pytest.mark.parametrize(
    ("organization", "role", "notice", "circulation", "theirs"),
    [
        ("NOR", "provider_officer", "matching.match.presented.v1", None, True),
        ("NOR", "provider_officer", "matching.match.presented.v1", "granted", True),
        ("NOR", "provider_officer", "matching.match.presented.v1", "objected", False),
        ("NOR", "provider_officer", "matching.match.accepted.v1", "none", False),
        ("NOR", "provider_officer", "matching.match.expired.v1", "objected", True),
        ("NOR", "provider_officer", "matching.match.confirmed.v1", "objected", True),
        ("UNODC-SHERLOC", "provider_officer", "matching.match.presented.v1", "objected", True),
        ("KEN", "focal_point", "matching.match.presented.v1", "objected", True),
        ("UNODC", "coordinator", "matching.match.accepted.v1", "none", True),
    ],
)
def test_provider_events_of_a_request_end_with_its_circulation(
    organization: str, role: str, notice: str, circulation: str | None, theirs: bool
) -> None:
    assert theirs == audience.may_be_sent_to(notice, organization, Role(role), circulation=circulation)


def test_limits_match_the_guide() -> None:
    assert (5, 10_000, 10) == (webhook.WEBHOOKS_MAX, webhook.QUEUE_MAX, webhook.TESTS_HOURLY_MAX)
