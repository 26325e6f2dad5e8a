"""Very many offerings, and lines that ask for some of them: made up from the real codes, the same for the same seed."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg
from msgspec.structs import replace

from contracts import reference
from contracts.values import Period
from services.matching.index.offering_index import Entry
from services.matching.lines.model import WantedLine
from tests.builders import AHEAD
from tests.matching.builders import a_wanted_line

PAGE = 20_000
COLUMNS = [
    "offering_id",
    "provider",
    "status",
    "revision",
    "language",
    "kinds",
    "topics",
    "articles",
    "paragraphs",
    "pillars",
    "languages",
    "interpretation",
    "modalities",
    "eligible_states",
    "eligible_regions",
    "excluded_states",
    "treaties",
    "valid_from",
    "valid_until",
    "group_size_max",
    "resource_status",
    "funding_minor",
    "funding_currency",
    "curriculum",
    "texts_hash",
    "drafted_at",
    "submitted_at",
    "available_since",
]
FIRST_DAY = date(AHEAD, 1, 1)
LANGUAGES = ("ar", "en", "es", "fr", "ru", "zh")
MODALITIES = ("in_person", "remote", "hybrid", "self_paced")
PROVIDERS = ("UNODC-CEB", "UNODC-SHERLOC", "UNODC-JTIP", "NOR", "JPN", "FRA", "ZAF", "BRA", "ITA", "CAN", "AUS", "GHA")
STATES = ("KEN", "UGA", "PER", "NPL", "ALB", "FJI", "MDG", "UZB", "JOR", "PRY")


class Made(NamedTuple):
    """An offering, when it is valid, and of each of its periods the first and the last day, the units and how many are
    taken.
    """

    entry: Entry
    valid: tuple[date, date]
    periods: Sequence[tuple[date, date, int, int]]


def offerings(first: int, end: int) -> Iterator[Made]:
    """Those with these numbers, in the order of their ids: a few kinds, topics and languages each, some half years."""
    kinds, topics = sorted(reference.kinds()), sorted(reference.topics())
    articles, paragraphs = sorted(reference.articles()), sorted(reference.paragraphs())
    pillars, instruments = sorted(reference.pillars()), sorted(reference.instruments())
    regions = sorted({region for region in map(reference.region_of, STATES) if region})
    for number in range(first, end):
        chance = random.Random(number)
        begin = FIRST_DAY + timedelta(chance.randrange(0, 500))
        periods = []
        for half_year in range(chance.randint(1, 3)):
            starts, units = begin + timedelta(180 * half_year), chance.randint(1, 4)
            periods.append((starts, starts + timedelta(150), units, chance.randrange(units + 1)))
        roomy = [(starts.toordinal(), ends.toordinal()) for starts, ends, units, taken in periods if taken < units]
        spoken, limited = chance.sample(LANGUAGES, chance.randint(1, 2)), chance.random()
        entry = Entry(
            UUID(int=number << 80 | chance.getrandbits(80)),
            chance.choice(PROVIDERS),
            chance.sample(kinds, chance.randint(1, 2)),
            chance.sample(topics, chance.randint(1, 4)),
            chance.sample(articles, chance.randint(1, 4)),
            chance.sample(paragraphs, chance.randint(0, 3)),
            chance.sample(pillars, chance.randint(1, 2)),
            spoken,
            [one for one in LANGUAGES if one not in spoken and chance.random() < 0.2],
            chance.sample(MODALITIES, chance.randint(1, 2)),
            chance.sample(STATES, 3) if limited < 0.1 else [],
            chance.sample(regions, 2) if 0.1 <= limited < 0.4 else [],
            chance.sample(STATES, 1) if chance.random() < 0.05 else [],
            chance.sample(instruments, 1) if chance.random() < 0.1 else [],
            None if chance.random() < 0.5 else chance.choice((10, 20, 40, 100)),
            chance.choice(("funded", "partly", "unfunded")),
            sum(units for _, _, units, _ in periods),
            sum(taken for _, _, _, taken in periods),
            [one for one, _ in roomy],
            [one for _, one in roomy],
        )
        yield Made(entry, (begin - timedelta(30), periods[-1][1] + timedelta(30)), periods)


async def load(connection: asyncpg.Connection, first: int, end: int) -> None:
    """Put them into matching's tables, available, as whoever owns the tables, and past what follows from a change."""
    became = datetime.now(UTC) - timedelta(days=1)
    await connection.execute("SET search_path = matching; SET session_replication_role = replica")
    for begin in range(first, end, PAGE):
        made = list(offerings(begin, min(begin + PAGE, end)))
        rows = [_row(entry, valid, became) for entry, valid, _ in made]
        await connection.copy_records_to_table("offering", records=rows, columns=COLUMNS)
        capacity = [(e.offering_id, *period) for e, _, periods in made for period in periods]
        await connection.copy_records_to_table(
            "capacity", records=capacity, columns=["offering_id", "starts", "ends", "units", "taken"]
        )
    await connection.execute("SET session_replication_role = DEFAULT; ANALYZE offering; ANALYZE capacity")


def _row(entry: Entry, valid: tuple[date, date], became: datetime) -> Sequence[object]:
    """The values of COLUMNS."""
    money = (None, None) if entry.resource_status == "funded" else (1000, "USD")
    codes = entry[2:14]
    return (*entry[:2], "available", 2, "en", *codes, *valid, *entry[14:16], *money, [], "0" * 64, *[became] * 3)


def lines(count: int, *, seed: int = 2) -> Sequence[WantedLine]:
    chance = random.Random(seed)
    kinds, topics = sorted(reference.kinds()), sorted(reference.topics())
    made = []
    for number in range(count):
        starts = FIRST_DAY + timedelta(chance.randrange(0, 400))
        made.append(
            replace(
                a_wanted_line(),
                line_id=UUID(int=number + 1),
                state=chance.choice(STATES),
                kind=chance.choice(kinds),
                topics=tuple(chance.sample(topics, chance.randint(1, 2))),
                articles=tuple(chance.sample(sorted(reference.articles()), chance.randint(0, 3))),
                paragraphs=tuple(chance.sample(sorted(reference.paragraphs()), chance.randint(0, 2))),
                pillars=tuple(chance.sample(sorted(reference.pillars()), 1)),
                languages=(chance.choice(LANGUAGES),),
                modality=chance.choice(MODALITIES),
                group_size=chance.choice((8, 15, 30)),
                window=Period(starts=starts, ends=starts + timedelta(chance.randrange(30, 180))),
            )
        )
    return made
