"""Who may do what with notifications and webhooks: only their owner; /docs/permissions is its table."""

from enum import StrEnum

from contracts.decisions import ALLOWED, HIDDEN, Decision, denied
from contracts.values import Caller, Role
from services.notifications.notices.model import Notification, Subscription
from services.notifications.webhooks.model import Webhook


class Action(StrEnum):
    """The actions of this service, one for each route."""

    SHOW_SUBSCRIPTION = "show_subscription"
    REGISTER_SUBSCRIPTION = "register_subscription"
    LIST_NOTIFICATIONS = "list_notifications"
    FOLLOW_NOTIFICATIONS = "follow_notifications"
    READ_NOTIFICATION = "read_notification"
    REGISTER_WEBHOOK = "register_webhook"
    LIST_WEBHOOKS = "list_webhooks"
    SHOW_WEBHOOK = "show_webhook"
    REMOVE_WEBHOOK = "remove_webhook"
    ROTATE_WEBHOOK = "rotate_webhook"
    ENABLE_WEBHOOK = "enable_webhook"
    TEST_WEBHOOK = "test_webhook"
    LIST_DELIVERIES = "list_deliveries"


_OF_A_SUBSCRIPTION = frozenset({Action.SHOW_SUBSCRIPTION, Action.REGISTER_SUBSCRIPTION})
_OF_A_NOTIFICATION = frozenset({Action.LIST_NOTIFICATIONS, Action.FOLLOW_NOTIFICATIONS, Action.READ_NOTIFICATION})
_OF_A_WEBHOOK = frozenset(
    {Action.LIST_WEBHOOKS, Action.SHOW_WEBHOOK, Action.REMOVE_WEBHOOK, Action.ROTATE_WEBHOOK}
    | {Action.ENABLE_WEBHOOK, Action.TEST_WEBHOOK, Action.LIST_DELIVERIES}
)
_NEW = frozenset({Action.REGISTER_SUBSCRIPTION, Action.REGISTER_WEBHOOK})
_OF_NO_RECORD = _NEW | {Action.LIST_NOTIFICATIONS, Action.FOLLOW_NOTIFICATIONS, Action.LIST_WEBHOOKS}
_NOT_FOR_YOUR_ROLE = denied("not-for-your-role")


def decide(caller: Caller, action: Action, resource: Notification | Subscription | Webhook | None = None) -> Decision:
    """Whether the caller may do this; everything not granted is denied.

    A list is decided on nothing (allowed to all) and on each record listed, REGISTER_WEBHOOK on nothing,
    REGISTER_SUBSCRIPTION on nothing for a first registration, everything else on the record.
    """
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


def may_see(caller: Caller, notification: Notification) -> bool:
    """Whether the caller is the notified person, in any appointment; every read has the same rule in its WHERE."""
    return notification.person_id == caller.person_id


def _holds(caller: Caller, record: Subscription | Webhook) -> bool:
    """Whether the caller acts in the subscribed appointment."""
    return (record.person_id, record.organization, record.role) == (
        caller.person_id,
        caller.organization,
        caller.role,
    )
