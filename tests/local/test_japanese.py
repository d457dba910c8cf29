"""The Japanese voice in a call, whose transcriber and text model are stand-ins: no wheel holds Japanese recognition."""

from bot.addresses import LOCAL
from bot.audio import HEAR_RATE
from sandbox import clips
from sandbox.media import resample
from sandbox.model.behaviour import Speak
from sandbox.model.recognition import recognise
from tests.e2e.conftest import Harness, harness
from tests.e2e.test_conversation import OUT, said, sentence

__all__ = ["harness"]
LOWER = "1"
"""The pitch that the clips of the bot were made with."""


async def test_somebody_asks_in_japanese_and_hears_the_answer(harness: Harness) -> None:
    harness.model.default = Speak(sentence("bot-tenki"))
    async with harness.bot(engine="cascade", speech_base_url=LOCAL, language="ja", voice=LOWER):
        yuki = await harness.sandbox.person("Yuki", locale="ja")
        await harness.join(yuki)
        await yuki.say(clips.load("yuki-weather", OUT))
        await said(harness, "bot-tenki")
        await yuki.recorder.quiet(harness.sandbox.bot.id, 1.0)
        heard = recognise(resample(yuki.recorder.words(harness.sandbox.bot.id), OUT, HEAR_RATE))
        assert [one.text for one in heard] == [sentence("bot-tenki")], "kanji and all"
        assert not harness.model.speeches
    assert not harness.model.refused
