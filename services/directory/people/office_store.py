"""Queries on people in office today, read by the service itself."""

from collections import Counter
from collections.abc import Collection
from datetime import date
from typing import Any

import msgspec

from chassis.db.database import Tx
from services.directory.appointments.model import Appointment

COORDINATORS_MAX = 500
OFFICERS_MAX = 500


async def coordinators(tx: Tx, *, today: date) -> list[tuple[Appointment, str | None]]:
    """List the appointments of coordinators in force today, each with the name of its person, by name.

    Disabled people are excluded. The service itself reads, because coordinators may not see each other's records.
    """
    rows = await tx.fetch(
        """
        SELECT appointment.*, name
        FROM appointment JOIN person USING (person_id) LEFT JOIN person_text USING (person_id)
        WHERE role = 'coordinator'
          AND shown_status(status, starts, ends, $1) = 'in_force'
          AND disabled_at IS NULL
        ORDER BY name, appointment_id LIMIT $2
        """,
        today,
        COORDINATORS_MAX,
    )
    return [(msgspec.convert(dict(row), Appointment), row["name"]) for row in rows]


async def finance_officers(tx: Tx) -> list[dict[str, Any]]:
    """List those who are or were finance officers of UNODC, by name; the newest `OFFICERS_MAX`."""
    rows = await tx.fetch(
        """
        SELECT person_id, name FROM (
            SELECT person_id, max(made_at) AS last FROM appointment
            WHERE organization = 'UNODC' AND role = 'finance_officer' AND made_at IS NOT NULL
            GROUP BY person_id ORDER BY last DESC, person_id LIMIT $1
        ) AS officer LEFT JOIN person_text USING (person_id) ORDER BY name, person_id
        """,
        OFFICERS_MAX,
    )
    return [dict(row) for row in rows]


async def focal_points(tx: Tx, organizations: Collection[str], *, today: date) -> Counter[str]:
    """Return the number of focal points that each of these organizations has in force today, without locks."""
    rows = await tx.fetch(
        """
        SELECT appointment.organization, count(*) AS held FROM appointment JOIN person USING (person_id)
        WHERE appointment.organization = ANY($1) AND role = 'focal_point'
          AND shown_status(status, starts, ends, $2) = 'in_force'
            AND disabled_at IS NULL AND erased_at IS NULL
        GROUP BY appointment.organization
        """,
        list(organizations),
        today,
    )
    return Counter({row["organization"]: row["held"] for row in rows})
