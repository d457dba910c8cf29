"""What a voice says of a text."""

import pytest

from bot.speakable import speakable


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Hello there.", "Hello there."),
        ("That is **really** _very_ `good`, ~~not~~ *bad*.", "That is really very good, not bad."),
        ("***Both*** of ||them||.", "Both of them."),
        ("# The plan\nWe go.", "The plan. We go."),
        ("You need:\n- milk\n- two eggs\n* flour!", "You need: milk. two eggs. flour!"),
        ("1. Boil it.\n2) Eat it", "1, Boil it. 2, Eat it."),
        ("- [x] it is done", "it is done."),
        ("> She said it.\n> Twice.", "She said it. Twice."),
        ("See [the docs](https://example.com/a_(b)?c=d).", "See the docs."),
        ("![a cat](https://example.com/cat.png) sits.", "a cat sits."),
        ("It is at https://www.example.com/path?x=1#y.", "It is at example.com."),
        ("<https://docs.python.org/3/> has it", "docs.python.org has it"),
        ("Use this:\n```python\nprint('x')\n```\nand that is it.", "Use this: and that is it."),
        ("Call `foo_bar()` and you are done.", "Call foo bar and you are done."),
        ("Left open: ```rm -rf", "Left open:"),
        ("| name | age |\n|---|---:|\n| Aki | 5 |", "name, age. Aki, 5."),
        ("One\n\n---\n\nTwo", "One. Two"),
        ("Great! 🎉👍🏽 <:kek:123456> <@42> :smile:", "Great!"),
        ("It is $5, or $1, of $1,234.50 and €3.", "It is 5 dollars, or 1 dollar, of 1234 dollars 50 and 3 euros."),
        ("It is worth $2.5 million and £3bn.", "It is worth 2.5 million dollars and 3 billion pounds."),
        ("It was 50% of 1,234,567 & that is it.", "It was 50 percent of 1234567 and that is it."),
        ("It is 5–10 km at 3.5 km/h and -5 °C.",
         "It is 5 to 10 kilometers at 3.5 kilometers per hour and minus 5 degrees Celsius."),
        ("It is ~5 km, $5–$10 and $1.50-2.", "It is about 5 kilometers, 5 to 10 dollars and 1.50 to 2 dollars."),
        ("It is 5%–10% at 20 °C - 25 °C, for $2 - $3M.",
         "It is 5 to 10 percent at 20 to 25 degrees Celsius, for 2 to 3 million dollars."),
        ("It is $5-a-day, $10-20th and 5 km-10 kg.",
         "It is 5 dollars-a-day, 10 dollars-20th and 5 kilometers-10 kilograms."),
        ("It is 1,000 - 10-5 = 985, and $7 = $10 - $3.",
         "It is 1000 minus 10 minus 5 equals 985, and 7 dollars equals 10 dollars minus 3 dollars."),
        ("It is 1914-1918 = 4 years, not 10-3 = 7.", "It is 1914 to 1918 equals 4 years, not 10 minus 3 equals 7."),
        ("It is $5k-$10k, $5k–10k or $500k-$1M.",
         "It is 5 to 10 thousand dollars, 5 to 10 thousand dollars or 500 thousand to 1 million dollars."),
        ("It is (10 - 3) * 2 = 14, 9 − 2, or 5 - 10.", "It is (10 minus 3) times 2 equals 14, 9 minus 2, or 5 to 10."),
        ("It is 2^10, 10^{-3} or 5×10⁶, x², e^x and (a)^3.",
         "It is 2 to the power of 10, 10 to the power of minus 3 or 5 times 10 to the power of 6, x squared, "
         "e to the power of x and (a) cubed."),
        ("It is 5 km², 1½ cups, ⅓ of it¹ and ^_^ (^o^).",
         "It is 5 square kilometers, 1 and one half cups, one third of it¹ and ( o )."),
        ("It is word², study¹², in 2020¹, word^1, mc², 2^2.5, 9.8 m/s² and 5 km^2.",
         "It is word², study¹², in 2020¹, word 1, mc squared, 2 to the power of 2.5, 9.8 meters per second squared "
         "and 5 square kilometers."),
        ("It is $5 – 10 minutes away, and on 2026-11-29 = 0 days.",
         "It is 5 dollars – 10 minutes away, and on November 29, 2026 equals 0 days."),
        ("It is 10:00-11:00, 10:30:15 and 5:+1: of it.", "It is 10:00 to 11:00, 10:30:15 and 5:+1: of it."),
        ("It is open 22:00-06:00 of the night.", "It is open 22:00 to 06:00 of the night."),
        ("The day is 2026-11-29, at 14:05.", "The day is November 29, 2026, at 14:05."),
        ("It is #1 of 3 × 4 = 12.", "It is number 1 of 3 times 4 equals 12."),
        ("if a <b then c> d, that is it", "if a <b then c> d, that is it"),
        ("It is so if x < 5 and 7>y.", "It is so if x is less than 5 and 7 is greater than y."),
        ("It is 3 < 4, and x<5.", "It is 3 is less than 4, and x is less than 5."),
        ("Windows 11 > Settings > Voice is it.", "Windows 11 > Settings > Voice is it."),
        ("I <3 you, I love you <3, and Vec<3> is it.", "I <3 you, I love you <3, and Vec<3> is it."),
        ("<details open>It is</details> <input disabled>so.", "It is so."),
        ("<a href='x' id=y>This</a> is<br/>H<sub>2</sub>O.", "This is H 2 O."),
        ("A → B is the way.", "A, B is the way."),
        ("call 555-12-34, a well-known one, it is 3-year-old", "call 555-12-34, a well-known one, it is 3-year-old"),
        ("It is 100-0001, and 0.5-0.8.", "It is 100-0001, and 0.5 to 0.8."),
        ("Das sind 50 % und 5 €.", "Das sind 50 % und 5 €."),
        ("snake_case and 2*3*4 are words", "snake_case and 2 times 3 times 4 are words"),
        ("It is **12 * 7 = 84**, and (1 + 2)*(3 + 4) is 21.",
         "It is 12 times 7 equals 84, and (1 plus 2) times (3 plus 4) is 21."),
        ("In 2026 *10* of the 12* came:\n* 5 of you", "In 2026 10 of the 12 came: 5 of you."),
        ("", ""),
        ("***\n🎉 ```x```", ""),
        ("…!?", ""),
    ],
)  # fmt: skip
def test_english(written: str, said: str):
    assert speakable(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("これは**とても**良いです。", "これはとても良いです。"),
        ("必要なもの：\n- 牛乳\n- 卵", "必要なもの： 牛乳。 卵。"),
        ("気温は-3.5℃、湿度は50%です。", "気温はマイナス3.5度、湿度は50パーセントです。"),
        ("2026-01-05の14:05から5〜10分、15:00まで。", "2026年1月5日の14時5分から5から10分、15時まで。"),
        ("料金は¥1,500です。", "料金は1500円です。"),
        (
            "詳しくは[ここ](https://example.com)、または https://example.co.jp/a。",
            "詳しくはここ、または example.co.jp。",
        ),
        ("3-2で快勝、スコアは11–9、3-2で割る", "3対2で快勝、スコアは11対9、3から2で割る"),
        ("$5〜$10、5%〜10%です", "5から10ドル、5から10パーセントです"),
        ("10 - 3 = 7、9−2です", "10引く3イコール7、9引く2です"),
        ("2^10は1024、1½カップ、20 m²です", "2の10乗は1024、1と2分の1カップ、20平方メートルです"),
        ("注²で2^nと5 km^2、9.8 m/s²です", "注²で2のn乗と5平方キロメートル、9.8メートル毎秒毎秒です"),
        ("1,000円-2,000円、10:00-11:00です", "1000円から2000円、10時から11時です"),
        ("電話は03-1234-5678です", "電話は03-1234-5678です"),
        ("〒100-0001から5-10分です", "100-0001から5から10分です"),
        ("A→Bです😀", "A、Bです"),
        ("3×4=12です", "3かける4イコール12です"),
        ("12 * 7は84です", "12かける7は84です"),
    ],
)
def test_japanese(written: str, said: str):
    assert speakable(written) == said


def test_the_given_language_decides_where_the_text_does_not():
    assert speakable("50%") == "50%"
    assert speakable("50%", "en-GB") == "50 percent"
    assert speakable("約50%", "ja") == "約50パーセント"
    assert speakable("12*7 = 84", "de") == "12 × 7 = 84"


def test_hostile_text_takes_no_time():
    for text in (
        "[" * 5_000,
        "*a" * 2_500,
        "`" * 5_001,
        "|" * 5_000,
        "_a " * 2_000,
        "<a" * 2_500,
        "<a" + " b='" * 1_000,
        "<a" + " b=c" * 1_000,
        "1," * 2_500,
        "1* " * 2_000,
        "The 1%-" * 700,
        "The $1-" * 700,
        "The ~1" * 800,
        "The 1 - =" * 600,
    ):
        speakable(text)
