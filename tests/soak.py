"""How much of a test that is a product of many cases is run: a part by `./dev test`, all of it by `./dev soak`."""

import os

IS_SOAK = os.environ.get("PYTEST_SOAK") == "1"
"""Set by `./dev soak`, which also runs what is marked `thinned`. Commands refuse a name `ENTRAIDE_…` they do not know."""


def cases(few: int, *, soak: int) -> int:
    """How many, in this run; the test is marked `thinned`."""
    return soak if IS_SOAK else few
