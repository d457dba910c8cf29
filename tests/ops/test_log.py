"""No secret and nobody's words in any line, tracebacks and DEBUG included."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from bot.config import Settings
from bot.ops import log
from bot.ops.log import REDACTED, Redactor, configure

TOKEN = "MTE1NzQxNzI0NzQzNTI4NjE.GhXyZa.abcdefghijklmnopqrstuvwxyz0123456789AB"
KEY = "sk-proj-abcdefghijklmnop1234567890"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Leave logging as it was."""
    root = logging.root
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in log._MIN_LEVELS}
    yield
    root.handlers, root.level = handlers, level
    for name, was in levels.items():
        logging.getLogger(name).setLevel(was)
    logging.captureWarnings(False)
    structlog.reset_defaults()


@pytest.mark.parametrize(
    "line",
    [
        f"token {TOKEN} refused",
        f"Authorization: Bot {TOKEN}",
        f"Authorization: Bearer {KEY}",
        f"api key {KEY}",
        "'secret_key': [12, 34, 255], 'mode': 'x'",
        '{"event": "{\\"secret_key\\": [12, 34, 255]}"}',
        "secret_key=b'\\x0c\\x22'",
        '{"token": "12-34-255-x"}',
        "postgresql+asyncpg://bot:12-34-255-x@db/bot",
    ],
)
def test_secrets_are_known_by_their_looks(line: str) -> None:
    shown = Redactor()(line)
    assert REDACTED in shown
    assert not any(part in shown for part in (TOKEN, KEY, "34, 255", "34-255", "x22"))


@pytest.mark.parametrize(
    "line", ["nothing here", "at 12:34:56 sk-y and MNO.x.y", "http://host:80/path", "tokens=12 Bot joined"]
)
def test_other_lines_stay(line: str) -> None:
    assert Redactor()(line) == line


def test_the_values_of_secret_settings_are_hidden_wherever_they_stand() -> None:
    settings = Settings(
        _env_file=None,  # pyright: ignore[reportCallIssue]
        discord_token="my-odd-token",
        openai_api_key="hunter2222",
        store_key="first-key,second-key",
        database_url="postgresql+asyncpg://bot:db-pass@db/bot",
    )
    shown = Redactor.of(settings)("my-odd-token hunter2222 first-key second-key db-pass plain")
    assert shown == f"{REDACTED} {REDACTED} {REDACTED} {REDACTED} {REDACTED} plain"


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_a_traceback_is_redacted_and_shows_no_locals(log_format: str) -> None:
    out = io.StringIO()
    configure(Redactor(["s3cret-value"]), log_format, "DEBUG", out)
    words = "what-a-person-said"
    try:
        raise ValueError("s3cret-value in the message")
    except ValueError:
        structlog.get_logger("bot.x").exception("failed", size=len(words))
    shown = out.getvalue()
    assert "ValueError" in shown
    assert REDACTED in shown
    assert "s3cret-value" not in shown
    assert "what-a-person-said" not in shown


@pytest.mark.parametrize(
    "name",
    ["discord.gateway", "discord.http", "discord.voice_state", "openai._base_client", "aiosqlite", "sqlalchemy.engine"],
)
def test_frames_and_bodies_are_never_written(name: str) -> None:
    out = io.StringIO()
    configure(Redactor(), "json", "DEBUG", out)
    logging.getLogger(name).debug("Voice websocket frame received: %s", {"op": 4, "d": "everything"})
    logging.getLogger(name).error("it broke")
    assert "everything" not in out.getvalue()
    assert "it broke" in out.getvalue()


@pytest.mark.parametrize("name", ["mcp.client.stdio", "client"])
def test_what_a_server_of_tools_sent_is_not_written(name: str) -> None:
    out = io.StringIO()
    configure(Redactor(), "json", "DEBUG", out)
    try:
        json.loads("what-a-person-said")
    except ValueError:
        logging.getLogger(name).exception("Failed to parse")
    assert out.getvalue() == ""


def test_json_lines_carry_their_fields() -> None:
    out = io.StringIO()
    configure(Redactor(), "json", "INFO", out)
    structlog.get_logger("bot.x").info("call_ended", guild_id=7)
    structlog.get_logger("bot.x").debug("unseen")
    logging.getLogger("other").warning("plain %s", "words")
    first, second = (json.loads(line) for line in out.getvalue().splitlines())
    assert (first["event"], first["guild_id"], first["level"], first["logger"]) == ("call_ended", 7, "info", "bot.x")
    assert (second["event"], second["level"]) == ("plain words", "warning")
