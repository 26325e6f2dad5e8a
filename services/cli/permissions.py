"""`entraide permissions`, made from the same tables as /docs/permissions."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence

import click
import msgspec

from contracts.refusals import Invalid
from contracts.values import Organization, Role
from services.cli.options import JSON, fail
from services.composition import all_services
from services.directory.appointments.model import HELD_IN
from services.directory.people.model import Kind, kind_of
from services.documents.permission_cases import SUBJECTS
from services.documents.permissions import Grant, Permission, actions_of_routes, permissions_of

COLUMNS = 79
ROUTE_COLUMNS = 52
KINDS: Mapping[Kind, str] = {
    Kind.STATE: "a State",
    Kind.UNODC: "UNODC",
    Kind.UNIT: "a unit of UNODC",
    Kind.OTHER: "another organization",
}


class Permissions(msgspec.Struct, frozen=True, kw_only=True):
    """The permissions of one appointment."""

    organization: str
    role: Role
    permissions: list[Permission]


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A role, and the organizations in which it can be held."""

    role: Role
    held_at: tuple[str, ...]
    example: str


@click.command("permissions")
@click.argument("appointment", metavar="[ORG:ROLE]", required=False)
@JSON
def permissions(appointment: str | None, as_json: bool) -> None:
    """Show which operations an appointment may use, and when.

    ORG:ROLE is a role in an organization, for instance KEN:focal_point. Without it the roles are listed. Only the
    policies in the program are evaluated: no database is needed, and no appointment.

    Exit 0: shown; 2: there is no such role or organization, or no such role in it.
    """
    if appointment is None:
        held = list(roles())
        click.echo(msgspec.json.encode(held).decode() if as_json else "\n".join(_role_lines(held)))
        return
    try:
        organization, role = _read(appointment)
    except ValueError as error:
        fail(str(error))
    services = all_services()
    found = Permissions(organization=organization, role=role, permissions=permissions_of(organization, role, services))
    asking = {asked.route for asked in actions_of_routes(services) if asked.action is not None}
    click.echo(
        msgspec.json.encode(found).decode() if as_json else "\n".join(report_lines(found, operations=len(asking)))
    )


def roles() -> Iterator[Held]:
    for role in Role:
        kinds = [kind for kind in Kind if kind in _held_in(role)]
        example = f"{'KEN' if Kind.STATE in kinds else 'UNODC'}:{role}"
        yield Held(role=role, held_at=tuple(KINDS[kind] for kind in kinds), example=example)


def _held_in(role: Role) -> frozenset[Kind]:
    """Return the kinds of organizations in which a role is held.

    A service has no appointment and acts as one of UNODC.
    """
    return frozenset({Kind.UNODC}) if role is Role.SERVICE else HELD_IN[role]


def _read(appointment: str) -> tuple[str, Role]:
    """Parse an appointment. Raises ValueError with an explanation."""
    organization, colon, name = appointment.partition(":")
    if not colon:
        raise ValueError(f"{appointment!r} is no appointment: ORG:ROLE is, for instance KEN:focal_point")
    if name not in set(Role):
        raise ValueError(f"there is no role {name!r}; there are {', '.join(Role)}")
    try:
        kind = kind_of(msgspec.convert(organization, Organization))
    except (msgspec.ValidationError, Invalid):
        raise ValueError(
            f"there is no organization {organization!r}: one is a State by its ISO 3166-1 alpha-3 code, UNODC, a unit "
            "of it (UNODC-…), or another by its name"
        ) from None
    role = Role(name)
    if kind not in _held_in(role):
        where = " or ".join(KINDS[one] for one in Kind if one in _held_in(role))
        raise ValueError(f"{organization} has no {role}: the role exists at {where}")
    return organization, role


def _role_lines(held: Sequence[Held]) -> Iterator[str]:
    yield f"{'role':18}{'held at':34}for instance"
    for one in held:
        first, *more = textwrap.wrap(", ".join(one.held_at), 32)
        yield f"{one.role:18}{first:34}{one.example}"
        yield from (f"{'':18}{line}" for line in more)
    yield ""
    yield f"What one of them may: entraide permissions {held[0].example}"


def report_lines(found: Permissions, *, operations: int) -> Iterator[str]:
    usable = {route for one in found.permissions if one.allowed for route in one.routes}
    yield f"{found.organization}:{found.role} may use {len(usable)} of {operations} operations that need a token."
    yield from textwrap.wrap(
        "Conditions are listed below each: `as` is the caller's relation to the record, `where` the record's "
        "properties, `with` the guarded fields that are shown, too. Without a condition it is always allowed. Whether "
        "the state of a record allows a move is checked separately (409).",
        COLUMNS,
    )
    for service in dict.fromkeys(one.service for one in found.permissions):
        of_service = [one for one in found.permissions if one.service == service]
        yield from ("", service.upper())
        for subject, on_shown in dict.fromkeys((one.subject, one.on_shown) for one in of_service):
            yield from _subject(
                [one for one in of_service if one.allowed and (one.subject, one.on_shown) == (subject, on_shown)]
            )
        allowed = {one.action for one in of_service if one.allowed}
        if never := list(dict.fromkeys(one.action for one in of_service if one.action not in allowed)):
            yield ""
            yield from textwrap.wrap(
                f"never: {', '.join(never)}", COLUMNS, initial_indent="  ", subsequent_indent="    "
            )


def _subject(permissions: Sequence[Permission]) -> Iterator[str]:
    """Yield the lines of one kind of record; actions allowed under the same conditions are grouped."""
    if not permissions:
        return
    yield from ("", f"  {permissions[0].subject}" + (", if it is shown" if permissions[0].on_shown else ""))
    (properties,) = (
        subject.properties
        for subject in SUBJECTS
        if (subject.service, subject.title) == (permissions[0].service, permissions[0].subject)
    )
    together: dict[tuple[str, ...], list[Permission]] = {}
    for one in permissions:
        together.setdefault(tuple(when(grant, properties) for grant in one.allowed), []).append(one)
    for circumstances, alike in together.items():
        for one in alike:
            yield from _operations(one)
        for line in circumstances:
            yield from textwrap.wrap(line, COLUMNS, initial_indent="      ", subsequent_indent="        ")


def _operations(one: Permission) -> Iterator[str]:
    for route in one.routes or ("(within another operation)",):
        if len(route) < ROUTE_COLUMNS:
            yield f"    {route:{ROUTE_COLUMNS}}{one.action}"
        else:
            yield f"    {route}"
            yield f"{'':{ROUTE_COLUMNS + 4}}{one.action}"


def when(grant: Grant, properties: Mapping[str, Sequence[str]]) -> str:
    """Return a condition in one line; empty if there is none."""
    parts = ["as " + " or ".join(grant.standing)] if grant.standing else []
    if grant.where:
        parts.append("where " + ", ".join(_one_of(name, grant.where[name], properties[name]) for name in grant.where))
    if grant.fields:
        parts.append("with " + ", ".join(grant.fields))
    return "; ".join(parts)


def _one_of(name: str, values: Sequence[str], of: Sequence[str]) -> str:
    left_out = [value for value in of if value not in values]
    if len(left_out) < len(values):
        return f"{name} is not {' or '.join(left_out)}"
    return f"{name} is {' or '.join(values)}"
