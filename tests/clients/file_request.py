"""File a request with the client that openapi-python-client makes, and read it again."""

import json
import os
import sys
from datetime import date
from uuid import UUID

from entraide_client import AuthenticatedClient
from entraide_client.api.requests import file_request, show_request
from entraide_client.models import FileRequest, Language, NewLine, Period, Problem, RequestView

REQUEST = FileRequest(
    language=Language.EN,
    title=os.environ["TITLE"],
    lines=[
        NewLine(
            kind="mla_training",
            topics=["mutual_legal_assistance"],
            articles=["UNTOC:18"],
            institution="central_authority",
            group_size=20,
            languages=[Language.EN],
            modality="in_person",
            window=Period(from_=date(2027, 3, 1), until=date(2027, 6, 30)),
        )
    ],
    submit=True,
)


def main() -> None:
    client = AuthenticatedClient(base_url=os.environ["ENTRAIDE"], token=os.environ["TOKEN"])
    filed = file_request.sync(client=client, body=REQUEST, idempotency_key=os.environ["KEY"])
    assert isinstance(filed, RequestView), filed
    shown = show_request.sync(filed.request_id, client=client)
    assert isinstance(shown, RequestView), shown
    refused = show_request.sync(UUID(os.environ["NOWHERE"]), client=client)
    assert isinstance(refused, Problem), refused
    sys.stdout.write(json.dumps({"status": shown.status, "title": shown.title, "refused": refused.slug}))


main()
