"""Prints how the bot fares in rooms drawn by chance: `./dev python -m tests.bench.echo_drawn [COUNT] [SEED]`.

tests/bench/echo.py has the fixed scenes; here delays, levels, voices and moments differ with every seed.
"""

import sys
from collections.abc import Iterator
from itertools import product

import numpy as np

from sandbox.people.echo_path import EchoConditions
from tests.bench.echo_room import EchoRoom, Line

VOICES = ("anna-boss", "anna-cook", "anna-wait", "ben-story", "ben-train", "yuki-game")
"""Clips without a pause in their first second: others do not stop the bot within it even where nothing comes back."""
QUESTIONS = ("ben-moon", "anna-boss", "yuki-film", "anna-quickest")
ANSWERS = ("bot-moon", "bot-rice", "bot-tenki")
LEADING_SILENCE_SECONDS = 0.1
"""Of the clips."""
STOP_SECONDS = 1.0
"""Within which speech over the echo must stop the answer, counted from its first sound."""
KINDS = tuple(product((0, -6), (False, True), (False, True)))
"""Speech relative to the echo in dB, whether there is reverberation, whether there is a canceller."""


def conditions(random: np.random.Generator, level: float, room: bool, canceller: bool) -> EchoConditions:
    delay, noise = float(random.uniform(0.05, 0.42)), float(random.uniform(-90, -65))
    return EchoConditions(delay, level, room, canceller, noise, int(random.integers(1 << 30)))


def overs(count: int, seed: int, level: int, room: bool, canceller: bool) -> Iterator[tuple[EchoConditions, Line]]:
    """Draw somebody who speaks over the echo of an answer, sometimes soon after its first sound."""
    random = np.random.default_rng((seed, -level, room, canceller))
    for _ in range(count):
        echo = conditions(random, float(random.uniform(-24, -8)), room, canceller)
        at, voice = float(random.uniform(4.5, 11.0)), str(random.choice(VOICES))
        yield echo, Line(at, 1, voice, -20 + echo.level + level)


def seconds_to_stop(echo: EchoConditions, over: Line) -> float:
    """Return after how many seconds of speech the answer stopped; infinity if it did not."""
    played = EchoRoom([echo]).play([Line(0.3, 1, "ben-moon"), over], over.at + 3.5)
    began = over.at + LEADING_SILENCE_SECONDS
    return min((at - began for at, _ in played.stops if at > began), default=float("inf"))


def double_talk(count: int, seed: int) -> None:
    print(f"speech over the echo, {count} of each: stopped within {STOP_SECONDS} s, at any time, median seconds")
    for level in (0, -6):
        all_times: list[float] = []
        for _, room, canceller in (kind for kind in KINDS if kind[0] == level):
            times = [seconds_to_stop(*drawn) for drawn in overs(count, seed, level, room, canceller)]
            all_times += times
            kind = f"{'room' if room else 'dry':4} {'canceller' if canceller else '':9}"
            print(f"{level:3} dB {kind}: {_shares(times)}", flush=True)
        print(f"{level:3} dB all           : {_shares(all_times)}", flush=True)


def _shares(times: list[float]) -> str:
    soon, ever = (np.mean([at <= limit for at in times]) for limit in (STOP_SECONDS, 1e9))
    return f"{soon:.2f}, {ever:.2f}, {np.median(times):.2f}"


def scenes(count: int, seed: int) -> Iterator[tuple[list[EchoConditions], list[Line], list[str]]]:
    """Draw people on loudspeakers, what they ask, and the answers."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        people = int(random.choice((1, 1, 2, 3)))
        room, canceller, level = bool(random.integers(2)), bool(random.integers(2)), float(random.uniform(-42, -6))
        rooms = [conditions(random, level + float(random.uniform(-3, 3)), room, canceller) for _ in range(people)]
        first, second = random.choice(QUESTIONS, 2, replace=False)
        lines = [Line(0.5, 1, str(first)), Line(19.0 + float(random.uniform(0, 1)), people, str(second))]
        yield rooms, lines, [str(name) for name in random.choice(ANSWERS, 2, replace=False)]


def echoes(count: int, seed: int) -> None:
    bad = 0
    for number, (rooms, lines, answers) in enumerate(scenes(count, seed)):
        played = EchoRoom(rooms, answers).play(lines, 40.0)
        heard = min((sound / whole for _, sound, whole in played.answers), default=0.0)
        wasted, loops = (len(played.requests) - len(lines)) / len(lines), played.loops(lines)
        if loops or heard < 0.95 or wasted > 1:
            bad += 1
            delays = " ".join(f"{one.delay * 1000:.0f}" for one in rooms)
            kind = f"{'room' if rooms[0].room else 'dry'} {'canceller' if rooms[0].canceller else ''}"
            print(
                f"scene {number}: {delays} ms {rooms[0].level:.0f} dB {kind}: {loops} loops, {heard:.0%} heard, "
                f"{wasted:.1f} wasted",
                flush=True,
            )
    print(f"loudspeakers: {count - bad} of {count} as they should be", flush=True)


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:]]
    COUNT, SEED = (*numbers, *(8, 1)[len(numbers) :])
    echoes(4 * COUNT, SEED)
    double_talk(COUNT, SEED)
