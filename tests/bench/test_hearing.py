"""What it costs to hear three people who all speak: their packets through receiver, ears and floor, in virtual time.

`OPENBLAS_NUM_THREADS=1 ./dev pytest tests/bench/test_hearing.py -n 0` prints CPU time per second of speech, the best of
some rounds (the bot itself sets that variable). No sandbox and no clock: other work on the machine disturbs it little.
"""

import time

from bot.audio import FRAME_SECONDS, SPEAK_RATE
from bot.call.conversation import MAX_BUNDLED_TICKS, MAX_FEW_BUNDLED_TICKS
from bot.call.listener import Listener
from bot.call.settings import CallSettings
from bot.talk.floor import Floor
from bot.talk.vad import make_vad
from bot.types import CallState
from sandbox import clips
from tests.bench import BRIEF
from tests.voice.fake_room import BOT, Mls, Person, new_receiver

LINES = (("bot-moon",), ("ben-story", "ben-moon"), ("yuki-film", "anna-cook"))
TICKS, ROUNDS = 300, 1 if BRIEF else 3
SPEAKERS = {1000 + number: f"Speaker {number}" for number in range(len(LINES))}


def hear(group: Mls) -> tuple[float, int]:
    """Return the CPU seconds for a second of speech, and how often the call woke up."""
    people: list[Person] = []
    for user_id, line in zip(SPEAKERS, LINES, strict=True):
        sound = b"".join(clips.load(clip, SPEAK_RATE) for clip in line)
        people.append(Person(user_id, user_id, group.sessions[user_id], sound))
    receiver, listener = new_receiver(group.sessions[BOT], people), Listener(make_vad("silero"), Floor(), CallSettings)
    packets = list(zip(*(person.say(TICKS) for person in people), strict=True))
    done = wakes = 0
    begin = time.thread_time()
    while done < TICKS:
        arrived = []
        now = done * FRAME_SECONDS
        most = MAX_BUNDLED_TICKS if listener.speaking else MAX_FEW_BUNDLED_TICKS
        ticks = max(1, int(min(most, listener.undecided_for(now, CallState.LISTENING, None) / FRAME_SECONDS + 0.25)))
        for tick in packets[done : done + ticks]:
            now = done * FRAME_SECONDS
            for datagram in tick:
                receiver.push(datagram, now)
            arrived.append(receiver.frames(now))
            done += 1
        listener.hear(arrived, now)
        listener.decide(receiver.talking(now), SPEAKERS, CallState.LISTENING, None, now)
        wakes += 1
    assert listener.speaking
    return (time.thread_time() - begin) / (TICKS * FRAME_SECONDS * len(people)), wakes


def test_three_people_are_heard(figures: dict[str, list[str]]) -> None:
    group = Mls()
    group.join(BOT)
    group.join(*SPEAKERS)
    costs = [hear(group) for _ in range(ROUNDS)]
    line = f"{1000 * min(cost for cost, _ in costs):.1f} ms per second of speech, {costs[0][1]} wake-ups in 6 s"
    figures.setdefault("hearing: 3 people at once, receiver to floor", []).append(line)
