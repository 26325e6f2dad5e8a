"""`./dev messages`: update the catalogues of the console's texts from its code and templates.

Writes `services/console/locales/<language>/LC_MESSAGES/console.po`: adds new messages without a translation, and
removes those that are no longer used. `--check` writes nothing; it fails if a catalogue is out of date, or a message
has no translation, is fuzzy, or has other placeholders, percent signs or plural forms than it needs.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

CONSOLE = Path(__file__).parents[1] / "services" / "console"
LANGUAGES = ("ar", "es", "fr", "ru", "zh")
METHODS = [("**/templates/**.html", "jinja2.ext.babel_extract"), ("**.py", "python")]
# An error in a template fails here; by default the template would be skipped.
OPTIONS = {"**/templates/**.html": {"silent": "false", "trimmed": "true", "newstyle_gettext": "true"}}
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None, "P_": ((1, "c"), 2)}
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")
PERCENT = re.compile(r"%(?!\(\w+\)[sd])")
"""A percent sign that is not part of a placeholder; where values are inserted into a text, it would be read as one."""
WIDTH = 110


def main(arguments: Sequence[str]) -> int:
    wrong = []
    for language in LANGUAGES:
        path = path_of(language)
        current, updated = read(language), update(language)
        written = render(updated)
        if "--check" in arguments:
            if not path.exists() or path.read_bytes() != written:
                wrong.append(f"{language}: is out of step with the code; run ./dev messages")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(written)
            missing = sum(1 for _ in incomplete(updated))
            print(
                f"{language}: {len(updated)} messages, {missing} without a translation, {gone(current, updated)} removed"
            )
        wrong += [f"{language}: {problem}" for problem in problems(updated)]
    if "--check" in arguments:
        print("\n".join(wrong[:40]))
        return 1 if wrong else 0
    return 0


def path_of(language: str) -> Path:
    return CONSOLE / "locales" / language / "LC_MESSAGES" / "console.po"


def read(language: str) -> Catalog:
    path = path_of(language)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def extracted() -> Catalog:
    """Return the messages of the code and the templates."""
    found = Catalog()
    for _file, _line, message, _comments, context in extract_from_dir(
        str(CONSOLE), method_map=METHODS, options_map=OPTIONS, keywords=KEYWORDS
    ):
        found.add(message, None, context=context)
    return found


def update(language: str) -> Catalog:
    """Return a language's catalogue with the current messages, sorted, and the translations that it has."""
    known, updated = read(language), Catalog(locale=language, header_comment="", fuzzy=False)
    for message in sorted((one for one in extracted() if one.id), key=lambda one: (str(one.id), one.context or "")):
        before = known.get(message.id if isinstance(message.id, str) else message.id[0], message.context)
        kept = before.string if before is not None and before.pluralizable == message.pluralizable else None
        updated.add(
            message.id, kept, context=message.context, flags=(before.flags - {"python-format"}) if before else ()
        )
    return updated


def render(catalog: Catalog) -> bytes:
    """Return the file without dates and places, which change with every line of code."""
    written = BytesIO()
    write_po(written, catalog, omit_header=True, no_location=True, width=WIDTH)
    plural = f'"Plural-Forms: {catalog.plural_forms}\\n"\n'
    head = f'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Language: {catalog.locale_identifier}\\n"\n{plural}\n'
    return head.encode() + written.getvalue()


def incomplete(catalog: Catalog) -> Iterator[Message]:
    for message in catalog:
        strings = message.string if isinstance(message.string, (list, tuple)) else [message.string]
        if message.id and not (all(strings) and len(strings) == (catalog.num_plurals if message.pluralizable else 1)):
            yield message


def problems(catalog: Catalog) -> Iterator[str]:
    without = {id(message) for message in incomplete(catalog)}
    for message in catalog:
        if not message.id:
            continue
        name = message.id if isinstance(message.id, str) else message.id[0]
        name = f"{name} ({message.context})" if message.context else name
        if id(message) in without:
            yield f"no translation of {name!r}"
            continue
        if message.fuzzy:
            yield f"fuzzy: {name!r}"
        strings = message.string if isinstance(message.string, (list, tuple)) else [message.string]
        ids = message.id if isinstance(message.id, (list, tuple)) else [message.id]
        allowed = {one for text in ids for one in PLACEHOLDER.findall(text)}
        for text in strings:
            found = set(PLACEHOLDER.findall(text))
            # The plural form for one may spell out the number.
            if found - allowed or (allowed - {"num"}) - found:
                yield f"other placeholders in the translation of {name!r}"
            if PERCENT.search(text) and not any(PERCENT.search(one) for one in ids):
                yield f"a % in the translation of {name!r}: write it in words"


def gone(before: Catalog, after: Catalog) -> int:
    kept = {(str(message.id), message.context) for message in after}
    return sum(1 for message in before if message.id and (str(message.id), message.context) not in kept)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
