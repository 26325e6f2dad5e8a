"""Views of the datasets, in all six languages."""

from datetime import date, datetime

from msgspec import Struct

from chassis.db.database import Tx
from contracts.reference.open_data import DataFormat, Dataset, Datatype, Frequency, open_data
from contracts.values import Language
from services.reports.open_data import store
from services.reports.open_data.catalogue import LICENCE, Files, modified_of


class DatasetFile(Struct, frozen=True, kw_only=True):
    """A file of a dataset. Size, `sha256` and `modified` are those last seen, within a minute; null before that."""

    format: DataFormat
    path: str
    size_bytes: int | None
    sha256: str | None
    modified: datetime | None


class DatasetColumn(Struct, frozen=True, kw_only=True):
    """A column, and its meaning by language. A column of `codes` has several, separated by `; ` in CSV."""

    name: str
    datatype: Datatype
    labels: dict[Language, str]


class DatasetView(Struct, frozen=True, kw_only=True):
    """A dataset, with its `titles` and `descriptions` by language.

    The files of a `continuous` dataset have what is published at the moment. `issue` is the month of a `monthly`
    dataset, null while there is no issue.
    """

    name: str
    titles: dict[Language, str]
    descriptions: dict[Language, str]
    frequency: Frequency
    issue: str | None
    modified: datetime | None
    files: list[DatasetFile]
    columns: list[DatasetColumn]


class DatasetList(Struct, frozen=True, kw_only=True):
    """All datasets of open data, and the address of their licence."""

    licence: str
    datasets: list[DatasetView]
    cursor: str | None = None


async def dataset_list(tx: Tx) -> DatasetList:
    files, month = await store.files(tx), await store.newest_month(tx)
    return DatasetList(licence=LICENCE, datasets=[_view(one, files, month) for one in open_data().datasets])


def _view(dataset: Dataset, files: Files, month: date | None) -> DatasetView:
    return DatasetView(
        name=dataset.name,
        titles=dataset.titles,
        descriptions=dataset.descriptions,
        frequency=dataset.frequency,
        issue=f"{month:%Y-%m}" if month and dataset.frequency == "monthly" else None,
        modified=modified_of(dataset, files),
        files=[_file(dataset, of, files) for of in DataFormat],
        columns=[
            DatasetColumn(name=column.name, datatype=column.datatype, labels=column.labels)
            for column in dataset.columns
        ],
    )


def _file(dataset: Dataset, of: DataFormat, files: Files) -> DatasetFile:
    seen = files.get((dataset.name, of))
    return DatasetFile(
        format=of,
        path=dataset.path(of),
        size_bytes=seen.size_bytes if seen else None,
        sha256=seen.sha256 if seen else None,
        modified=seen.modified if seen else None,
    )
