"""The cases of the notifications' policy, as in `permission_cases`."""

from functools import partial
from typing import Any

from msgspec.structs import replace

from contracts.alerts import AlertCreated, DigestIssued
from contracts.facts import Fact
from contracts.notifications import NotificationOwed, SubscriptionRegistered, WebhookRegistered
from contracts.registry import decode_fact
from contracts.values import Role
from services.documents.examples import example_event
from services.documents.permission_subjects import OTHER, OTHER_PERSON, PERSON, STATE, UNODC, Subject, of, of_person
from services.notifications.alerts import model as alert
from services.notifications.alerts.api import AlertView
from services.notifications.alerts.model import Alert, AlertSubject, Frequency
from services.notifications.digests.api import DigestView
from services.notifications.digests.model import Digest, DigestStatus
from services.notifications.notices import model
from services.notifications.notices.api import DispatchView, NotificationView, SubscriptionView
from services.notifications.notices.model import Notification, Subscription
from services.notifications.policy import Action, decide
from services.notifications.webhooks import model as webhook
from services.notifications.webhooks.api import WebhookDeliveryView, WebhookView
from services.notifications.webhooks.model import Webhook

_ANY_CALLER = {"another organization": of(OTHER), "UNODC": of(UNODC)}


_TO_NOTIFICATION = {
    "the recipient": partial(of_person, PERSON, STATE),
    "the recipient, acting for another organization": partial(of_person, PERSON, OTHER),
    "another person of the same organization": partial(of_person, OTHER_PERSON, STATE),
    "any other person": partial(of_person, OTHER_PERSON, OTHER),
}
_TO_SUBSCRIPTION = {name.replace("recipient", "person who holds it"): make for name, make in _TO_NOTIFICATION.items()}


def _example(kind: type[Fact]) -> Any:
    return decode_fact(example_event(kind))


def _notification() -> Notification:
    owed = model.evolve(None, _example(NotificationOwed))
    return replace(owed, person_id=PERSON, organization=STATE)


def _subscription(role: str) -> Subscription:
    registered = model.evolve_subscription(None, _example(SubscriptionRegistered))
    return replace(registered, person_id=PERSON, organization=STATE, role=Role(role))


def _webhook(role: str) -> Webhook:
    registered = webhook.evolve(None, _example(WebhookRegistered))
    return replace(registered, person_id=PERSON, organization=STATE, role=Role(role))


def _alert(role: str) -> Alert:
    created = alert.evolve(None, _example(AlertCreated))
    return replace(created, person_id=PERSON, organization=STATE, role=Role(role))


def _digest(role: str) -> Digest:
    fact: DigestIssued = _example(DigestIssued)
    return Digest(
        digest_id=fact.digest_id,
        person_id=PERSON,
        organization=STATE,
        role=Role(role),
        frequency=Frequency(fact.frequency),
        due_at=fact.issued_at,
        status=DigestStatus.ISSUED,
        entries=fact.entries,
        issued_at=fact.issued_at,
    )


SUBJECTS = (
    Subject(
        service="notifications",
        title="Operations without a record",
        decide=decide,
        standings=_ANY_CALLER,
        reads=(
            Action.LIST_NOTIFICATIONS,
            Action.FOLLOW_NOTIFICATIONS,
            Action.READ_ALL_NOTIFICATIONS,
            Action.LIST_WEBHOOKS,
            Action.REGISTER_SUBSCRIPTION,
            Action.REGISTER_WEBHOOK,
            Action.LIST_ALERTS,
        ),
    ),
    Subject(
        service="notifications",
        title="A new alert",
        decide=decide,
        standings=_ANY_CALLER,
        properties={"on": tuple(AlertSubject)},
        make=AlertSubject,
        reads=(Action.CREATE_ALERT,),
    ),
    Subject(
        service="notifications",
        title="A digest of what alerts found",
        views=(DigestView,),
        decide=decide,
        standings=_TO_SUBSCRIPTION,
        properties={"of": (Role.FOCAL_POINT, Role.PROVIDER_OFFICER)},
        make=_digest,
        reads=(Action.SHOW_DIGEST,),
    ),
    Subject(
        service="notifications",
        title="An alert",
        views=(AlertView,),
        decide=decide,
        standings=_TO_SUBSCRIPTION,
        properties={"of": (Role.FOCAL_POINT, Role.PROVIDER_OFFICER)},
        make=_alert,
        reads=(
            Action.LIST_ALERTS,
            Action.SHOW_ALERT,
            Action.REVISE_ALERT,
            Action.PAUSE_ALERT,
            Action.RESUME_ALERT,
            Action.REMOVE_ALERT,
        ),
    ),
    Subject(
        service="notifications",
        title="A subscription",
        views=(SubscriptionView,),
        decide=decide,
        standings=_TO_SUBSCRIPTION,
        properties={"of": (Role.FOCAL_POINT, Role.DONOR_OFFICER)},
        make=_subscription,
        reads=(
            Action.SHOW_SUBSCRIPTION,
            Action.REGISTER_SUBSCRIPTION,
            Action.PAUSE_SUBSCRIPTION,
            Action.RESUME_SUBSCRIPTION,
        ),
    ),
    Subject(
        service="notifications",
        title="A notification",
        views=(
            NotificationView,
            DispatchView,
        ),
        decide=decide,
        standings=_TO_NOTIFICATION,
        make=_notification,
        reads=(
            Action.LIST_NOTIFICATIONS,
            Action.FOLLOW_NOTIFICATIONS,
            Action.SHOW_NOTIFICATION,
            Action.READ_NOTIFICATION,
        ),
    ),
    Subject(
        service="notifications",
        title="A webhook",
        views=(WebhookView, WebhookDeliveryView),
        decide=decide,
        standings=_TO_SUBSCRIPTION,
        properties={"of": (Role.FOCAL_POINT, Role.DONOR_OFFICER)},
        make=_webhook,
        reads=(
            Action.LIST_WEBHOOKS,
            Action.SHOW_WEBHOOK,
            Action.LIST_DELIVERIES,
            Action.TEST_WEBHOOK,
            Action.ROTATE_WEBHOOK,
            Action.ENABLE_WEBHOOK,
            Action.REMOVE_WEBHOOK,
        ),
    ),
)
