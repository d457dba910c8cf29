"""Files of exported data, small enough for a message."""

import gzip
import io

import discord


def exported_file(name: str, text: str, limit: int) -> discord.File:
    """Return a file; one of more than `limit` bytes is gzipped, which shrinks text to about a fifth."""
    data = text.encode()
    if len(data) > limit:
        name, data = f"{name}.gz", gzip.compress(data, mtime=0)
    return discord.File(io.BytesIO(data), name)
