"""Values of example fields of deliveries; see `sample_values`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

FICTITIOUS = "[Fictitious sample]"
PERIOD = {"from": "2027-02-01", "until": "2027-06-30"}
CONTACT = {
    "name": f"{FICTITIOUS} A. Mwangi",
    "email": "a.mwangi@central-authority.example",
    "function": "Head of the Central Authority",
    "telephone": "+254 20 000 0000",
    "languages": ["en"],
    "person_id": None,
}

DELIVERY: Mapping[str, Any] = MappingProxyType(
    {
        "DeliveryOpened.period": PERIOD,
        "DeliveryContactsNamed.contacts": 1,
        "NameContacts.contacts": [CONTACT],
        "DeliveryAgreementWaived.waiting_for": "provider",
        "DeliveryOpened.joint_delivery_id": None,
        "MatchConfirmed.joint_delivery_id": None,
        "MatchConfirmed.window": PERIOD,
        "completed_on": "2027-03-05",
        **{f"NewContact.{name}": value for name, value in CONTACT.items()},
    }
)
"""In facts and bodies."""

DELIVERY_ANSWERS: Mapping[str, Any] = MappingProxyType(
    {
        **{f"DeliveryContact.{name}": value for name, value in CONTACT.items()},
        "SideContacts.state": [CONTACT],
        "SideContacts.provider": [],
        **{f"{view}.period": PERIOD for view in ("DeliveryView", "DeliveryItem")},
        **{f"{view}.status": "open" for view in ("DeliveryView", "DeliveryItem")},
        **{f"{view}.moves": ["name_contacts", "waive_agreement"] for view in ("DeliveryView", "DeliveryItem")},
        **{
            f"{view}.{name}": None
            for view in ("DeliveryView", "DeliveryItem")
            for name in (
                *("joint_delivery_id", "agreement_id", "agreed_at", "provider_waived_at", "begun_at", "suspended_at"),
                *("completed_on", "completed_at", "terminated_at", "reason"),
            )
        },
    }
)
"""In answers."""
