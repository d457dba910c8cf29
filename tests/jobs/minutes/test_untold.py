"""Minutes stay at hand until somebody was told them, as one whole, whatever number of requests they took."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

from bot.engine.text_and_speech import Made
from bot.jobs.analysis_notes import TalkNotes
from bot.jobs.minutes.minutes import steps, take_minutes, told, untold
from bot.jobs.minutes.talk import numbered
from bot.types import Message
from tests.jobs.conftest import JobSetup

BEGAN = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)


class Secretary:
    """Notes the same decision each time, and one that nobody took."""

    model = writing_model = "text"
    requests = 0

    async def write(self, *_: object, **__: object) -> Made:
        self.requests += 1
        decided = '{"text": "Buy the printer", "lines": [1]}, {"text": "Sell the piano", "lines": [1]}'
        return Made(f'{{"decisions": [{decided}]}}', b"")


async def test_a_long_meeting_is_kept_whole_until_it_is_told(job_setup: JobSetup) -> None:
    text = f"We buy the printer. {'Of paper and of ink. ' * 60}"
    said = [Message("user", 1, "Ana", text, BEGAN + timedelta(minutes=number)) for number in range(40)]
    lines, notes, secretary = numbered(said, UTC), TalkNotes(), Secretary()
    assert steps(lines) > 2
    assert untold(lines, "en", notes) is None
    async with job_setup.jobs.bill(1, 2, 3) as bill:
        made = await take_minutes(lines, "en", cast("Any", secretary), bill, notes)
    assert secretary.requests == steps(lines)
    assert made.claims
    assert made.dropped
    assert untold(lines, "en", notes) == made
    assert untold(lines[:-1], "en", notes) is None
    assert untold(lines, "ja", notes) is None
    told(lines, "en", notes)
    assert untold(lines, "en", notes) is None
    async with job_setup.jobs.bill(1, 2, 3) as bill:
        await take_minutes(lines, "en", cast("Any", secretary), bill, notes)
    assert secretary.requests == 2 * steps(lines), "whoever was told wants others"
    notes.correct(2, said[0], said[0])
    assert untold(lines, "en", notes) is None
