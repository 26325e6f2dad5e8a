"""Expected flows from entries alone, by the rules of `flows.model`, and the invariants of each chain."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from services.pledges.ledger.postings import REVERSES, Account, Entry, EntryType
from services.pledges.ledger.store import EntryRow
from services.pledges.open_data.flows.model import KINDS, PARENTS, Kind

Place = tuple[UUID, Account]
PLEDGED, COMMITTED, CASH, AVAILABLE, TRANSFERRED, SPENT = (
    Account.PLEDGED, Account.COMMITTED, Account.CASH, Account.AVAILABLE, Account.TRANSFERRED, Account.SPENT,
)  # fmt: skip


class ReportedFlow(Struct, frozen=True, kw_only=True):
    place: Place
    parent: Place | None
    kind: Kind
    fund: str
    entry_type: EntryType
    currency: str
    minor: int
    usd_minor: int

    @property
    def account(self) -> Account:
        return self.place[1]


def chained(entries: Sequence[Entry | EntryRow]) -> list[ReportedFlow]:
    """Return the flows of entries, in the order in which the entries were written."""
    last: dict[tuple[EntryType, UUID | None], UUID] = {}
    found = []
    for entry in entries:
        about = entry.pledge_id or entry.allocation_id
        last[entry.type, about] = entry.entry_id
        for posting in entry.postings:
            account = posting.account
            if account not in KINDS or (account is AVAILABLE and entry.allocation_id is None):
                continue
            parent = None
            if entry.type in PARENTS:
                of_type, of_account = PARENTS[entry.type]
                parent = last[of_type, about], of_account
            elif entry.type in REVERSES:
                parent = last[REVERSES[entry.type], about], account
            elif entry.reverses is not None:
                wrong = (entry.reverses, account)
                goes_back = account is AVAILABLE and wrong not in {one.place for one in found}
                parent = (last[EntryType.ALLOCATED, about], account) if goes_back else wrong
            kind = KINDS[account]
            found.append(
                ReportedFlow(
                    place=(entry.entry_id, account),
                    parent=parent,
                    kind=kind,
                    fund=entry.fund,
                    entry_type=entry.type,
                    currency=posting.currency,
                    minor=kind.sign * posting.minor,
                    usd_minor=kind.sign * posting.usd_minor,
                )
            )
    return found


def check_chains(reported: Sequence[ReportedFlow]) -> None:
    """Check that no flow is negative after its reversals, and that its parts never exceed it."""
    flows = {one.place: one for one in reported}
    assert len(flows) == len(reported), "an entry has one flow on an account"
    children: dict[Place, list[ReportedFlow]] = defaultdict(list)
    for one in reported:
        if one.parent is None:
            assert one.entry_type in {EntryType.PLEDGED, EntryType.ALLOCATED}
        else:
            assert one.parent in flows, "the parent of a flow is an earlier flow"
            children[one.parent].append(one)

    def left(one: ReportedFlow) -> tuple[int, int]:
        """Return the amount less its reversals, where reversed reversals do not count."""
        parts = [left(part) for part in children[one.place] if part.account is one.account]
        return one.minor + sum(minor for minor, _ in parts), one.usd_minor + sum(usd for _, usd in parts)

    for place, one in flows.items():
        parts = children[place]
        if one.minor > 0 and one.account is not TRANSFERRED:
            assert min(left(one)) >= 0, one
        match one.entry_type:
            case EntryType.ALLOCATED:
                assert sum(left(part)[1] for part in parts if part.account is SPENT) <= left(one)[1]
            case EntryType.CARRIED_OVER:
                others = [part for part in parts if part.entry_type is not EntryType.REVERSED]
                back = [part for part in parts if part.entry_type is EntryType.REVERSED]
                assert [-one.usd_minor] == [part.usd_minor for part in others]
                assert one.fund not in {part.fund for part in others}
                assert back == [] or [(one.fund, -one.usd_minor)] == [(part.fund, part.usd_minor) for part in back]
                assert all(left(part)[1] == (0 if back else -one.usd_minor) for part in others), (
                    "both halves are reversed together"
                )
            case EntryType.PLEDGED:
                committed = sum(left(part)[0] for part in parts if part.account is COMMITTED)
                paid = [left(part)[0] for part in parts if part.account is CASH and part.currency == one.currency]
                assert sum(paid) <= committed <= one.minor
