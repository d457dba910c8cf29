"""Make the recordings of bot/sandbox/clips again: `./dev python tools/make_clips.py [ID …]` (docs/clips.md).

Needs `flite` (with its CMU voices) on the path, and `--jtalk PYTHON`, an interpreter that has pyopenjtalk-plus.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sandbox import clips
from sandbox.media import encode, to_pcm

RATE = 24_000
LEVEL = 0.09
"""RMS of the loud parts: what a headset with gain control delivers, about -21 dBFS."""
BIT_RATE = 20_000
EDGE = 0.06
"""Seconds of quiet kept around a sentence."""

ENGLISH = {
    "Anna": ["-voice", "slt"],
    "Ben": ["-voice", "rms"],
    "bot": ["-voice", "awb", "--setf", "duration_stretch=1.0"],
}
JAPANESE = {"Yuki": "speed=1.05, half_tone=0.5", "bot": "speed=1.0, half_tone=-5.0"}
SPELLED = {"Kikite": "Kee kee teh", "聞き手": "ききて", "Stop.": "Stop!"}
PAUSE = {"ben-pause": ("could you tell us, well,", 0.7)}
"""Quiet put in after these words, seconds."""

Sound = NDArray[np.float64]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ids", nargs="*")
    parser.add_argument("--jtalk", default=sys.executable)
    args = parser.parse_args()
    for clip in clips.ALL_CLIPS:
        if args.ids and clip.id not in args.ids:
            continue
        sound = NOISES[clip.id](np.random.default_rng(7)) if not clip.sentence else spoken(clip, args.jtalk)
        pcm = (np.clip(levelled(sound), -0.98, 0.98) * 32767).astype("<i2").tobytes()
        clip.path.write_bytes(encode(pcm, RATE, "ogg", "libopus", BIT_RATE))
        print(f"{clip.id:14} {len(pcm) / 2 / RATE:5.2f} s  {clip.path.stat().st_size:6} bytes")


def spoken(clip: clips.Clip, jtalk: str) -> Sound:
    """Say a clip's sentence, with its pause if it has one."""
    words, gap = PAUSE.get(clip.id, ("", 0.0))
    head, found, tail = clip.sentence.partition(words) if words else (clip.sentence, "", "")
    parts = [trimmed(say(clip, head + found, jtalk))]
    if tail:
        parts += [np.zeros(int(gap * RATE)), trimmed(say(clip, tail.strip(), jtalk))]
    quiet = np.zeros(int(EDGE * RATE))
    return np.concatenate([quiet, *parts, quiet])


def say(clip: clips.Clip, sentence: str, jtalk: str) -> Sound:
    """Run the synthesizer of the clip's language."""
    for written, read in SPELLED.items():
        sentence = sentence.replace(written, read)
    with tempfile.TemporaryDirectory() as folder:
        wav = str(Path(folder) / "said.wav")
        if clip.language == "en":
            command = ["flite", *ENGLISH[clip.voice], "-t", sentence, "-o", wav]
        else:
            script = (
                "import sys, wave, pyopenjtalk\n"
                f"sound, rate = pyopenjtalk.tts(sys.argv[1], {JAPANESE[clip.voice]})\n"
                "out = wave.open(sys.argv[2], 'wb')\n"
                "out.setparams((1, 2, rate, 0, 'NONE', ''))\n"
                "out.writeframes(sound.clip(-32767, 32767).astype('<i2').tobytes())\n"
            )
            command = [jtalk, "-c", script, sentence, wav]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        return np.frombuffer(to_pcm(Path(wav), RATE), "<i2") / 32768


def trimmed(sound: Sound) -> Sound:
    """Cut the quiet off both ends."""
    loud = np.flatnonzero(np.abs(sound) > 0.02 * np.abs(sound).max())
    return sound[loud[0] : loud[-1] + 1]


def levelled(sound: Sound) -> Sound:
    """Bring the loud half to LEVEL."""
    frames = sound[: len(sound) // 480 * 480].reshape(-1, 480)
    power = np.sort((frames**2).mean(axis=1))
    return sound * LEVEL / np.sqrt(power[len(power) // 2 :].mean())


def band(sound: Sound, low: float, high: float) -> Sound:
    """Keep the frequencies between `low` and `high` Hz, with soft edges."""
    spectrum = np.fft.rfft(sound)
    hertz = np.fft.rfftfreq(len(sound), 1 / RATE)
    centre, width = (low + high) / 2, (high - low) / 2
    return np.fft.irfft(spectrum * np.exp(-(((hertz - centre) / width) ** 2)), len(sound))


def cough(dice: np.random.Generator) -> Sound:
    """Two bursts of breath noise."""
    out = np.zeros(int(1.0 * RATE))
    for start, length in ((0.08, 0.22), (0.45, 0.28)):
        time = np.arange(int(length * RATE)) / RATE
        noise = dice.standard_normal(len(time))
        burst = band(noise, 300, 1400) + 0.6 * band(noise, 1800, 5000)
        begin = int(start * RATE)
        out[begin : begin + len(time)] += burst * np.minimum(time / 0.008, 1) * np.exp(-time / 0.07)
    return out


def laughter(dice: np.random.Generator) -> Sound:
    """Breathy puffs, five a second, each a little weaker."""
    out = np.zeros(int(2.0 * RATE))
    for count in range(9):
        time = np.arange(int(0.12 * RATE)) / RATE
        noise = dice.standard_normal(len(time))
        puff = band(noise, 500, 2200) * np.sin(np.pi * time / 0.12) ** 2 * 0.92**count
        begin = int((0.08 + 0.2 * count) * RATE)
        out[begin : begin + len(time)] += puff
    return out


def keyboard(dice: np.random.Generator) -> Sound:
    """Key presses at a writer's uneven pace."""
    out = dice.standard_normal(int(3.0 * RATE)) * 0.0005
    at = 0.1
    while at < 2.85:
        for offset, strength in ((0.0, 1.0), (0.07, 0.5)):
            time = np.arange(int(0.02 * RATE)) / RATE
            click = band(dice.standard_normal(len(time)), 1500, 9000) * np.exp(-time / 0.003)
            begin = int((at + offset) * RATE)
            out[begin : begin + len(time)] += click * strength * dice.uniform(0.6, 1.0)
        at += dice.uniform(0.09, 0.28)
    return out


def music(dice: np.random.Generator) -> Sound:
    """Four plucked chords over a bass."""
    out = np.zeros(int(4.0 * RATE))
    for count, chord in enumerate(
        ((261.6, 329.6, 392.0), (220.0, 261.6, 329.6), (174.6, 220.0, 261.6), (196.0, 246.9, 293.7))
    ):
        for step, pitch in enumerate((*chord, chord[0] / 2, chord[1] * 2, chord[2] * 2)):
            begin = int((count * 1.0 + step * 0.125) * RATE)
            time = np.arange(len(out) - begin) / RATE
            tone = sum(np.sin(2 * np.pi * pitch * k * time) / k**1.5 for k in (1, 2, 3, 4, 5))
            out[begin:] += tone * np.exp(-time / 0.45) * np.minimum(time / 0.004, 1)
    return out + dice.standard_normal(len(out)) * 1e-4


NOISES: dict[str, Callable[[np.random.Generator], Sound]] = {
    "cough": cough,
    "laughter": laughter,
    "keyboard": keyboard,
    "music": music,
}

if __name__ == "__main__":
    main()
