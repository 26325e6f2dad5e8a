"""Who may see what: a notification is its recipient's alone, a subscription its holder's. Pure."""

from contracts.refusals import Forbidden
from contracts.values import Caller, Role
from services.notifications.domain import Notification


def may_see(caller: Caller, notification: Notification) -> bool:
    """True for the person told, in whichever appointment they act; the same stands in the WHERE of every read."""
    return notification.person_id == caller.person_id


def check_may_subscribe(caller: Caller) -> None:
    """Raises Forbidden for a service: it hears facts, and reads no mail."""
    if caller.role is Role.SERVICE:
        raise Forbidden("not-for-your-role")
