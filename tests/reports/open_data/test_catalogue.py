"""The catalogue of open data: DCAT that other software can read, with the hashes of the served files."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import httpx
import pytest
from rdflib import Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCAT, DCTERMS, FOAF, RDF

from chassis.db.database import Database
from chassis.journal.peers import Peers
from chassis.runtime import service_tokens
from chassis.settings import Settings
from contracts.reference.open_data import DataFormat, datasets, open_data
from contracts.values import Language
from services.reports.open_data.planner import look_at_files
from tests.builders import NOON
from tests.matching.offerings.steps import approved, move
from tests.matching.steps import NORWAY
from tests.matching.steps import Client as Caller
from tests.reports.steps import Client

SPDX, CSVW = Namespace("http://spdx.org/rdf/terms#"), Namespace("http://www.w3.org/ns/csvw#")
OWNERS = ("requests", "matching", "pledges", "sherloc", "reports")
TEXT = {"language": "fr", "title": "Titre public fictif", "summary": "Résumé public fictif"}

Look = Callable[[datetime], Awaitable[None]]


@pytest.fixture
async def api(client_of: Callable[..., Awaitable[Client]]) -> Client:
    return await client_of(*OWNERS)


@pytest.fixture
def look(api: Client, db: Database, settings: Settings) -> Look:
    """A function with which the reports service looks at the files of all owners at a given moment."""
    peers = Peers(dict.fromkeys(OWNERS, "http://test"), service_tokens(settings)("reports"), api._transport)
    return lambda now: look_at_files(db, peers, now=now)


async def catalogue(api: httpx.AsyncClient, accept: str = "text/turtle") -> Graph:
    answer = await api.get("/v1/public/catalogue", headers={"Accept": accept})
    assert answer.status_code == 200, answer.text
    assert accept == answer.headers["Content-Type"].partition(";")[0]
    return Graph().parse(data=answer.text, format="json-ld" if "json" in accept else "turtle")


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")  # raised by rdflib's own reader
async def test_turtle_and_json_ld_say_the_same(api: Client, look: Look) -> None:
    await look(NOON)

    assert set(await catalogue(api)) == set(await catalogue(api, "application/ld+json"))


async def test_the_catalogue_has_what_the_profile_asks_for(api: Client, look: Look) -> None:
    """Check the properties that DCAT-AP makes mandatory or recommends, for each of its classes."""
    await look(NOON)
    graph = await catalogue(api)
    (whole,) = graph.subjects(RDF.type, DCAT.Catalog)

    sets = set(graph.subjects(RDF.type, DCAT.Dataset))
    files = set(graph.subjects(RDF.type, DCAT.Distribution))
    assert sets == set(graph.objects(whole, DCAT.dataset))
    assert (len(datasets()), len(datasets()) * len(DataFormat)) == (len(sets), len(files))
    assert files == {file for one in sets for file in graph.objects(one, DCAT.distribution)}
    common = (DCTERMS.title, DCTERMS.license, DCTERMS.modified)
    wanted = {
        whole: (*common, DCTERMS.description, DCTERMS.publisher, DCTERMS.language),
        **dict.fromkeys(
            sets,
            (
                *common,
                DCTERMS.description,
                DCTERMS.publisher,
                DCTERMS.accrualPeriodicity,
                DCAT.theme,
                DCTERMS.identifier,
            ),
        ),
        **dict.fromkeys(files, (*common, DCAT.accessURL, DCAT.downloadURL, DCAT.byteSize, SPDX.checksum)),
    }
    lacking = [(one, name) for one, names in wanted.items() for name in names if not list(graph.objects(one, name))]
    assert [] == lacking
    for one in {whole, *sets}:
        for predicate in (DCTERMS.title, DCTERMS.description):
            texts = [text for text in graph.objects(one, predicate) if isinstance(text, Literal)]
            assert set(Language) == {text.language for text in texts}
    assert [FOAF.Organization] == [graph.value(one, RDF.type) for one in set(graph.objects(None, DCTERMS.publisher))]


async def test_sizes_and_hashes_are_those_of_the_files_that_are_served(api: Client, look: Look) -> None:
    await look(NOON)
    graph = await catalogue(api)

    for file in graph.subjects(RDF.type, DCAT.Distribution):
        address = str(graph.value(file, DCAT.downloadURL))
        content = (await api.get("/" + address.split("/", 3)[3])).content
        assert len(content) == int(str(graph.value(file, DCAT.byteSize)))
        checksum = graph.value(file, SPDX.checksum)
        assert hashlib.sha256(content).hexdigest() == str(graph.value(checksum, SPDX.checksumValue))
    (list_of_all,) = [(await api.get("/v1/public/datasets")).json()["datasets"]]
    for one in (file for dataset in list_of_all for file in dataset["files"]):
        content = (await api.get(one["path"])).content
        assert (len(content), hashlib.sha256(content).hexdigest()) == (one["size_bytes"], one["sha256"])


async def test_a_dataset_is_modified_when_a_file_of_it_is_another_one(api: Caller, look: Look) -> None:
    """The change is seen at the next look; a look within ten seconds is skipped, as if another process had looked."""
    await look(NOON)

    async def modified(name: str) -> datetime:
        found = (await api.get("/v1/public/datasets")).json()["datasets"]
        return next(datetime.fromisoformat(one["modified"]) for one in found if one["name"] == name)

    await move(api, await approved(api), "publish", NORWAY, **TEXT)
    await look(NOON + timedelta(seconds=10))
    assert NOON == await modified("offerings")

    later = NOON + timedelta(minutes=1)
    await look(later)

    assert [later, NOON] == [await modified(name) for name in ("offerings", "requests")]
    await look(later + timedelta(minutes=1))
    assert later == await modified("offerings")


async def test_the_catalogue_lists_files_of_services_that_do_not_answer(api: Client, db: Database) -> None:
    silent = Peers({}, lambda: "", api._transport)
    await look_at_files(db, silent, now=NOON)

    graph = await catalogue(api)

    assert len(datasets()) * len(DataFormat) == len(list(graph.subjects(RDF.type, DCAT.Distribution)))
    assert [] == list(graph.subject_objects(SPDX.checksum))


async def test_columns_of_the_catalogue_are_those_of_the_files(api: Client) -> None:
    graph = await catalogue(api)

    for name, dataset in datasets().items():
        schema = graph.value(URIRef(f"urn:entraide:open-data:{name}"), CSVW.tableSchema)
        names = {str(graph.value(one, CSVW.name)) for one in graph.objects(schema, CSVW.column)}
        assert {column.name for column in dataset.columns} == names
        head = (await api.get(f"/v1/public/{name}.csv")).text.partition("\r\n")[0]
        assert [column.name for column in dataset.columns] == head.removeprefix("\ufeff").split(",")


def test_all_texts_of_open_data_are_in_six_languages() -> None:
    whole = open_data()
    texts = [whole.titles, whole.descriptions, whole.publisher]
    for dataset in whole.datasets:
        texts += [dataset.titles, dataset.descriptions, *(column.labels for column in dataset.columns)]
    for one in texts:
        assert set(Language) == set(one)
        assert all(one.values())
        # Some words are the same in French and English, none in other scripts.
        assert len(set(one.values())) >= len(Language) - 1


async def test_whoever_has_a_file_gets_it_once(api: Client) -> None:
    first = await api.get("/v1/public/legislation.csv")
    again = await api.get(
        "/v1/public/legislation.csv", headers={"If-None-Match": f'"other", W/{first.headers["ETag"]}'}
    )
    other = await api.get("/v1/public/legislation.csv", headers={"If-None-Match": '"other"'})

    assert (304, b"", first.headers["ETag"]) == (again.status_code, again.content, again.headers["ETag"])
    assert (200, first.content) == (other.status_code, other.content)
