"""What people hear of the bot when packets are lost, by the encoder's complexity: PESQ (ITU-T P.862.2, 1 to 4.64).

`./.uv/bin/uv pip install pesq`, then `./dev python -m tests.bench.listening [FOLDER OF WAV FILES]`. PESQ compiles, so
it is no package of the project. A lost packet comes from the FEC of the next one if that arrived, else it is concealed.
"""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from pesq import pesq  # pyright: ignore[reportMissingImports]

from bot.audio import HEAR_RATE, SPEAK_BYTES, SPEAK_RATE
from bot.voice import opus
from sandbox.clips import CLIPS_FOLDER
from sandbox.media import to_pcm

CLIPS = ("bot-heard", "bot-kikoeta", "bot-moon", "bot-rice", "bot-tenki")
COMPLEXITIES = (0, 1, 2, 3, 5)
LOSSES = (0.0, 0.05, 0.1, 0.2)
ROUNDS = 3


def encoded(library: opus.OpusLibrary, pcm: bytes, complexity: int) -> list[bytes]:
    encoder = opus.OpusEncoder(library, complexity=complexity)
    padded = pcm + bytes(-len(pcm) % SPEAK_BYTES)
    return [encoder.encode(padded[at : at + SPEAK_BYTES]) for at in range(0, len(padded), SPEAK_BYTES)]


def heard(library: opus.OpusLibrary, packets: list[bytes], lost: list[bool]) -> Iterator[bytes]:
    decoder = opus.OpusDecoder(library, HEAR_RATE)
    for number, packet in enumerate(packets):
        following = number + 1
        if not lost[number]:
            yield decoder.decode(packet)
        elif following < len(packets) and not lost[following]:
            yield decoder.decode_fec(packets[following])
        else:
            yield decoder.conceal()


def score(said: bytes, sound: bytes) -> float:
    length = min(len(said), len(sound))
    return float(pesq(HEAR_RATE, np.frombuffer(said[:length], "<i2"), np.frombuffer(sound[:length], "<i2"), "wb"))


def main() -> None:
    library = opus.load()
    paths = [CLIPS_FOLDER / f"{name}.ogg" for name in CLIPS]
    paths += sorted(Path(sys.argv[1]).glob("*.wav")) if len(sys.argv) > 1 else []
    said = [(to_pcm(path, SPEAK_RATE), to_pcm(path, HEAR_RATE)) for path in paths]
    print(f"{len(paths)} recordings, {ROUNDS} rounds")
    for complexity in COMPLEXITIES:
        begin = time.thread_time()
        packets = [encoded(library, speak, complexity) for speak, _ in said]
        cost = (time.thread_time() - begin) * 1e6 / sum(map(len, packets))
        row = [f"complexity {complexity}: {cost:5.0f} us a frame"]
        for loss in LOSSES:
            scores: list[float] = []
            for number, (sent, (_, clean)) in enumerate(zip(packets, said, strict=True)):
                for round_ in range(ROUNDS if loss else 1):
                    lost = np.random.default_rng(100 * number + round_).random(len(sent)) < loss
                    scores.append(score(clean, b"".join(heard(library, sent, lost.tolist()))))
            row.append(f"{loss:.0%} lost {np.mean(scores):.2f}")
        print(", ".join(row), flush=True)


if __name__ == "__main__":
    main()
