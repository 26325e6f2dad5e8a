"""IATI files of others: read, defects reported with lines, and attacks prevented."""

import tracemalloc
from collections import Counter
from pathlib import Path

import pytest
from lxml import etree

from contracts.refusals import Invalid
from services.pledges.open_data.iati.reading import DEFECTS_MAX, FILE_BYTES_MAX, parser, read
from tests.pledges.open_data.builders import LAUGHS, schema_in

FILE = """<?xml version="1.0" encoding="UTF-8"?>
<iati-activities version="2.03">
<iati-activity xml:lang="fr" default-currency="NOK">
<iati-identifier> XM-DAC-9999-A1 </iati-identifier>
<reporting-org ref="XM-DAC-9999" type="10"><narrative>Donateur fictif</narrative></reporting-org>
<title><narrative>Exemple fictif</narrative><narrative xml:lang="en">Fictitious sample</narrative></title>
<description><narrative>Exemple fictif</narrative></description>
<participating-org role="1"/>
<activity-status code="2"/>
<activity-date type="2" iso-date="2026-01-01"/>
<transaction ref="T1">
<transaction-type code="12"/>
<transaction-date iso-date="2026-02-03"/>
<value value-date="2026-02-04Z"> 1000.50 </value>
<receiver-org ref="XM-DAC-41128" receiver-activity-id="XM-DAC-41128-SHERLOC-MNT"/>
<sector code="15130"/>
</transaction>
</iati-activity>
</iati-activities>
"""

READ_BY_THE_SCHEMA_ALONE = {
    **dict.fromkeys(("country-budget-items", "planned-disbursement", "humanitarian"), "we read nothing of it"),
    "transaction__12": "places of a transaction are not read",
    "transaction__13": "places of a transaction are not read",
    "transaction__18": "channels are not read",
    "transaction__24": "channels are not read",
    "transaction__29": "places of a transaction are not read",
    "transaction__30": "places of a transaction are not read",
    "transaction__32": "places of a transaction are not read",
    "transaction__33": "places of a transaction are not read",
    "transaction__38": "channels are not read",
}
"""Invalid samples that our reader accepts, by the beginning of their names, with the reason."""


def refused(data: bytes | str) -> Invalid:
    with pytest.raises(Invalid) as no:
        read(data.encode() if isinstance(data, str) else data)
    return no.value


def defects(*changes: tuple[str, str]) -> list[tuple[str, int]]:
    """Return the slugs and lines of defects in the file above with replaced parts."""
    text = FILE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return [(defect.slug, defect.line) for defect in read(text.encode()).defects]


# -- what is read -----------------------------------------------------------------------------------------------------


def test_activity_is_read_with_inherited_values() -> None:
    found = read(FILE.encode())
    (activity,) = found.activities
    (one,) = activity.transactions

    assert ("2.03", ()) == (found.version, found.defects)
    assert ("XM-DAC-9999-A1", "XM-DAC-9999") == (activity.identifier, activity.reporter.ref)
    assert [("fr", "Exemple fictif"), ("en", "Fictitious sample")] == [(t.language, t.text) for t in activity.titles]
    assert ("12", "2026-02-03", "2026-02-04") == (one.type, str(one.on), str(one.amount.on))
    assert ("NOK", "1000.50", 100_050) == (one.amount.currency, one.amount.value, one.amount.minor)
    assert one.receiver is not None
    assert ("XM-DAC-41128", "XM-DAC-41128-SHERLOC-MNT") == (one.receiver.ref, one.receiver.activity)
    assert [("15130", "1")] == [(sector.code, sector.vocabulary) for sector in one.sectors]


@pytest.mark.parametrize(
    ("old", "new", "slug", "line"),
    [
        ("<value value-date", "<value value-date='2026-01-01'>1</value><value value-date", "iati-element-repeated", 14),
        ('<transaction-type code="12"/>', "", "iati-element-missing", 11),
        ('<transaction-type code="12"/>', "<transaction-type/>", "iati-attribute-missing", 12),
        ('<transaction-type code="12"/>', '<transaction-type code="12">x</transaction-type>', "iati-text-misplaced", 12),
        ('iso-date="2026-02-03"', 'iso-date="2026-02-30"', "iati-date-invalid", 13),
        ('iso-date="2026-02-03"', 'iso-date="٢٠٢٦-02-03"', "iati-date-invalid", 13),
        ('iso-date="2026-02-03"', 'iso-date="2026-02-03T00:00"', "iati-date-invalid", 13),
        ("1000.50", "1,000.50", "iati-number-invalid", 14),
        ("1000.50", "NaN", "iati-number-invalid", 14),
        ("1000.50", "1e9", "iati-number-invalid", 14),
        ("1000.50", "9" * 19, "iati-number-invalid", 14),
        ("1000.50", "", "iati-number-invalid", 14),
        ("1000.50", "10<b/>00.50", "iati-number-invalid", 14),
        ('role="1"', "", "iati-attribute-missing", 8),
        ('<sector code="15130"/>', "<sector/>", "iati-attribute-missing", 16),
        ('<activity-status code="2"/>', "", "iati-element-missing", 3),
        ("<description><narrative>Exemple fictif</narrative></description>", "<description/>", "iati-element-missing", 7),
    ],
)  # fmt: skip
def test_defect_is_reported_with_its_line(old: str, new: str, slug: str, line: int) -> None:
    assert [(slug, line)] == defects((old, new))


def test_only_records_with_defects_are_left_out() -> None:
    bad, good = FILE.partition("<transaction ")[2].partition("</transaction>")[0], "</transaction>"
    twice = FILE.replace(good, f"{good}<transaction {bad.replace('1000.50', 'much')}{good}", 1)
    found = read(twice.encode())

    assert ["T1"] == [one.ref for one in found.activities[0].transactions]
    assert ["iati-number-invalid"] == [defect.slug for defect in found.defects]


def test_reported_defects_are_limited() -> None:
    many = FILE.replace("<transaction ref", "<transaction/>" * (DEFECTS_MAX + 20) + "<transaction ref", 1)

    assert DEFECTS_MAX == len(read(many.encode()).defects)


# -- attacks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "prologue",
    [
        "<!DOCTYPE iati-activities>",
        "<!DOCTYPE iati-activities SYSTEM 'http://example.org/a.dtd'>",
        "<!DOCTYPE iati-activities SYSTEM 'file:///etc/hostname'>",
        f'<!DOCTYPE iati-activities [<!ENTITY l0 "ha">{LAUGHS}]>',
        "<!DOCTYPE iati-activities [<!ENTITY x SYSTEM 'file:///etc/hostname'>]>",
        "<!DOCTYPE iati-activities [<!ENTITY % x SYSTEM 'http://example.org/a.dtd'> %x;]>",
        "<!-- before --><?process it?>\n<!DOCTYPE iati-activities>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_document_type_is_rejected(prologue: str, encoding: str) -> None:
    for within in ("&l9;", "&x;", ""):
        text = f'<?xml version="1.0" encoding="{encoding}"?>{prologue}<iati-activities a="{within}">{within}</iati-activities>'
        tracemalloc.start()
        assert "xml-doctype" == refused(text.encode(encoding)).slug
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
        tracemalloc.stop()


def test_only_predefined_entities_are_read() -> None:
    assert "a & b" == read(FILE.replace("Donateur fictif", "a &amp; b").encode()).activities[0].reporter.names[0].text
    assert "xml-malformed" == refused(FILE.replace("Donateur fictif", "&nbsp;")).slug


def test_parser_resolves_no_entities(tmp_path: Path) -> None:
    secret = tmp_path / "file.txt"
    secret.write_text("secret", encoding="utf-8")
    for entity in ('"secret"', f'SYSTEM "{secret}"'):
        found = etree.fromstring(f"<!DOCTYPE a [<!ENTITY x {entity}>]><a>&x;</a>", parser())
        assert b"<a>&x;</a>" == etree.tostring(found)


@pytest.mark.parametrize(("count", "slug"), [(100, None), (101, "xml-attributes-too-many")])
def test_attribute_count_is_limited(count: int, slug: str | None) -> None:
    """Each attribute lookup is linear, and inherited attributes are looked up from each element within."""
    attributes = " ".join(f'a{number}=""' for number in range(count))
    data = FILE.replace("<title>", f"<title {attributes}>").encode()

    if slug is None:
        assert read(FILE.encode()) == read(data)
    else:
        assert slug == refused(data).slug


def test_xinclude_is_not_processed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.xml"
    secret.write_text("<narrative>secret</narrative>", encoding="utf-8")
    include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{secret}" parse="text"/>'
    found = read(FILE.replace("Donateur fictif", include).encode())

    assert "" == found.activities[0].reporter.names[0].text


@pytest.mark.parametrize(
    ("data", "slug"),
    [
        (b"", "xml-malformed"),
        (b"iati", "xml-malformed"),
        (b"PK\x03\x04", "xml-malformed"),
        (FILE[:-5].encode(), "xml-malformed"),
        (b"<a" * 10, "xml-malformed"),
        (b"<a>" * 100_000, "xml-malformed"),
        (b'<?xml version="1.0" encoding="no-such"?><a/>', "xml-malformed"),
        (b"<iati-activities>\xff</iati-activities>", "xml-malformed"),
        (b"<iati-organisations/>", "iati-not-activities"),
        (b"<x:iati-activities xmlns:x='http://example.org/'/>", "iati-not-activities"),
        (b" " * (FILE_BYTES_MAX + 1), "xml-too-large"),
        (b"<iati-activities>" + b"<transaction/>" * 10_001 + b"</iati-activities>", "iati-too-many-transactions"),
    ],
    ids=range(12),
)  # fmt: skip
def test_other_xml_is_rejected(data: bytes, slug: str) -> None:
    assert slug == refused(data).slug


def test_malformed_xml_is_rejected_with_its_line() -> None:
    assert 19 == refused(FILE.replace("</iati-activities>", "</br>")).details["line"]


# -- the samples of IATI ----------------------------------------------------------------------------------------------


def samples(shared_data: Path, kind: str) -> list[Path]:
    return sorted((shared_data / "iati" / "samples").glob(f"{kind}*.xml"))


def is_refused(path: Path) -> bool:
    return bool(read(path.read_bytes()).defects)


def test_valid_samples_are_accepted(shared_data: Path) -> None:
    found = samples(shared_data, "should-pass")

    assert 16 == len(found)
    assert [] == [path.name for path in found if is_refused(path)]


def test_invalid_samples_are_rejected_by_schema_or_reader(shared_data: Path) -> None:
    official, by = schema_in(shared_data / "iati"), Counter[str]()
    for path in samples(shared_data, "should-fail"):
        name = path.name.removeprefix("should-fail__")
        by_schema, by_reader = not official.validate(etree.parse(str(path))), is_refused(path)
        assert by_schema or by_reader, name
        assert by_reader is not name.startswith(tuple(READ_BY_THE_SCHEMA_ALONE)), name
        by["both" if by_schema and by_reader else "schema" if by_schema else "reader"] += 1

    assert {"both": 47, "schema": 31} == by


def test_full_activity_example_is_read_and_organization_file_is_rejected(shared_data: Path) -> None:
    (activities,) = samples(shared_data, "00-full-activity")
    (organizations,) = samples(shared_data, "00-full-organisation")
    found = read(activities.read_bytes())

    assert ("2.03", ()) == (found.version, found.defects)
    assert ["AA-AAA-123456789-ABC123"] == [activity.identifier for activity in found.activities]
    assert "iati-not-activities" == refused(organizations.read_bytes()).slug
