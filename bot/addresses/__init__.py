"""What the address of a model's server says; pure."""

from ipaddress import ip_address
from urllib.parse import urlsplit

LOCAL = "local"
"""In place of a server's address: a child process of the bot, docs/engines.md."""
_OWN_SUFFIXES = (".localhost", ".local", ".internal", ".lan", ".home.arpa")
"""Names within a network: RFC 6761, 6762, 8375, and others in use."""


def is_private(url: str) -> bool:
    """Whether an address is of this machine or its network: LOCAL, loopback, a private IP, a name without a dot."""
    if url.strip().lower() == LOCAL:
        return True
    host = (urlsplit(url).hostname or "").rstrip(".")
    try:
        return not ip_address(host).is_global
    except ValueError:
        return bool(host) and ("." not in host or host.endswith(_OWN_SUFFIXES))
