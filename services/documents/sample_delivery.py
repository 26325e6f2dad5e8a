"""Values of example fields of deliveries; see `sample_values`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

FICTITIOUS = "[Fictitious sample]"
PERIOD = {"from": "2027-02-01", "until": "2027-06-30"}
TERMS = {
    "period": {"from": "2027-03-01", "until": "2027-03-05"},
    "modality": "in_person",
    "languages": ["en"],
    "participants": 25,
    "women": 10,
    "costs": [{"side": "provider", "cost": "travel", "money": {"minor": 900_000, "currency": "USD"}}],
    "clauses": ["privileges_and_immunities"],
}
TEXTS = {
    "scope": f"{FICTITIOUS} A course of five days on requests for mutual legal assistance.",
    "place": f"{FICTITIOUS} Nairobi",
    "clauses": [f"{FICTITIOUS} The trainers are experts on mission."],
}
CONTACT = {
    "name": f"{FICTITIOUS} A. Mwangi",
    "email": "a.mwangi@central-authority.example",
    "function": "Head of the Central Authority",
    "telephone": "+254 20 000 0000",
    "languages": ["en"],
    "person_id": None,
}

FILE = {
    "file_id": "5d1c9f3e-7a2b-5c4d-8e6f-0a1b2c3d4e5f",
    "delivery_id": "b9859adb-103e-5eb7-b853-aecc60a86e45",
    "status": "clean",
    "revision": 2,
    "purpose": "message",
    "private": False,
    "name": "Programme.pdf",
    "format": "pdf",
    "size_bytes": 52_431,
    "side": "state",
    "organization": "KEN",
    "added_at": "2026-11-25T10:00:00Z",
    "moves": ["read_file", "remove_file"],
}
MESSAGE = {
    "topic": f"{FICTITIOUS} Dates",
    "text": f"{FICTITIOUS} Could the trainers come in the first week of March?",
    "language": "en",
    "private": False,
}
MESSAGE_ID = "6e2d8a4b-1c3f-5d5e-9f7a-1b2c3d4e5f60"

DELIVERY: Mapping[str, Any] = MappingProxyType(
    {
        "FileAdded.purpose": "message",
        "FileAdded.format": "pdf",
        "FileAdded.side": "state",
        "FileAdded.organization": "KEN",
        **{f"{fact}.private": False for fact in ("FileAdded", "FileCleared", "FileRefused", "FileRemoved")},
        "FileCleared.scanned": True,
        "MessageSent.organization": "KEN",
        "MessageSent.side": "state",
        "MessageSent.language": "en",
        "MessageSent.files": [FILE["file_id"]],
        "MessageSent.private": False,
        "MessageWithdrawn.private": False,
        "DeliveryPrivateTopicOpened.waiting_for": "provider",
        **{f"SendMessage.{name}": value for name, value in MESSAGE.items()},
        "SendMessage.files": [],
        "ReadUpTo.message_id": MESSAGE_ID,
        "DeliveryOpened.period": PERIOD,
        "DeliveryContactsNamed.contacts": 1,
        "NameContacts.contacts": [CONTACT],
        "DeliveryAgreementWaived.waiting_for": "provider",
        "DeliveryOpened.joint_delivery_id": None,
        "MatchConfirmed.joint_delivery_id": None,
        "MatchConfirmed.window": PERIOD,
        "completed_on": "2027-03-05",
        "AgreementProposed.terms": TERMS,
        "AgreementSigned.waiting_for": "provider",
        "signed_on": "2026-12-10",
        "version": 1,
        **{f"ProposeAgreement.{name}": value for name, value in TERMS.items() if name != "clauses"},
        "ProposeAgreement.scope": TEXTS["scope"],
        "ProposeAgreement.place": TEXTS["place"],
        "ProposeAgreement.clauses": [{"clause": "privileges_and_immunities", "text": TEXTS["clauses"][0]}],
        **{f"NewContact.{name}": value for name, value in CONTACT.items()},
    }
)
"""In facts and bodies."""

DELIVERY_ANSWERS: Mapping[str, Any] = MappingProxyType(
    {
        **{f"DeliveryFile.{name}": value for name, value in FILE.items()},
        **{f"ThreadMessage.{name}": value for name, value in MESSAGE.items()},
        "ThreadMessage.status": "sent",
        "ThreadMessage.revision": 1,
        "ThreadMessage.side": "state",
        "ThreadMessage.organization": "KEN",
        "ThreadMessage.files": [FILE],
        **{f"{view}.message_id": MESSAGE_ID for view in ("ThreadMessage", "ReadMark")},
        "ThreadMessage.withdrawn_at": None,
        "ThreadMessage.mine": True,
        "ThreadMessage.read_by": ["provider"],
        "ThreadMessage.moves": ["withdraw_message"],
        "MessagePage.closes_at": None,
        "MessagePage.read_up_to": MESSAGE_ID,
        "ReadMark.read_at": "2026-11-25T10:00:00Z",
        **{f"DeliveryContact.{name}": value for name, value in CONTACT.items()},
        "SideContacts.state": [CONTACT],
        "SideContacts.provider": [],
        "DeliveryView.remarks": [],
        "Remark.move": "begun",
        "Remark.comment": f"{FICTITIOUS} The trainers have arrived.",
        "AgreementView.status": "proposed",
        "AgreementView.turn": "provider",
        "AgreementView.in_force": None,
        "AgreementView.in_force_since": None,
        "AgreementView.moves": ["propose", "sign"],
        "VersionView.terms": TERMS,
        "VersionView.texts": TEXTS,
        "VersionView.provider_signed_on": None,
        "VersionView.state_signed_on": None,
        "VersionView.dropped_at": None,
        "VersionView.changed": [],
        **{f"VersionView.{name}": None for name in ("state_file_id", "provider_file_id")},
        **{f"{view}.period": PERIOD for view in ("DeliveryView", "DeliveryItem")},
        **{f"{view}.status": "open" for view in ("DeliveryView", "DeliveryItem")},
        **{f"{view}.moves": ["name_contacts", "waive_agreement"] for view in ("DeliveryView", "DeliveryItem")},
        **{
            f"{view}.{name}": None
            for view in ("DeliveryView", "DeliveryItem")
            for name in (
                *("joint_delivery_id", "agreement_id", "agreed_at", "provider_waived_at", "begun_at", "suspended_at"),
                *("state_private_at", "provider_private_at"),
                *("completed_on", "completed_at", "terminated_at", "reason"),
            )
        },
    }
)
"""In answers."""
