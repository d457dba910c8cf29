"""How servers that speak OpenAI's protocol differ."""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from bot.addresses import is_private
from bot.audio import SPEAK_RATE


@dataclass(frozen=True, slots=True)
class Dialect:
    """What one kind of server expects and sends."""

    name: str
    official: bool = False
    "takes the fields only OpenAI knows: store, safety_identifier"
    data_prefix: str = ""
    "before the base64 of a sound"
    audio_format: str = "pcm16"
    "the format to request; the stream is raw PCM whatever its name"
    ids: bool = True
    "earlier answers can be named by audio id"
    rate: int = SPEAK_RATE
    "Hz of the sound it streams, unless a WAV header in it says otherwise"


OPENAI = Dialect("openai", official=True)
OPENROUTER = Dialect("openrouter")
DASHSCOPE = Dialect("dashscope", data_prefix="data:;base64,", audio_format="wav", ids=False)
VLLM_OMNI = Dialect("vllm-omni", audio_format="wav", ids=False)
SPEACHES = Dialect("speaches")
COMPATIBLE = Dialect("compatible")
"""An unknown server: like OpenAI, without the fields that only OpenAI knows."""

DIALECTS_BY_NAME = {
    dialect.name: dialect for dialect in (OPENAI, OPENROUTER, DASHSCOPE, VLLM_OMNI, SPEACHES, COMPATIBLE)
}
_DIALECTS_BY_HOST = (
    ("openai.com", OPENAI),
    ("openai.azure.com", OPENAI),
    ("openrouter.ai", OPENROUTER),
    ("aliyuncs.com", DASHSCOPE),
)


def dialect_of(base_url: str) -> Dialect:
    """Choose by the host of `base_url`."""
    host = urlsplit(base_url).hostname or ""
    for suffix, dialect in _DIALECTS_BY_HOST:
        if host == suffix or host.endswith("." + suffix):
            return dialect
    return COMPATIBLE


def in_own_network(base_url: str) -> bool:
    """Whether no NAT is in between: a private address, or a name without a dot, as services of a compose file have.

    Not loopback: what listens there may be a tunnel to anywhere.
    """
    host = urlsplit(base_url).hostname or ""
    try:
        address = ip_address(host)
    except ValueError:
        return host != "localhost" and is_private(base_url)
    return address.is_private and not address.is_loopback
