"""Who speaks when, drawn in letters (letters.py): 20 ms each, one row a person, one the bot.

In these rooms the model's first sound comes 200 ms after it was asked, and an answer lasts a second, unless said
otherwise. Turns are listed by the initials of those who spoke.
"""

import random
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.talk.floor import Floor, FloorSettings
from bot.talk.speech_events import SpeechStarted
from bot.types import CallState
from tests.talk.drawing import Room, expand, play, squeeze


@dataclass(frozen=True)
class Drawn:
    why: str
    drawing: str
    turns: str = ""
    wasted: int = 0
    verdicts: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)


LONG = {"reply": 400}
SILENT = {"floor": FloorSettings(preemptive=False)}

SCENES = [
    # --- clean turns
    Drawn(
        "asked after 120 ms of silence, answered after 500",
        """
        anna  s50
        bot   .55 p19 b50 .20
        """,
        "a",
    ),
    Drawn(
        "a slow model begins as soon as it can",
        """
        anna  s50
        bot   .55 p19 t21 b50 .12
        """,
        "a",
        options={"think": 40},
    ),
    Drawn(
        "without preemptive requests it is asked after 500 ms",
        """
        anna  s50
        bot   .74 t10 b50 .10
        """,
        "a",
        options=SILENT,
    ),
    Drawn(
        "Opus silence is silence",
        """
        anna  s50 o5
        bot   .55 p19 b50 .20
        """,
        "a",
    ),
    Drawn(
        "so is the hum of an open microphone",
        """
        anna  s50 n150
        bot   .55 p19 b50 .20
        """,
        "a",
    ),
    Drawn(
        "one sentence after the other",
        """
        anna  s50 .90                s30
        bot   .55 p19 b50 .51 p19 b50
        """,
        "a a",
    ),
    # --- hesitation
    Drawn(
        "a breath of 100 ms is nothing",
        """
        anna  s50 .5 s30
        bot   .91 p18 b50
        """,
        "a",
    ),
    Drawn(
        "400 ms: what was asked is thrown away unheard, and what was said is one turn",
        """
        anna  s50 .20    s30
        bot   .55 p15 .50 p4 t6 b50
        """,
        "a",
        wasted=1,
    ),
    Drawn(
        "480 ms is still a pause, and makes it wait a little longer the next time",
        """
        anna  s50 .24    s30
        bot   .55 p19 .50 p6 t4 b50
        """,
        "a",
        wasted=1,
    ),
    Drawn(
        "packets that are only late: the silence counted meanwhile is taken back",
        """
        anna  s50 n8 >12 s30
        bot   .55 p15 .38 p16 b50
        """,
        "a",
        wasted=1,
    ),
    Drawn(
        "packets that break off in a word and come late: nothing is asked",
        """
        anna  s50 >30    s30
        bot   .115 p19 b50
        """,
        "a",
    ),
    Drawn(
        "two tries a turn, each later than the last, then it waits for the end",
        """
        anna  s50 .12    s30 .16     s30 .21 s30
        bot   .55 p7 .42 p4 .105 t10 b50
        """,
        "a",
        wasted=2,
    ),
    # --- two and three people
    Drawn(
        "two at once are one turn, in the order they began",
        """
        anna  .20 s60
        ben   s50
        bot   .85 p19 b50
        """,
        "ba",
    ),
    Drawn(
        "three in a row without a gap are one turn",
        """
        anna  s50
        ben   .40 s50
        carl  .80 s50
        bot   .135 p19 b50
        """,
        "abc",
    ),
    Drawn(
        "another begins before the answer: it is kept, and both are answered",
        """
        anna  s50
        ben   .64         s50
        bot   .55 p11 .53 p19 b50
        """,
        "ab",
        wasted=1,
    ),
    Drawn(
        "another begins while the model thinks: the same",
        """
        anna  s50
        ben   .80         s50
        bot   .74 t15 .65 t40 b50
        """,
        "a ab",
        wasted=1,
        options={"think": 40, **SILENT},
    ),
    Drawn(
        "a click while the model thinks does not cost the answer",
        """
        anna  s50
        ben   .80         s4
        bot   .74 t40 b50
        """,
        "a",
        verdicts=("too_short",),
        options={"think": 40, **SILENT},
    ),
    # --- over the bot
    Drawn(
        "an interruption: quiet after 200 ms, silent after 500, answered in its turn",
        """
        anna  s50 .70                s60
        bot   .55 p19 b55 d15 .41 p19 b30
        """,
        "a a",
        options=LONG,
    ),
    Drawn(
        "somebody else's interruption counts as well",
        """
        anna  s50
        ben   .120                   s60
        bot   .55 p19 b55 d15 .41 p19 b30
        """,
        "a b",
        options=LONG,
    ),
    Drawn(
        "a cough: quiet, and on again when it was over for 180 ms",
        """
        anna  s50 .70 s12
        bot   .55 p19 b55 d11 b80
        """,
        "a",
        verdicts=("too_short",),
        options=LONG,
    ),
    Drawn(
        "mhm is not answered",
        """
        anna  s50 .70 s20
        bot   .55 p19 b55 d19 b80
        """,
        "a",
        verdicts=("backchannel",),
        options=LONG,
    ),
    Drawn(
        "laughter: its bursts do not add up",
        """
        anna  s50 .70 s4.4s4.4s4.4s4.4s4.4s4.4s4.4s4.4
        bot   .55 p19 b200
        """,
        "a",
        options=LONG,
    ),
    Drawn(
        "music in somebody's room, denied by the VAD",
        """
        anna  s50 .30 n150
        bot   .55 p19 b100 .30
        """,
        "a",
        options={"reply": 100},
    ),
    Drawn(
        "who begins within 300 ms of the bot wins",
        """
        anna  s50 .38 s30
        bot   .55 p19 b16 .33 p19 b50
        """,
        "a aa",
        wasted=1,
    ),
    Drawn(
        "unless it was a cough: then the same is answered again",
        """
        anna  s50 .38 s8
        bot   .55 p19 b16 .11 p19 b50
        """,
        "a a",
        wasted=1,
        verdicts=("too_short",),
    ),
    # --- people who have not agreed to be heard
    Drawn(
        "who is not heard holds the floor all the same",
        """
        anna  s50
        ben   .40 x60
        bot   .100 t10 b50
        """,
        "a",
    ),
    Drawn(
        "for 15 s: an open microphone does not silence the bot",
        """
        anna  s50
        ben   .40 x1000
        bot   .790 t10 b50
        """,
        "a",
    ),
    Drawn(
        "over the bot they make it quieter, never silent",
        """
        anna  s50
        ben   .130 x60
        bot   .55 p19 b81 d35 b40
        """,
        "a",
        options=LONG,
    ),
    # --- noise alone
    Drawn(
        "a keyboard",
        """
        anna  n2.7n2.9n2.6n2.8n2.7n2.9n2.6n2.8n2.9n2.6n2.8
        bot   .160
        """,
        verdicts=("no_speech",),
    ),
    Drawn(
        "clicks that the VAD takes for speech",
        """
        anna  s3.7s3.9s3.6s3.8s3.7s3.9s3.6s3.8s3.7s3.9s3.6s3.8
        bot   .200
        """,
        verdicts=("no_speech",),
    ),
    # --- who is meant, with two in the room
    Drawn(
        "people who talk to each other are left alone",
        """
        anna  s50
        ben   .70 s50
        bot   .250
        """,
        verdicts=("not_addressed", "not_addressed"),
        options={"words": {"anna": ["Nice level."], "ben": ["It was."]}, **SILENT},
    ),
    Drawn(
        "a name in the middle",
        """
        anna  s50
        ben   .200
        bot   .74 t10 b50
        """,
        "a",
        options={"words": {"anna": ["So I said, Kikite, what do you think?"]}, **SILENT},
    ),
    Drawn(
        "a name misheard",
        """
        anna  s50
        ben   .200
        bot   .74 t10 b50
        """,
        "a",
        options={"words": {"anna": ["Kiki Tay, what do you think?"]}, **SILENT},
    ),
    Drawn(
        "a follow-up by the same person needs no name, another person's does",
        """
        anna  s50 .150               s30
        ben   .330                                s30
        bot   .74 t10 b50 .66 .30 .24 t10 b50 .20 .100
        """,
        "a a",
        verdicts=("not_addressed",),
        options={
            "words": {"anna": ["Kikite, how far is the moon?", "And the sun?"], "ben": ["That far?"]},
            **SILENT,
        },
    ),
    Drawn(
        "ten seconds later it does",
        """
        anna  s50 .600                      s30
        ben   .900
        bot   .74 t10 b50 .700
        """,
        "a",
        verdicts=("not_addressed",),
        options={"words": {"anna": ["Kikite, how far is the moon?", "Nice evening."]}, **SILENT},
    ),
    # --- leaving, and the cap
    Drawn(
        "who leaves in mid-sentence is answered to those who stay",
        """
        anna  s10
        ben   s60
        bot   .40 t10 b50
        """,
        "b",
        verdicts=("too_short",),
        options={"leave": {"ben": 40}},
    ),
    Drawn(
        "when nobody is left there is nobody to answer",
        """
        ben   s60
        bot   .100
        """,
        verdicts=("nobody_left",),
        options={"leave": {"ben": 40}},
    ),
    Drawn(
        "more than 30 s is one turn in parts, and not asked twice",
        """
        anna  s1600
        bot   .1624 t10 b50
        """,
        "aa",
    ),
]


@pytest.mark.parametrize("scene", SCENES, ids=[scene.why for scene in SCENES])
def test_floor(scene: Drawn) -> None:
    played, expected = play(scene.drawing, **{"think": 10, "reply": 50, **scene.options})
    names = [line.split()[0][0] for line in scene.drawing.strip().splitlines()]
    turns = " ".join("".join(names[u.user_id - 1] for u in turn) for turn in played.turns)
    assert squeeze(played.bot) == squeeze(expected)
    assert turns == scene.turns
    assert played.wasted == scene.wasted
    assert tuple(played.verdicts) == scene.verdicts


FOUR = {
    "anna": "s200 .40 s200 .40 s200 .40 s200 .40",
    "ben": ".60 s200 .40 s200 .40 s200 .40 s180",
    "carl": ".120 s200 .40 s200 .40 s200 .40 s120",
    "dora": ".180 s200 .40 s200 .40 s200 .40 s60",
}
"""Each pauses for 800 ms, never all at once."""


def test_four_people_who_never_stop() -> None:
    scene = Room(FOUR, floor=FloorSettings(max_waiting_seconds=30)).play(960)
    assert scene.bot == "." * 960, "nobody is talked over"
    assert set(scene.verdicts) == {"crowded_out"}, "and what waits stays bounded"
    assert scene.asked == 0


def test_four_people_who_take_one_breath() -> None:
    """After 10 s of waiting a breath that all take together is enough."""
    rows = {name: expand(row) for name, row in FOUR.items()}
    rows = {name: row[:740] + "." * 30 + row[770:] for name, row in rows.items()}
    scene = Room(rows, think=5).play(960)
    assert squeeze(scene.bot[:760]) == ".745 t5 b10", "120 ms into it, well before the endpointing delay is over"
    assert len(scene.turns[0]) > 4


def test_one_person_is_never_cut_into() -> None:
    """Two parts of a monologue wait longer than anybody's patience; a breath of 300 ms still belongs to the speaker."""
    scene = Room({"anna": "s1500 .15 s300 .15 s300 .15 s300"}).play(2445)
    assert set(scene.bot) == {"."}


def test_the_bot_insists_after_yielding_twice() -> None:
    """Somebody begins with it each time: the third time the usual rules of interruption hold."""
    scene = Room({"anna": "s50 .38 s20 .38 s20 .38 s20"}, reply=400).play(500)
    assert scene.times("Yield") == 2
    assert scene.times("BargeIn") == 0
    assert scene.bot.endswith("b" * 100)


@pytest.mark.parametrize("pauses_each", [1, 3])
def test_500_hesitations(pauses_each: int) -> None:
    """Pauses of 120 to 440 ms: no sentence is cut in two, and no more than a quarter of the requests is wasted."""
    rng = random.Random(1)
    sentences = 500 // pauses_each
    row = ""
    for _ in range(sentences):
        for _ in range(pauses_each):
            row += "s" * rng.randint(20, 50) + "." * rng.randint(6, 22)
        row += "s" * rng.randint(20, 50) + "." * 120
    scene = Room({"anna": row}, think=30, reply=40).play(len(row))
    assert len(scene.turns) == sentences
    assert scene.times("Yield") == 0
    assert scene.wasted <= 0.25 * scene.asked
    speech_at = {tick for tick, letter in enumerate(row) if letter == "s"}
    assert not any(letter in "bd" and tick in speech_at for tick, letter in enumerate(scene.bot))


def test_only_what_is_being_answered_is_yielded() -> None:
    """The call found that Anna's words were not meant for it, and thinks about something typed."""
    room = Room({"anna": "s50", "ben": ".90 s30"}, think=40, floor=FloorSettings(preemptive=False))
    room.play(80)
    room.floor.note_answering(())
    assert room.play(160, start=80).times("Yield") == 0


def test_a_lost_segmenter_does_not_hold_the_floor() -> None:
    """Whoever withdraws in mid-sentence has no event to end it."""
    floor = Floor()
    listening = (CallState.LISTENING, 2, None)
    floor.step(0.0, [SpeechStarted(1, 0.0)], frozenset({1}), {1: 0.1}, *listening)
    assert not floor.clear
    floor.step(0.02, [], frozenset(), {}, *listening)
    assert floor.clear
