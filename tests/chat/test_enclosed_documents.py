"""Documents that come with a question are read alike by /ask, mentions and the panel's chat, and notes are shown."""

from collections.abc import AsyncIterator

import pytest

from bot.chat import attachments
from bot.chat.cooldown import Cooldowns
from bot.files.documents import NOTE_SENTENCES, Note
from tests.chat.quiet_bot import QuietBot, quiet_bot, shipped, until
from tests.chat.test_i18n import SOURCE
from tests.chat.test_mentions import OGG, asked
from tests.files.documents.packages import docx, epub, p
from tests.files.documents.pdfs import Line, pdf
from tests.files.documents.test_subtitles import VTT

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("hurried")]
RUSSIAN = "Собрание начинается в девять. Не забудьте синюю папку."
MEMO = "会議は九時に始まります。青いフォルダーを忘れないでください。"
FILES = [
    ("paper.pdf", pdf([Line(50, 500, "Hello there.")]), "Hello there."),
    ("paper.docx", docx(p("See https://example.org/x.")), "See https://example.org/x."),
    ("tale.epub", epub("T", {"a": "<p>Begin.</p>"}, ["a"]), "Begin."),
    ("film.vtt", VTT.encode(), "Ann: Hello there\n\nYou"),
    ("memo.txt", MEMO.encode("euc-jp"), MEMO),
]


@pytest.fixture
async def quiet() -> AsyncIterator[QuietBot]:
    async with quiet_bot() as opened:
        yield opened


async def test_a_mention_and_ask_read_the_same_files(quiet: QuietBot) -> None:
    ada, lounge, me = await quiet.joined(), quiet.sandbox.lounge.id, f"<@{quiet.sandbox.bot.id}>"
    for number, (name, data, words) in enumerate(FILES):
        quiet.client.cooldowns = Cooldowns()
        await quiet.sandbox.write(ada, lounge, f"{me} read", [(name, data)])
        assert await asked(quiet, 2 * number + 1) == (f"read\n\n{words}", 0.0)
        file = quiet.sandbox.file(name, data)
        await quiet.sandbox.command(ada, "ask", {"text": "read", "file": file}, channel_id=lounge)
        assert await asked(quiet, 2 * number + 2) == (f"read\n\n{words}", 0.0)


async def test_words_and_sound_may_come_together(quiet: QuietBot) -> None:
    ada, lounge, me = await quiet.joined(), quiet.sandbox.lounge.id, f"<@{quiet.sandbox.bot.id}>"
    await quiet.sandbox.write(ada, lounge, f"{me} both?", [("a.ogg", OGG), ("paper.docx", docx(p("Words.")))])
    assert await asked(quiet, 1) == ("both?\n\nWords.", 1.0)
    await quiet.sandbox.write(ada, lounge, f"{me} named wrong", [("a.txt", OGG)])
    assert await asked(quiet, 2) == ("named wrong", 1.0)


async def test_an_encoding_that_is_not_certain_is_named(quiet: QuietBot) -> None:
    ada, lounge, me = await quiet.joined(), quiet.sandbox.lounge.id, f"<@{quiet.sandbox.bot.id}>"
    file = quiet.sandbox.file("memo.txt", RUSSIAN.encode("cp1251"))
    outcome = await quiet.sandbox.command(ada, "ask", {"text": "read", "file": file}, channel_id=lounge)
    assert await asked(quiet, 1) == (f"read\n\n{RUSSIAN}", 0.0)
    await until(lambda: "I read the file as Windows-1251." in (await_shown(outcome)))
    await quiet.sandbox.write(ada, lounge, f"{me} read", [("memo.txt", RUSSIAN.encode("cp1251"))])
    await until(lambda: any("-# I read the file as Windows-1251." in line.content for line in quiet.shown()))
    away = await quiet.sandbox.command(quiet.sandbox.add_user("Eve"), "ask", {"text": "read", "file": file})
    assert "I read the file as Windows-1251." in (await away.settled()).content
    await until(lambda: away.followups)  # its sound


def await_shown(outcome: object) -> str:
    followups = getattr(outcome, "followups", [])
    return "\n".join([getattr(outcome, "content", ""), *(line.content for line in followups)])


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("cat.png", b"\x89PNG\r\n\x1a\n" + bytes(40), "There's no text or sound"),
        ("a.txt", b"word " * 30_000, "limit: 100,000 characters"),
        ("scan.pdf", pdf([], extra="40 40 300 400 re f\n"), "images of pages"),
        ("a.docx", docx(p("Words."))[:900], "damaged or incomplete"),
    ],
)
async def test_what_cannot_be_read_says_why(quiet: QuietBot, name: str, data: bytes, said: str) -> None:
    eve = quiet.sandbox.add_user("Eve")
    outcome = await quiet.sandbox.command(eve, "ask", {"text": "read", "file": quiet.sandbox.file(name, data)})
    assert said in await_shown(await outcome.settled())
    assert not quiet.engine.requests


def test_the_notes_have_sentences() -> None:
    assert {f"note {code}": sentence for code, sentence in NOTE_SENTENCES.items()}.items() <= SOURCE.items()


def test_the_name_of_a_file_formats_nothing() -> None:
    name = "__init__ @everyone [a](https://b.example).txt"
    told = attachments.told(shipped().of("en"), [Note("cut", name)])
    assert r"\_\_init\_\_ @\u200beveryone \[a\](https" in told.replace("\u200b", r"\u200b")
