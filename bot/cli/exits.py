"""With which code a failed command ends."""

from bot.config import EXIT_CONFIG
from bot.errors import (
    BadAudio,
    BadBackup,
    BadDocument,
    BotError,
    ConfigError,
    EngineError,
    FileError,
    LoginError,
    ModelAuth,
    OpusMissing,
    OutOfCredit,
    PartFailed,
    RateLimited,
    StartError,
    StoreError,
    Unreachable,
)

EXIT_CODES: tuple[tuple[type[BotError], int], ...] = (
    (ConfigError, EXIT_CONFIG),
    (OpusMissing, EXIT_CONFIG),
    (LoginError, 77),
    (StartError, 69),
    (BadBackup, 65),
    (StoreError, 74),
    (BadAudio, 65),
    (BadDocument, 65),
    (FileError, 65),
    (ModelAuth, 77),
    (OutOfCredit, 77),
    (Unreachable, 75),
    (RateLimited, 75),
    (PartFailed, 75),
    (EngineError, 69),
)
"""By sysexits.h: EX_CONFIG, EX_NOPERM, EX_UNAVAILABLE, EX_IOERR, EX_DATAERR, EX_TEMPFAIL; anything else is 1."""


def exit_code(error: BotError) -> int:
    """Return the code of the first kind that fits."""
    return next((code for kind, code in EXIT_CODES if isinstance(error, kind)), 1)
