"""Builders of files of deliveries, without a database."""

from uuid import uuid4

from msgspec.structs import replace

from contracts.facts import Fact
from contracts.file_formats import Format
from contracts.values import Role
from services.delivery.files import model
from services.delivery.files.evolve import evolve
from services.delivery.files.model import File, FilePurpose, NewFile, Quota, Stored
from tests.builders import NOON
from tests.delivery.steps import a_delivery

NO_LIMIT = Quota(files_max=9, bytes_max=900)


def a_file(role: Role = Role.FOCAL_POINT, **changes: object) -> File:
    return evolve(None, added(role=role, **changes))


def added(
    role: Role = Role.FOCAL_POINT,
    *,
    opened: bool = True,
    stored: Stored | None = None,
    quota: Quota = NO_LIMIT,
    **changes: object,
) -> Fact:
    values = {"purpose": FilePurpose.MESSAGE, "private": False, "format": Format.PDF, "size_bytes": 9} | changes
    file = NewFile(file_id=uuid4(), content_hash="hash", **values)
    both = {"state_private_at": NOON, "provider_private_at": NOON} if opened else {"provider_private_at": NOON}
    stored = stored or Stored(files=0, size_bytes=0, of_delivery=0)
    delivery = replace(a_delivery(), **both)
    return model.add(delivery, file, organization="KEN", role=role, stored=stored, quota=quota, now=NOON)
