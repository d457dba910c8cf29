"""The order of flag and packets, with the pacer's part played by the test."""

import asyncio

import pytest

from bot.audio import SPEAK_BYTES
from bot.voice.opus import OPUS_SILENCE
from bot.voice.send.pacer import Pacer
from bot.voice.send.playback import TAIL_FRAMES
from bot.voice.send.sender import Sender

SOUND = b"\x01\x02" * (SPEAK_BYTES // 2)


class Plain:
    def encode(self, pcm: bytes, /) -> bytes:
        return pcm

    def reset(self) -> None: ...


class FakeLink:
    """A sender whose pacer never starts: `tick` does what pacer and call do every 20 ms."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.connected = self.sealable = True
        self.sender = Sender(
            Pacer(),
            Plain,
            send=self._sent,
            speak=self._speak,
            connected=lambda: self.connected,
            sealable=lambda: self.sealable,
        )

    async def _speak(self, up: bool) -> None:
        await asyncio.sleep(0)
        self.events.append("up" if up else "down")

    def _sent(self, packet: bytes) -> None:
        self.events.append("silence" if packet == OPUS_SILENCE else "sound")

    async def tick(self, times: int = 1) -> None:
        for _ in range(times):
            packet = self.sender.take()
            if packet is not None:
                self.sender.send(packet)
            self.sender.pump()
            for _ in range(3):
                await asyncio.sleep(0)


@pytest.fixture
async def link() -> FakeLink:
    return FakeLink()


async def test_the_flag_goes_up_before_the_first_packet_and_down_after_the_last(link: FakeLink) -> None:
    playback = link.sender.play()
    playback.feed(SOUND * 2)
    playback.finish()
    assert link.sender.take() is None
    await link.tick(20)
    assert link.events == ["up", "sound", "sound", *["silence"] * TAIL_FRAMES, "down"]


async def test_a_pause_in_the_reply_lowers_the_flag(link: FakeLink) -> None:
    playback = link.sender.play()
    playback.feed(SOUND)
    await link.tick(20)
    playback.feed(SOUND)
    playback.finish()
    await link.tick(20)
    assert link.events == 2 * ["up", "sound", *["silence"] * TAIL_FRAMES, "down"]


async def test_a_new_reply_cuts_the_old_one_and_follows_at_once(link: FakeLink) -> None:
    old = link.sender.play()
    old.feed(SOUND * 50)
    await link.tick(4)
    new = link.sender.play()
    assert old.cut().interrupted
    await link.tick(2)
    new.feed(SOUND * 2)
    new.finish()
    await link.tick(20)
    assert link.events == [
        "up",
        *["sound"] * 3,
        "sound",
        "silence",
        "sound",
        "sound",
        *["silence"] * TAIL_FRAMES,
        "down",
    ]


async def test_while_the_link_is_down_the_reply_stands_still(link: FakeLink) -> None:
    playback = link.sender.play()
    playback.feed(SOUND * 4)
    playback.finish()
    await link.tick(3)
    link.connected = False
    await link.tick(50)
    assert playback.played == pytest.approx(0.04)
    link.connected = True
    await link.tick(20)
    assert link.events == ["up", "sound", "sound", "up", "sound", "sound", *["silence"] * TAIL_FRAMES, "down"]


async def test_nothing_is_sent_before_it_can_be_sealed(link: FakeLink) -> None:
    link.sealable = False
    playback = link.sender.play()
    playback.feed(SOUND * 2)
    playback.finish()
    await link.tick(20)
    assert link.events == ["up"]
    link.sealable = True
    await link.tick(20)
    assert link.events == ["up", "sound", "sound", *["silence"] * TAIL_FRAMES, "down"]


async def test_closing_cuts_and_leaves_no_task(link: FakeLink) -> None:
    playback = link.sender.play()
    playback.feed(SOUND * 4)
    await link.sender.close()
    assert playback.cut().interrupted
    assert asyncio.all_tasks() == {asyncio.current_task()}
