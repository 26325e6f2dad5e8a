"""Time to find the best twenty of very many offerings, compared with bare sets and with PostgreSQL's own index."""

import gc
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median
from typing import TypeVar
from uuid import UUID

import asyncpg
import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from chassis.db.database import Database
from contracts.rankings import SUGGESTIONS_MAX
from contracts.reference import instruments, region_of
from services.matching.index import store as entry_store
from services.matching.index.candidates import RERANKED_MAX, best
from services.matching.index.memory import Memory
from services.matching.index.offering_index import OfferingIndex
from services.matching.lines.model import WantedLine
from services.matching.offerings import store as offering_store
from services.matching.scoring import store as scoring_store
from services.matching.scoring.constraints import CONSTRAINTS, EVERYONE
from services.matching.scoring.model import ranked
from services.matching.scoring.records import NAMES, OF_BITS, OF_TOPICS, numbers
from services.matching.texts.meaning import ENCODER, Vector, vector
from services.matching.texts.reading import Reading, judgements
from services.matching.wiring import refresh_offerings
from tests.bench.figures import Aim, Comparison, Row, percentile, resident_mb
from tests.bench.many_offerings import lines, load
from tests.bench.servers import Servers

DATABASE = "bench_candidates"
SIZES = (1_000, 10_000, 100_000, 1_000_000)
POSTGRES_MAX = 100_000
LINES = 200
ASKED_OF_POSTGRES = 20
UPDATES = 30
SEED = 20_261_126

Say = Callable[[str], None]
T = TypeVar("T")

BY_GIN = """
    SELECT offering_id FROM offering
    WHERE status = 'available' AND kinds @> ARRAY[$1::text] AND $2 = ANY (modalities)
      AND languages || interpretation @> $3::text[] AND (group_size_max IS NULL OR group_size_max >= $4)
      AND provider <> $5 AND $5 <> ALL (excluded_states)
      AND ((eligible_states = '{}' AND eligible_regions = '{}')
           OR $5 = ANY (eligible_states) OR $6 = ANY (eligible_regions))
      AND EXISTS (SELECT FROM capacity WHERE capacity.offering_id = offering.offering_id
                  AND starts <= $8 AND ends >= $7 AND taken < units)
      AND treaties <@ $9::text[]
    ORDER BY 300 * (topics && $10::text[])::int + 150 * (articles && $11::text[])::int
        + 80 * (paragraphs && $12::text[])::int + 40 * (pillars && $13::text[])::int DESC, offering_id LIMIT 20
"""
"""A query that does less than our search: it counts no days, and no topics that are merely similar."""


async def compare(servers: Servers, *, rounds: int, seconds: float, say: Say) -> Comparison:
    await servers.make_database(DATABASE)
    sizes = [size for size in SIZES if size <= (1_000 if seconds < 1 else 100_000 if seconds <= 2 else 1_000_000)]
    db = await Database.connect(servers.postgres.dsn(DATABASE), "matching", owner=True, pool_max=2)
    administrator = await asyncpg.connect(servers.postgres.dsn(DATABASE))
    rows: list[Row] = [("milliseconds, p50", ("ours", "bare sets", "GIN", "p99 ours"))]
    aims: list[Aim] = []
    ours_by_size: dict[int, float] = {}
    loaded = 0
    try:
        for size in sizes:
            await load(administrator, loaded, size)
            loaded = size
            say(f"{size:,} offerings loaded")
            memory = Memory()
            whole, select, resident = await _rebuilt(db, memory)
            index = memory.index
            assert index is not None, "the index has been read"
            ours, bare, gin = await _asked(db, index, administrator, size=size, rounds=rounds)
            ours_by_size[size] = ours[0]
            cells = (f"{ours[0]:.3f}", f"{bare:.3f}", f"{gin:.1f}" if gin else "", f"{ours[1]:.3f}")
            rows.append((f"  {size:,} offerings", cells))
            aims.append(Aim(what=f"{size:,}: ours : bare sets", ratio=ours[0] / bare, at_most=3))
            if size == POSTGRES_MAX:
                aims.append(Aim(what=f"{size:,}: PostgreSQL GIN : ours", ratio=gin / ours[0], at_least=20))
            if size == min(sizes[-1], POSTGRES_MAX):
                meant = await _with_meaning(db, index, rounds=rounds)
                rows.append(("  and ranked anew by meaning", (f"{meant[0]:.3f}", "", "", f"{meant[1]:.3f}")))
                aims.append(Aim(what=f"{size:,}: with the meaning : without", ratio=meant[0] / ours[0], at_most=5))
            if size == sizes[-1]:
                aims += [
                    Aim(what=f"{size:,}: all read again : the SELECT alone", ratio=whole / select, at_most=3),
                    Aim(what=f"{size:,}: megabytes of it", ratio=resident, at_most=300),
                    Aim(
                        what="a change read, milliseconds", ratio=await _updated(db, memory, administrator), at_most=10
                    ),
                ]
        if len(sizes) > 1:
            aims.append(Aim(what="exponent, 1,000 to 100,000", ratio=_exponent(ours_by_size), at_most=0.5))
    finally:
        await administrator.close()
        await db.close()
    return Comparison(title="The best twenty of very many offerings", figures=rows, aims=aims)


async def _rebuilt(db: Database, memory: Memory) -> tuple[float, float, float]:
    """Return the seconds of reading everything, the seconds of the SELECT alone, and the megabytes in memory."""
    gc.collect()
    began, after = time.perf_counter(), UUID(int=0)
    while True:
        async with db.transaction() as tx:
            page = await entry_store.page(tx, after)
        if not page:
            break
        after = page[-1].offering_id
    select = time.perf_counter() - began
    del page
    gc.collect()
    before, began = resident_mb("self"), time.perf_counter()
    await refresh_offerings(db, memory)
    whole = time.perf_counter() - began
    gc.collect()
    return whole, select, max(resident_mb("self") - before, 1.0)


async def _asked(
    db: Database, index: OfferingIndex, administrator: asyncpg.Connection, *, size: int, rounds: int
) -> tuple[tuple[float, float], float, float]:
    """Return milliseconds per line: ours (p50, p99), bare sets and PostgreSQL (p50). Compare the answers first."""
    asked = lines(LINES)
    if size <= POSTGRES_MAX:
        await _checked(db, index, asked[:ASKED_OF_POSTGRES])
    sets, points = _bare(index)
    ours: list[Sequence[float]] = []
    bare: list[Sequence[float]] = []
    gin: list[Sequence[float]] = []
    for _ in range(rounds):
        ours.append(_timed(lambda line: best(index, line), asked))
        bare.append(_timed(lambda line: _by_sets(sets, points, line), asked))
        if size <= POSTGRES_MAX:
            gin.append([await _by_gin(administrator, line) for line in asked[:ASKED_OF_POSTGRES]])

    def figure(times: Sequence[Sequence[float]], part: float) -> float:
        return median(percentile(one, part) for one in times) * 1000 if times else 0.0

    return (figure(ours, 0.5), figure(ours, 0.99)), figure(bare, 0.5), figure(gin, 0.5)


async def _with_meaning(db: Database, index: OfferingIndex, *, rounds: int) -> tuple[float, float]:
    """Return milliseconds per line (p50, p99) if the best five hundred by codes are ranked again by made-up vectors."""
    chance = np.random.default_rng(SEED)
    # Make the texts of one field similar to varying degrees.
    rows = chance.normal(size=(len(index) + LINES, ENCODER.dimensions)).astype(np.float32) / ENCODER.dimensions**0.5
    rows += rows[0] * chance.uniform(0.2, 1.5, size=(len(rows), 1)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    places = np.frombuffer(index.all.to_array(), np.uint32)
    of_places = index.records_of(places)
    ids = [
        UUID(int=high << 64 | low)
        for high, low in zip(of_places["id_high"].tolist(), of_places["id_low"].tolist(), strict=True)
    ]
    for offering_id, row in zip(ids, rows, strict=False):
        index.set_vector(offering_id, vector(ENCODER, row))
    asked = [(line, vector(ENCODER, row)) for line, row in zip(lines(LINES), rows[len(index) :], strict=True)]
    meant = dict(zip(ids, rows, strict=False))
    for line, own in asked[:ASKED_OF_POSTGRES]:
        await _checked_by_meaning(db, index, line, own, meant)
    times = [_timed(lambda pair: best(index, pair[0], vector=pair[1]), asked) for _ in range(rounds)]
    return tuple(median(percentile(one, part) for one in times) * 1000 for part in (0.5, 0.99))


async def _checked_by_meaning(
    db: Database, index: OfferingIndex, line: WantedLine, own: Vector, meant: Mapping[UUID, NDArray[np.float32]]
) -> None:
    """Check that the twenty are those that ranking five hundred whole offerings finds."""
    by_codes = [one.offering_id for one in best(index, line, RERANKED_MAX)]
    async with db.transaction() as tx:
        those = await entry_store.available(tx, by_codes)
    read = [a_reading(one, vector(ENCODER, meant[one])) for one in by_codes]
    anew = ranked(line, those, judgements(a_reading(line.line_id, own), read))[:SUGGESTIONS_MAX]
    assert [(one.offering.offering_id, one.score) for one in anew] == [
        (one.offering_id, one.score) for one in best(index, line, vector=own)
    ]


def a_reading(about_id: UUID, meant: Vector) -> Reading:
    return Reading(about_id=about_id, language=None, tokens=(), vector=meant)


def _timed(ask: Callable[[T], object], asked: Iterable[T]) -> list[float]:
    times = []
    for one in asked:
        began = time.perf_counter()
        ask(one)
        times.append(time.perf_counter() - began)
    return times


async def _checked(db: Database, index: OfferingIndex, asked: Iterable[WantedLine]) -> None:
    """Check that the twenty of each line are those that ranking all fitting offerings finds."""
    for line in asked:
        async with db.transaction() as tx:
            fitting = await offering_store.candidates(tx, line)
            known = await scoring_store.current_context(tx, {one.provider for one in fitting})
        plain = [(one.offering.offering_id, one.score) for one in ranked(line, fitting, known=known)[:SUGGESTIONS_MAX]]
        assert plain == [(one.offering_id, one.score) for one in best(index, line, known=known)]


async def _by_gin(connection: asyncpg.Connection, line: WantedLine) -> float:
    began = time.perf_counter()
    arguments = (
        *(line.kind, line.modality, line.languages, line.group_size, line.state, region_of(line.state)),
        *(line.window.starts, line.window.ends, list(line.party_to)),
        *(line.topics, line.articles, line.paragraphs, line.pillars),
    )
    await connection.fetch(BY_GIN, *arguments)
    return time.perf_counter() - began


async def _updated(db: Database, memory: Memory, administrator: asyncpg.Connection) -> float:
    """Return the median of the milliseconds from the COMMIT of a change until it is in memory."""
    ids = [
        row["offering_id"] for row in await administrator.fetch("SELECT offering_id FROM offering LIMIT $1", UPDATES)
    ]
    times = []
    for offering_id in ids:
        await administrator.execute("UPDATE offering SET topics = '{extradition}' WHERE offering_id = $1", offering_id)
        began = time.perf_counter()
        await refresh_offerings(db, memory)
        times.append(time.perf_counter() - began)
    return percentile(times, 0.5) * 1000


def _exponent(by_size: dict[int, float]) -> float:
    """Return the exponent with which time grows with the number of offerings, fitted up to a hundred thousand."""
    points = [(math.log(size), math.log(ms)) for size, ms in by_size.items() if size <= POSTGRES_MAX]
    slope, _ = np.polyfit([x for x, _ in points], [y for _, y in points], 1)
    return float(slope)


# -- bare sets --------------------------------------------------------------------------------------------------------

TOPICS, ARTICLES, PARAGRAPHS, PILLARS = "topics", "articles", "paragraphs", "pillars"
WEIGHTS = {TOPICS: 300, ARTICLES: 150, PARAGRAPHS: 80, PILLARS: 40}


def _bare(index: OfferingIndex) -> tuple[dict[tuple[str, str], BitMap], dict[tuple[str, str], BitMap]]:
    """Return the index's sets of hard constraints, and a set for each code that a score counts."""
    scored: dict[tuple[str, str], BitMap] = {}
    places = np.frombuffer(index.all.to_array(), np.uint32)
    rows = index.records_of(places)
    for what in (ARTICLES, PARAGRAPHS, PILLARS):
        for code, number in numbers(what).items():
            word, bit = divmod(number, 64)
            scored[what, code] = BitMap(
                places[(rows[NAMES[OF_BITS[what][word]]] >> np.uint64(bit)) & np.uint64(1) == 1]
            )
    for code, number in numbers(TOPICS).items():
        scored[TOPICS, code] = BitMap.union(
            BitMap(), *(BitMap(places[rows[NAMES[at]] == number + 1]) for at in OF_TOPICS)
        )
    return {
        (one.slug, code): rows for one in CONSTRAINTS for code, rows in index._sets.get(one.has, {}).items()
    }, scored


def _by_sets(
    sets: dict[tuple[str, str], BitMap], scored: dict[tuple[str, str], BitMap], line: WantedLine
) -> Sequence[int]:
    """Find 20 offerings by sets alone: those that break no constraint of codes, scored by the codes they share."""
    nothing = BitMap()
    left = sets.get(("kind", line.kind), nothing) & sets.get(("modality", line.modality), nothing)
    for language in line.languages:
        left &= sets.get(("language", language), nothing)
    eligible = sets.get(("eligibility", EVERYONE), nothing) | sets.get(("eligibility", line.state), nothing)
    left &= eligible | sets.get(("eligibility", region_of(line.state) or ""), nothing)
    left -= sets.get(("excluded_state", line.state), nothing)
    for instrument in instruments().keys() - line.party_to:
        left -= sets.get(("treaty", instrument), nothing)
    if not left:
        return []
    places = np.frombuffer(left.to_array(), np.uint32)
    scores = np.zeros(len(places), np.int32)
    for what, codes in (
        (TOPICS, line.topics),
        (ARTICLES, line.articles),
        (PARAGRAPHS, line.paragraphs),
        (PILLARS, line.pillars),
    ):
        for code in codes:
            if shared := left & scored.get((what, code), nothing):
                scores[np.searchsorted(places, np.frombuffer(shared.to_array(), np.uint32))] += WEIGHTS[what]
    chosen = np.argpartition(scores, -SUGGESTIONS_MAX)[-SUGGESTIONS_MAX:] if len(scores) > SUGGESTIONS_MAX else scores
    return [int(one) for one in chosen]
