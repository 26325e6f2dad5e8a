"""Requests that are similar to a draft: the State's own, and those of its region that circulate."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from chassis.db.database import Tx
from contracts import reference
from contracts.requests import DraftLine, Line
from contracts.values import Caller, Role

SIMILAR_MAX = 10


class CirculatingRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A similar request of another State, as far as consents in force show it to the State.

    `kinds` and `topics` are those in common with the draft; the title is absent unless a consent gives the words.
    """

    request_id: UUID
    state: str
    kinds: tuple[str, ...]
    topics: tuple[str, ...]
    title: str | UnsetType = UNSET


async def similar(tx: Tx, caller: Caller, lines: Sequence[Line | DraftLine]) -> list[UUID]:
    """Return the State's own requests in progress that have a line with a kind and a topic of these lines."""
    rows = await tx.fetch(
        """
        SELECT DISTINCT request.request_id
        FROM request CROSS JOIN LATERAL seen(request_id, state, status, circulation, submitted_at, channel, $1, $2)
            JOIN request_line USING (request_id)
        WHERE request.state = $1 AND kind = ANY ($3::text[]) AND topics && $4::text[]
          AND status NOT IN ('closed', 'not_accepted', 'lapsed', 'withdrawn')
        ORDER BY request_id DESC LIMIT $5
        """,
        caller.organization,
        caller.role,
        *_codes(lines),
        SIMILAR_MAX,
    )
    return [row["request_id"] for row in rows]


async def circulating(tx: Tx, caller: Caller, lines: Sequence[Line | DraftLine]) -> list[CirculatingRequest]:
    """Return requests of other States of the regional group with a kind and a topic of these lines, most topics first.

    They are shown as the State's own provider officers would see them: by a consent in force, and not if the State is
    excluded. They are read as the service, because those who file for a State read no requests of other States
    elsewhere.
    """
    region = reference.region_of(caller.organization)
    neighbours = [
        code
        for code in reference.countries()
        if region is not None and code != caller.organization and reference.region_of(code) == region
    ]
    async with tx.as_service():
        rows = await tx.fetch(
            """
            SELECT r.request_id, r.state, common.kinds, common.topics,
                CASE WHEN s.words THEN (SELECT title FROM request_text t WHERE t.request_id = r.request_id) END AS title
            FROM request AS r CROSS JOIN LATERAL seen(r.request_id, r.state, r.status, r.circulation, r.submitted_at,
                    r.channel, $1, $2) AS s
                CROSS JOIN LATERAL (
                    SELECT array_agg(DISTINCT l.kind) AS kinds, array_agg(DISTINCT topic) AS topics
                    FROM request_line AS l, unnest(l.topics) AS topic
                    WHERE l.request_id = r.request_id AND l.kind = ANY ($3::text[]) AND topic = ANY ($4::text[])
                ) AS common
            WHERE r.state = ANY ($6::text[]) AND circulates(r.circulation, r.status) AND common.kinds IS NOT NULL
                AND EXISTS (SELECT FROM consent AS c
                    WHERE c.request_id = r.request_id
                      AND in_force(c.starts_at, c.ends_at, c.withdrawn_at, c.ended_at) AND names(c.recipients, $1))
            ORDER BY cardinality(common.topics) DESC, r.request_id DESC LIMIT $5
            """,
            caller.organization,
            Role.PROVIDER_OFFICER,
            *_codes(lines),
            SIMILAR_MAX,
            neighbours,
        )
    found = [{name: value for name, value in row.items() if value is not None} for row in rows]
    return msgspec.convert(found, list[CirculatingRequest])


def _codes(lines: Sequence[Line | DraftLine]) -> tuple[list[str], list[str]]:
    """Return the kinds and topics of these lines."""
    return [line.kind for line in lines if line.kind], [topic for line in lines for topic in line.topics]
