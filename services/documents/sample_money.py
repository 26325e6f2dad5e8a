"""Values of example fields of money, and the moves open to the caller; see `sample_values`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

MONEY_MOVES: Mapping[str, Any] = MappingProxyType(
    {
        "PledgeView.moves": ["receive", "reduce", "carry_over", "propose_refund", "propose_write_off", "reword"],
        "AllocationView.moves": ["spend", "give_back"],
        "ProposalView.entry": None,
        "ProposalView.moves": ["approve_proposal", "refuse_proposal"],
        "InKindView.moves": ["reword_in_kind", "strike_in_kind"],
        "UnfundedView.gross_usd_minor": 4_294_000,
        "Statement.uncounted_funds": [],
        "PeriodList.open_from": "2026-01-01",
        "ActivityView.moves": ["complete_activity", "revise_activity", "cancel_activity"],
    }
)
