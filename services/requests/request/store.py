"""Queries on requests. Each read for a caller joins `seen`, the policy in SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar, cast
from uuid import UUID

import msgspec
from asyncpg import Record
from msgspec import UNSET, UnsetType

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.consents import FieldSet
from contracts.coverage import Fulfilment
from contracts.refusals import Missing
from contracts.requests import DraftLine, Line
from contracts.values import Caller, Period
from services.requests.policy import FILERS
from services.requests.request.completeness import REQUIRED
from services.requests.request.model import Request
from services.requests.request.specificity import LineText
from services.requests.request.values import Circulation, Status
from services.requests.translation.texts import TitleTranslation

LIST_MAX = 100
SIDES = ("state", "provider")
OF_THEIR_OWN = (
    "lines",
    "incomplete",
    "matches",
    "providers",
    "agreed_at",
    "covers",
    "evaluations",
    "consents",
    "excluded_providers",
    "read_at",
)
"""Attributes of a request that are not columns of its row."""
L = TypeVar("L", Line, DraftLine)


class Texts(msgspec.Struct, frozen=True, kw_only=True):
    """The texts of a request in its source language; `lines` are in the order of all its lines."""

    title: str
    need: str
    lines: tuple[LineText, ...]


async def get(tx: Tx, request_id: UUID, caller: Caller, *, lock: bool = False) -> Request:
    """Return the request. Raises Missing unless this caller may see it. `lock` locks it until the transaction ends."""
    query = (
        """
        SELECT request.*, ARRAY(SELECT provider FROM excluded_provider e WHERE e.request_id = request.request_id
            ORDER BY provider COLLATE "C") AS excluded_providers, now() AS read_at
        FROM request, seen(request_id, state, status, circulation, submitted_at, channel, $2, $3) WHERE request_id = $1
        FOR UPDATE OF request
        """
        if lock
        else """
        SELECT request.*, ARRAY(SELECT provider FROM excluded_provider e WHERE e.request_id = request.request_id
            ORDER BY provider COLLATE "C") AS excluded_providers, now() AS read_at
        FROM request, seen(request_id, state, status, circulation, submitted_at, channel, $2, $3) WHERE request_id = $1
        """
    )
    row = await tx.fetchrow(query, request_id, caller.organization, caller.role)
    if row is None:
        raise Missing("not-found")
    return await _load(tx, row)


async def locked(tx: Tx, request_id: UUID) -> Request | None:
    """Return the request, locked, read by the service itself (consumers, timers) without a caller; None if unknown."""
    row = await tx.fetchrow(
        """
        SELECT *, ARRAY(SELECT provider FROM excluded_provider e WHERE e.request_id = request.request_id
            ORDER BY provider COLLATE "C") AS excluded_providers
        FROM request WHERE request_id = $1 FOR UPDATE
        """,
        request_id,
    )
    return await _load(tx, row) if row else None


async def _load(tx: Tx, row: Record) -> Request:
    lines = await tx.fetch("SELECT * FROM request_line WHERE request_id = $1 ORDER BY position", row["request_id"])
    matches = await tx.fetch(
        """
        SELECT match_id, line_id, status, provider, agreed_at, covers, state_result, provider_result
        FROM line_match WHERE request_id = $1
        """,
        row["request_id"],
    )
    consents = await tx.fetch(
        """
        SELECT consent_id, recipients, fields, starts_at, ends_at, given_at, withdrawn_at, ended_at, recorded,
            scan_id
        FROM consent WHERE request_id = $1 ORDER BY given_at, consent_id
        """,
        row["request_id"],
    )
    return msgspec.convert(
        {
            **dict(row),
            "lines": [_line(line, Line) for line in lines if _is_complete(line)],
            "incomplete": [_line(line, DraftLine) for line in lines if not _is_complete(line)],
            "fulfilment": {line["line_id"]: line["fulfilment"] for line in lines},
            "matches": {match["match_id"]: (match["line_id"], match["status"]) for match in matches},
            "providers": {match["match_id"]: match["provider"] for match in matches},
            "agreed_at": {match["match_id"]: match["agreed_at"] for match in matches},
            "covers": {match["match_id"]: match["covers"] for match in matches},
            "evaluations": {match["match_id"]: sides for match in matches if (sides := _evaluations_of(match))},
            "consents": {consent["consent_id"]: dict(consent) for consent in consents},
        },
        Request,
    )


def _evaluations_of(match: Record) -> dict[str, str]:
    """Return each side's evaluation of a match's delivery."""
    results = {"state": match["state_result"], "provider": match["provider_result"]}
    return {side: result for side, result in results.items() if result is not None}


def _is_complete(row: Record) -> bool:
    return all(row["starts" if name == "window" else name] for name in REQUIRED)


def _line(row: Record, kind: type[L]) -> L:
    values: dict[str, Any] = dict(row)
    starts, ends = values.pop("starts"), values.pop("ends")
    values["window"] = Period(starts=starts, ends=ends) if starts else None
    values["measures"] = msgspec.json.decode(values["measures"])
    return msgspec.convert(values, kind)


_NEW = Write(
    parts={
        "saved": """
            INSERT INTO request (request_id, state, status, revision, language, visibility, addressee,
                addressed_states, circulation_rule, circulation, window_ends_at, restricted, texts_hash, drafted_at,
                submitted_at, registered_at, reference, priority, assignee, held_from, waiting_since, reminders,
                outcome, kinds, fulfilment, channel, received_on, confirmation_scan_id, on_behalf, criteria_version,
                eligible, assessed_priority)
            SELECT request_id, state, status, revision, language, visibility, addressee,
                addressed_states, circulation_rule, circulation, window_ends_at, restricted, texts_hash, drafted_at,
                submitted_at, registered_at, reference, priority, assignee, held_from, waiting_since, reminders,
                outcome, kinds, fulfilment, channel, received_on, confirmation_scan_id, on_behalf, criteria_version,
                eligible, assessed_priority
            FROM json_populate_record(NULL::request, $1::text::json)
        """,
        "consented": """
            INSERT INTO consent (consent_id, request_id, state, recipients, fields, starts_at, ends_at, given_at,
                withdrawn_at, ended_at, recorded, scan_id)
            SELECT consent_id, $3, $4, recipients, fields, starts_at, ends_at, given_at, withdrawn_at, ended_at,
                recorded, scan_id
            FROM json_populate_recordset(NULL::consent, $5::text::json)
        """,
        "lined": """
            INSERT INTO request_line (line_id, request_id, state, position, kind, topics, articles, paragraphs,
                pillars, institution, group_size, languages, modality, starts, ends, gender_marker,
                human_rights_marker, cannot_wait, measures, fulfilment)
            SELECT line_id, request_id, state, position, kind, topics, articles, paragraphs, pillars, institution,
                group_size, languages, modality, starts, ends, gender_marker, human_rights_marker, cannot_wait,
                measures, fulfilment
            FROM json_populate_recordset(NULL::request_line, $2::text::json)
        """,
        "unwanted": """
            INSERT INTO excluded_provider (request_id, state, provider) SELECT $3, $4, unnest($6::text[])
        """,
    }
)
_CHANGED = _NEW.with_conflict_clause(
    saved="""
        ON CONFLICT (request_id) DO UPDATE SET status = excluded.status, revision = excluded.revision,
            language = excluded.language, visibility = excluded.visibility, addressee = excluded.addressee,
            addressed_states = excluded.addressed_states, circulation_rule = excluded.circulation_rule,
            circulation = excluded.circulation, window_ends_at = excluded.window_ends_at,
            restricted = excluded.restricted, texts_hash = excluded.texts_hash,
            submitted_at = excluded.submitted_at, registered_at = excluded.registered_at,
            reference = excluded.reference, priority = excluded.priority, assignee = excluded.assignee,
            held_from = excluded.held_from,
            waiting_since = excluded.waiting_since, reminders = excluded.reminders,
            outcome = excluded.outcome, kinds = excluded.kinds, fulfilment = excluded.fulfilment,
            confirmation_scan_id = excluded.confirmation_scan_id,
            criteria_version = excluded.criteria_version, eligible = excluded.eligible,
            assessed_priority = excluded.assessed_priority
    """,
    consented="""
        ON CONFLICT (consent_id) DO UPDATE SET recipients = excluded.recipients, fields = excluded.fields,
            starts_at = excluded.starts_at, ends_at = excluded.ends_at, given_at = excluded.given_at,
            withdrawn_at = excluded.withdrawn_at, ended_at = excluded.ended_at, recorded = excluded.recorded,
            scan_id = excluded.scan_id
    """,
    lined="""
        ON CONFLICT (line_id) DO UPDATE SET position = excluded.position, kind = excluded.kind,
            topics = excluded.topics, articles = excluded.articles, paragraphs = excluded.paragraphs,
            pillars = excluded.pillars, institution = excluded.institution, group_size = excluded.group_size,
            languages = excluded.languages, modality = excluded.modality, starts = excluded.starts,
            ends = excluded.ends, gender_marker = excluded.gender_marker,
            human_rights_marker = excluded.human_rights_marker, cannot_wait = excluded.cannot_wait,
            measures = excluded.measures, fulfilment = excluded.fulfilment
    """,
    unwanted="ON CONFLICT DO NOTHING",
)
"""Statements of upserts. Row-level security evaluates three policies for an upsert, and one for a plain INSERT."""


async def save(tx: Tx, request: Request) -> None:
    """Insert or update the request.

    The statement is queued: it is sent before the next query, or with the COMMIT.
    """
    await tx.queue(
        _NEW if request.revision == 1 else _CHANGED,
        _encoded(request),
        _encoded_lines(request),
        request.request_id,
        request.state,
        msgspec.json.encode(list(request.consents.values())).decode(),
        request.excluded_providers,
    )
    if request.revision > 1:
        await _save_children(tx, request)


async def _save_children(tx: Tx, request: Request) -> None:
    """Write what only an existing request has: removed lines and exclusions, and matches."""
    await tx.execute(
        "DELETE FROM request_line WHERE request_id = $1 AND line_id <> ALL ($2::uuid[])",
        request.request_id,
        [line.line_id for line in request.all_lines],
    )
    await tx.execute(
        "DELETE FROM excluded_provider WHERE request_id = $1 AND provider <> ALL ($2::text[])",
        request.request_id,
        request.excluded_providers,
    )
    await tx.execute(
        """
        INSERT INTO line_match (match_id, line_id, request_id, state, status, provider, agreed_at, covers,
            state_result, provider_result)
        SELECT match_id, line_id, $1, $2, status, provider, agreed_at, covers, state_result, provider_result
        FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::timestamptz[], $8::integer[], $9::text[],
            $10::text[]) AS m(match_id, line_id, status, provider, agreed_at, covers, state_result, provider_result)
        ON CONFLICT (match_id) DO UPDATE SET status = excluded.status, provider = excluded.provider,
            covers = excluded.covers, state_result = excluded.state_result, provider_result = excluded.provider_result
        """,
        request.request_id,
        request.state,
        list(request.matches),
        [line for line, _ in request.matches.values()],
        [status for _, status in request.matches.values()],
        [request.providers[match_id] for match_id in request.matches],
        [request.agreed_at[match_id] for match_id in request.matches],
        [request.covers.get(match_id) for match_id in request.matches],
        *([request.evaluations.get(match_id, {}).get(side) for match_id in request.matches] for side in SIDES),
    )


def _encoded(request: Request) -> str:
    """Return the columns of its row as JSON; data with tables of its own is summarized or left out."""
    row = {
        **msgspec.structs.asdict(request),
        "kinds": [line.kind for line in request.all_lines if line.kind],
        "fulfilment": request.fulfilled,
        "on_behalf": request.channel is not None,
    }
    for of_its_own in OF_THEIR_OWN:
        del row[of_its_own]
    return msgspec.json.encode(row).decode()


def _encoded_lines(request: Request) -> str:
    rows = [
        {
            **msgspec.structs.asdict(line),
            "request_id": request.request_id,
            "state": request.state,
            "position": position,
            "starts": line.window.starts if line.window else None,
            "ends": line.window.ends if line.window else None,
            "fulfilment": request.fulfilment.get(line.line_id, Fulfilment.NONE),
        }
        for position, line in enumerate(request.all_lines, 1)
    ]
    return msgspec.json.encode(rows).decode()


# -- words ------------------------------------------------------------------------------------------------------------


_NEW_TEXTS = Write(
    parts={
        "words": """
            INSERT INTO request_text (request_id, state, salt, title, need, on_behalf)
            VALUES ($1, $2, $3, $4, $5, $11)
        """,
        "line_words": """
            INSERT INTO line_text (line_id, request_id, state, institution_name, outcome, in_place,
                markers_justification, measures, on_behalf)
            SELECT line_id, $1, $2, institution_name, outcome, in_place, markers_justification, measures::jsonb, $11
            FROM unnest($6::uuid[], $7::text[], $8::text[], $9::text[], $10::text[], $12::text[])
                AS t(line_id, institution_name, outcome, in_place, markers_justification, measures)
        """,
    }
)
_CHANGED_TEXTS = _NEW_TEXTS.with_conflict_clause(
    words="ON CONFLICT (request_id) DO UPDATE SET salt = excluded.salt, title = excluded.title, need = excluded.need"
)


async def save_texts(tx: Tx, request: Request, texts: Texts, salt: bytes) -> None:
    """Replace the texts, which the journal refers to by their salted hash."""
    await tx.queue(
        _NEW_TEXTS if request.revision == 1 else _CHANGED_TEXTS,
        request.request_id,
        request.state,
        salt,
        texts.title,
        texts.need,
        [line.line_id for line in request.all_lines],
        [line.institution_name for line in texts.lines],
        [line.outcome for line in texts.lines],
        [line.in_place for line in texts.lines],
        [line.markers_justification for line in texts.lines],
        request.channel is not None,
        [msgspec.json.encode(line.measures).decode() for line in texts.lines],
    )


async def delete_line_texts(tx: Tx, request_id: UUID) -> None:
    """Delete the texts of the lines, before a revision writes its own."""
    await tx.execute("DELETE FROM line_text WHERE request_id = $1", request_id)


async def salt(tx: Tx, request_id: UUID) -> bytes | None:
    """Return the salt of the texts' hash; None if they are erased."""
    return cast(bytes | None, await tx.fetchval("SELECT salt FROM request_text WHERE request_id = $1", request_id))


async def texts(tx: Tx, request: Request) -> Texts:
    """Return the texts of a request that the caller was allowed to read."""
    head = await tx.fetchrow("SELECT title, need FROM request_text WHERE request_id = $1", request.request_id)
    rows = await tx.fetch(
        """
        SELECT line_id, institution_name, outcome, in_place, markers_justification, measures
        FROM line_text WHERE request_id = $1
        """,
        request.request_id,
    )
    by_line = {row["line_id"]: row for row in rows}
    empty = LineText(institution_name="", outcome="", in_place="", markers_justification="")
    return Texts(
        title=head["title"] if head else "",
        need=head["need"] if head else "",
        lines=tuple(_text(by_line[line.line_id]) if line.line_id in by_line else empty for line in request.all_lines),
    )


def _text(row: Record) -> LineText:
    return msgspec.convert({**row, "measures": msgspec.json.decode(row["measures"])}, LineText)


# -- lists ------------------------------------------------------------------------------------------------------------


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """A request in a list; `withheld` are the fields that the caller is not shown.

    `title_translation` is its title in the reader's language, null if there is none. A provider that serves it without
    a consent sees in `kinds` only those of the lines that it serves.
    """

    request_id: UUID
    state: str
    status: Status
    revision: int
    language: str
    title: str | UnsetType = UNSET
    title_translation: TitleTranslation | None = None
    kinds: tuple[str, ...]
    fulfilment: Fulfilment
    circulation: Circulation
    submitted_at: datetime | None
    reference: str | None
    withheld: tuple[FieldSet, ...]


_PAGE = """
    SELECT request_id, state, status, revision, language, circulation, submitted_at, reference, fulfilment,
        words, institution,
        -- By no consent, but because it is served: of that the lines that are.
        CASE WHEN words IS NOT NULL THEN kinds ELSE ARRAY(
            SELECT kind FROM request_line AS l WHERE l.request_id = request.request_id AND EXISTS (
                SELECT FROM line_match AS m WHERE m.line_id = l.line_id AND m.request_id = l.request_id
                    AND m.provider = $1 AND opens(m.request_id, m.provider, m.status, m.agreed_at))
            ORDER BY position) END AS kinds,
        CASE WHEN words THEN (SELECT title FROM request_text t WHERE t.request_id = request.request_id) END AS title
    FROM request CROSS JOIN LATERAL seen(request_id, state, status, circulation, submitted_at, channel, $1, $2) WHERE
"""
_ONWARDS = """
    AND request_id < coalesce($5, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid) ORDER BY request_id DESC LIMIT $6
"""
NEWEST = f"{_PAGE} $3::text IS NULL AND $4::text IS NULL {_ONWARDS}"
NEWEST_IN_STATUS = f"{_PAGE} status = $3 AND $4::text IS NULL {_ONWARDS}"
NEWEST_OF_STATE = f"{_PAGE} state = $4 AND ($3::text IS NULL OR status = $3) {_ONWARDS}"
BY_REFERENCE = f"""
    {_PAGE} reference = upper($7) AND ($3::text IS NULL OR status = $3) AND ($4::text IS NULL OR state = $4) {_ONWARDS}
"""
"""Statements of a page. Each combination of filters has its own, so that an index answers it."""


async def page(
    tx: Tx,
    caller: Caller,
    *,
    status: str | None,
    state: str | None,
    reference: str | None = None,
    before: UUID | None,
    limit: int,
) -> Sequence[Summary]:
    """Return requests, newest first, starting after `before`."""
    if state is None and caller.role in FILERS:
        state = caller.organization
    query = NEWEST_OF_STATE if state else NEWEST_IN_STATUS if status else NEWEST
    asked: list[object] = [caller.organization, caller.role, status, state, before, limit]
    if reference:
        query, asked = BY_REFERENCE, [*asked, reference]
    rows = await tx.fetch(query, *asked)
    return [_summary(dict(row)) for row in rows]


def _summary(row: dict[str, Any]) -> Summary:
    shown = {FieldSet.CODES: True, FieldSet.WORDS: row.pop("words"), FieldSet.INSTITUTION: row.pop("institution")}
    title = row.pop("title")
    if shown[FieldSet.WORDS]:
        row["title"] = title or ""
    return msgspec.convert({**row, "withheld": [field for field in FieldSet if not shown[field]]}, Summary)
