"""What the address of a model's server says; pure."""

from ipaddress import ip_address
from urllib.parse import urlsplit

LOCAL = "local"
"""In place of a server's address: a child process of the bot, docs/engines.md."""
_OWN_SUFFIXES = (".localhost", ".local", ".internal", ".lan", ".home.arpa", ".svc")
"""Names within a network: RFC 6761, 6762, 8375, and others in use, of Kubernetes among them.

Not `.ts.net`: a name of Tailscale may be public (Funnel), or of somebody else's machine.
"""


def is_private(url: str) -> bool:
    """Whether an address is of this machine or its network: LOCAL, loopback, a private IP, a name without a dot."""
    if url.strip().lower() == LOCAL:
        return True
    host = (urlsplit(url).hostname or "").rstrip(".")
    try:
        return not ip_address(host).is_global
    except ValueError:
        return bool(host) and ("." not in host or host.endswith(_OWN_SUFFIXES))


def address_fault(url: str) -> str | None:
    """Return what is wrong with the form of a server's address, without the address; None: nothing is."""
    if not url.startswith(("http://", "https://")):
        return "must start with http:// or https://"
    if not url.isprintable() or " " in url:
        return "contains a space or a line break"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "has a host or port that can't be"
    return None if host and port != 0 else "names no server after the //"
