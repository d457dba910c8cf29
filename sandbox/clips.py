"""The shipped recordings: what the sandbox's people say, what its model answers, and noises without speech.

docs/clips.md describes how they were made.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from sandbox.media import to_pcm

CLIPS_FOLDER = Path(__file__).parent / "clips"
BOT_NAME = "Kikite"
"""The bot's name in the English sentences. In the Japanese ones it is 聞き手."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One recording."""

    id: str
    voice: str
    "who speaks: Anna, Ben, Yuki or bot; empty for a noise"
    language: Literal["en", "ja", ""]
    sentence: str
    "exactly what is said; empty for a noise"

    @property
    def path(self) -> Path:
        """An Ogg Opus file, mono."""
        return CLIPS_FOLDER / f"{self.id}.ogg"


ALL_CLIPS: tuple[Clip, ...] = (
    Clip("anna-cook", "Anna", "en", "Kikite, what could we cook tonight with rice, eggs and spinach?"),
    Clip("anna-quickest", "Anna", "en", "And which of them is the quickest?"),
    Clip("anna-boss", "Anna", "en", "I think the second level was much harder than the boss."),
    Clip("anna-wait", "Anna", "en", "Sorry, wait a moment, I have one more question about that."),
    Clip("anna-stop", "Anna", "en", "Stop."),
    Clip("ben-moon", "Ben", "en", "Kikite, how far away is the moon?"),
    Clip("ben-train", "Ben", "en", "Did you know that the last train leaves at eleven tonight?"),
    Clip("ben-pause", "Ben", "en", "Kikite, could you tell us, well, what a lunar eclipse is?"),
    Clip("ben-story", "Ben", "en", "Please tell us the long story of how the moon came to be."),
    Clip("ben-stop", "Ben", "en", "Stop."),
    Clip("yuki-weather", "Yuki", "ja", "聞き手さん、今日の天気はどうですか？"),
    Clip("yuki-film", "Yuki", "ja", "聞き手さん、おすすめの映画を教えてください。"),
    Clip("yuki-when", "Yuki", "ja", "それはいつ公開されましたか？"),
    Clip("yuki-game", "Yuki", "ja", "昨日のゲーム、すごく面白かったね。"),
    Clip("yuki-stop", "Yuki", "ja", "ストップ。"),
    Clip("bot-rice", "bot", "en", "Fried rice with egg and spinach: ten minutes, and you need just one pan."),
    Clip(
        "bot-moon",
        "bot",
        "en",
        "The story of the moon is a long one. Four and a half billion years ago, a young planet, about the size of "
        "Mars, struck the earth. The rubble gathered in a ring, and the ring slowly became the moon.",
    ),
    Clip("bot-heard", "bot", "en", "This is what I heard you say."),
    Clip("bot-tenki", "bot", "ja", "今日は一日晴れて、気温は二十度くらいになりそうです。"),
    Clip("bot-kikoeta", "bot", "ja", "私には、こう聞こえました。"),
    Clip("cough", "", "", ""),
    Clip("laughter", "", "", ""),
    Clip("keyboard", "", "", ""),
    Clip("music", "", "", ""),
)
"""Every recording; `get` finds one."""

_BY_ID = {clip.id: clip for clip in ALL_CLIPS}


def get(id: str) -> Clip:
    """Return a clip by its id. Raises KeyError."""
    return _BY_ID[id]


def speech() -> tuple[Clip, ...]:
    """Return the clips that contain speech."""
    return tuple(clip for clip in ALL_CLIPS if clip.sentence)


@lru_cache(maxsize=len(ALL_CLIPS) * 2)
def load(id: str, rate: int) -> bytes:
    """Return a clip as s16le mono at `rate` samples per second. Raises KeyError."""
    return to_pcm(get(id).path, rate)
