"""Which certificate authorities the bot trusts: one TLS context for Discord and the model."""

import os
import ssl
from contextlib import suppress


def tls_context() -> ssl.SSLContext:
    """Return a TLS context that trusts the system's authorities and those in SSL_CERT_FILE."""
    context = ssl.create_default_context()
    system = ssl.get_default_verify_paths().openssl_cafile
    for path in (system, os.environ.get("SSL_CERT_FILE")):
        if path and os.path.exists(path):
            with suppress(OSError):  # includes ssl.SSLError
                context.load_verify_locations(path)
    return context
