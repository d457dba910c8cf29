import pytest
from discord import app_commands

from bot.chat.cooldown import Cooldowns


def test_one_person_may_not_hold_the_key_down() -> None:
    cooldowns = Cooldowns(rate=3, per=10.0)
    for _ in range(3):
        cooldowns.take(1, 100.0)
    with pytest.raises(app_commands.CommandOnCooldown) as caught:
        cooldowns.take(1, 104.0)
    assert caught.value.retry_after == 6.0
    cooldowns.take(2, 104.0)  # others are not held up
    cooldowns.take(1, 110.0)


def test_people_are_forgotten_when_there_are_too_many() -> None:
    cooldowns = Cooldowns(rate=1, per=10.0, bound=2)
    for person in (1, 2, 3):
        cooldowns.take(person, 100.0)
    cooldowns.take(1, 101.0)  # forgotten, so free again
    with pytest.raises(app_commands.CommandOnCooldown):
        cooldowns.take(3, 101.0)
