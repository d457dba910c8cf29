"""The forms that settings may have, and what is said of others: pure. The sentences never hold the value."""

import json
import re
from decimal import Decimal
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo
from pydantic_core import PydanticCustomError

from bot.addresses import LOCAL, address_fault
from bot.forms.secret_forms import QUOTE_MARKS, issuer_fault, trimmed, typing_fault

UNFIT = "unfit"
"""The type of an error that names another setting than the one it was found at."""
UNREADABLE, TWICE = "\0", "\0\0"
"""Stand for a secret whose file cannot be read, or that is also set itself: so these are reported with other faults."""
FILE_FAULTS = {
    UNREADABLE: "the file that {name}_FILE names cannot be read",
    TWICE: "is set, and {name}_FILE as well: remove one of the two",
}
"""With the setting's own name in place of `{name}`."""


def plain(value: object) -> object:
    """Return a setting's value without what its shell or file left around it. None: it is blank. Raises ValueError."""
    if not isinstance(value, str):
        return value
    value = value.strip()
    if not value:
        return None
    # Docker's --env-file and Kubernetes' manifests keep them, `.env` and a shell do not.
    if len(value) > 1 and value[0] in QUOTE_MARKS and value[-1] in QUOTE_MARKS:
        raise ValueError("is in quotes: remove them")
    if value in FILE_FAULTS:
        raise ValueError(FILE_FAULTS[value])
    return value


def from_json(value: object) -> Any:
    """Return a setting that is JSON. Raises ValueError."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError("is not JSON, as .env.example shows it") from None
    except RecursionError:
        raise ValueError("is nested too deep") from None


def _http_url(value: str) -> str:
    if fault := address_fault(value):
        raise ValueError(fault)
    return value.rstrip("/")


def _well_typed(value: SecretStr, info: ValidationInfo) -> SecretStr:
    if value.get_secret_value() in FILE_FAULTS:
        raise ValueError(FILE_FAULTS[value.get_secret_value()])
    typed = trimmed(value.get_secret_value())
    if not typed:
        raise ValueError("is blank")
    name = info.field_name or ""
    if fault := typing_fault(name.upper(), typed):
        raise ValueError(fault)
    server = info.data.get(name.replace("_api_key", "_base_url"), "not valid") or info.data.get("openai_base_url")
    if server and (fault := issuer_fault(server, typed)):
        raise ValueError(fault)
    return SecretStr(typed)


def _issued_there(value: str, info: ValidationInfo) -> str:
    """Look at a secret's form where its issuer is known by the address."""
    # Of a model's server it is used as HTTP has it; discord.py's requests would not be sent at all.
    if info.field_name == "discord_api_base" and "@" in urlsplit(value).netloc:
        raise ValueError("has a name or password before an @: remove them")
    setting = {"discord_api_base": "discord_token", "openai_base_url": "openai_api_key"}[info.field_name or ""]
    secret = info.data.get(setting)
    if secret and (said := issuer_fault(value, secret.get_secret_value())):
        raise PydanticCustomError(UNFIT, "{said}", {"said": said, "setting": setting})
    return value


def _language_code(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*", value):
        raise ValueError("is no language's code, such as en or ja")
    return value


HttpUrl = Annotated[str, AfterValidator(_http_url)]
IssuedThere = Annotated[HttpUrl, AfterValidator(_issued_there)]
"""The address of a service that gives out a secret."""
UrlOrLocal = Annotated[str, AfterValidator(lambda value: LOCAL if value.strip().lower() == LOCAL else _http_url(value))]
LanguageCode = Annotated[str, AfterValidator(_language_code)]
Secret = Annotated[SecretStr, AfterValidator(_well_typed)]
OnOff = Literal["on", "off"]
DialectName = Literal["auto", "openai", "openrouter", "dashscope", "vllm-omni", "speaches", "compatible"]
Dollars = Annotated[Decimal, Field(ge=0, le=1_000_000)]
Rate = Literal["text_in", "audio_in", "cached_in", "text_out", "audio_out", "heard_hour"]
