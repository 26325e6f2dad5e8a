"""Values of example fields of joint deliveries; see `sample_values`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

JOINT: Mapping[str, Any] = MappingProxyType(
    {
        "capacity_taken": True,
        "capacity_released": True,
        "JointDeliveryProposed.people": 50,
        "JointDeliveryProposed.members": [
            {
                "match_id": "018f6b1e-4c5a-7d10-8a3b-5e2f9c7d1a51",
                "request_id": "018f6b1e-4c5a-7d10-8a3b-5e2f9c7d1a52",
                "line_id": "018f6b1e-4c5a-7d10-8a3b-5e2f9c7d1a53",
                "state": "KEN",
                "persons": 25,
                "funding_needed": {"minor": 1_900_000, "currency": "USD"},
            },
            {
                "match_id": "018f6b1e-4c5a-7d10-8a3b-5e2f9c7d1a54",
                "request_id": "018f6b1e-4c5a-7d10-8a3b-5e2f9c7d1a55",
                "line_id": "018f6b1e-4c5a-7d10-8a3b-5e2f9c7d1a56",
                "state": "UGA",
                "persons": 25,
                "funding_needed": {"minor": 1_900_000, "currency": "USD"},
            },
        ],
        "NewJointDelivery.lines": ["018f6b1e-4c5a-7d10-8a3b-5e2f9c7d1a53", "018f6b1e-4c5a-7d10-8a3b-5e2f9c7d1a56"],
    }
)

JOINT_ANSWERS: Mapping[str, Any] = MappingProxyType(
    {
        "jointly_with": 1,
        "JointDeliveryView.status": "agreed",
        "JointDeliveryView.states": 2,
        "JointDeliveryView.people": 50,
        "JointDeliveryView.members": [
            {
                "state": state,
                "status": "confirmed",
                "match_id": f"018f6b1e-4c5a-7d10-8a3b-5e2f9c7d1a{number}1",
                "request_id": f"018f6b1e-4c5a-7d10-8a3b-5e2f9c7d1a{number}2",
                "line_id": f"018f6b1e-4c5a-7d10-8a3b-5e2f9c7d1a{number}3",
                "persons": 25,
                "funding_needed": {"minor": 1_900_000, "currency": "USD"},
            }
            for number, state in enumerate(("KEN", "UGA"))
        ],
        "money_needed": {"minor": 3_800_000, "currency": "USD"},
        "money_uncovered": None,
        "JointDeliveryView.moves": [],
    }
)
