"""Planted minutes: what lines deny, or say with another number, day or person, is not published; what they say is."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.jobs.minutes.claims import Claim
from bot.jobs.minutes.evidence import prove
from bot.jobs.minutes.talk import numbered
from bot.types import Message

WEDNESDAY = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
PEOPLE = {"Ana": 1, "Ben": 2, "Yuki": 3, "健": 4}


def talk(*lines: str) -> list[Message]:
    """Return lines like "Ben: words"; without a name Ana says them."""
    said = list[Message]()
    for number, line in enumerate(lines):
        name, colon, words = line.partition(": ")
        who, text = (name, words) if colon and name in PEOPLE else ("Ana", line)
        said.append(Message("user", PEOPLE[who], who, text, WEDNESDAY + timedelta(minutes=number)))
    return said


def published(lines: tuple[str, ...], claim: Claim) -> Claim | None:
    kept = prove([claim], numbered(talk(*lines), UTC)).claims
    return kept[0] if kept else None


DENIED = [
    (("We will not buy the printer.",), "Buy the printer"),
    (("We won't buy it, the printer is too loud.",), "We buy the printer"),
    (("I don't think we should buy the printer.",), "We buy the printer"),
    (("Nobody is going to move the server to Frankfurt.",), "Move the server to Frankfurt"),
    (("Shall we buy the printer?", "Ben: No."), "Buy the printer"),
    (("Shall we paint the hall?", "Ben: Nope, let's not."), "The hall is painted"),
    (("We never agreed to raise the fee.",), "The fee is raised"),
    (("Let's not invite the press to the opening.",), "Invite the press to the opening"),
    (("There is no concert in the park.",), "A concert takes place in the park"),
    (("We shouldn't hire a second cook.",), "Hire a second cook"),
    (("So we are not renting the boat or the tent.",), "Rent the tent"),
    (("We’ll buy the printer.",), "We will not buy the printer"),
    (("The hall stays open on Sundays, we agreed on that.",), "The hall does not open on Sundays"),
    (("We will not ship on Friday.",), "We decide to ship on Friday"),
    (("There's no way we sign that contract.",), "Sign the contract"),
    (("Under no circumstances do we publish the report.",), "Publish the report"),
    (("We drop the plan to build a second stage.",), "Build a second stage"),
    (("We agreed to stop selling the blue mugs.",), "Sell the blue mugs"),
    (("Forget about hiring a new designer.",), "Hire a new designer"),
    (("It was agreed that the budget won't be cut.",), "The budget is cut"),
    (("We are not cancelling the party.",), "The party is cancelled"),
    (("We never stop selling tea.",), "Stop selling tea"),
    (("報告書は公開するべきではないと思います。",), "報告書を公開する"),
    (("新しい人は雇わない予定です。",), "新しい人を雇う"),
    (("会議は延期せずに行います。",), "会議を延期する"),
    (("予約はキャンセルしません。",), "予約をキャンセルする"),
    (("プリンターは買わないことにしましょう。",), "プリンターを買う"),
    (("新しいプリンターは買いません。",), "新しいプリンターを買うことに決定"),
    (("サーバーは移さないでください。",), "サーバーを移す"),
    (("会費を上げますか。", "健: いいえ、だめです。"), "会費を上げる"),
    (("記者は招待しないでおこう。",), "記者を招待する"),
    (("合宿には行かなかったことにします。",), "合宿に行く"),
    (("プリンターを買いましょう。",), "プリンターは買わない"),
]
SAID = [
    (("We will not buy the printer.",), "Do not buy the printer"),
    (("We won't buy it, the printer is too loud.",), "The printer is not bought"),
    (("We're not going on the trip.",), "The trip is cancelled"),
    (("Why don't we buy the printer?", "Ben: Yes, great."), "Buy the printer"),
    (("Don't forget to buy the printer.",), "Buy the printer"),
    (("No problem, I'll order the cake.",), "Order the cake"),
    (("No, we'll take the train, not the bus.",), "Take the train"),
    (("Let's not get a new logo.",), "Keep the old logo"),
    (("If it does not rain we go hiking.",), "Go hiking if it does not rain"),
    (("If it does not rain we go hiking.",), "Go hiking"),
    (("Not only the hall but the stairs get painted, too.",), "Paint the hall and the stairs"),
    (("It isn't cheap, but we buy the printer.",), "Buy the printer"),
    (("Shouldn't we buy the printer?", "Ben: Yes, let's do it."), "Buy the printer"),
    (("We stop printing flyers.",), "No more printing of flyers"),
    (("I can't wait to open the hall, let's open it in May.",), "Open the hall in May"),
    (("We don't start before Monday, we start the server then.",), "Start the server on Monday"),
    (("Is anyone against raising the fee?", "Ben: No."), "Raise the fee"),
    (("We sell the chairs nobody sits on.",), "Sell the chairs"),
    (("We don't cut the budget, we cut travel.",), "Cut travel"),
    (("The party isn't cancelled, it moves to Saturday.",), "The party moves to Saturday"),
    (("We never stop selling tea.",), "Keep selling tea"),
    (("There's no way around it, we raise the fee.",), "Raise the fee"),
    (("使われていない機能は廃止します。",), "機能を廃止する"),
    (("来られなかった人には録画を送ります。",), "録画を送る"),
    (("早く言わないと忘れるから、健に連絡します。",), "健に連絡する"),
    (("予約できないので、キャンセルします。",), "予約をキャンセルする"),
    (("プリンターは買わないことにしましょう。",), "プリンターは購入しない"),
    (("プリンターを買わなければならない。",), "プリンターを買う"),
    (("合宿は中止ですね、行きません。",), "合宿は行かない"),
    (("忘れないでケーキを注文しましょう。",), "ケーキを注文する"),
    (("プリンターを買いませんか。", "健: はい、いいですね。"), "プリンターを買う"),
    (("高いかもしれないけど、プリンターを買いましょう。",), "プリンターを買う"),
    (("電車で行くしかないですね。",), "電車で行く"),
]
OTHER_FIGURES = [
    (("We buy thirteen chairs.",), "Buy 30 chairs"),
    (("Tickets cost 12 euros.",), "Tickets cost 15 euros"),
    (("The rent is twelve hundred a month.",), "The rent is 1,500 a month"),
    (("We hire two cooks.",), "Hire three cooks"),
    (("The budget is 2.5 million.",), "The budget is 25 million"),
    (("We ship the beta on Friday.",), "Ship the beta on Thursday"),
    (("We ship the beta on December 4th.",), "Ship the beta on December 14"),
    (("We meet the bank tomorrow.",), "Meet the bank on 2026-12-09"),
    (("チケットは千二百円です。",), "チケットは1500円とする"),
    (("椅子を四十脚買います。",), "椅子を14脚買う"),
    (("金曜日にベータ版を出します。",), "木曜日にベータ版を出す"),
    (("会議は12月4日にします。",), "会議は12月14日に行う"),
    (("会議は2026年12月4日です。",), "会議は2026年12月14日に行う"),
    (("会議は10:30に始めます。",), "会議は11:30に始める"),
]
SAME_FIGURES = [
    (("We buy thirty chairs.",), "Buy 30 chairs"),
    (("The rent is twelve hundred a month.",), "The rent is 1,200 dollars a month"),
    (("The rent is one thousand two hundred and fifty.",), "The rent is 1250"),
    (("A room for three fifty a night.",), "The room costs 350 a night"),
    (("We need a dozen lamps.",), "Buy 12 lamps"),
    (("Half an hour per talk, then.",), "Each talk takes 30 minutes"),
    (("Let's start the talk at half past three.",), "The talk starts at 15:30"),
    (("The budget is two and a half million.",), "The budget is 2.5 million"),
    (("It's fifty percent more salt.",), "50% more salt"),
    (("We go with version three point one of the map.",), "Use version 3.1 of the map"),
    (("How many lamps, twelve?", "Ben: Yes, buy the lamps."), "Buy 12 lamps"),
    (("We ship the beta on Friday.",), "Ship the beta on Friday, 27 November"),
    (("We ship the beta on the twenty seventh.",), "Ship the beta on November 27"),
    (("We meet the bank tomorrow.",), "Meet the bank on 2026-11-26"),
    (("The launch is next week.",), "The launch is in the week of 2026-11-30"),
    (("We open the hall after Christmas.",), "Open the hall on December 28"),
    (("The report is due in two weeks.",), "The report is due on December 9"),
    (("チケットは千二百円です。",), "チケットは1200円とする"),
    (("椅子を四十脚買います。",), "椅子を40脚買う"),
    (("会費は二万円にしましょう。",), "会費は2万円にする"),
    (("会費は二万円にしましょう。",), "会費は20,000円にする"),
    (("来週の金曜日にベータ版を出します。",), "12月4日にベータ版を出す"),
    (("会議は午後三時に始めます。",), "会議は15時に始める"),
    (("会議は10:30に始めます。",), "会議は午前10時半に始める"),
    (("会議は2026年12月4日です。",), "会議は12月4日に行う"),
]
OTHER_OWNERS = [
    ("Ana", ("Ben, can you write the report?",), "Write the report"),
    ("Ana", ("Ben will write the report.", "Ben: Yes."), "Write the report"),
    ("Ana", ("Please write the report, Ben.", "Ben: Sure."), "Write the report"),
    ("Ana", ("You should write the report.", "Ben: OK."), "Write the report"),
    ("Ben", ("Ana: Who writes the report?", "Ben: I won't write the report."), "Write the report"),
    ("Ana", ("健さん、報告書を書いてください。", "健: はい。"), "報告書を書く"),
    ("Ana", ("報告書は健さんが書きます。", "健: 了解です。"), "報告書を書く"),
    ("健", ("健: 報告書は書きません。",), "報告書を書く"),
]
SAME_OWNERS = [
    ("Ben", ("Ben, can you write the report?", "Ben: Sure."), "Write the report"),
    ("Ben", ("Ben: I'll write the report, can you check it?",), "Write the report"),
    ("Ana", ("I'll ask Ben for the report.", "Ben: OK."), "Ask Ben for the report"),
    ("Ana", ("Writing the report.",), "Write the report"),
    ("Ana", ("We write the report, Ben will check it.", "Ben: OK."), "Write the report"),
    ("健", ("健さん、報告書を書いてください。", "健: はい。"), "報告書を書く"),
    ("Yuki", ("Yuki: 報告書は私が書きます。",), "報告書を書く"),
    ("Yuki", ("Yuki: 報告書を書いておきます。健さん、確認お願いします。", "健: はい。"), "報告書を書く"),
]


def _id(case: object) -> str | None:
    return case if isinstance(case, str) else None


@pytest.mark.parametrize(("lines", "claim"), [*DENIED, *OTHER_FIGURES], ids=_id)
def test_what_lines_deny_or_put_otherwise_is_not_published(lines: tuple[str, ...], claim: str) -> None:
    numbers = tuple(range(1, len(lines) + 1))
    assert published(lines, Claim("decision", claim, numbers)) is None


@pytest.mark.parametrize(("lines", "claim"), [*SAID, *SAME_FIGURES], ids=_id)
def test_what_lines_say_is_published_in_whatever_words(lines: tuple[str, ...], claim: str) -> None:
    numbers = tuple(range(1, len(lines) + 1))
    assert published(lines, Claim("decision", claim, numbers)) is not None


@pytest.mark.parametrize(("owner", "lines", "claim"), OTHER_OWNERS, ids=_id)
def test_who_only_asks_for_it_or_refuses_does_not_own_it(owner: str, lines: tuple[str, ...], claim: str) -> None:
    lines = (*lines, "Ben: Hello.", "健: Hello.")
    assert published(lines, Claim("action", claim, tuple(range(1, len(lines) - 1)), owner)) is None


@pytest.mark.parametrize(("owner", "lines", "claim"), SAME_OWNERS, ids=_id)
def test_who_takes_it_on_owns_it(owner: str, lines: tuple[str, ...], claim: str) -> None:
    numbers = tuple(range(1, len(lines) + 1))
    kept = published((*lines, "Ben: Hello.", "健: Hello."), Claim("action", claim, numbers, owner))
    assert kept
    assert kept.owner == owner


@pytest.mark.parametrize(
    ("line", "due", "kept"),
    [
        ("I'll do it by Friday.", "2026-11-27", True),
        ("I'll do it by Friday.", "2026-11-26", False),
        ("I'll do it tomorrow.", "2026-11-26", True),
        ("I'll do it tomorrow.", "2026-12-01", False),
        ("I'll do it next week.", "2026-12-03", True),
        ("I'll do it next week.", "2026-12-23", False),
        ("I'll do it in ten days.", "2026-12-05", True),
        ("I'll do it by the end of the month.", "2026-11-30", True),
        ("I'll do it by the end of the month.", "2026-12-24", False),
        ("I'll do it on the third of December.", "2026-12-03", True),
        ("I'll do it on the third of December.", "2026-12-13", False),
        ("I'll do it after the meeting at three.", "2026-11-25", True),
        ("I'll do it soon.", "2026-11-27", True),
        ("明日やります。", "2026-11-26", True),
        ("明日やります。", "2026-11-28", False),
        ("来週の月曜までに私がやります。", "2026-11-30", True),
        ("来週の月曜までに私がやります。", "2026-12-02", False),
        ("十二月三日までに私がやります。", "2026-12-03", True),
        ("月末までに私がやります。", "2026-11-30", True),
        ("三日後にやります。", "2026-11-28", True),
        ("三日後にやります。", "2026-12-28", False),
        ("席は私が2026-12-04までに取ります。", "2026-12-04", True),
        ("席は私が2026-12-04までに取ります。", "2026-12-14", False),
        ("私は2026年12月4日までにやります。", "2026-12-04", True),
        ("来月はDecember 4thまでにやります。", "2026-12-04", True),
    ],
)
def test_another_day_than_was_named_goes(line: str, due: str, kept: bool) -> None:
    claim = published((line,), Claim("action", "do it", (1,), "Ana", due))
    assert claim
    assert bool(claim.due) is kept
