"""Steps of tests about attachments."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx

from chassis.db.database import Database
from chassis.files.scanner import ScannerError, Verdict
from chassis.files.store import Folder
from services.requests import wiring
from services.requests.attachment.actions import FileStorage
from services.requests.attachment.model import Quota
from tests.builders import headers
from tests.files import PDF
from tests.requests.steps import COORDINATOR, KENYA, Client

QUOTA = Quota(files_max=1000, bytes_max=2**31)


async def attempt(
    api: Client,
    request: Mapping[str, Any],
    by: str = KENYA,
    *,
    name: str = "Note.pdf",
    content: bytes = PDF,
    among: str = "attachments",
    **more: Any,
) -> httpx.Response:
    path = f"/v1/requests/{request['request_id']}/{among}"
    given = headers(by, revision=request["revision"]) | {
        "Content-Type": "application/octet-stream",
        "File-Name": quote(name, safe=""),
        **more,
    }
    return await api.post(path, content=content, headers=given)


async def attached(api: Client, request: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    answer = await attempt(api, request, **more)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def scanned(db: Database, folder: Path, says: Verdict | None = Verdict.CLEAN) -> None:
    """Scan the waiting files once, with a scanner that gives this verdict, or none if it is None."""

    async def scanner(_file: Any) -> Verdict:
        if says is None:
            raise ScannerError("planted")
        return says

    await wiring.scan(db, FileStorage(files=Folder(folder), scanner=scanner, quota=QUOTA), scanner)


async def listed(api: Client, request: Mapping[str, Any], by: str = KENYA) -> list[tuple[str, str]]:
    answer = await api.get(f"/v1/requests/{request['request_id']}/attachments", headers=headers(by))
    assert answer.status_code == 200, answer.text
    return [(one["name"], one["status"]) for one in answer.json()["attachments"]]


async def read(api: Client, attachment: Mapping[str, Any], by: str = KENYA) -> httpx.Response:
    return await api.get(f"/v1/attachments/{attachment['attachment_id']}", headers=headers(by))


async def moved(
    api: Client, request: Mapping[str, Any], name: str, by: str = COORDINATOR, **body: Any
) -> dict[str, Any]:
    path = f"/v1/requests/{request['request_id']}/{name}"
    answer = await api.post(path, json=body, headers=headers(by, revision=request["revision"]))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def file_of(folder: Path, attachment: Mapping[str, Any]) -> list[Path]:
    return list(folder.glob(f"??/{UUID(attachment['attachment_id']).hex}"))
