"""Who may do what with notifications and subscriptions: each the person's own; docs/permissions.md is its table."""

from enum import StrEnum

from contracts.decisions import ALLOWED, HIDDEN, Decision, denied
from contracts.values import Caller, Role
from services.notifications.domain import Notification, Subscription


class Action(StrEnum):
    """All that can be asked of this service, one for each route."""

    SHOW_SUBSCRIPTION = "show_subscription"
    REGISTER_SUBSCRIPTION = "register_subscription"
    LIST_NOTIFICATIONS = "list_notifications"
    READ_NOTIFICATION = "read_notification"


_OF_A_SUBSCRIPTION = frozenset({Action.SHOW_SUBSCRIPTION, Action.REGISTER_SUBSCRIPTION})
_OF_A_NOTIFICATION = frozenset({Action.LIST_NOTIFICATIONS, Action.READ_NOTIFICATION})
_OF_NO_RECORD = frozenset({Action.LIST_NOTIFICATIONS, Action.REGISTER_SUBSCRIPTION})
_NOT_FOR_YOUR_ROLE = denied("not-for-your-role")


def decide(caller: Caller, action: Action, resource: Notification | Subscription | None = None) -> Decision:
    """Whether the caller may do this; what nobody is given leave for is not.

    LIST_NOTIFICATIONS is asked of nothing (anybody may ask) and of each notification that is to stand in it,
    REGISTER_SUBSCRIPTION of nothing where there is none yet, all others of the record.
    """
    if isinstance(resource, Notification):
        return ALLOWED if action in _OF_A_NOTIFICATION and may_see(caller, resource) else HIDDEN
    if isinstance(resource, Subscription):
        return ALLOWED if action in _OF_A_SUBSCRIPTION and _holds(caller, resource) else HIDDEN
    if action is Action.REGISTER_SUBSCRIPTION and caller.role is Role.SERVICE:
        # It hears facts, and reads no mail.
        return _NOT_FOR_YOUR_ROLE
    return ALLOWED if resource is None and action in _OF_NO_RECORD else HIDDEN


def may_see(caller: Caller, notification: Notification) -> bool:
    """True for the person told, in whichever appointment they act; the same stands in the WHERE of every read."""
    return notification.person_id == caller.person_id


def _holds(caller: Caller, subscription: Subscription) -> bool:
    """True for the appointment that wants to be told."""
    return (subscription.person_id, subscription.organization, subscription.role) == (
        caller.person_id,
        caller.organization,
        caller.role,
    )
