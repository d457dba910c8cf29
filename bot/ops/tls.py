"""Which certificate authorities the bot trusts: one TLS context for Discord and the model."""

import os
import ssl
from contextlib import suppress
from pathlib import Path


def tls_context(extra: Path | None) -> ssl.SSLContext:
    """Return a TLS context that trusts the system's authorities and those in the file `extra`, if it has any."""
    context = ssl.create_default_context()
    system = ssl.get_default_verify_paths().openssl_cafile
    for path in (system, extra):
        if path and os.path.exists(path):
            with suppress(OSError):  # includes ssl.SSLError
                context.load_verify_locations(path)
    return context
