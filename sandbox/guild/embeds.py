"""The limits of embeds (Discord's developer documentation, "Embed Limits")."""

from typing import Any

from sandbox.guild.fault import Form, Json

MAX_EMBED_CHARACTERS = 6000
"""Of all embeds of a message together."""


def check(form: Form, embeds: Any) -> None:
    """Collect every fault of a message's embeds in `form`."""
    if not form.count("embeds", embeds, 0, 10):
        return
    for index, embed in enumerate(embeds):
        path: list[str | int] = ["embeds", index]
        for key, high in (("title", 256), ("description", 4096)):
            if embed.get(key) is not None:
                form.length([*path, key], embed[key], 0, high)
        if (footer := embed.get("footer")) is not None:
            form.length([*path, "footer", "text"], footer.get("text"), 1, 2048)
        if (author := embed.get("author")) is not None:
            form.length([*path, "author", "name"], author.get("name"), 1, 256)
        fields = embed.get("fields") or []
        if form.count([*path, "fields"], fields, 0, 25):
            for number, field in enumerate(fields):
                form.length([*path, "fields", number, "name"], field.get("name"), 1, 256)
                form.length([*path, "fields", number, "value"], field.get("value"), 1, 1024)
    if sum(map(_size, embeds)) > MAX_EMBED_CHARACTERS:
        text = f"Embed size exceeds maximum size of {MAX_EMBED_CHARACTERS}"
        form.add("embeds", "MAX_EMBED_SIZE_EXCEEDED", text)


def _size(embed: Json) -> int:
    texts = [embed.get("title"), embed.get("description")]
    texts += [(embed.get("footer") or {}).get("text"), (embed.get("author") or {}).get("name")]
    for field in embed.get("fields") or []:
        texts += [field.get("name"), field.get("value")]
    return sum(len(text) for text in texts if isinstance(text, str))
