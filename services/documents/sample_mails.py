"""Values of example fields of incoming mails; see `sample_values`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from services.documents.sample_values import FICTITIOUS, HASH

MAIL: Mapping[str, Any] = MappingProxyType(
    {
        # a mail
        "spf": "pass",
        "dkim": "pass",
        "files": [
            {
                "file_id": "6f1c0a7e-3b5d-5e2f-8a9c-0d1e2f3a4b5c",
                "format": "pdf",
                "size_bytes": 184_320,
                "content_hash": HASH,
            }
        ],
        "MailFileScanned.outcome": "clean",
        "FileMail.title": f"{FICTITIOUS} Training of the central authority",
        "FileMail.addressee": {"to": "any", "states": []},
        "FileMail.file_ids": None,
    }
)
"""Values in facts."""

MAIL_ANSWERS: Mapping[str, Any] = MappingProxyType(
    {
        # mails
        "MailSummary.status": "new",
        "MailView.status": "new",
        "sender": "focal.point@ken.example",
        "subject": f"{FICTITIOUS} Note verbale KEN/NV/2026/118",
        "body": f"{FICTITIOUS} Please find attached our note verbale.",
        "message_id": "20261125100000.1@ken.example",
        "MailSummary.files": 1,
        "MailView.files": [
            {
                "file_id": "6f1c0a7e-3b5d-5e2f-8a9c-0d1e2f3a4b5c",
                "name": "Note verbale.pdf",
                "format": "pdf",
                "size_bytes": 184_320,
                "status": "clean",
            }
        ],
        **{
            f"{view}.{name}": None
            for view in ("MailSummary", "MailView")
            for name in ("request_id", "match_id", "reason")
        },
        "MailView.moves": ["file_mail", "discard_mail"],
    }
)
"""Values in answers of the API."""
