"""Settings of a platform whose mails can be answered."""

from dataclasses import replace

import pytest

from chassis.settings import Settings
from tests.delivery.follow_ups.steps import KEY


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, reply_key=KEY.decode())
