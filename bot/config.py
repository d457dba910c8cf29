"""Settings: each comes from the environment or `.env`, under its name in .env.example.

A secret may also come as NAME_FILE, the path of a file that holds it. `load` reports all faults at once, by name and
without values.
"""

import functools
from collections.abc import Collection, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, DotEnvSettingsSource, EnvSettingsSource, NoDecode, SettingsConfigDict
from pydantic_settings import PydanticBaseSettingsSource as Source

from bot.addresses import is_private
from bot.errors import ConfigError
from bot.forms.secret_forms import DISCORD_API_BASE, OPENAI_BASE_URL, WHERE_TO_GET
from bot.forms.setting_forms import (
    TWICE,
    UNFIT,
    UNREADABLE,
    DialectName,
    Dollars,
    HttpUrl,
    IssuedThere,
    LanguageCode,
    OnOff,
    Rate,
    Secret,
    UrlOrLocal,
    from_json,
    plain,
)

EXIT_CONFIG = 78
"""EX_CONFIG of sysexits.h."""
DEFAULT_TEXT_MODEL = "gpt-5-mini"
MAX_SHARDS = 65_536
"""More than any bot has."""
NOT_NEEDED = "not-needed"
"""Stands for a secret that a command does without."""


class Settings(BaseSettings):
    """The configuration of the bot. .env.example and the README print these descriptions."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True, str_strip_whitespace=True)

    discord_token: Secret = Field(description="Bot token from the Discord developer portal.")
    discord_api_base: IssuedThere = Field(
        DISCORD_API_BASE,
        validate_default=True,
        description="Discord REST base URL including /api/v10, for a proxy or a stand-in.",
    )
    dev_guild_id: int | None = Field(
        None, gt=0, lt=1 << 64, description="Development server ID: commands appear there at once, and only there."
    )

    openai_api_key: Secret = Field(
        description="API key of the model account; not asked for when every model's server is in your own network."
    )
    openai_base_url: IssuedThere = Field(
        OPENAI_BASE_URL,
        validate_default=True,
        description="Base URL of the model's server; any compatible server works.",
    )
    openai_model: str = Field("gpt-audio-1.5", description="Audio chat model.")
    engine: Literal["audio", "cascade"] = Field(
        "audio",
        description="audio: OPENAI_MODEL hears and speaks; cascade: TRANSCRIBE_MODEL, TEXT_MODEL and SPEECH_MODEL do.",
    )
    dialect: DialectName = Field(
        "auto", description="What kind of server OPENAI_BASE_URL is; auto: its name tells, any other is compatible."
    )
    transcribe_model: str = Field("gpt-transcribe", description="Model that transcribes what people say.")
    transcribe_base_url: UrlOrLocal | None = Field(
        None, description="Its server; local = this machine, without one; empty = OPENAI_BASE_URL."
    )
    transcribe_api_key: Secret | None = Field(None, description="Its API key; empty = OPENAI_API_KEY.")
    prices: Annotated[dict[str, dict[Rate, Dollars]], NoDecode, BeforeValidator(from_json)] = Field(
        {},
        description="Your own prices by model, in US dollars per million tokens (heard_hour: per hour), as JSON: "
        '{"my-model": {"text_in": 2.5, "audio_in": 32, "text_out": 10, "audio_out": 64}}.',
    )
    text_model: str | None = Field(
        None,
        description="Text model for summaries, and with ENGINE=cascade for answers; empty = no summaries, answers by "
        f"OPENAI_MODEL if you set one, else by {DEFAULT_TEXT_MODEL}.",
    )
    text_base_url: HttpUrl | None = Field(None, description="Its server; empty = OPENAI_BASE_URL.")
    text_api_key: Secret | None = Field(None, description="Its API key; empty = OPENAI_API_KEY.")
    speech_model: str = Field("gpt-4o-mini-tts", description="Model that speaks the answers with ENGINE=cascade.")
    speech_base_url: UrlOrLocal | None = Field(
        None, description="Its server; local = this machine, without one; empty = OPENAI_BASE_URL."
    )
    speech_api_key: Secret | None = Field(None, description="Its API key; empty = OPENAI_API_KEY.")
    local_models_url: HttpUrl | None = Field(
        None, description="Mirror from which `models` fetches them; empty = where their makers keep them."
    )
    local_models_dir: Path = Field(Path("data/models"), description="Folder of the models that run on this machine.")

    tools_file: Path | None = Field(
        None, description="Servers of tools (MCP), as JSON in the usual mcpServers form: docs/tools.md."
    )
    tool_calls: Literal["auto", "audio", "text"] = Field(
        "auto", description="The model that calls tools; auto: TEXT_MODEL once the audio model's server refuses them."
    )

    database_url: str = Field(
        "sqlite+aiosqlite:///data/bot.db", description="Database URL; for PostgreSQL: postgresql+asyncpg://…"
    )
    store_key: Secret | None = Field(
        None,
        description="Encrypts stored transcripts: 32 random bytes in base64 (openssl rand -base64 32). "
        "With several, separated by commas, the first encrypts and all decrypt.",
    )
    retention_days: int = Field(30, ge=0, le=3650, description="Days to keep transcripts; 0 = until the call ends.")

    consent: Literal["opt-in", "notice"] = Field(
        "opt-in",
        description="opt-in: people are heard after pressing a button once; notice: heard unless they withdraw.",
    )
    answering: Literal["auto", "always", "name", "listen"] = Field(
        "auto", description="When the bot answers; auto: always when alone with one person, otherwise when addressed."
    )
    voice: str = Field("marin", min_length=1, description="The bot's voice.")
    language: LanguageCode | None = Field(
        None, description="Language of answers and messages (en, ja); empty = the language being spoken."
    )
    bot_name: str | None = Field(None, description="Name the bot answers to; empty = its display name in the server.")
    cue: OnOff = Field("on", description="Play a soft sound when an answer takes longer than 1.2 s to start.")
    vad: Literal["silero", "light"] = Field("silero", description="Voice activity detector.")
    speculation: OnOff = Field("on", description="Ask the model before the pause is over, to answer sooner.")
    read_text: bool = Field(False, description="Also read the call's text chat (needs the Message Content intent).")

    budget_server_day: Dollars = Field(Decimal(0), description="Daily budget per server in US dollars; 0 = no limit.")
    budget_person_day: Dollars = Field(
        Decimal(0), description="Daily budget per person and server in US dollars; 0 = no limit."
    )

    ssl_cert_file: Path | None = Field(None, description="PEM file of certificate authorities to trust, too.")
    opus_library: Path | None = Field(None, description="Path to a libopus to use instead of the bundled one.")
    http_host: str = Field("127.0.0.1", description="Address for health checks and metrics.")
    http_port: int | None = Field(None, ge=0, le=65535, description="Port for health checks and metrics; empty = off.")
    log_format: Literal["auto", "console", "json"] = Field(
        "auto", description="auto: console on a terminal, otherwise json."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Lowest level that is logged.")
    shard_count: int | None = Field(
        None, ge=1, le=MAX_SHARDS, description="Total shards; empty = Discord's recommendation."
    )
    shards_per_process: int | None = Field(None, ge=1, le=MAX_SHARDS, description="Shards per process; empty = all.")
    memory_limit_mb: int | None = Field(
        None,
        ge=100,
        le=1 << 24,
        description="Memory limit in MB, near which no new jobs start; empty = the container's limit, if any.",
    )

    @field_validator("*", mode="before")
    @classmethod
    def _plain(cls, value: Any, info: ValidationInfo) -> Any:
        """Take a blank setting for one that is not set; secrets are looked at by themselves."""
        name = info.field_name or ""
        if name in secret_names():
            return value
        given = plain(value)
        return cls.model_fields[name].get_default() if given is None else given

    @model_validator(mode="before")
    @classmethod
    def _without_key(cls, given: Any) -> Any:
        """Ask for no key where every server that would get it is private."""
        if not isinstance(given, dict) or given.get("openai_api_key") or _needs_key(given):
            return given
        return {**given, "openai_api_key": NOT_NEEDED}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: Source,
        env_settings: Source,
        dotenv_settings: Source,
        file_secret_settings: Source,
    ) -> tuple[Source, ...]:
        return init_settings, _SecretFiles(settings_cls, dotenv_settings), env_settings, dotenv_settings


def _needs_key(given: Mapping[str, Any]) -> bool:
    """Return whether a public server would get OPENAI_API_KEY."""
    main = str(given.get("openai_base_url") or OPENAI_BASE_URL)
    cascade = given.get("engine") == "cascade"
    roles = ["transcribe", *(["text"] if cascade or given.get("text_model") else []), *(["speech"] if cascade else [])]
    servers = [str(given.get(f"{role}_base_url") or main) for role in roles if not given.get(f"{role}_api_key")]
    return not all(map(is_private, servers if cascade else [main, *servers]))


@functools.cache  # asked for each setting
def secret_names() -> tuple[str, ...]:
    """Return the names of the settings whose values are secret."""
    return tuple(name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation))


def file_names() -> list[str]:
    """Return the names of the settings that may come as NAME_FILE."""
    return [*secret_names(), "database_url"]  # it may hold a password


class _SecretFiles(EnvSettingsSource):
    """Reads NAME_FILE, of the environment or else `.env`, for those that may come so."""

    def __init__(self, settings_cls: type[BaseSettings], dotenv: Source) -> None:
        super().__init__(settings_cls, env_ignore_empty=True)
        if isinstance(dotenv, DotEnvSettingsSource):
            self.env_vars = {**dotenv.env_vars, **self.env_vars}

    def __call__(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in file_names():
            if path := self.env_vars.get(f"{name}_file"):
                if (self.env_vars.get(name) or "").strip():
                    found[name] = TWICE
                    continue
                try:
                    found[name] = Path(path).read_text(encoding="utf-8").strip()
                except (OSError, UnicodeDecodeError):
                    found[name] = UNREADABLE
        return found


def load(
    env_file: Path | None = None,
    overrides: Mapping[str, object] | None = None,
    needs: Collection[str] | None = None,
) -> Settings:
    """Read the settings.

    `needs` are the names of those that count, None: all of them. Another one that is missing or wrong has its default,
    or NOT_NEEDED. Raises ConfigError naming every fault, never a value.
    """
    given = dict(overrides or {})
    try:
        return Settings(_env_file=env_file, **given)  # pyright: ignore[reportCallIssue]
    except ValidationError as error:
        found = error.errors(include_input=False)
        faults = [item for item in found if needs is None or _field(item) in needs]
        if not faults and all(_field(item) in Settings.model_fields for item in found):
            return load(env_file, given | {_field(item): _default(_field(item)) for item in found}, needs)
        told = [_fault(item) for item in faults or found]
        hint = " ".join(said for name, said in WHERE_TO_GET.items() if name in map(_field, faults))
        raise ConfigError(told, hint=hint or None) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{env_file} cannot be read ({type(error).__name__}): may this user read it?"]) from None


def load_sound(env_file: Path | None) -> tuple[Settings, ConfigError | None]:
    """Read the settings as far as they are sound, and return what is wrong with the others."""
    try:
        return load(env_file), None
    except ConfigError as error:
        try:
            return load(env_file, needs=()), error
        except ConfigError:  # the file cannot be read
            return load(needs=()), error


def _default(name: str) -> Any:
    field = Settings.model_fields[name]
    return NOT_NEEDED if field.is_required() else field.get_default()


def _field(item: Mapping[str, Any]) -> str:
    if item["type"] == UNFIT:
        return str(item["ctx"]["setting"])
    return str(item["loc"][0]).lower() if item["loc"] else "settings"


def _fault(item: Mapping[str, Any]) -> str:
    name = _field(item).upper()
    if item["type"] == "missing":
        return f"{name} is missing"
    message = item["msg"].removeprefix("Value error, ").replace("{name}", name)
    return f"{name}: {message[:1].lower()}{message[1:]}"
