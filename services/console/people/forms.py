"""The fields of a person and of an appointment, and the reading of a pasted table of several people."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct

from services.console.fields import Field, Option
from services.console.labels import ROLE
from services.console.translations import LANGUAGES, N_, translations

ROWS_MAX = 50
TABLE_LETTERS_MAX = 40_000
COLUMNS = ("organization", "name", "email", "language", "role", "from", "until", "letter", "issuer", "subject")
NEEDED = COLUMNS[:6]
ROLES_OF_FOCAL_POINT = ("official", "provider_officer", "donor_officer", "focal_point")
ROLES = tuple(code for code in ROLE if code != "service")

NAME = Field(name="name", label=N_("Name"))
EMAIL = Field(name="email", label=N_("E-mail address"), kind="email")
LANGUAGE = Field(name="language", label=N_("Language of their mails"), kind="choice", options="languages")
ORGANIZATION = Field(name="organization", label=N_("Organization"), kind="choice", options="organizations")
ISSUER = Field(
    name="issuer",
    label=N_("Where they sign in (address of the issuer)"),
    required=False,
    hint=N_("Leave this and the next field empty if it is not known yet: it can be proposed later."),
)
SUBJECT = Field(name="subject", label=N_("Their account there"), required=False)
PERSON_FIELDS = (ORGANIZATION, NAME, EMAIL, LANGUAGE, ISSUER, SUBJECT)
APPOINTMENT_FIELDS = (
    ORGANIZATION,
    Field(name="role", label=N_("Role"), kind="choice", options="roles"),
    Field(name="from", label=N_("First day"), kind="date"),
    Field(name="until", label=N_("Last day"), kind="date", required=False),
    Field(
        name="letter",
        label=N_("Letter of appointment"),
        required=False,
        hint=N_("How it is referred to, for example: note verbale of 2 November 2026"),
    ),
)
TABLE = Field(name="table", label=N_("Table"), kind="words", rows=12, max_length=TABLE_LETTERS_MAX)

WRONG_COLUMNS = N_("This row needs at least organization, name, e-mail, language, role and first day")
WRONG_LANGUAGE = N_("The language has to be one of: ar, en, es, fr, ru, zh")
WRONG_ROLE = N_("This role is not known")
WRONG_DATE = N_("Write dates as year-month-day, for example 2027-03-31")
WRONG_EMAIL = N_("This is not an e-mail address")


class Row(Struct, frozen=True):
    """A person in a pasted table; `wrong` is the error of a row that cannot be read."""

    number: int
    cells: Mapping[str, str]
    wrong: str = ""

    @property
    def line(self) -> str:
        """The row as a line that can be pasted again."""
        return "\t".join(self.cells.get(name, "") for name in COLUMNS).rstrip("\t")


def person_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body that enters a person, with an account if both of its parts are known."""
    body = {name: given[name] for name in ("organization", "name", "email", "language")}
    if given.get("issuer") and given.get("subject"):
        body["subjects"] = [{"issuer": given["issuer"], "subject": given["subject"]}]
    return body


def appointment_of(given: Mapping[str, Any], person_id: str) -> dict[str, Any]:
    """Return the body that appoints a person, or proposes to."""
    body = {name: given[name] for name in ("organization", "role", "from")}
    body |= {name: given[name] for name in ("until", "letter") if given.get(name)}
    return {"person_id": person_id, **body}


def rows_of(table: str) -> list[Row]:
    """Return the rows of a table pasted from a spreadsheet (with tabs) or written with semicolons, without its head."""
    separator = "\t" if "\t" in table else ";"
    found = []
    for number, cells in enumerate(csv.reader(io.StringIO(table), delimiter=separator), start=1):
        values = [cell.strip() for cell in cells]
        if not any(values) or [one.casefold() for one in values[:2]] == list(COLUMNS[:2]):
            continue
        row = dict(zip(COLUMNS, values, strict=False))
        row["organization"] = row["organization"].upper()
        found.append(Row(number, row, _wrong(row)))
    return found[: ROWS_MAX + 1]


def _wrong(row: Mapping[str, str]) -> str:
    if not all(row.get(name) for name in NEEDED):
        return WRONG_COLUMNS
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", row["email"]):
        return WRONG_EMAIL
    if row["language"] not in LANGUAGES:
        return WRONG_LANGUAGE
    if row["role"] not in ROLES:
        return WRONG_ROLE
    return "" if all(_is_date(row.get(name, "")) for name in ("from", "until")) else WRONG_DATE


def _is_date(text: str) -> bool:
    try:
        return not text or date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def roles_for(role: str, language: str) -> Sequence[Option]:
    """Return the roles to which a caller in this role appoints; the API decides whether they may."""
    gettext = translations(language).gettext
    return [Option(code, gettext(ROLE[code])) for code in (ROLES_OF_FOCAL_POINT if role == "focal_point" else ROLES)]
