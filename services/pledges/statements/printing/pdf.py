"""Rendering of a statement as PDF/UA-1 from one template and the fonts of pinned packages.

The same statement in the same language gives the same bytes: its date is its `as_of`, system fonts are not used, and
nothing is fetched.
"""

from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
import typst

from chassis.printing import typesetting
from chassis.printing.typesetting import families, legible
from contracts.values import Language
from services.pledges.statements.model import Statement
from services.pledges.statements.printing.words import TemplateData, labels

FOLDER = Path(__file__).parent / "labels"


def statement_pdf(statement: Statement, language: Language) -> bytes:
    """Render the statement in one language. Raises RenderError."""
    shown = with_texts(statement, legible)
    try:
        return _render(shown, language)
    except typst.TypstError:
        # An example are marks that no font combines with these letters. The figures matter more than the texts.
        return _render(with_texts(shown, lambda _: labels(language)["not_shown"]), language)


def with_texts(statement: Statement, changed: Callable[[str], str]) -> Statement:
    """Return the statement with every text that users wrote changed by `changed`."""
    pledges = tuple(
        msgspec.structs.replace(
            one,
            note=changed(one.note) if one.note else "",
            agreement_reference=None if one.agreement_reference is None else changed(one.agreement_reference),
        )
        for one in statement.pledges
    )
    funds = tuple(
        msgspec.structs.replace(one, labels={code: changed(text) for code, text in one.labels.items()})
        for one in statement.funds
    )
    in_kind = tuple(
        msgspec.structs.replace(one, description=changed(one.description) if one.description else "")
        for one in statement.in_kind
    )
    return msgspec.structs.replace(statement, pledges=pledges, funds=funds, in_kind=in_kind)


def template_data(statement: Statement, language: Language) -> dict[str, Any]:
    """Return the template's input."""
    return TemplateData(statement, language).data() | {"fonts": families(language)}


def _render(statement: Statement, language: Language) -> bytes:
    data = template_data(statement, language)
    return typesetting.pdf(template(), data, folder=FOLDER, timestamp=int(statement.as_of.timestamp()))


def template() -> bytes:
    return resources.files(__package__).joinpath("statement.typ").read_bytes()


def compiler() -> typst.Compiler:
    """Return a compiler that reads no packages, and no files but the labels."""
    return typesetting.compiler(FOLDER)
