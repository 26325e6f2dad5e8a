"""The policy of notifications, alerts and webhooks: only their owner may use them; /docs/permissions is its table."""

from enum import StrEnum

from contracts.decisions import ALLOWED, HIDDEN, Decision, denied
from contracts.values import Caller, Role
from services.notifications.alerts.model import WATCHERS, Alert, AlertSubject
from services.notifications.digests.model import Digest
from services.notifications.notices.model import Notification, Subscription
from services.notifications.webhooks.model import Webhook


class Action(StrEnum):
    """The actions of this service, one for each route."""

    SHOW_SUBSCRIPTION = "show_subscription"
    REGISTER_SUBSCRIPTION = "register_subscription"
    PAUSE_SUBSCRIPTION = "pause_subscription"
    RESUME_SUBSCRIPTION = "resume_subscription"
    LIST_NOTIFICATIONS = "list_notifications"
    FOLLOW_NOTIFICATIONS = "follow_notifications"
    SHOW_NOTIFICATION = "show_notification"
    READ_NOTIFICATION = "read_notification"
    READ_ALL_NOTIFICATIONS = "read_all_notifications"
    REGISTER_WEBHOOK = "register_webhook"
    LIST_WEBHOOKS = "list_webhooks"
    SHOW_WEBHOOK = "show_webhook"
    REMOVE_WEBHOOK = "remove_webhook"
    ROTATE_WEBHOOK = "rotate_webhook"
    ENABLE_WEBHOOK = "enable_webhook"
    TEST_WEBHOOK = "test_webhook"
    LIST_DELIVERIES = "list_deliveries"
    CREATE_ALERT = "create_alert"
    LIST_ALERTS = "list_alerts"
    SHOW_ALERT = "show_alert"
    REVISE_ALERT = "revise_alert"
    PAUSE_ALERT = "pause_alert"
    RESUME_ALERT = "resume_alert"
    REMOVE_ALERT = "remove_alert"
    SHOW_DIGEST = "show_digest"


_OF_A_SUBSCRIPTION = frozenset(
    {Action.SHOW_SUBSCRIPTION, Action.REGISTER_SUBSCRIPTION, Action.PAUSE_SUBSCRIPTION, Action.RESUME_SUBSCRIPTION}
)
_OF_A_NOTIFICATION = frozenset(
    {Action.LIST_NOTIFICATIONS, Action.FOLLOW_NOTIFICATIONS, Action.SHOW_NOTIFICATION, Action.READ_NOTIFICATION}
)
_OF_A_WEBHOOK = frozenset(
    {Action.LIST_WEBHOOKS, Action.SHOW_WEBHOOK, Action.REMOVE_WEBHOOK, Action.ROTATE_WEBHOOK}
    | {Action.ENABLE_WEBHOOK, Action.TEST_WEBHOOK, Action.LIST_DELIVERIES}
)
_OF_AN_ALERT = frozenset(
    {Action.LIST_ALERTS, Action.SHOW_ALERT, Action.REVISE_ALERT, Action.PAUSE_ALERT, Action.RESUME_ALERT}
    | {Action.REMOVE_ALERT}
)
_NEW = frozenset({Action.REGISTER_SUBSCRIPTION, Action.REGISTER_WEBHOOK})
_OF_NO_RECORD = _NEW | {
    *(Action.LIST_NOTIFICATIONS, Action.FOLLOW_NOTIFICATIONS, Action.READ_ALL_NOTIFICATIONS),
    *(Action.LIST_WEBHOOKS, Action.LIST_ALERTS),
}
_NOT_FOR_YOUR_ROLE = denied("not-for-your-role")


def decide(
    caller: Caller,
    action: Action,
    resource: Notification | Subscription | Webhook | Alert | AlertSubject | Digest | None = None,
) -> Decision:
    """Decide whether the caller may do this; everything not granted is denied.

    A list is decided on None (allowed to all) and on each record listed, REGISTER_WEBHOOK on None,
    REGISTER_SUBSCRIPTION on None for a first registration, CREATE_ALERT on its subject, everything else on the record.
    """
    if isinstance(resource, AlertSubject):
        return _decide_creation(caller, action, resource)
    if isinstance(resource, Digest):
        return ALLOWED if action is Action.SHOW_DIGEST and _holds(caller, resource) else HIDDEN
    if isinstance(resource, Alert):
        return ALLOWED if action in _OF_AN_ALERT and _holds(caller, resource) else HIDDEN
    if isinstance(resource, Notification):
        return ALLOWED if action in _OF_A_NOTIFICATION and may_see(caller, resource) else HIDDEN
    if isinstance(resource, Subscription):
        return ALLOWED if action in _OF_A_SUBSCRIPTION and _holds(caller, resource) else HIDDEN
    if isinstance(resource, Webhook):
        return ALLOWED if action in _OF_A_WEBHOOK and _holds(caller, resource) else HIDDEN
    if action in _NEW and caller.role is Role.SERVICE:
        # Services consume facts and get no notifications.
        return _NOT_FOR_YOUR_ROLE
    return ALLOWED if action in _OF_NO_RECORD else HIDDEN


def _decide_creation(caller: Caller, action: Action, subject: AlertSubject) -> Decision:
    if action is not Action.CREATE_ALERT:
        return HIDDEN
    return ALLOWED if caller.role in WATCHERS[subject] else _NOT_FOR_YOUR_ROLE


def may_see(caller: Caller, notification: Notification) -> bool:
    """Check whether the caller is the notified person, in any appointment; every read has this rule in its WHERE."""
    return notification.person_id == caller.person_id


def _holds(caller: Caller, record: Subscription | Webhook | Alert | Digest) -> bool:
    """Check whether the caller acts in the appointment that the record belongs to."""
    return (record.person_id, record.organization, record.role) == (
        caller.person_id,
        caller.organization,
        caller.role,
    )
