"""The pages /problems and /problems/{slug}: the types of problem documents (RFC 9457, section 3.1.1).

The `type` of a problem document is the address of its page.
"""

from babel import Locale

from contracts.reference.refusal_words import refusal_parts, refusal_words
from contracts.values import Language
from services.documents.layout import document_page, section
from services.documents.markup import Content, table, tag

TITLE = "Entraide: every error"
SAYS = """\
Every error of the API is a problem document (RFC 9457). Its `type` leads to a page with its sentence in six languages;
here they are in English, by service. A slug never changes, and a refused command changes nothing. Limits of single
fields are among the shapes of the API; these sentences state the rules between fields, orders and quantities.
"""
ONE_SAYS = "A type of problem document (RFC 9457): `title` is one of these sentences, in the caller's language."


def problems_page() -> str:
    """Return the index: every slug with its sentence in English."""
    sections = []
    for part, words in refusal_parts().items():
        rows: list[tuple[Content, ...]] = [
            (tag("code", slug), said[Language.EN]) for slug, said in sorted(words.items())
        ]
        sections.append(section(part, table(("slug", "sentence"), rows, label=f"Errors of {part}")))
    return document_page(TITLE, SAYS, [(part, []) for part in refusal_parts()], sections)


def problem_page(slug: str) -> str | None:
    """Return the page of one slug; None if there is no such slug."""
    sentences = refusal_words().get(slug)
    if sentences is None:
        return None
    paragraphs = []
    for language in Language:
        locale = Locale(language)
        name = tag("b", str(locale.get_language_name(language)))
        paragraphs.append(tag("p", name, ": ", sentences[language], lang=language, dir=locale.text_direction))
    return document_page(f"Entraide: {slug}", ONE_SAYS, [], paragraphs)
