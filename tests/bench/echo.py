"""Prints how the bot fares among loudspeakers: `./dev python -m tests.bench.echo [--all]`.

Each line is a scene of tests/bench/echo_room.py: real clips, Opus at 24 kbit/s, VAD, segmenter and floor.
"""

import sys
from itertools import product
from statistics import median

from sandbox.people.echo_path import EchoConditions
from tests.bench.echo_room import EchoRoom, Line, Played

DELAYS, LEVELS = (0.06, 0.12, 0.18, 0.25, 0.4), (-6, -12, -18, -24, -30, -42)
FEW_DELAYS, FEW_LEVELS = (0.06, 0.18, 0.4), (-6, -18, -30, -42)
STOP_SECONDS = 1.0
"""Within which speech over the echo must stop the answer, counted from its first sound."""
NOISE_DBFS = -72.0
VOICES = ("anna-boss", "ben-train", "ben-story", "yuki-film", "yuki-game", "anna-cook")
LEADING_SILENCE_SECONDS = 0.1
"""Of the clips."""


def echoes(everything: bool) -> None:
    print("loudspeakers: loops, least share of an answer heard, requests wasted per question, µs per packet")
    delays, levels = (DELAYS, LEVELS) if everything else (FEW_DELAYS, FEW_LEVELS)
    costs: list[float] = []
    missed = total = 0
    for people, room, canceller in product((1, 3), (False, True), (False, True)):
        for delay, level in product(delays if people == 1 or everything else delays[1:2], levels):
            conditions = [
                EchoConditions(delay + 0.037 * k, level, room, canceller, NOISE_DBFS, seed=k + 1) for k in range(people)
            ]
            lines = [Line(0.5, 1, "ben-moon"), Line(18.0, people, "anna-quickest")]
            played = EchoRoom(conditions, ("bot-moon", "bot-rice"), timed=True).play(lines, 28.0)
            heard = min((sound / whole for _, sound, whole in played.answers), default=0.0)
            wasted = (len(played.requests) - len(lines)) / len(lines)
            costs.append(_cost(played))
            good = played.loops(lines) == 0 and heard >= 0.95 and wasted <= 1
            total, missed = total + 1, missed + (not good)
            kind = f"{'room' if room else 'dry':4} {'canceller' if canceller else '':9}"
            print(
                f"{people} {kind} {delay * 1000:4.0f} ms {level:4} dB: {played.loops(lines)} loops, "
                f"{heard:4.0%} heard, {wasted:4.1f} wasted, {costs[-1]:5.1f} µs{'' if good else '  <--'}",
                flush=True,
            )
    print(f"{total - missed} of {total} as they should be; median {median(costs):.1f} µs per packet\n")


def double_talk() -> None:
    print(f"speech over the echo: share that stopped the answer within {STOP_SECONDS} s, and after any time")
    for level, room, canceller in product((0, -6), (False, True), (False, True)):
        soon = ever = count = 0
        for seed, voice in enumerate(VOICES):
            echo = EchoConditions(0.1 + 0.05 * seed, -12, room, canceller, NOISE_DBFS, seed)
            lines = [Line(0.3, 1, "ben-moon"), Line(7.0 + 0.3 * seed, 1, voice, -20 - 12 + level)]
            stops = [at for at, _ in EchoRoom([echo]).play(lines, 13.0).stops if at > lines[1].at]
            count += 1
            ever += bool(stops)
            soon += bool(stops) and stops[0] - lines[1].at - LEADING_SILENCE_SECONDS <= STOP_SECONDS
        kind = f"{'room' if room else 'dry':4} {'canceller' if canceller else '':9}"
        print(f"{level:3} dB {kind}: {soon / count:.2f}, {ever / count:.2f} of {count}", flush=True)


def without_echo() -> None:
    print("\nheadphones: utterances taken for an echo, of those spoken over the answer or within 1 s of it")
    false = spoken = 0
    costs: list[float] = []
    for seed, voice in enumerate(VOICES):
        for at in (5.0 + 0.2 * seed, 14.2 + 0.1 * seed):
            played = EchoRoom([None, None], timed=True).play([Line(0.3, 1, "ben-moon"), Line(at, 2, voice)], at + 5)
            false += played.outcomes.count("echo")
            spoken += 1
            costs.append(_cost(played))
    print(f"{false} of {spoken}; median {median(costs):.1f} µs per packet")


def _cost(played: Played) -> float:
    return played.cost / played.packets * 1e6


if __name__ == "__main__":
    double_talk()
    without_echo()
    echoes("--all" in sys.argv)
