"""Settings of a platform whose mails have links for answers."""

from dataclasses import replace

import pytest

from chassis.settings import Settings
from tests.sherloc.checks.steps import KEY


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, reply_key=KEY.decode())
