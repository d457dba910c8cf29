"""Whether the bot is meant: what transcripts say, as people and transcribers spell it."""

import pytest

from bot.talk.addressing import LastAddressed, Mode, addressed, is_stop
from bot.talk.name_matching import mentions
from tests.bench import names

NAMES = ("Kikite",)
ANNA, BEN = 1, 2

CALLED = [
    ("plain", "Kikite, what time is it?"),
    ("in the middle", "So I asked, hey Kikite, can you hear us?"),
    ("at the end", "What do you think, kikite?"),
    ("full width", "Ｋｉｋｉｔｅ、ねえ"),
    ("accent", "Kikité, tell me"),
    ("possessive", "What was Kikite's answer?"),
    ("katakana", "キキテ、今日の天気は？"),
    ("half-width katakana", "ｷｷﾃ、今日は？"),
    ("long vowel", "キキテー、聞いてる？"),
    ("hiragana without spaces", "ねえききてさん聞いてる"),
    ("kanji", "聞き手さん、おすすめの映画は？"),
    ("misheard vowel", "Kikita, what now?"),
    ("misheard katakana", "キキティ、教えて"),
    ("as an English ear writes it", "Keykeytay, play something"),
    ("torn in two", "Kiki Tay, what time is it?"),
    ("torn and misheard", "what does kiki tea think"),
    ("hyphen", "Kiki-te, hello"),
]
NOT_CALLED = [
    ("nobody", "I think the second level was harder."),
    ("a kite", "Look at the kite over there"),
    ("kick it", "Just kick it to me"),
    ("kitty", "Here kitty kitty"),
    ("listen!", "ちょっときいてよ"),
    ("ask", "それ、誰に聞いたの？"),
    ("empty", ""),
    ("signs", "…!?"),
]


@pytest.mark.parametrize("text", [text for _, text in CALLED], ids=[why for why, _ in CALLED])
def test_name_is_found(text: str) -> None:
    assert mentions(text, NAMES)


@pytest.mark.parametrize("text", [text for _, text in NOT_CALLED], ids=[why for why, _ in NOT_CALLED])
def test_name_is_not_made_up(text: str) -> None:
    assert not mentions(text, NAMES)


OTHER_NAMES = [
    ("Alex", "アレックス、どう思う？", True),
    ("Alex", "I met Alice yesterday", False),
    ("Luna", "ルナ、聞いて", True),
    ("Luna", "Lina, are you there?", True),
    ("Luna", "We could run a game", False),
    ("Luna", "There is a lunar eclipse", False),
    ("Bo", "Bo, go", True),
    ("Bo", "Go home, bro", False),
    ("さくら", "サクラ、おはよう", True),
    ("さくら", "さくらんぼ食べたい", False),
    ("Athena", "アテナ、今日の天気は？", True),
    ("Atlas", "アトラス、教えて", True),
    ("Alice", "アリス、おはよう", True),
    ("Apple", "ねえアップル", True),
    ("Jeeves", "ジーヴス、お茶をください", True),
    ("Mike", "マイクさん、教えて", True),
    ("Mike", "マイクが壊れた", False),
    ("Grace", "グレース？", True),
    ("Grace", "グラス、取って", False),
    ("Sage", "ねえセージ", True),
    ("Akane", "アカン、もう無理", False),
    ("Oscar", "オスカー、教えて", True),
    ("Jasper", "ねえジャスパー", True),
    ("Victor", "ビクターさん、教えて", True),
    ("Nova", "the novel is good", False),
    ("Nova", "Hey Nover", True),
    ("Echo", "the echo is loud", False),
    ("Friday", "next Friday is fine", False),
    ("さくら", "Sakura, good morning", True),
    ("桜子", "ねえ桜子、今日は", True),
    ("子", "子供が好き", False),
    ("", "anything", False),
    ("!!!", "anything", False),
    ("The Great Bot 3000", "so, great bot 3000", False),
    ("Jarvis (beta)", "Jarvis, hello", True),
    ("【公式】サクラ｜help", "サクラ、おはよう", True),
]


@pytest.mark.parametrize(("name", "text", "expected"), OTHER_NAMES)
def test_other_names(name: str, text: str, expected: bool) -> None:
    assert mentions(text, (name,)) is expected


RESEMBLING = [
    ("Alexa", "I asked Alex yesterday", False),
    ("Alexa", "Alex, are you coming?", False),
    ("Alexa", "アレックスが来た", False),
    ("Alexa", "Elexa, what's up", True),
    ("Luna", "Lena is here", False),
    ("Hal", "the hall is big", False),
    ("Hal", "Hey Hall", True),
    ("Marvin", "Martin is here", False),
    ("Echo", "エコー、今何時", True),
    ("Nova", "Nover, tell me", True),
    ("Computer", "コンピューター、再生", True),
    ("Yuki Bot", "ユキボット、ねえ", True),
    ("Kikite", "Kit kite, what time is it?", True),
    ("Kikite", "Kick it over to me", False),
    ("もち", "もちろん、いいよ", False),
    ("もち", "ねえもちさん、教えて", True),
    ("Luna", "邪魔するな", False),
    ("Friday", "see you on Friday", False),
    ("Friday", "Friday, what now?", True),
]


@pytest.mark.parametrize(("name", "text", "expected"), RESEMBLING)
def test_what_only_resembles_a_name_must_address_somebody(name: str, text: str, expected: bool) -> None:
    assert mentions(text, (name,)) is expected


def test_few_wakes_of_the_table_are_false_or_missed() -> None:
    assert len(names.missed()) <= 2
    assert len(names.false()) <= 5


def test_aliases() -> None:
    assert mentions("Hey listener, what's up?", ("Kikite", "Listener"))


WHEN_AUTO = [
    # people, who said what, last answered (to whom, seconds ago), expected
    (1, [(ANNA, None)], None, (True, "alone")),
    (2, [(ANNA, None)], None, (False, "unknown")),
    (2, [(ANNA, "nice weather")], None, (False, "not_named")),
    (2, [(ANNA, "Kikite, nice weather")], None, (True, "named")),
    (2, [(ANNA, "and tomorrow?")], (ANNA, 9.0), (True, "follow_up")),
    (2, [(ANNA, None)], (ANNA, 9.0), (True, "follow_up")),
    (2, [(ANNA, "and tomorrow?")], (ANNA, 11.0), (False, "not_named")),
    (2, [(BEN, "and tomorrow?")], (ANNA, 3.0), (False, "not_named")),
    (3, [(BEN, "so what"), (ANNA, "yes, Kikite?")], None, (True, "named")),
    (3, [(BEN, "so what"), (ANNA, None)], None, (False, "unknown")),
    (3, [(BEN, "Kikite?"), (ANNA, None)], None, (True, "named")),
    (2, [(ANNA, "")], None, (False, "not_named")),
]


@pytest.mark.parametrize(("humans", "spoken", "last", "expected"), WHEN_AUTO)
def test_auto(
    humans: int, spoken: list[tuple[int, str | None]], last: tuple[int, float] | None, expected: tuple[bool, str]
) -> None:
    answer = LastAddressed(frozenset({last[0]}), 100.0 - last[1]) if last else None
    meant = addressed("auto", NAMES, humans, spoken, answer, now=100.0)
    assert (meant.yes, meant.reason) == expected
    assert meant.text_needed is (meant.reason == "unknown")


def test_other_modes() -> None:
    def yes(mode: Mode, text: str | None) -> bool:
        return addressed(mode, NAMES, 1, [(ANNA, text)], LastAddressed(frozenset({ANNA}), 99.0), 100.0).yes

    assert [yes("always", "hm"), yes("always", None)] == [True, True]
    assert [yes("name", "hm"), yes("name", "Kikite?"), yes("name", None)] == [False, True, False]
    assert [yes("listen", "Kikite?"), yes("listen", None)] == [False, False]


STOPS = """
    Stop. | STOP! | stop stop stop | Stop it. | Please stop. | OK, stop now | Be quiet, please. | Kikite, stop!
    That's enough. | Shut up! | Never mind. | Ｓｔｏｐ | ストップ。 | ストップ！ストップ！ | ｽﾄｯﾌﾟ | やめて！
    やめてください | 止めて | 静かに | 静かにして | 黙って | もういいよ | 待って | キキテ、ストップ
    聞き手さん、やめて | Stopp! | Halt! | Sei still | Para | ¡Cállate!
"""
NO_STOPS = """
    Stop the music at eight | Where is the bus stop? | I will never stop | Don't stop | Quiet rooms are nice | Kikite |
    no | やめてほしいことがある | 待ってる | ストップウォッチ | please | |
"""


@pytest.mark.parametrize("text", [text.strip() for text in STOPS.replace("\n", "|").split("|") if text.strip()])
def test_stop(text: str) -> None:
    assert is_stop(text, NAMES)


@pytest.mark.parametrize("text", [text.strip() for text in NO_STOPS.replace("\n", "|").split("|")])
def test_no_stop(text: str) -> None:
    assert not is_stop(text, NAMES)


def test_long_text_is_no_stop() -> None:
    assert not is_stop("stop " * 100_000)
