"""The catalogue of open data as DCAT 3 (W3C Recommendation of 22 August 2024), in the profile DCAT-AP.

Datasets and files are named by URNs, like concepts, because several installations serve the catalogue. Columns are
described by CSV on the Web (`csvw:`), files have their SHA-256 (`spdx:`).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from contracts import rdf
from contracts.rdf import Iri, Subject, Text, Value
from contracts.reference.open_data import DataColumn, DataFormat, Dataset, OpenData
from contracts.values import Language
from services.reports.open_data.files import OpenFile

PREFIXES = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "spdx": "http://spdx.org/rdf/terms#",
    "csvw": "http://www.w3.org/ns/csvw#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
BASE = "urn:entraide:open-data"
CATALOGUE = f"{BASE}:catalogue"
PUBLISHER = f"{BASE}:publisher"
LICENCE = "https://creativecommons.org/licenses/by/4.0/"
AUTHORITY = "http://publications.europa.eu/resource/authority"
"""The controlled vocabularies of DCAT-AP."""

FREQUENCIES = {"continuous": f"{AUTHORITY}/frequency/UPDATE_CONT", "monthly": f"{AUTHORITY}/frequency/MONTHLY"}
LANGUAGES: Mapping[Language, str] = {
    Language.AR: "ARA",
    Language.EN: "ENG",
    Language.ES: "SPA",
    Language.FR: "FRA",
    Language.RU: "RUS",
    Language.ZH: "ZHO",
}
JUSTICE = f"{AUTHORITY}/data-theme/JUST"
PUBLIC = f"{AUTHORITY}/access-right/PUBLIC"
CSV_MEDIA_TYPE = "http://www.iana.org/assignments/media-types/text/csv"
JSON_LINES = "https://jsonlines.org/"
SHA256 = "http://spdx.org/rdf/terms#checksumAlgorithm_sha256"
DATATYPES = {"uuid": "string", "codes": "string"}
"""Data types for columns whose type is not one of XML Schema."""

Statements = list[tuple[str, Value]]
Files = Mapping[tuple[str, str], OpenFile]


def turtle(whole: OpenData, files: Files, site: str) -> str:
    return rdf.turtle(PREFIXES, _subjects(whole, files, site))


def json_ld(whole: OpenData, files: Files, site: str) -> str:
    return rdf.json_ld(PREFIXES, _subjects(whole, files, site))


def modified_of(dataset: Dataset, files: Files) -> datetime | None:
    """Return the time at which one of the dataset's files last changed; None if none has been seen."""
    found = [files.get((dataset.name, of)) for of in DataFormat]
    return max((one.modified for one in found if one and one.modified), default=None)


def _subjects(whole: OpenData, files: Files, site: str) -> Iterator[Subject]:
    """Yield the subjects of the catalogue. `site` begins the addresses of files; if empty, they are relative."""
    changed = [at for one in whole.datasets if (at := modified_of(one, files))]
    yield (
        CATALOGUE,
        "dcat:Catalog",
        [
            *_texts("dcterms:title", whole.titles),
            *_texts("dcterms:description", whole.descriptions),
            ("dcterms:publisher", Iri(PUBLISHER)),
            ("dcterms:license", Iri(LICENCE)),
            *_languages(),
            *_time("dcterms:modified", max(changed, default=None)),
            *(("dcat:dataset", Iri(_name(one))) for one in whole.datasets),
        ],
    )
    yield (
        PUBLISHER,
        "foaf:Organization",
        [*_texts("foaf:name", whole.publisher), ("foaf:homepage", Iri("https://www.unodc.org/"))],
    )
    for dataset in whole.datasets:
        yield from _dataset(dataset, files, site)


def _dataset(dataset: Dataset, files: Files, site: str) -> Iterator[Subject]:
    name = _name(dataset)
    yield (
        name,
        "dcat:Dataset",
        [
            *_texts("dcterms:title", dataset.titles),
            *_texts("dcterms:description", dataset.descriptions),
            ("dcterms:identifier", Text(dataset.name)),
            ("dcterms:publisher", Iri(PUBLISHER)),
            ("dcterms:license", Iri(LICENCE)),
            ("dcterms:accessRights", Iri(PUBLIC)),
            ("dcterms:accrualPeriodicity", Iri(FREQUENCIES[dataset.frequency])),
            ("dcat:theme", Iri(JUSTICE)),
            *_languages(),
            *_time("dcterms:modified", modified_of(dataset, files)),
            *(("dcat:distribution", Iri(f"{name}:{of}")) for of in DataFormat),
            ("csvw:tableSchema", Iri(f"{name}:columns")),
        ],
    )
    for of in DataFormat:
        yield from _distribution(dataset, of, files.get((dataset.name, of)), site)
    yield f"{name}:columns", "csvw:Schema", [("csvw:column", Iri(_column(name, one))) for one in dataset.columns]
    for column in dataset.columns:
        yield (
            _column(name, column),
            "csvw:Column",
            [
                ("csvw:name", Text(column.name)),
                ("csvw:datatype", Iri(PREFIXES["xsd"] + DATATYPES.get(column.datatype, column.datatype))),
                *([("csvw:separator", Text("; "))] if column.datatype == "codes" else []),
                *_texts("dcterms:description", column.labels),
            ],
        )


def _distribution(dataset: Dataset, of: DataFormat, file: OpenFile | None, site: str) -> Iterator[Subject]:
    name = f"{_name(dataset)}:{of}"
    address = Iri(site + dataset.path(of))
    csv = of is DataFormat.CSV
    said: Statements = [
        *_texts("dcterms:title", dataset.titles),
        ("dcat:accessURL", address),
        ("dcat:downloadURL", address),
        ("dcterms:license", Iri(LICENCE)),
        ("dcat:mediaType", Iri(CSV_MEDIA_TYPE)) if csv else ("dcterms:conformsTo", Iri(JSON_LINES)),
    ]
    if file is not None and file.sha256 is not None:
        said += [
            ("dcat:byteSize", Text(str(file.size_bytes), datatype="xsd:nonNegativeInteger")),
            ("spdx:checksum", Iri(f"{name}:checksum")),
            *_time("dcterms:modified", file.modified),
        ]
        yield (
            f"{name}:checksum",
            "spdx:Checksum",
            [("spdx:algorithm", Iri(SHA256)), ("spdx:checksumValue", Text(file.sha256, datatype="xsd:hexBinary"))],
        )
    yield name, "dcat:Distribution", said


def _name(dataset: Dataset) -> str:
    return f"{BASE}:{dataset.name}"


def _column(name: str, column: DataColumn) -> str:
    return f"{name}:columns:{column.name}"


def _texts(predicate: str, texts: Mapping[Language, str]) -> Sequence[tuple[str, Value]]:
    return [(predicate, Text(text, language)) for language, text in texts.items()]


def _languages() -> Sequence[tuple[str, Value]]:
    return [("dcterms:language", Iri(f"{AUTHORITY}/language/{code}")) for code in LANGUAGES.values()]


def _time(predicate: str, at: datetime | None) -> Sequence[tuple[str, Value]]:
    return [(predicate, Text(at.isoformat(timespec="seconds"), datatype="xsd:dateTime"))] if at else []
