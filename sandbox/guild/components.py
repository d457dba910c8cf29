"""Trees of message components: types, walking, finding."""

from collections.abc import Iterator
from enum import IntEnum

from sandbox.guild.fault import Json


class C(IntEnum):
    """Component types."""

    ROW = 1
    BUTTON = 2
    STRING_SELECT = 3
    TEXT_INPUT = 4
    USER_SELECT = 5
    ROLE_SELECT = 6
    MENTIONABLE_SELECT = 7
    CHANNEL_SELECT = 8
    SECTION = 9
    TEXT = 10
    THUMBNAIL = 11
    GALLERY = 12
    FILE = 13
    SEPARATOR = 14
    CONTAINER = 17
    LABEL = 18
    FILE_UPLOAD = 19


SELECTS = (C.STRING_SELECT, C.USER_SELECT, C.ROLE_SELECT, C.MENTIONABLE_SELECT, C.CHANNEL_SELECT)


def walk(components: list[Json]) -> Iterator[Json]:
    """Yield every component depth first, including accessories and a label's component."""
    for component in components:
        yield component
        for key in ("components", "accessory", "component"):
            below = component.get(key)
            if isinstance(below, dict):
                yield from walk([below])
            elif isinstance(below, list):
                yield from walk([item for item in below if isinstance(item, dict)])


def text_of(components: list[Json]) -> str:
    """Return the content of the text displays, one per line."""
    return "\n".join(str(item.get("content", "")) for item in walk(components) if item.get("type") == C.TEXT)


def find(components: list[Json], custom_id: str) -> Json | None:
    return next((item for item in walk(components) if item.get("custom_id") == custom_id), None)


def numbered(components: list[Json]) -> list[Json]:
    """Return the tree with an `id` on every component, counting from 1 where none was given, as Discord answers."""
    taken = {item["id"] for item in walk(components) if isinstance(item.get("id"), int) and item["id"] > 0}
    free = (number for number in range(1, 10_000) if number not in taken)

    def number(node: Json) -> Json:
        given = node.get("id")
        result: Json = {"type": node["type"], "id": given if isinstance(given, int) and given > 0 else next(free)}
        for key, value in node.items():
            if key in ("type", "id"):
                continue
            if key in ("accessory", "component") and isinstance(value, dict):
                value = number(value)
            elif key == "components":
                value = [number(item) for item in value]
            result[key] = value
        return result

    return [number(item) for item in components]
