"""The order of flag and packets, with the pacer's part played by the test."""

import asyncio

import pytest

from bot.audio import SPEAK_BYTES
from bot.voice.opus import SILENCE
from bot.voice.send.pacer import Pacer
from bot.voice.send.playback import TAIL
from bot.voice.send.sender import Sender

SOUND = b"\x01\x02" * (SPEAK_BYTES // 2)


class Plain:
    def encode(self, pcm: bytes, /) -> bytes:
        return pcm

    def reset(self) -> None: ...


class Stage:
    """An outlet whose pacer never starts: `tick` does what pacer and call do every 20 ms."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.connected = self.keyed = True
        self.outlet = Sender(
            Pacer(),
            Plain,
            send=self._sent,
            speak=self._speak,
            connected=lambda: self.connected,
            keyed=lambda: self.keyed,
        )

    async def _speak(self, up: bool) -> None:
        await asyncio.sleep(0)
        self.events.append("up" if up else "down")

    def _sent(self, packet: bytes) -> None:
        self.events.append("silence" if packet == SILENCE else "sound")

    async def tick(self, times: int = 1) -> None:
        for _ in range(times):
            packet = self.outlet.take()
            if packet is not None:
                self.outlet.send(packet)
            self.outlet.pump()
            for _ in range(3):
                await asyncio.sleep(0)


@pytest.fixture
async def stage() -> Stage:
    return Stage()


async def test_the_flag_goes_up_before_the_first_packet_and_down_after_the_last(stage: Stage) -> None:
    playback = stage.outlet.play()
    playback.feed(SOUND * 2)
    playback.finish()
    assert stage.outlet.take() is None
    await stage.tick(20)
    assert stage.events == ["up", "sound", "sound", *["silence"] * TAIL, "down"]


async def test_a_pause_in_the_reply_lowers_the_flag(stage: Stage) -> None:
    playback = stage.outlet.play()
    playback.feed(SOUND)
    await stage.tick(20)
    playback.feed(SOUND)
    playback.finish()
    await stage.tick(20)
    assert stage.events == 2 * ["up", "sound", *["silence"] * TAIL, "down"]


async def test_a_new_reply_cuts_the_old_one_and_follows_at_once(stage: Stage) -> None:
    old = stage.outlet.play()
    old.feed(SOUND * 50)
    await stage.tick(4)
    new = stage.outlet.play()
    assert old.cut().interrupted
    await stage.tick(2)
    new.feed(SOUND * 2)
    new.finish()
    await stage.tick(20)
    assert stage.events == ["up", *["sound"] * 3, "sound", "silence", "sound", "sound", *["silence"] * TAIL, "down"]


async def test_while_the_link_is_down_the_reply_stands_still(stage: Stage) -> None:
    playback = stage.outlet.play()
    playback.feed(SOUND * 4)
    playback.finish()
    await stage.tick(3)
    stage.connected = False
    await stage.tick(50)
    assert playback.played == pytest.approx(0.04)
    stage.connected = True
    await stage.tick(20)
    assert stage.events == ["up", "sound", "sound", "up", "sound", "sound", *["silence"] * TAIL, "down"]


async def test_nothing_is_sent_before_it_can_be_sealed(stage: Stage) -> None:
    stage.keyed = False
    playback = stage.outlet.play()
    playback.feed(SOUND * 2)
    playback.finish()
    await stage.tick(20)
    assert stage.events == ["up"]
    stage.keyed = True
    await stage.tick(20)
    assert stage.events == ["up", "sound", "sound", *["silence"] * TAIL, "down"]


async def test_closing_cuts_and_leaves_no_task(stage: Stage) -> None:
    playback = stage.outlet.play()
    playback.feed(SOUND * 4)
    await stage.outlet.close()
    assert playback.cut().interrupted
    assert asyncio.all_tasks() == {asyncio.current_task()}
