"""Files for people to take along, made to fit into a message."""

import gzip
import io

import discord


def exported_file(name: str, text: str, limit: int) -> discord.File:
    """Return a file as it is, or zipped where it is longer than `limit` bytes; text shrinks to about a fifth."""
    data = text.encode()
    if len(data) > limit:
        name, data = f"{name}.gz", gzip.compress(data, mtime=0)
    return discord.File(io.BytesIO(data), name)
