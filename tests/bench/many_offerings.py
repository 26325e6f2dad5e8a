"""Very many offerings, and lines that ask for some of them, made up from real codes; the same seed gives the same."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import asyncpg
from msgspec.structs import replace

from contracts import reference
from contracts.matching import Capacity, Eligibility, Terms
from contracts.values import Period
from services.matching.lines.model import WantedLine
from services.matching.offerings.model import Offering
from tests.builders import AHEAD
from tests.matching.builders import a_wanted_line, an_offering

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
    "income_groups",
    "special_groups",
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


def offerings(first: int, end: int) -> Iterator[Offering]:
    """Make the offerings with these numbers, ordered by id: a few kinds, topics and languages each, some half years."""
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
        spoken, limited = chance.sample(LANGUAGES, chance.randint(1, 2)), chance.random()
        offering_id = UUID(int=number << 80 | chance.getrandbits(80))
        provider = chance.choice(PROVIDERS)
        codes = {
            "kinds": chance.sample(kinds, chance.randint(1, 2)),
            "topics": chance.sample(topics, chance.randint(1, 4)),
            "articles": chance.sample(articles, chance.randint(1, 4)),
            "paragraphs": chance.sample(paragraphs, chance.randint(0, 3)),
            "pillars": chance.sample(pillars, chance.randint(1, 2)),
            "languages": spoken,
            "interpretation": [one for one in LANGUAGES if one not in spoken and chance.random() < 0.2],
            "modalities": chance.sample(MODALITIES, chance.randint(1, 2)),
        }
        eligible = Eligibility(
            states=tuple(chance.sample(STATES, 3)) if limited < 0.1 else (),
            regions=tuple(chance.sample(regions, 2)) if 0.1 <= limited < 0.4 else (),
            excluded_states=tuple(chance.sample(STATES, 1)) if chance.random() < 0.05 else (),
        )
        terms = Terms(
            **{name: tuple(those) for name, those in codes.items()},
            eligible=eligible,
            treaties=tuple(chance.sample(instruments, 1)) if chance.random() < 0.1 else (),
            group_size_max=None if chance.random() < 0.5 else chance.choice((10, 20, 40, 100)),
            resource_status=chance.choice(("funded", "partly", "unfunded")),
            valid=Period(starts=begin - timedelta(30), ends=periods[-1][1] + timedelta(30)),
            capacity=tuple(
                Capacity(period=Period(starts=starts, ends=ends), units=units) for starts, ends, units, _ in periods
            ),
        )
        taken = {starts: count for starts, _, _, count in periods if count}
        yield an_offering(offering_id=offering_id, provider=provider, terms=terms, taken=taken)


async def load(connection: asyncpg.Connection, first: int, end: int) -> None:
    """Write available offerings to matching's tables, as the owner of the tables and without triggers."""
    became = datetime.now(UTC) - timedelta(days=1)
    await connection.execute("SET search_path = matching; SET session_replication_role = replica")
    for begin in range(first, end, PAGE):
        made = list(offerings(begin, min(begin + PAGE, end)))
        rows = [_row(one, became) for one in made]
        await connection.copy_records_to_table("offering", records=rows, columns=COLUMNS)
        capacity = [
            (one.offering_id, at.period.starts, at.period.ends, at.units, at.units - one.room(at))
            for one in made
            for at in one.terms.capacity
        ]
        await connection.copy_records_to_table(
            "capacity", records=capacity, columns=["offering_id", "starts", "ends", "units", "taken"]
        )
    await connection.execute("SET session_replication_role = DEFAULT; ANALYZE offering; ANALYZE capacity")


def _row(one: Offering, became: datetime) -> Sequence[object]:
    """Return the values of COLUMNS."""
    terms, eligible = one.terms, one.terms.eligible
    money = (None, None) if terms.resource_status == "funded" else (1000, "USD")
    return (
        *(one.offering_id, one.provider, "available", 2, "en"),
        *(terms.kinds, terms.topics, terms.articles, terms.paragraphs, terms.pillars),
        *(terms.languages, terms.interpretation, terms.modalities),
        *(eligible.states, eligible.regions, eligible.excluded_states),
        *(eligible.income_groups, eligible.special_groups, terms.treaties),
        *(terms.valid.starts, terms.valid.ends, terms.group_size_max, terms.resource_status, *money, []),
        *("0" * 64, became, became, became),
    )


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
