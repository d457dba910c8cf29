"""Settings: each comes from the environment or `.env`, under its name in .env.example.

A secret may also come as NAME_FILE, the path of a file that holds it. `load` reports all faults at once, by name and
without values.
"""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from bot.errors import ConfigError

EXIT_CONFIG = 78
"""EX_CONFIG of sysexits.h."""


def _http_url(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    return value.rstrip("/")


_UNREADABLE = "\0"
"""Stands for a secret whose file cannot be read, so that this fault is reported with the others."""


def _not_blank(value: SecretStr) -> SecretStr:
    if value.get_secret_value() == _UNREADABLE:
        raise ValueError("the file that its _FILE setting names cannot be read")
    if not value.get_secret_value().strip():
        raise ValueError("is blank")
    return SecretStr(value.get_secret_value().strip())


HttpUrl = Annotated[str, AfterValidator(_http_url)]
Secret = Annotated[SecretStr, AfterValidator(_not_blank)]
OnOff = Literal["on", "off"]
Rate = Literal["text_in", "audio_in", "cached_in", "text_out", "audio_out", "heard_hour"]


class Settings(BaseSettings):
    """The configuration of the bot. .env.example and the README print these descriptions."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)

    discord_token: Secret = Field(description="The bot's token, from the developer portal.")
    discord_api_base: HttpUrl = Field(
        "https://discord.com/api/v10", description="REST base with its /api/v10: for a proxy or a stand-in."
    )
    dev_guild_id: int | None = Field(
        None, description="A server for development: the commands appear at once there, and only there."
    )

    openai_api_key: Secret = Field(description="The key of the model's account.")
    openai_base_url: HttpUrl = Field("https://api.openai.com/v1", description="Any compatible server.")
    openai_model: str = Field("gpt-audio-1.5", description="The audio chat model.")
    transcribe_model: str = Field("gpt-transcribe", description="Writes down what people said.")
    prices: dict[str, dict[Rate, Annotated[Decimal, Field(ge=0)]]] = Field(
        {},
        description="Your own rates, by model, in US dollars per million tokens (heard_hour: per hour), as JSON: "
        '{"my-model": {"text_in": 2.5, "audio_in": 32, "text_out": 10, "audio_out": 64}}.',
    )
    text_model: str | None = Field(None, description="A text model for summaries; none: none are made.")

    database_url: str = Field(
        "sqlite+aiosqlite:///data/bot.db", description="Where memory lives; PostgreSQL: postgresql+asyncpg://…"
    )
    store_key: Secret | None = Field(
        None,
        description="Encrypts words at rest: 32 random bytes in base64 (openssl rand -base64 32). "
        "Several, separated by commas: the first writes, all read.",
    )
    retention_days: int = Field(30, ge=0, le=3650, description="Days until words are deleted; 0: with the call.")

    consent: Literal["opt-in", "notice"] = Field(
        "opt-in", description="opt-in: heard after pressing a button once; notice: heard unless withdrawn."
    )
    answering: Literal["auto", "always", "name", "listen"] = Field(
        "auto", description="When it answers; auto: one human always, several when spoken to."
    )
    voice: str = Field("marin", min_length=1, description="The voice it speaks with.")
    language: str | None = Field(None, description="Language of answers and notices (en, ja); none: as spoken.")
    bot_name: str | None = Field(None, description="What it answers to; none: its display name in the server.")
    cue: OnOff = Field("on", description="A soft sound when the first word takes longer than 1.2 s.")
    vad: Literal["silero", "light"] = Field("silero", description="What tells speech from noise.")
    speculation: OnOff = Field("on", description="Ask the model before the silence is over, to answer sooner.")
    read_text: bool = Field(False, description="Read the call's text chat too (needs the message content intent).")

    budget_server_day: Decimal = Field(Decimal(0), ge=0, description="US dollars a server may spend a day; 0: no cap.")
    budget_person_day: Decimal = Field(
        Decimal(0), ge=0, description="US dollars a person may spend a day in each server; 0: no cap."
    )

    opus_library: Path | None = Field(None, description="Path of a libopus to use instead of the bundled one.")
    http_host: str = Field("127.0.0.1", description="Address of health and metrics.")
    http_port: int | None = Field(None, ge=0, le=65535, description="Port of health and metrics; none: off.")
    log_format: Literal["auto", "console", "json"] = Field("auto", description="auto: console on a terminal.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="What is logged.")
    shard_count: int | None = Field(None, ge=1, description="Shards in all; none: as Discord advises.")
    shards_per_process: int | None = Field(None, ge=1, description="Shards a process claims; none: all.")
    memory_limit_mb: int | None = Field(
        None, ge=100, description="Megabytes, near which no new jobs begin; none: the container's limit, if it has one."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _SecretFiles(settings_cls, env_ignore_empty=True), dotenv_settings


def secret_names() -> list[str]:
    """Return the names of the settings whose values are secret."""
    return [name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)]


class _SecretFiles(EnvSettingsSource):
    """Reads NAME_FILE for every secret NAME."""

    def __call__(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in (*secret_names(), "database_url"):  # it may hold a password
            path = self.env_vars.get(f"{name}_file")
            if path:
                try:
                    found[name] = Path(path).read_text(encoding="utf-8").strip()
                except (OSError, UnicodeDecodeError):
                    found[name] = _UNREADABLE
        return found


def load(env_file: Path | None = None, overrides: Mapping[str, object] | None = None) -> Settings:
    """Read the settings.

    Raises ConfigError naming every fault, never a value.
    """
    try:
        return Settings(_env_file=env_file, **(dict(overrides or {})))  # pyright: ignore[reportCallIssue]
    except ValidationError as error:
        raise ConfigError([_fault(item) for item in error.errors(include_input=False)]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{env_file} cannot be read ({type(error).__name__}): may this user read it?"]) from None


def _fault(item: Mapping[str, Any]) -> str:
    name = str(item["loc"][0]).upper() if item["loc"] else "settings"
    if item["type"] == "missing":
        return f"{name} is missing"
    message = item["msg"].removeprefix("Value error, ")
    return f"{name}: {message[:1].lower()}{message[1:]}"
