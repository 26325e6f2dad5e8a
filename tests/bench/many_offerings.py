"""Very many offerings, and lines that ask for some of them: made up from the real codes, the same for the same seed."""

import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from uuid import UUID

from msgspec.structs import replace

from contracts import reference
from contracts.values import Period
from services.matching.line import WantedLine
from services.matching.places import Entry
from tests.matching_builders import a_wanted_line

FIRST_DAY = date(2027, 1, 1)
LANGUAGES = ("ar", "en", "es", "fr", "ru", "zh")
MODALITIES = ("in_person", "remote", "hybrid", "self_paced")
PROVIDERS = ("UNODC-CEB", "UNODC-SHERLOC", "UNODC-JTIP", "NOR", "JPN", "FRA", "ZAF", "BRA", "ITA", "CAN", "AUS", "GHA")
STATES = ("KEN", "UGA", "PER", "NPL", "ALB", "FJI", "MDG", "UZB", "JOR", "PRY")


def offerings(count: int, *, seed: int = 1) -> Iterator[Entry]:
    """In the order of their ids. An offering serves few kinds and topics, in a few languages, in some half years."""
    chance = random.Random(seed)
    kinds, topics = sorted(reference.kinds()), sorted(reference.topics())
    articles, paragraphs, pillars = (
        sorted(reference.articles()),
        sorted(reference.paragraphs()),
        sorted(reference.pillars()),
    )
    instruments, regions = sorted(reference.instruments()), sorted({reference.region_of(s) for s in STATES} - {None})
    for number in range(count):
        from_day = chance.randrange(0, 500)
        spans = [(from_day + 180 * i, from_day + 180 * i + 150) for i in range(chance.randint(1, 3))]
        rooms = [(FIRST_DAY + timedelta(a), FIRST_DAY + timedelta(b)) for a, b in spans]
        units = chance.randint(1, 4) * len(rooms)
        spoken = chance.sample(LANGUAGES, chance.randint(1, 2))
        limited = chance.random()
        yield Entry(
            UUID(int=(number << 80) | chance.getrandbits(80)),
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
            (FIRST_DAY - timedelta(30)).toordinal(),
            (rooms[-1][1] + timedelta(30)).toordinal(),
            None if chance.random() < 0.5 else chance.choice((10, 20, 40, 100)),
            chance.choice(("funded", "partly", "unfunded")),
            units,
            chance.randrange(units),
            [first.toordinal() for first, _ in rooms],
            [last.toordinal() for _, last in rooms],
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
