"""Actions of the unsubscribe link of a mail. They have no caller: anyone who has the mail may unsubscribe."""

from datetime import datetime

from chassis.db.database import Tx
from contracts.values import Language
from services.notifications.alerts import actions as alert_actions
from services.notifications.alerts import store as alert_store
from services.notifications.notices import actions as notice_actions
from services.notifications.notices import subscription_store
from services.notifications.notices.model import appointment_subscription_id
from services.notifications.unsubscribe import store
from services.notifications.unsubscribe.model import Link, Target, link_of


async def read(tx: Tx, token: str) -> tuple[Link, Language]:
    """Return the link and the language of its reader. Raises Missing for a token that this service did not make."""
    link = link_of(token, await store.key(tx))
    subscription_id = link.record_id
    if link.target is Target.ALERT:
        alert = await alert_store.get_as_service(tx, link.record_id)
        if alert is None:
            return link, Language.EN
        subscription_id = appointment_subscription_id(alert.person_id, alert.organization, alert.role)
    subscription = await subscription_store.subscription(tx, subscription_id)
    return link, subscription.language if subscription else Language.EN


async def unsubscribe(tx: Tx, link: Link, *, now: datetime) -> None:
    """Pause the alert, or the mails of the subscription. Does nothing if it is paused or no longer exists."""
    if link.target is Target.ALERT:
        alert = await alert_store.get_as_service(tx, link.record_id)
        if alert is not None and (paused := alert.pause(None, now=now)):
            await alert_actions.record(tx, alert, paused)
        return
    subscription = await subscription_store.subscription(tx, link.record_id, lock=True)
    if subscription is not None and (stopped := subscription.pause(None, now=now)):
        await notice_actions.record_subscription(tx, subscription, stopped)
