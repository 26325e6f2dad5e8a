"""The peer: the same POST in a good FastAPI and SQLAlchemy ORM service, on the same PostgreSQL.

It checks the same token with our own verifier and its cache, so that no difference is due to cryptography. It validates
the same limits and codes, claims the idempotency key, and writes request, lines and outbox row in one transaction, with
as many connections and the same durability. It keeps no salted hash, no consent and no history, writes no metrics,
carries no correlation, and does not publish its outbox: it does less than the application.
"""

import asyncio
import contextlib
import hashlib
import json
import sys
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, cast
from uuid import UUID

import uvicorn
import uvloop
from fastapi import Depends, FastAPI, Header, HTTPException, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import DateTime, ForeignKey, LargeBinary, Text, func, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from chassis.auth.callers import Callers
from chassis.auth.tokens import TrustedIssuer, Verifier
from chassis.db.database import POOL_MAX
from chassis.ids import new_id
from chassis.keys.issuer import Keys
from contracts import reference
from contracts.refusals import Refusal
from contracts.values import Caller
from tests.bench.servers import READY
from tests.personas import ISSUER, appoint_persona, with_test_appointments

# -- tables -----------------------------------------------------------------------------------------------------------


class Base(DeclarativeBase):
    type_annotation_map = {list[str]: ARRAY(Text), dict[str, Any]: JSONB, datetime: DateTime(timezone=True)}  # noqa: RUF012 - SQLAlchemy's own way


class RequestRow(Base):
    __tablename__ = "peer_request"
    request_id: Mapped[UUID] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(index=True)
    status: Mapped[str] = mapped_column(index=True)
    revision: Mapped[int]
    language: Mapped[str]
    title: Mapped[str]
    need: Mapped[str]
    visibility: Mapped[str]
    addressee: Mapped[str]
    addressed_states: Mapped[list[str]]
    circulation: Mapped[str]
    submitted_at: Mapped[datetime] = mapped_column(server_default=func.now())
    lines: Mapped[list["LineRow"]] = relationship(order_by="LineRow.position", lazy="selectin")


class LineRow(Base):
    __tablename__ = "peer_line"
    line_id: Mapped[UUID] = mapped_column(primary_key=True)
    request_id: Mapped[UUID] = mapped_column(ForeignKey("peer_request.request_id"), index=True)
    position: Mapped[int]
    kind: Mapped[str]
    topics: Mapped[list[str]]
    articles: Mapped[list[str]]
    paragraphs: Mapped[list[str]]
    pillars: Mapped[list[str]]
    institution: Mapped[str]
    institution_name: Mapped[str]
    group_size: Mapped[int]
    languages: Mapped[list[str]]
    modality: Mapped[str]
    starts: Mapped[date]
    ends: Mapped[date]
    gender_marker: Mapped[int]
    human_rights_marker: Mapped[int]
    markers_justification: Mapped[str]
    outcome: Mapped[str]
    in_place: Mapped[str]


class IdempotencyRow(Base):
    __tablename__ = "peer_idempotency"
    caller: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    body_hash: Mapped[bytes] = mapped_column(LargeBinary)
    request_id: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class OutboxRow(Base):
    __tablename__ = "peer_outbox"
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    aggregate_id: Mapped[UUID]
    type: Mapped[str]
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


# -- bodies -----------------------------------------------------------------------------------------------------------

Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]+$", min_length=1, max_length=64)]
Codes = Annotated[list[Code], Field(max_length=20)]
StateCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Language = Literal["ar", "en", "es", "fr", "ru", "zh"]
Words = Annotated[str, Field(max_length=2000)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", from_attributes=True, populate_by_name=True)


class Window(Strict):
    starts: date = Field(alias="from")
    ends: date = Field(alias="until")


class NewLine(Strict):
    kind: Code
    institution: Code
    group_size: Annotated[int, Field(ge=1, le=100_000)]
    languages: Annotated[list[Language], Field(min_length=1, max_length=6)]
    modality: Code
    window: Window
    topics: Codes = []
    articles: Codes = []
    paragraphs: Codes = []
    pillars: Codes = []
    institution_name: Annotated[str, Field(max_length=300)] = ""
    gender_marker: Annotated[int, Field(ge=0, le=2)] = 0
    human_rights_marker: Annotated[int, Field(ge=0, le=2)] = 0
    markers_justification: Words = ""
    outcome: Words = ""
    in_place: Words = ""

    @model_validator(mode="after")
    def codes_are_known(self) -> "NewLine":
        known = [
            ([self.kind], reference.kinds()),
            (self.topics, reference.topics()),
            (self.articles, reference.articles()),
            (self.paragraphs, reference.paragraphs()),
            (self.pillars, reference.pillars()),
            ([self.institution], reference.institutions()),
            ([self.modality], reference.modalities()),
        ]
        if any(code not in table for codes, table in known for code in codes) or self.window.ends < self.window.starts:
            raise ValueError("unknown code or reversed dates")
        return self


class Addressed(Strict):
    to: Literal["any", "unodc", "states"] = "any"
    states: Annotated[list[StateCode], Field(max_length=50)] = []


class NewRequest(Strict):
    submit: bool = False
    state: StateCode | None = None
    language: Language
    title: Annotated[str, Field(min_length=1, max_length=200)]
    need: Annotated[str, Field(max_length=4000)] = ""
    visibility: Literal["private", "named", "providers", "public_summary"] = "private"
    addressee: Addressed = Addressed()
    circulation: Literal["none", "granted", "silence"] = "none"
    lines: Annotated[list[NewLine], Field(max_length=20)] = []


class LineView(Strict):
    line_id: UUID
    kind: str
    topics: list[str]
    articles: list[str]
    paragraphs: list[str]
    pillars: list[str]
    institution: str
    institution_name: str
    group_size: int
    languages: list[str]
    modality: str
    starts: date
    ends: date
    gender_marker: int
    human_rights_marker: int
    markers_justification: str
    outcome: str
    in_place: str


class RequestView(Strict):
    request_id: UUID
    state: str
    status: str
    revision: int
    language: str
    title: str
    need: str
    visibility: str
    addressee: str
    addressed_states: list[str]
    circulation: str
    submitted_at: datetime
    lines: list[LineView]


# -- the route --------------------------------------------------------------------------------------------------------


def application(database_url: str, verifier: Verifier) -> FastAPI:
    engine = create_async_engine(
        database_url.replace("postgresql://", "postgresql+asyncpg://"), pool_size=POOL_MAX, max_overflow=0
    )
    sessions = async_sessionmaker(engine, expire_on_commit=False)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        yield
        await engine.dispose()

    app = FastAPI(lifespan=lifespan)

    async def session_of() -> AsyncIterator[AsyncSession]:
        async with sessions() as session:
            yield session

    async def caller_of(authorization: Annotated[str, Header()]) -> Caller:
        try:
            caller = await verifier.caller(authorization, None)
        except Refusal as no:
            raise HTTPException(401, no.slug) from no
        if caller.role not in {"focal_point", "official"}:
            raise HTTPException(403, "not-for-your-role")
        return caller

    @app.post("/v1/requests", status_code=201)
    async def file_request(
        body: NewRequest,
        request: Request,
        response: Response,
        caller: Annotated[Caller, Depends(caller_of)],
        session: Annotated[AsyncSession, Depends(session_of)],
        idempotency_key: Annotated[str, Header(min_length=8, max_length=128)],
    ) -> RequestView:
        if body.state is not None and body.state != caller.organization:
            raise HTTPException(403, "not-your-state")
        body_hash = hashlib.sha256(await request.body()).digest()
        async with session.begin():
            filed = await _file(session, body, caller, idempotency_key, body_hash)
        response.headers["Location"] = f"/v1/requests/{filed.request_id}"
        response.headers["ETag"] = f'"{filed.revision}"'
        return RequestView.model_validate(filed)

    return app


async def _file(session: AsyncSession, body: NewRequest, caller: Caller, key: str, body_hash: bytes) -> RequestRow:
    request_id = new_id()
    claimed = await session.scalar(
        insert(IdempotencyRow)
        .values(caller=caller.person_id, key=key, body_hash=body_hash, request_id=request_id)
        .on_conflict_do_nothing()
        .returning(IdempotencyRow.request_id)
    )
    if claimed is None:
        before = await session.get_one(IdempotencyRow, (caller.person_id, key))
        if before.body_hash != body_hash:
            raise HTTPException(422, "idempotency-key-reused")
        return (await session.scalars(select(RequestRow).where(RequestRow.request_id == before.request_id))).one()
    filed = RequestRow(
        request_id=request_id,
        state=caller.organization,
        status="submitted" if body.submit else "draft",
        revision=1,
        language=body.language,
        title=body.title,
        need=body.need,
        visibility=body.visibility,
        addressee=body.addressee.to,
        addressed_states=list(body.addressee.states),
        circulation=body.circulation,
        submitted_at=datetime.now(UTC),
        lines=[
            LineRow(
                line_id=new_id(),
                position=position,
                starts=line.window.starts,
                ends=line.window.ends,
                **line.model_dump(exclude={"window"}),
            )
            for position, line in enumerate(body.lines, 1)
        ],
    )
    session.add(filed)
    codes = {"title", "need", "lines"}
    payload = body.model_dump(mode="json", by_alias=True, exclude=codes) | {
        "request_id": str(request_id),
        "lines": [
            line.model_dump(
                mode="json",
                by_alias=True,
                exclude={"institution_name", "markers_justification", "outcome", "in_place"},
            )
            for line in body.lines
        ],
    }
    session.add(OutboxRow(event_id=new_id(), aggregate_id=request_id, type="request.submitted", payload=payload))
    return filed


async def run(task: dict[str, Any]) -> None:
    callers = with_test_appointments(Callers(cast(Any, None), cast(Any, None)))
    appoint_persona("KEN:focal_point")
    app = application(
        task["database_url"],
        Verifier(TrustedIssuer(ISSUER, Keys(task["keys"], ISSUER)), callers, service_of=lambda _: None),
    )
    server = uvicorn.Server(uvicorn.Config(app, port=task["port"], http="httptools", log_config=None, access_log=False))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    print(READY, flush=True)
    await serving


if __name__ == "__main__":
    uvloop.run(run(json.load(sys.stdin)))
