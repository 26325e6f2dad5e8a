"""Steps of tests about files of deliveries."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx

from chassis.db.database import Database
from chassis.files.scanner import ScannerError, Verdict
from chassis.files.storage import Storage
from chassis.files.store import Folder
from services.delivery import wiring
from tests.builders import headers
from tests.delivery.steps import KENYA, Client
from tests.files import PDF


async def tried(
    api: Client,
    delivery_id: str,
    by: str = KENYA,
    *,
    name: str = "Note.pdf",
    content: bytes = PDF,
    purpose: str = "material",
    private: bool = False,
) -> httpx.Response:
    asked = f"purpose={purpose}&private={str(private).lower()}"
    given = headers(by) | {"Content-Type": "application/octet-stream", "File-Name": quote(name, safe="")}
    return await api.post(f"/v1/deliveries/{delivery_id}/files?{asked}", content=content, headers=given)


async def added(api: Client, delivery_id: str, by: str = KENYA, **more: Any) -> dict[str, Any]:
    answer = await tried(api, delivery_id, by, **more)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def scanned(db: Database, folder: Path, says: Verdict | None = Verdict.CLEAN) -> None:
    """Run the scan once, with a scanner that returns this verdict for every file, or is unavailable if None."""

    async def scanner(_file: Any) -> Verdict:
        if says is None:
            raise ScannerError("planted")
        return says

    await wiring.scan(db, Storage(files=Folder(folder), scanner=scanner), scanner)


async def listed(api: Client, delivery_id: str, by: str = KENYA) -> list[tuple[str, str]]:
    answer = await api.get(f"/v1/deliveries/{delivery_id}/files", headers=headers(by))
    assert answer.status_code == 200, answer.text
    return [(one["name"], one["status"]) for one in answer.json()["files"]]


async def read(api: Client, file: Mapping[str, Any], by: str = KENYA) -> httpx.Response:
    return await api.get(f"/v1/delivery-files/{file['file_id']}", headers=headers(by))


async def removed(api: Client, file: Mapping[str, Any], by: str = KENYA, *, revision: int | None = None) -> Any:
    path = f"/v1/delivery-files/{file['file_id']}"
    return await api.delete(path, headers=headers(by, revision=revision or file["revision"]))


def kept(folder: Path, file: Mapping[str, Any]) -> bool:
    return bool(list(folder.glob(f"??/{UUID(file['file_id']).hex}")))
