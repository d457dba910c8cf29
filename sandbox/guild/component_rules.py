"""The rules of message components: classic rows and Components V2.

Source: Discord's developer documentation, "Component Reference".
"""

from typing import Any

from sandbox.guild.components import SELECTS, C, walk
from sandbox.guild.fault import Form, Json

Path = list[str | int]

_TOP_V1 = (C.ROW,)
_IN_CONTAINER = (C.ROW, C.SECTION, C.TEXT, C.GALLERY, C.FILE, C.SEPARATOR)
_TOP_V2 = (*_IN_CONTAINER, C.CONTAINER)
_IN_MODAL = (C.ROW, C.LABEL, C.TEXT)
_IN_LABEL = (C.TEXT_INPUT, *SELECTS, C.FILE_UPLOAD)
MAX_COMPONENTS = 40
"""Of a V2 message, including nested components."""
MAX_DISPLAY_CHARACTERS = 4000
"""Of all text displays of a V2 message together."""


def check_message(form: Form, components: Any, *, v2: bool, files: set[str]) -> None:
    """Collect every fault of a message's components in `form`. `files`: names that attachment:// may refer to."""
    _Checker(form, files).message(components, v2)


def check_modal(form: Form, components: Any) -> None:
    """Collect every fault of a modal's components in `form`; paths begin at `data`."""
    _Checker(form, set()).modal(components)


class _Checker:
    def __init__(self, form: Form, files: set[str]) -> None:
        self.form = form
        self.files = files
        self.custom_ids: set[str] = set()
        self.ids: set[int] = set()

    def message(self, components: Any, v2: bool) -> None:
        path: Path = ["components"]
        if not v2 and not self.form.count(path, components, 0, 5):
            return
        if not self.each(path, components, _TOP_V2 if v2 else _TOP_V1) or not v2:
            return
        if sum(1 for _ in walk(components)) > MAX_COMPONENTS:
            self.form.add(
                path,
                "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
                f"Exceeded maximum total component count of {MAX_COMPONENTS}",
            )
        if (
            sum(len(str(item.get("content", ""))) for item in walk(components) if item.get("type") == C.TEXT)
            > MAX_DISPLAY_CHARACTERS
        ):
            self.form.add(
                path,
                "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
                f"The total displayable text size cannot exceed {MAX_DISPLAY_CHARACTERS}",
            )

    def modal(self, components: Any) -> None:
        path: Path = ["data", "components"]
        if self.form.count(path, components, 1, 5):
            self.each(path, components, _IN_MODAL, modal=True)

    def each(self, path: Path, components: Any, kinds: tuple[C, ...], *, modal: bool = False) -> bool:
        if not isinstance(components, list):
            self.form.add(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType.")
            return False
        passed = [self.one([*path, index], item, kinds, modal=modal) for index, item in enumerate(components)]
        return all(passed)

    def one(self, path: Path, node: Any, kinds: tuple[C, ...], *, modal: bool = False) -> bool:
        if not isinstance(node, dict):
            self.form.add(path, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
            return False
        kind = node.get("type")
        if kind not in kinds:
            allowed = ", ".join(str(int(item)) for item in kinds) + ("," if len(kinds) == 1 else "")
            self.form.add([*path, "type"], "UNION_TYPE_CHOICES", f'Value of field "type" must be one of ({allowed}).')
            return False
        identifier = node.get("id")
        if isinstance(identifier, int) and identifier > 0:
            if identifier in self.ids:
                self.form.add([*path, "id"], "COMPONENT_ID_DUPLICATED", "Component id cannot be duplicated")
            self.ids.add(identifier)
        rule = getattr(self, "_" + C(kind).name.lower(), None)
        if kind == C.ROW:
            self._row(path, node, modal)
        elif kind in SELECTS:
            self._select(path, node)
        elif rule is not None:
            rule(path, node)
        return True

    def _row(self, path: Path, node: Json, modal: bool) -> None:
        below = node.get("components")
        path = [*path, "components"]
        if not self.form.count(path, below, 1, 5) or below is None:
            return
        kinds = (C.TEXT_INPUT,) if modal else (C.BUTTON, *SELECTS)
        whole = self.each(path, below, kinds)
        if whole and len(below) > 1 and any(item["type"] != C.BUTTON for item in below):
            self.form.add(path, "COMPONENT_LAYOUT_WIDTH_EXCEEDED", "The specified component exceeds the maximum width")

    def _button(self, path: Path, node: Json) -> None:
        style = node.get("style")
        if style not in range(1, 7):
            self.form.choice([*path, "style"], (1, 2, 3, 4, 5, 6))
        elif style == 5:
            self._link(path, node)
        elif style == 6:
            if not node.get("sku_id"):
                self.form.required([*path, "sku_id"])
        else:
            self._custom_id(path, node)
            if node.get("url"):
                self.form.add(path, "BUTTON_COMPONENT_INVALID_URL", "A url and a custom id cannot both be specified")
        if style != 6 and not node.get("label") and not node.get("emoji"):
            self.form.add(path, "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED", "A label or an emoji must be specified")
        if node.get("label") is not None:
            self.form.length([*path, "label"], node["label"], 0, 80)

    def _link(self, path: Path, node: Json) -> None:
        url = node.get("url")
        if node.get("custom_id"):
            self.form.add(
                path,
                "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE",
                "A custom id and url cannot both be specified",
            )
        if not url:
            self.form.add(path, "BUTTON_COMPONENT_URL_REQUIRED", "A url is required")
        elif not isinstance(url, str) or not url.startswith(("http://", "https://", "discord://")):
            self.form.add(
                [*path, "url"],
                "URL_TYPE_INVALID_SCHEME",
                "Scheme is not supported. Scheme must be one of ('http', 'https', 'discord').",
            )
        else:
            self.form.length([*path, "url"], url, 1, 512)

    def _select(self, path: Path, node: Json) -> None:
        self._custom_id(path, node)
        if node.get("placeholder") is not None:
            self.form.length([*path, "placeholder"], node["placeholder"], 0, 150)
        low, high = node.get("min_values", 1), node.get("max_values", 1)
        if not isinstance(low, int) or not 0 <= low <= 25:
            self.form.add([*path, "min_values"], "NUMBER_TYPE_MAX", "int value should be between 0 and 25.")
        if not isinstance(high, int) or not 1 <= high <= 25:
            self.form.add([*path, "max_values"], "NUMBER_TYPE_MAX", "int value should be between 1 and 25.")
        if node["type"] != C.STRING_SELECT:
            return
        options = node.get("options")
        if not self.form.count([*path, "options"], options, 1, 25) or options is None:
            return
        if isinstance(high, int) and high > len(options):
            self.form.add(
                [*path, "max_values"], "NUMBER_TYPE_MAX", f"int value should be less than or equal to {len(options)}."
            )
        values: set[str] = set()
        for index, option in enumerate(options):
            place = [*path, "options", index]
            self.form.length([*place, "label"], option.get("label"), 1, 100)
            self.form.length([*place, "value"], option.get("value"), 1, 100)
            if option.get("description") is not None:
                self.form.length([*place, "description"], option["description"], 0, 100)
            if option.get("value") in values:
                self.form.add(
                    [*place, "value"],
                    "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
                    "The specified option value is already used",
                )
            values.add(str(option.get("value")))

    def _custom_id(self, path: Path, node: Json) -> None:
        path = [*path, "custom_id"]
        custom_id = node.get("custom_id")
        if not self.form.length(path, custom_id if custom_id is not None else "", 1, 100):
            return
        if custom_id in self.custom_ids:
            self.form.add(path, "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
        self.custom_ids.add(str(custom_id))

    def _text_input(self, path: Path, node: Json) -> None:
        self._custom_id(path, node)
        if node.get("style") not in (1, 2):
            self.form.choice([*path, "style"], (1, 2))
        if node.get("label") is not None:
            self.form.length([*path, "label"], node["label"], 1, 45)
        for key, high in (("placeholder", 100), ("value", 4000)):
            if node.get(key) is not None:
                self.form.length([*path, key], node[key], 0, high)

    def _file_upload(self, path: Path, node: Json) -> None:
        self._custom_id(path, node)

    def _label(self, path: Path, node: Json) -> None:
        self.form.length([*path, "label"], node.get("label"), 1, 45)
        if node.get("description") is not None:
            self.form.length([*path, "description"], node["description"], 0, 100)
        self.one([*path, "component"], node.get("component"), _IN_LABEL)

    def _section(self, path: Path, node: Json) -> None:
        if self.form.count([*path, "components"], node.get("components"), 1, 3):
            self.each([*path, "components"], node["components"], (C.TEXT,))
        if node.get("accessory") is None:
            self.form.required([*path, "accessory"])
        else:
            self.one([*path, "accessory"], node["accessory"], (C.BUTTON, C.THUMBNAIL))

    def _text(self, path: Path, node: Json) -> None:
        self.form.length([*path, "content"], node.get("content"), 1, MAX_DISPLAY_CHARACTERS)

    def _thumbnail(self, path: Path, node: Json) -> None:
        self._described(path, node, "media")

    def _gallery(self, path: Path, node: Json) -> None:
        if self.form.count([*path, "items"], node.get("items"), 1, 10):
            for index, item in enumerate(node["items"]):
                self._described([*path, "items", index], item, "media")

    def _file(self, path: Path, node: Json) -> None:
        url = (node.get("file") or {}).get("url", "")
        if not url.startswith("attachment://"):
            self.form.add(
                [*path, "file", "url"],
                "UNFURLED_MEDIA_ITEM_MUST_BE_ATTACHMENT",
                "File components must reference an attachment",
            )
        self._media([*path, "file"], node.get("file"))

    def _separator(self, path: Path, node: Json) -> None:
        if node.get("spacing", 1) not in (1, 2):
            self.form.choice([*path, "spacing"], (1, 2))

    def _container(self, path: Path, node: Json) -> None:
        below = node.get("components")
        if self.form.count([*path, "components"], below, 1, MAX_COMPONENTS):
            self.each([*path, "components"], below, _IN_CONTAINER)
        color = node.get("accent_color")
        if color is not None and (not isinstance(color, int) or not 0 <= color <= 0xFFFFFF):
            self.form.add(
                [*path, "accent_color"], "NUMBER_TYPE_MAX", "int value should be less than or equal to 16777215."
            )

    def _described(self, path: Path, node: Json, key: str) -> None:
        if node.get("description") is not None:
            self.form.length([*path, "description"], node["description"], 0, 1024)
        self._media([*path, key], node.get(key))

    def _media(self, path: Path, item: Any) -> None:
        url = item.get("url") if isinstance(item, dict) else None
        if not url:
            self.form.required([*path, "url"])
        elif url.startswith("attachment://"):
            if url.removeprefix("attachment://") not in self.files:
                self.form.add(
                    [*path, "url"],
                    "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND",
                    f'The referenced attachment "{url}" was not found',
                )
        elif not url.startswith(("http://", "https://")):
            self.form.add(
                [*path, "url"],
                "URL_TYPE_INVALID_SCHEME",
                "Scheme is not supported. Scheme must be one of ('http', 'https').",
            )
