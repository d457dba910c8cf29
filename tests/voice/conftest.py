"""Two people of one DAVE group, which the bot is in too."""

import pytest

from tests.voice.fake_room import ANN, BEN, BOT, Mls, Person


@pytest.fixture
def mls() -> Mls:
    group = Mls()
    group.join(BOT)
    group.join(ANN, BEN)
    return group


@pytest.fixture
def ann(mls: Mls) -> Person:
    return Person(ANN, 100, mls.sessions[ANN])


@pytest.fixture
def ben(mls: Mls) -> Person:
    return Person(BEN, 200, mls.sessions[BEN])
