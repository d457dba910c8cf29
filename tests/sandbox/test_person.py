"""People in one call, in real time: real Opus, DAVE, AEAD and UDP. Each test lasts as long as what is said in it."""

import asyncio
import io
import socket
from collections.abc import AsyncIterator, Sequence

import discord
import numpy as np
import pytest

from bot.voice import opus
from sandbox import clips
from sandbox.people.compare import correlation
from sandbox.people.person import FRAME_BYTES, RTP_RATE, Person
from sandbox.server import Sandbox
from sandbox.voice import junk
from sandbox.voice.conditions import MessageFault
from sandbox.voice.dave_engines import EngineName
from tests.sandbox.plain_bot import running
from tests.sandbox.voice_helpers import agreed, seated, voice_of
from tests.settling import settled

MOON, COOK = clips.load("ben-moon", RTP_RATE), clips.load("anna-cook", RTP_RATE)
SPEECH = (COOK + MOON + COOK)[: 300 * FRAME_BYTES]
"300 frames, 6 s"
SHORT = MOON[: 75 * FRAME_BYTES]


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox.open() as opened:
        yield opened


def heard(listener: Person, speaker: Person, said: bytes) -> float:
    return correlation(said, listener.recorder.heard(speaker.id), RTP_RATE)


def frames(listeners: Sequence[Person]) -> int:
    """Return how many frames with sound they got, from anybody."""
    return sum(len(one.recorder.frames(user)) for one in listeners for user in one.recorder.users())


async def hears(listener: Person, speaker: Person, said: bytes = SHORT) -> float:
    """Let one person speak, and return how much of it another heard."""
    since = asyncio.get_running_loop().time()
    await speaker.say(said)
    await settled(lambda: len(listener.recorder.frames(speaker.id)))
    return correlation(said, listener.recorder.heard(speaker.id, since), RTP_RATE)


@pytest.mark.parametrize("engines", [("davey", "davey"), ("davey", "libdave", "davey", "libdave")])
async def test_people_speak_at_once_and_hear_each_other(sandbox: Sandbox, engines: tuple[EngineName, ...]) -> None:
    _, people = await seated(sandbox, *engines)
    anna, ben = people[:2]
    await asyncio.gather(anna.say(COOK), ben.say(MOON))
    await settled(lambda: frames(people))
    for person in people:
        for speaker, said, other in ((anna, COOK, MOON), (ben, MOON, COOK)):
            if person is not speaker:
                assert heard(person, speaker, said) >= 0.95
                assert heard(person, speaker, other) < 0.5
    assert set(voice_of(sandbox).sfu.counts[anna.id]) == {"discoveries", "forwarded"}, "no rule was broken"


async def test_a_third_comes_and_goes_in_mid_speech(sandbox: Sandbox) -> None:
    async def call(*engines: EngineName) -> None:
        channel, (anna, ben) = await seated(sandbox, *engines[:2])
        cleo = await sandbox.person("Cleo", engines[2])
        speaking = asyncio.create_task(anna.say(SPEECH))
        await ben.recorder.wait_for(anna.id, 1.5, timeout=30)
        await cleo.join(channel.id)
        code = await agreed(anna, ben, cleo)
        await cleo.recorder.wait_for(anna.id, 1.0, timeout=30)
        await cleo.leave()
        missed = 300 - len(ben.recorder.frames(anna.id))
        await agreed(anna, ben, besides=code)
        said = await speaking
        await settled(lambda: frames([ben]))
        assert said.frames == 300
        assert len(ben.recorder.frames(anna.id)) >= 295
        assert heard(ben, anna, SPEECH) >= 0.95
        assert missed >= 50, "she went in mid-speech"
        assert len(cleo.recorder.frames(anna.id)) <= 300 - 75 - missed + 10, "Ben may have read less by then"

    await asyncio.gather(
        call("davey", "davey", "davey"), call("libdave", "davey", "libdave"), call("davey", "libdave", "davey")
    )


async def test_an_unmodified_discord_py_client_is_heard(sandbox: Sandbox) -> None:
    channel, (anna, ben) = await seated(sandbox, "davey", "libdave")
    before = anna.privacy_code
    if not discord.opus.is_loaded():
        discord.opus.load_opus(opus.load().path)
    stereo = np.repeat(np.frombuffer(COOK, dtype="<i2"), 2).tobytes()
    async with running(sandbox) as bot:
        voice = bot.get_channel(channel.id)
        assert isinstance(voice, discord.VoiceChannel)
        client = await voice.connect(timeout=10)
        played = asyncio.Event()
        loop = asyncio.get_running_loop()
        await agreed(anna, ben, besides=before)
        client.play(discord.PCMAudio(io.BytesIO(stereo)), after=lambda _: loop.call_soon_threadsafe(played.set))
        await played.wait()
        await settled(lambda: frames([anna, ben]))
        client._connection.socket.shutdown(socket.SHUT_RDWR)  # or its reader thread would sit there for 30 s
        await client.disconnect()
    for person in (anna, ben):
        assert correlation(COOK, person.recorder.heard(sandbox.bot.id), RTP_RATE) >= 0.95


async def test_who_is_alone_again_shares_a_new_group_with_the_next(sandbox: Sandbox) -> None:
    channel, (anna, ben) = await seated(sandbox, "davey", "libdave")
    await ben.leave()
    cleo = await sandbox.person("Cleo", "libdave")
    await cleo.join(channel.id)
    await agreed(anna, cleo)
    assert await hears(cleo, anna) >= 0.95
    assert await hears(anna, cleo) >= 0.95


async def test_moving_takes_a_person_out_of_the_old_call(sandbox: Sandbox) -> None:
    _, (anna, ben, cleo) = await seated(sandbox, "davey", "davey", "davey")
    await cleo.join(sandbox.den.id)
    await agreed(anna, ben)
    assert await hears(ben, anna) >= 0.95
    assert not cleo.recorder.frames(anna.id)
    await anna.join(sandbox.den.id)
    await agreed(anna, cleo)
    assert await hears(cleo, anna) >= 0.95


@pytest.mark.parametrize("engine", ["davey", "libdave", None])
async def test_a_stage_is_plain_and_its_audience_is_not_heard(sandbox: Sandbox, engine: EngineName | None) -> None:
    anna, ben = await sandbox.person("Anna", engine), await sandbox.person("Ben")
    for person in (anna, ben):
        await person.join(sandbox.stage.id)
    assert anna.client is not None
    assert anna.client.dave.version == 0
    await anna.say(SHORT)
    assert not ben.recorder.frames(anna.id)
    sandbox.moderator.let_speak(sandbox.guild, anna.user)
    assert await hears(ben, anna) >= 0.95


async def test_down_to_plain_and_up_again_in_mid_speech(sandbox: Sandbox) -> None:
    async def call(*engines: EngineName) -> None:
        channel, (anna, ben) = await seated(sandbox, *engines)
        speaking = asyncio.create_task(anna.say(SPEECH))
        await asyncio.sleep(1.5)
        voice_of(sandbox).downgrade(channel.id)
        assert anna.client is not None
        while anna.client.dave.version:
            await asyncio.sleep(0.02)
        await asyncio.sleep(1.5)
        voice_of(sandbox).upgrade(channel.id)
        await speaking
        await agreed(anna, ben)
        assert anna.client.dave.version == 1
        await settled(lambda: frames([ben]))
        assert len(ben.recorder.frames(anna.id)) >= 295
        assert heard(ben, anna, SPEECH) >= 0.95

    await asyncio.gather(call("davey", "davey"), call("davey", "libdave"), call("libdave", "libdave"))


async def test_a_guest_without_dave_is_turned_away_or_makes_the_call_plain(sandbox: Sandbox) -> None:
    channel, (anna, ben) = await seated(sandbox, "davey", "libdave")
    old = await sandbox.person("Old", None)
    with pytest.raises(ConnectionError, match="4017"):
        await old.join(channel.id)
    voice_of(sandbox).plain_allowed.add(channel.id)
    await old.join(channel.id)
    assert await hears(old, anna) >= 0.95
    assert await hears(ben, old) >= 0.95
    await old.leave()
    await agreed(anna, ben)
    assert await hears(ben, anna) >= 0.95


async def test_twenty_people(sandbox: Sandbox) -> None:
    people = [await sandbox.person(f"P{i}", ("davey", "libdave")[i % 2]) for i in range(20)]
    await asyncio.gather(*(person.join(sandbox.lounge.id) for person in people))
    await agreed(*people, timeout=10)
    speakers = people[:4]
    await asyncio.gather(*(person.say(SHORT) for person in speakers))
    await settled(lambda: frames(people))
    for listener in people[5:]:
        for speaker in speakers:
            assert len(listener.recorder.frames(speaker.id)) == 75
    assert heard(people[-1], speakers[0], SHORT) >= 0.95


class TestTroubleOnTheWay:
    async def test_padding_on_every_packet_and_no_extension(self, sandbox: Sandbox) -> None:
        _, (anna, ben) = await seated(sandbox, "davey", "libdave")
        ben.conditions.padding, ben.conditions.extension = 1.0, False
        assert await hears(ben, anna) >= 0.95

    async def test_loss_reorder_and_jitter(self, sandbox: Sandbox) -> None:
        _, (anna, ben) = await seated(sandbox, "davey", "libdave")
        down = ben.conditions.down
        down.loss, down.reorder, down.double, down.burst, down.jitter = 0.05, 0.05, 0.05, 0.01, 0.02
        score = await hears(ben, anna, SPEECH)
        assert 0.8 <= score < 0.999
        assert 250 <= len(ben.recorder.frames(anna.id)) < 300

    @pytest.mark.parametrize("seconds", [0.3, None])
    async def test_op_5_late_or_never(self, sandbox: Sandbox, seconds: float | None) -> None:
        _, (anna, ben) = await seated(sandbox, "davey", "davey")
        anna.conditions.speaking_delay, anna.conditions.speaking_absent = seconds or 0.0, seconds is None
        score = await hears(ben, anna)
        assert (score >= 0.95) is (seconds is not None), "the sandbox's own clients need op 5"

    async def test_a_dead_way_down_and_up(self, sandbox: Sandbox) -> None:
        _, (anna, ben) = await seated(sandbox, "davey", "davey")
        for path in (ben.conditions.down, anna.conditions.up):
            path.dead = True
            assert await hears(ben, anna) == 0.0
            path.dead = False
        assert await hears(ben, anna) >= 0.95

    async def test_a_lagging_gateway_delays_the_key_but_loses_nothing(self, sandbox: Sandbox) -> None:
        channel, (anna, ben) = await seated(sandbox, "davey", "davey")
        ben.conditions.gateway_lag = 0.4
        cleo = await sandbox.person("Cleo")
        speaking = asyncio.create_task(anna.say(SPEECH))
        await asyncio.sleep(0.5)
        await cleo.join(channel.id)
        await speaking
        await settled(lambda: frames([ben]), looks=25)  # more than the lag
        assert len(ben.recorder.frames(anna.id)) >= 295

    @pytest.mark.parametrize("knob", ["bad_proposals", "bad_commits", "bad_welcomes"])
    async def test_a_spoilt_dave_message_is_recovered_from(self, sandbox: Sandbox, knob: str) -> None:
        async def call(engine: EngineName) -> None:
            channel, (anna, ben) = await seated(sandbox, "davey", engine)
            cleo = await sandbox.person("Cleo", engine)
            setattr((cleo if knob == "bad_welcomes" else ben).conditions, knob, 1)
            await cleo.join(channel.id)
            await agreed(anna, ben, cleo)
            assert voice_of(sandbox).room(channel.id).delivery.counts["flagged invalid"] >= 1
            assert await hears(ben, anna) >= 0.95

        await asyncio.gather(call("davey"), call("libdave"))


async def test_junk_is_not_heard(sandbox: Sandbox) -> None:
    async def call(kind: junk.JunkKind) -> None:
        _, (anna, ben) = await seated(sandbox, "davey", "davey")
        speaking = asyncio.create_task(anna.say(SHORT))
        for _ in range(5):
            await asyncio.sleep(0.2)
            voice_of(sandbox).inject(ben.id, kind, 4, speaker=anna.id)
        await speaking
        await settled(lambda: frames([ben]))
        assert heard(ben, anna, SHORT) >= 0.95, kind
        assert len(ben.recorder.frames(anna.id)) == 75, kind

    await asyncio.gather(*map(call, junk.JUNK_KINDS))


@pytest.mark.parametrize("mishap", ["corrupted", "lost", "doubled", "late"])
async def test_dave_messages_astray_are_made_good_by_the_next_change(sandbox: Sandbox, mishap: MessageFault) -> None:
    async def call(op: int, engine: EngineName) -> None:
        channel, (anna, ben) = await seated(sandbox, engine, "davey")
        cleo, dora = await sandbox.person("Cleo", engine), await sandbox.person("Dora")
        faults = (cleo if op == 30 else anna).conditions.message_faults
        faults[op] = [mishap]
        await cleo.join(channel.id)
        async with asyncio.timeout(30):
            while faults[op]:  # or it would spoil the next change
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.5)
        await dora.join(channel.id)
        await agreed(anna, ben, cleo, dora, timeout=8)

    await asyncio.gather(*(call(op, engine) for op in (22, 27, 29, 30) for engine in ("davey", "libdave")))


async def test_packets_that_are_no_opus_are_carried_and_then_left_out(sandbox: Sandbox) -> None:
    _, (anna, ben) = await seated(sandbox, "davey", "libdave")
    await anna.send([b"\xff\xff no Opus"] * 5)
    await anna.idle(0.2)
    await anna.say(SHORT)
    await settled(lambda: frames([ben]) + ben.recorder.silences(anna.id))
    assert len(ben.recorder.frames(anna.id)) == 80
    assert ben.recorder.silences(anna.id) == 10 + 3 * 5
    assert correlation(SHORT, ben.recorder.mix(), RTP_RATE) >= 0.95


async def test_the_server_mute_and_deafen_what_they_say(sandbox: Sandbox) -> None:
    _, (anna, ben) = await seated(sandbox, "davey", "davey")
    sandbox.moderator.mute(sandbox.guild, anna.user, mute=True)
    assert await hears(ben, anna) == 0.0
    sandbox.moderator.mute(sandbox.guild, anna.user)
    sandbox.moderator.mute(sandbox.guild, ben.user, deaf=True)
    assert await hears(ben, anna) == 0.0
    sandbox.moderator.mute(sandbox.guild, ben.user)
    assert await hears(ben, anna) >= 0.95


async def test_speech_can_be_cut_off_and_ends_in_silence_frames(sandbox: Sandbox) -> None:
    _, (anna, ben) = await seated(sandbox, "davey", "davey")
    speaking = asyncio.create_task(anna.say(SPEECH))
    await ben.recorder.wait_for(anna.id, 0.5, timeout=30)
    speaking.cancel()
    await settled(lambda: frames([ben]) + ben.recorder.silences(anna.id))
    assert 25 <= len(ben.recorder.frames(anna.id)) < 75
    assert ben.recorder.silences(anna.id) == 5


async def test_a_pause_is_as_long_in_the_recording(sandbox: Sandbox) -> None:
    _, (anna, ben) = await seated(sandbox, "davey", "davey")
    since = asyncio.get_running_loop().time()
    first = await anna.say(SHORT)
    await asyncio.sleep(1.0)
    second = await anna.say(SHORT)
    await settled(lambda: frames([ben]))
    recorded = len(ben.recorder.heard(anna.id, since)) / (2 * RTP_RATE)
    assert recorded == pytest.approx(second.first - first.first + 75 * 0.02, abs=0.15)
    assert recorded > 2 * 75 * 0.02 + 1.0
