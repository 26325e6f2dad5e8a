"""The console's texts in six languages: gettext catalogues in `locales/`, English in the code."""

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import cast

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

LOCALES = Path(__file__).parent / "locales"
DOMAIN = "console"
LANGUAGES = ("ar", "en", "es", "fr", "ru", "zh")
MARK = "\4"
"""Separator between the context of a message and its text, as in the compiled catalogues of gettext."""

OWN_NAMES = {"ar": "العربية", "en": "English", "es": "Español", "fr": "Français", "ru": "Русский", "zh": "中文"}


def N_(message: str) -> str:
    """Mark a message for the catalogues."""
    return message


def P_(context: str, message: str) -> str:
    """Mark a message whose translation depends on its context; `translated` reads the mark."""
    return f"{context}{MARK}{message}"


def translated(language: str, message: str) -> str:
    """Translate a marked message into a language."""
    context, marked, text = message.rpartition(MARK)
    found = translations(language)
    return str(found.pgettext(context, text)) if marked else found.gettext(text)


@cache
def translations(language: str) -> NullTranslations:
    """Return the catalogue of a language, compiled when it is first used; empty for English."""
    path = LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po"
    if not path.exists():
        return NullTranslations()
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language, domain=DOMAIN)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return cast(NullTranslations, Translations(compiled, domain=DOMAIN))
