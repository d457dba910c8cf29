"""Logs: structlog over the standard library, for people or as JSON, without secrets and people's words."""

import logging
import re
import sys
from collections.abc import Iterable
from typing import TextIO

import structlog
from pydantic import SecretStr
from structlog.typing import Processor

from bot.config import Settings, secret_names

REDACTED = "[redacted]"

_MIN_LEVELS = {
    # At DEBUG these log whole frames and bodies: voice keys, tokens, messages, names.
    "discord.gateway": logging.INFO,
    "discord.http": logging.INFO,
    "discord.voice_state": logging.INFO,
    "discord.webhook": logging.INFO,
    "openai": logging.INFO,
    "httpx": logging.WARNING,
    "httpx2": logging.WARNING,
    "httpcore": logging.WARNING,
    "httpcore2": logging.WARNING,
    "aiosqlite": logging.WARNING,
    "sqlalchemy": logging.WARNING,
    "alembic": logging.WARNING,
    "aiohttp": logging.WARNING,
    "asyncio": logging.INFO,
    "opentelemetry": logging.WARNING,
    "urllib3": logging.WARNING,
    # The SDK of tools ("client" is a part of it): tracebacks quote what a server sent, and so what people said.
    "mcp": logging.CRITICAL,
    "client": logging.CRITICAL,
}
"""Lowest level of loggers that would otherwise log secrets or words, whatever LOG_LEVEL says."""

_SECRET_PATTERNS = (
    # Discord tokens: base64 of the id, a time, a signature (Discord's developer docs, "Authentication")
    re.compile(r"\b[MNO][\w-]{22,27}\.[\w-]{6}\.[\w-]{25,45}"),
    re.compile(r"\b(?:sk|rk|pk)-[\w-]{16,}"),
    re.compile(r"(?i)(?<=\bBearer )[\w.~+/-]{8,}=*"),
    re.compile(r"(?i)(?<=\bBot )[\w.-]{20,}"),
    # op 4 and IDENTIFY: 'secret_key': [1, 2, …], "token": "…"
    re.compile(r"""(?i)(?<=secret_key)(\\*["'])?\s*[:=]\s*(\[[^\]]*\]|[^\s,}]+)"""),
    re.compile(r"""(?i)(?<=\btoken)(\\*["'])\s*:\s*(\\*["'])[^"']*["']"""),
    # the password of a DSN
    re.compile(r"(?<=://)[^\s/@:]*:[^\s/@]+(?=@)"),
)


class Redactor:
    """Replaces secrets in finished lines: those of the settings anywhere, others by pattern."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        values = sorted({part for value in secrets for part in (value, *value.split(",")) if len(part) >= 4}, key=len)
        self._values = re.compile("|".join(re.escape(value) for value in reversed(values))) if values else None

    @classmethod
    def of(cls, settings: Settings) -> "Redactor":
        values = (getattr(settings, name) for name in secret_names())
        secrets = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
        addresses = (value for _, value in settings if isinstance(value, str) and "://" in value)
        return cls([*secrets, *(password for address in addresses for password in _passwords(address))])

    def __call__(self, line: str) -> str:
        if self._values is not None:
            line = self._values.sub(REDACTED, line)
        for pattern in _SECRET_PATTERNS:
            line = pattern.sub(REDACTED, line)
        return line


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Renders, then redacts, so that tracebacks are redacted too."""

    def __init__(self, redact: Redactor, processors: list[Processor], shared: list[Processor]) -> None:
        super().__init__(processors=processors, foreign_pre_chain=shared)
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        return self._redact(super().format(record))


def configure(redact: Redactor, log_format: str = "auto", level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send all logs to `stream` (stderr); `log_format` is auto, console or json."""
    out = sys.stderr if stream is None else stream
    terminal = out is not None and out.isatty()
    as_json = log_format == "json" or (log_format == "auto" and not terminal)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    render: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if as_json:
        render += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    else:
        render.append(structlog.dev.ConsoleRenderer(colors=terminal, exception_formatter=structlog.dev.plain_traceback))
    handler = logging.StreamHandler(out)
    handler.setFormatter(_Formatter(redact, render, shared))
    logging.root.handlers = [handler]
    logging.root.setLevel(level)
    for name, lowest in _MIN_LEVELS.items():
        logging.getLogger(name).setLevel(max(lowest, logging.getLevelName(level)))
    logging.captureWarnings(True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _passwords(url: str) -> list[str]:
    match = re.search(r"://[^\s/@:]*:([^\s/@]+)@", url)
    return [match[1]] if match else []
