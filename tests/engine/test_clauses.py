"""Where an answer's text is cut for the voice."""

import pytest

from bot.engine.cascade.clauses import ClauseSplitter


def split(text: str, size: int) -> list[str]:
    splitter = ClauseSplitter()
    found: list[str] = []
    for at in range(0, len(text), size):
        found += splitter.feed(text[at : at + size])
    return found + splitter.end()


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("Yes.", ["Yes."]),
        ("Yes. It is warm today, and it will be warmer tomorrow. Good night to you all, and sleep well!",
         ["Yes. ", "It is warm today, and it will be warmer tomorrow. ", "Good night to you all, and sleep well!"]),
        ("That is a long beginning of it, and it goes on. Yes.",
         ["That is a long beginning of it, ", "and it goes on. Yes."]),
        ("It costs 3.50 at Dr. Meyer's, e.g. on Mondays. So go there before it is closed for the night.",
         ["It costs 3.50 at Dr. Meyer's, ", "e.g. on Mondays. So go there before it is closed for the night."]),
        ('He said "No." Then we all went home together, because it was late. So did he.',
         ['He said "No." ', "Then we all went home together, because it was late. ", "So did he."]),
        ("He said “No.” Then we (it was late.) went home. So did he, as far as it is known to us.",
         ["He said “No.” ", "Then we (it was late.) went home. So did he, as far as it is known to us."]),
        ("Er sagte „Ja, gern“. Dann gingen wir alle nach Hause, weil es spät war. Er auch.",
         ["Er sagte „Ja, gern“. ", "Dann gingen wir alle nach Hause, weil es spät war. ", "Er auch."]),
        ("That is sad :( and so it is. Then we all went home together, because it was late. So did he.",
         ["That is sad :( and so it is. ", "Then we all went home together, because it was late. ", "So did he."]),
        ("「はい。」と言って、それからみんなで一緒に家に帰りました。",
         ["「はい。」と言って、", "それからみんなで一緒に家に帰りました。"]),
        ("नमस्ते। आज मौसम बहुत अच्छा है और हम सब बाहर घूमने जा रहे हैं। कल बारिश होगी।",
         ["नमस्ते। ", "आज मौसम बहुत अच्छा है और हम सब बाहर घूमने जा रहे हैं। ", "कल बारिश होगी।"]),
        ("مرحبا بكم جميعا، كيف حالكم؟ نعم۔", ["مرحبا بكم جميعا، كيف حالكم؟ ", "نعم۔"]),
        ("はい。今日は暖かいですね、明日はもっと暖かくなるそうです。おやすみなさい。",
         ["はい。", "今日は暖かいですね、明日はもっと暖かくなるそうです。", "おやすみなさい。"]),
        ("Do this:\n```\nrun a. b. c.\n\nstop!\n```\nThen you are done with all of it.",
         ["Do this:\n", "```\nrun a. b. c.\n\nstop!\n```\nThen you are done with all of it."]),
        ("1. Boil the water.\n2. Pour it in.", ["1. Boil the water.\n", "2. Pour it in."]),
        ("", []),
    ],
)  # fmt: skip
def test_clauses(text: str, clauses: list[str], size: int):
    assert split(text, size) == clauses


@pytest.mark.parametrize("text", ["word " * 2_000, "あ" * 3_000, "(" * 3_000, "```" + "x " * 3_000, "a" * 5_000])
def test_all_text_comes_out_in_bounded_time(text: str):
    assert "".join(split(text, 7)) == text
