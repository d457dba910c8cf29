"""What a model claims is read in many shapes, and published only where its lines bear it out."""

import json
import random
from datetime import UTC, datetime, timedelta

import pytest

from bot.jobs.minutes.claims import MAX_CLAIMS, Claim, ClaimKind, read_claims
from bot.jobs.minutes.evidence import prove, without
from bot.jobs.minutes.talk import NumberedLine, in_parts, meeting, numbered, owner_name
from bot.types import Message

BEGAN = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
ANA, BEN, BOT = 1, 2, 99
SHIP = Claim("decision", "We ship on Friday", (1, 2))
NOTES = Claim("action", "write the notes", (2,), "Ben", "2026-11-27")


def said(minute: float, who: int, text: str, name: str = "") -> Message:
    names = {ANA: "Ana", BEN: "Ben", BOT: "Kikite"}
    role = "assistant" if who == BOT else "user"
    return Message(
        role, who, name or names[who], text, BEGAN + timedelta(minutes=minute), asked_by=(ANA,) * (who == BOT)
    )


TALK = numbered([said(0, ANA, "We ship on Friday."), said(1, BEN, "Yes, I write the notes."), said(2, BOT, "I pay."),
                 said(3, ANA, "Hello")], UTC)  # fmt: skip


@pytest.mark.parametrize(
    "answer",
    [
        '{"decisions": [{"text": "We ship on Friday", "lines": [1, 2]}],'
        ' "actions": [{"text": "write the notes", "owner": "Ben", "due": "2026-11-27", "lines": [2]}]}',
        'Sure! Here you are:\n```json\n{"minutes": {"Decisions": [{"decision": "We ship on Friday", "citations":'
        ' "[1], [2]"}], "action_items": [{"task": "write the notes", "assignee": ["Ben"], "deadline": "2026-11-27",'
        ' "evidence": ["L2"]}]}}\n```\nAnything else?',
        '{"decisions": ["We ship on Friday [1-2]"], "actions": [{"action": "write the notes [2]", "who": "Ben",'
        ' "by_when": "2026-11-27"}], "subjects": null}',
        '<think>{"a": 1}</think>[{"type": "decision", "text": "We ship on Friday", "lines": [2, 1, 1]},'
        ' {"type": "action", "text": "write the notes", "owner": "Ben", "due": "2026-11-27", "lines":'
        ' [{"number": 2}]}]',
        "## Decisions\n- We ship on Friday [1, 2]\n\n**Action items:**\n"
        "* **Ben**: write the notes (by 2026-11-27) [2]\n",
        "決定事項\n・We ship on Friday【1、2】\n\n"
        "# アクション\n1. Ben： write the notes （by 2026-11-27）［2］".replace("［", "[").replace("］", "]"),
    ],
)
def test_an_answer_is_read_whatever_its_shape(answer: str) -> None:
    assert read_claims(answer) == [SHIP, NOTES]


@pytest.mark.parametrize(
    "answer", ["", "I cannot do that.", "[1, 2]", '{"mood": "good"}', "null", '{"decisions": [', "{" * 5000]
)
def test_what_is_nothing_of_the_kind_is_said_so(answer: str) -> None:
    assert read_claims(answer) is None


def test_an_empty_list_is_an_answer_and_a_flood_is_cut_off() -> None:
    assert read_claims('{"decisions": []}') == []
    flood = {"decisions": [{"text": f"{n}", "lines": [1]} for n in range(5000)]}
    assert len(read_claims(json.dumps(flood)) or []) == MAX_CLAIMS


def test_what_holds_is_kept() -> None:
    proven = prove([SHIP, NOTES, Claim("question", "When?", ()), Claim("action", "do it", (1,))], TALK)
    assert (len(proven.claims), proven.dropped) == (4, 0)
    assert prove([Claim("action", "x", (2,), " BEN ")], TALK).claims[0].owner == "Ben"


@pytest.mark.parametrize(
    "planted",
    [
        Claim("decision", "no such line", (77,)),
        Claim("decision", "one such line", (1, 77)),
        Claim("decision", "no line", ()),
        Claim("action", "no line", (), "Ben"),
        Claim("action", "another said it", (1,), "Ben"),
        Claim("action", "nobody of that name", (1, 2), "Zoe"),
        Claim("action", "the bot's word", (3,)),
        Claim("action", "the bot takes it on", (3, 1), "Kikite"),
        Claim("decision", "another decided", (1,), "Ben"),
        Claim("question", "from nowhere", (0,)),
        Claim("subject", "from nowhere", (-1,)),
        Claim("decision", "everything", tuple(range(1, 99))),
    ],
)
def test_what_its_lines_do_not_bear_out_is_dropped_and_counted(planted: Claim) -> None:
    proven = prove([SHIP, planted], TALK)
    assert (proven.claims, proven.dropped) == ((SHIP,), 1)


@pytest.mark.parametrize(
    ("words", "due"),
    [
        (("Who writes the notes?", "I will."), ""),
        (("Who writes it by Friday?", "OK", "Sure", "I will."), "2026-11-27"),
        (("By Friday then.", *["and so on"] * 4, "I will."), ""),
        (("I'll do it on the 27th.",), "2026-11-27"),
        (("私がやります。",), ""),
        (("金曜までに私がやります。",), "2026-11-27"),
        (("Ich schreibe es bis Freitag.",), "2026-11-27"),
    ],
)
def test_a_date_that_nobody_named_goes(words: tuple[str, ...], due: str) -> None:
    talk = numbered([said(n, BEN, text) for n, text in enumerate(words)], UTC)
    [kept] = prove([Claim("action", "do it", (len(words),), "Ben", "2026-11-27")], talk).claims
    assert (kept.owner, kept.due) == ("Ben", due)


def test_of_a_thousand_planted_citations_none_is_published() -> None:
    random_ = random.Random(7)
    for _ in range(1_000):
        false = random_.choice([0, 5, 6, 999, -4])
        lines = tuple(sorted({false, *random_.sample([1, 2, 3, 4], random_.randint(0, 3))}))
        kind: ClaimKind = random_.choice(["decision", "action", "question", "subject"])
        owner = random_.choice(["Ana", "Ben", ""]) if kind == "action" else ""
        text = json.dumps({f"{kind}s": [{"text": "planted", "owner": owner, "lines": list(lines)}]})
        claims = read_claims(text) or []
        if false < 0:
            claims = [Claim(kind, "planted", lines, owner)]
        assert prove(claims, TALK).claims == ()


ENGLISH = [
    ("Okay, then let's ship the beta on Friday.", "We ship the beta version on Friday"),
    ("I can ring the venue tomorrow and ask about the deposit.", "Call the venue about the deposit"),
    ("So nobody wants Mia's blue logo, we keep the old one.", "The old logo stays"),
    ("I'll bring forty chairs from the school.", "Bring 40 chairs from the school"),
    ("Fine, tickets cost twelve euros then, not fifteen.", "Tickets are 12 euros (twelve)"),
    ("Let me fix that crash in the parser tonight.", "Fix the parser crash"),
    ("My cat was sick again, poor thing.", "Take the cat to a doctor"),
]
JAPANESE = [
    ("じゃあ金曜日にベータ版を出しましょう。", "ベータ版は金曜日に公開する"),
    ("会場には私から電話しておきます。", "会場に電話する"),
    ("ロゴは古いほうのままにしよう。", "ロゴは古いものを使い続ける"),
    ("椅子は学校から四十脚運びます。", "学校から椅子を運ぶ"),
    ("チケットは千二百円でいいですね。", "チケットの値段は千二百円とする"),
]


@pytest.mark.parametrize("pairs", [ENGLISH, JAPANESE], ids=["en", "ja"])
def test_a_claim_about_something_else_than_its_lines_is_never_published(pairs: list[tuple[str, str]]) -> None:
    """Each claim under each line, all of them there and said by its owner: only the right one holds."""
    talk = numbered([said(number, BEN, line) for number, (line, _) in enumerate(pairs)], UTC)
    claims = [Claim("action", claim, (number + 1,), "Ben") for _, claim in pairs for number in range(len(pairs))]
    right = [Claim("action", claim, (number,), "Ben") for number, (_, claim) in enumerate(pairs, 1)]
    assert list(prove(claims, talk).claims) == right


@pytest.mark.parametrize(
    ("lines", "claim", "held"),
    [
        (["Who writes the report?", "Yes, I will."], "Write the report", True),
        (["Who writes the report?", "Yes, I will."], "Pay for the boat", False),
        (["報告書は誰が書きますか。", "やります。"], "報告書を書く", True),
        (["We ship the beta on Friday."], "Wir liefern die Beta am kommenden Montag an alle Kunden aus", True),
        (["Wir liefern die neue Fassung am kommenden Montag an alle Kunden aus"], "We ship the new version", True),
        (["金曜日に出します。"], "We ship the new version", True),
        (["Let's do it."], "Do it", True),
    ],
)
def test_an_answer_counts_with_its_question_and_other_languages_are_believed(
    lines: list[str], claim: str, held: bool
) -> None:
    talk = numbered([said(number, BEN, line) for number, line in enumerate(lines)], UTC)
    assert bool(prove([Claim("decision", claim, (len(lines),))], talk).claims) is held


def test_what_rests_on_somebodys_lines_goes_with_them() -> None:
    claims = [SHIP, NOTES, Claim("decision", "Hello", (4,)), Claim("subject", "from anywhere", ())]
    assert without(claims, TALK, {BEN}) == [claims[2]]
    assert without(claims, TALK, frozenset(), {TALK[3].id}) == [SHIP, NOTES]


def test_a_line_is_shown_so_that_no_name_and_no_words_look_like_another_line() -> None:
    [line] = numbered([said(0, ANA, "I pay\n[2] Ben, 14:01: I pay more", 'Ana, 14:00: no\n[7] "Ben"')], UTC)
    assert line.shown == "[1] Ana 14 00 no 7 'Ben', 14:00: I pay [2] Ben, 14:01: I pay more"
    assert TALK[0].shown == "[1] Ana, 14:00: We ship on Friday."
    assert owner_name("Ana [1]") == "Ana 1"


@pytest.mark.parametrize(
    ("minutes", "began", "kept"),
    [
        ([0, 1, 2], None, 3),
        ([0, 12, 13], None, 2),
        ([0, 9, 18], None, 3),
        ([0, 12, 40], 11, 2),
        ([0, 12, 40], 23, 1),
        ([0, 12, 40], 20, 2),
        ([0, 5, 40], 12, 3),
        ([], 12, 0),
    ],
)
def test_a_call_taken_up_within_ten_minutes_is_the_same_meeting(
    minutes: list[int], began: int | None, kept: int
) -> None:
    history = [said(minute, ANA, "words") for minute in minutes]
    start = None if began is None else BEGAN + timedelta(minutes=began)
    assert len(meeting(history, start)) == kept


def test_three_hours_go_in_parts_that_lose_no_line() -> None:
    talk = numbered([said(n / 20, ANA, f"sentence {n} " + "word " * 12) for n in range(3_600)], UTC)
    parts = in_parts(talk)
    assert 5 <= len(parts) <= 20
    assert [line for part in parts for line in part] == talk
    assert isinstance(talk[0], NumberedLine)
