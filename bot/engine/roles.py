"""Settings -> which model does what, on which server; pure."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from urllib.parse import urlsplit

from pydantic import SecretStr

from bot.addresses import LOCAL
from bot.config import DEFAULT_TEXT_MODEL, NOT_NEEDED, Rate, Settings
from bot.engine.dialects import DIALECTS_BY_NAME, Dialect, dialect_of
from bot.errors import BlamedModel


class RoleName(StrEnum):
    """What a model is for; the value begins the names of its settings."""

    CHAT = "openai"
    "hears and speaks"
    TRANSCRIBE = "transcribe"
    TEXT = "text"
    "reads and writes"
    SPEECH = "speech"
    "speaks"


@dataclass(frozen=True, slots=True)
class ModelRole:
    """One model and its server."""

    name: RoleName
    model: str
    base_url: str
    key: SecretStr
    dialect: Dialect
    own: bool = True
    "its address is set for it alone"
    key_setting: str = "OPENAI_API_KEY"
    "the setting that its key comes from"

    @property
    def local(self) -> bool:
        """Whether it runs on this machine, in a child process of the bot."""
        return self.base_url == LOCAL

    @property
    def server(self) -> str:
        """The name of the server; LOCAL: there is none."""
        return LOCAL if self.local else urlsplit(self.base_url).hostname or ""

    @property
    def address_setting(self) -> str:
        """The setting that its address comes from."""
        return f"{self.name if self.own else RoleName.CHAT}_base_url".upper()

    @property
    def model_setting(self) -> str:
        return f"{self.name}_model".upper()

    @property
    def to_blame(self) -> BlamedModel:
        """What an error of this model says."""
        return BlamedModel(self.model_setting, self.key_setting, self.address_setting, self.model, self.server)


def roles_of(settings: Settings) -> dict[RoleName, ModelRole]:
    """Return the roles that are in use."""
    found = [_role(settings, RoleName.TRANSCRIBE, settings.transcribe_model)]
    if settings.engine == "cascade":
        found.append(_role(settings, RoleName.TEXT, _answering_model(settings)))
        found.append(_role(settings, RoleName.SPEECH, settings.speech_model))
    else:
        found.insert(0, _role(settings, RoleName.CHAT, settings.openai_model))
        if settings.text_model:
            found.append(_role(settings, RoleName.TEXT, settings.text_model))
    return {role.name: role for role in found}


def models_of(settings: Settings) -> dict[str, str]:
    """Return the models' names for the bill: `model` answers, `speech_model` is empty where it speaks itself."""
    roles = roles_of(settings)
    speech = roles.get(RoleName.SPEECH)
    return {
        "model": roles[RoleName.TEXT if speech else RoleName.CHAT].model,
        "transcribe_model": roles[RoleName.TRANSCRIBE].model,
        "speech_model": speech.model if speech else "",
    }


LOCAL_RECOGNISERS = {"en": "small-streaming-en", "ja": "small-streaming-ja"}
"""The model of each language that is meant when none is named; English where the language is any other."""
LOCAL_VOICES = {"en": "vits-piper-en_US-joe-medium", "ja": "open-jtalk"}
"""The same of the voices."""

_FREE: dict[Rate, Decimal] = {
    "text_in": Decimal(0),
    "audio_in": Decimal(0),
    "text_out": Decimal(0),
    "audio_out": Decimal(0),
}


def own_prices(settings: Settings) -> dict[str, dict[Rate, Decimal]]:
    """Return the operator's prices; what runs on this machine costs nothing unless they say so."""
    return {role.model: _FREE for role in roles_of(settings).values() if role.local} | settings.prices


def _local_model(settings: Settings, name: RoleName, model: str) -> str:
    """Return the model that is meant: the default of the setting is one of a server."""
    if model != Settings.model_fields[f"{name}_model"].default:
        return model
    language = (settings.language or "").partition("-")[0].lower()
    models = LOCAL_VOICES if name is RoleName.SPEECH else LOCAL_RECOGNISERS
    return models.get(language, models["en"])


def _answering_model(settings: Settings) -> str:
    """Return the model that writes the answers of a cascade. The audio model of the default cannot: it needs sound."""
    chosen = settings.openai_model != Settings.model_fields["openai_model"].default
    return settings.text_model or (settings.openai_model if chosen else DEFAULT_TEXT_MODEL)


def _role(settings: Settings, name: RoleName, model: str) -> ModelRole:
    address: str | None = None
    key: SecretStr | None = None
    if name is not RoleName.CHAT:
        address, key = getattr(settings, f"{name}_base_url"), getattr(settings, f"{name}_api_key")
    base_url = address or settings.openai_base_url
    if address == LOCAL:
        model = _local_model(settings, name, model)
    known = DIALECTS_BY_NAME.get(settings.dialect) if address is None else None
    return ModelRole(
        name,
        model,
        base_url,
        key or settings.openai_api_key or SecretStr(NOT_NEEDED),
        known or dialect_of(base_url),
        own=address is not None or name is RoleName.CHAT,
        key_setting=f"{name}_api_key".upper() if key or address else "OPENAI_API_KEY",
    )
