"""Queries on people in office today, read by the service itself."""

from collections import Counter
from collections.abc import Collection
from datetime import date

import msgspec

from chassis.db.database import Tx
from services.directory.appointments.model import Appointment

COORDINATORS_MAX = 500


async def coordinators(tx: Tx, *, today: date) -> list[tuple[Appointment, str | None]]:
    """List the appointments of coordinators in force today, each with the name of its person, by name.

    Disabled people are excluded. The service itself reads, because coordinators may not see each other's records.
    """
    rows = await tx.fetch(
        """
        SELECT appointment.*, name
        FROM appointment JOIN person USING (person_id) LEFT JOIN person_text USING (person_id)
        WHERE role = 'coordinator' AND shown_status(appointment, $1) = 'in_force' AND disabled_at IS NULL
        ORDER BY name, appointment_id LIMIT $2
        """,
        today,
        COORDINATORS_MAX,
    )
    return [(msgspec.convert(dict(row), Appointment), row["name"]) for row in rows]


async def focal_points(tx: Tx, organizations: Collection[str], *, today: date) -> Counter[str]:
    """Return the number of focal points that each of these organizations has in force today, without locks."""
    rows = await tx.fetch(
        """
        SELECT appointment.organization, count(*) AS held FROM appointment JOIN person USING (person_id)
        WHERE appointment.organization = ANY($1) AND role = 'focal_point'
          AND shown_status(appointment, $2) = 'in_force' AND disabled_at IS NULL AND erased_at IS NULL
        GROUP BY appointment.organization
        """,
        list(organizations),
        today,
    )
    return Counter({row["organization"]: row["held"] for row in rows})
