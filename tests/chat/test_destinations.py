"""The notices say where that really goes what the bot hears, whichever engines are in use."""

import pytest

from bot.chat.destinations import destinations, kept_elsewhere, sent, told
from bot.chat.i18n import Catalogues
from bot.config import Settings, load

CASCADE = {"engine": "cascade", "speech_base_url": "local"}
PRIVATE, LOCAL = "http://ollama:11434/v1", "local"
CLOUD, OURS, HERE = "an AI service", "a server of the bot's operator", "on the machine I run on"


def settings(**given: str) -> Settings:
    return load(overrides={"discord_token": "none", "openai_api_key": "sk-none", **given})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, f"What I hear is sent to {CLOUD}."),
        ({"transcribe_base_url": LOCAL}, f"What I hear is sent to {CLOUD}."),  # the model that answers hears it, too
        ({"openai_base_url": PRIVATE}, f"What I hear is sent to {OURS}."),
        (CASCADE, f"What I hear is sent to {CLOUD}."),
        (CASCADE | {"transcribe_base_url": LOCAL}, f"{HERE}; only the words are sent to {CLOUD}."),
        (
            CASCADE | {"transcribe_base_url": LOCAL, "text_base_url": PRIVATE},
            f"{HERE}; only the words are sent to {OURS}.",
        ),
        (CASCADE | {"transcribe_base_url": PRIVATE}, f"is sent to {OURS}, and the words of it to {CLOUD}."),
        (
            CASCADE
            | {"transcribe_base_url": LOCAL, "text_base_url": PRIVATE, "speech_base_url": "https://a.example/v1"},
            f"{HERE}; only the words are sent to {CLOUD}.",
        ),
    ],
)
def test_what_is_said_is_so(given: dict[str, str], said: str) -> None:
    words = Catalogues.load().of("en")
    assert sent(settings(**given), words).endswith(said)
    for code in ("consent notice", "consent opt-in", "consent given", "join done", "newcomer notice", "privacy about"):
        assert said in told(code, settings(**given), words, name="Ana", channel="#lounge", kept="")


def test_in_japanese() -> None:
    words = Catalogues.load().of("ja")
    here = settings(**CASCADE, transcribe_base_url=LOCAL, text_base_url=PRIVATE)
    assert "運営者のサーバーに送るのは文字だけです" in told("consent notice", here, words)
    assert "AIサービスに送ります" in told("consent notice", settings(), words)


def test_this_machine_is_no_server_that_keeps_anything() -> None:
    words = Catalogues.load().of("en")
    here = settings(**CASCADE, transcribe_base_url=LOCAL, text_base_url=PRIVATE)
    assert "At ollama" in kept_elsewhere(here, words)
    assert "local" not in kept_elsewhere(here, words)
    assert "spoken answers" not in kept_elsewhere(here, words)
    assert "spoken answers" in kept_elsewhere(settings(), words)
    assert "small-streaming-en (the machine I run on)" in destinations(here, words)
