"""The words of what people say, begun before it is over."""

import asyncio
from dataclasses import replace

from bot.types import Utterance
from tests.fake_call import fake_call
from tests.fakes import ANNA


async def test_words_begun_ahead_give_way_to_those_of_all_that_was_said() -> None:
    part = Utterance(7, ANNA, 0.0, bytes(32_000), 0.8, "silence")
    whole = replace(part, pcm=bytes(48_000), voiced=1.2)
    async with fake_call() as fake, asyncio.TaskGroup() as group:
        transcripts = fake.call._responder.transcripts
        fake.transcriber.words.extend(["all of it"])
        ahead = group.create_task(transcripts.ahead(part, group))
        await asyncio.sleep(0.1)
        asked = group.create_task(transcripts.words([part.id, 8], 5.0))
        await asyncio.sleep(0.1)
        transcripts.start(whole, group)
        assert await asked == {part.id: "all of it", 8: None}
        assert ahead.cancelled()
