"""Takes the calls of tools out of a text: where a server does not part them, models write them into the answer; pure.

`<tool_call>{"name": …, "arguments": {…}}</tool_call>` is how the models of Hermes' and Qwen's kind do that.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

MAX_WRITTEN_CALL_CHARACTERS = 16_384
"""A longer one is passed on as it is."""
_WRITTEN_CALL_BEGIN = re.compile(r"<(?:tool_call|function_call)>")
_WRITTEN_CALL_END = re.compile(r"</(?:tool_call|function_call)>\s*")
_WRITTEN_CALL_MARKS = ("<tool_call>", "<function_call>")
_LONGEST_CALL_MARK = max(map(len, _WRITTEN_CALL_MARKS))
_LONGEST_CALL_END = _LONGEST_CALL_MARK + 1


class WrittenCalls:
    """Takes text in any portions, returns what is no call."""

    def __init__(self) -> None:
        self.found: list[dict[str, Any]] = []
        "as `delta.tool_calls` would have them"
        self._rest = ""
        "from what may be the beginning of a call on"
        self._after_call = False
        "the blank lines after a call belong to it"

    @property
    def held(self) -> int:
        """How many characters may be a call."""
        return len(self._rest)

    def feed(self, text: str) -> str:
        """Return what is certainly said."""
        if self._after_call:
            text = text.lstrip()
            self._after_call = not text
        if not self._rest and "<" not in text:
            return text
        looked_at = max(0, len(self._rest) - _LONGEST_CALL_END)
        text, self._rest = self._rest + text, ""
        said: list[str] = []
        while begin := _WRITTEN_CALL_BEGIN.search(text):
            said.append(text[: begin.start()])
            text = text[begin.start() :]
            end = _WRITTEN_CALL_END.search(text, looked_at)
            if end is None:
                break
            taken = self._take(text[: end.start()])
            if not taken:
                said.append(text[: end.end()])
            text, looked_at = text[end.end() :], 0
            self._after_call = taken and not text
        held = self._held(text)
        said.append(text[:held])
        self._rest = text[held:]
        return "".join(said)

    def end(self) -> str:
        """Return the rest. A call whose end was left out is one, too."""
        text, self._rest = self._rest, ""
        return "" if _WRITTEN_CALL_BEGIN.match(text) and self._take(text) else text

    def drop(self) -> None:
        """All before was a thought."""
        self._rest = ""
        self.found.clear()

    def _held(self, text: str) -> int:
        """Return from where on a text may become a call."""
        if _WRITTEN_CALL_BEGIN.match(text):
            return 0 if len(text) <= MAX_WRITTEN_CALL_CHARACTERS else len(text)
        at = text.rfind("<", max(0, len(text) - _LONGEST_CALL_MARK))
        return at if at >= 0 and any(mark.startswith(text[at:]) for mark in _WRITTEN_CALL_MARKS) else len(text)

    def _take(self, text: str) -> bool:
        """Read a call that begins with its mark; False: it is none."""
        try:
            call = json.loads(_WRITTEN_CALL_BEGIN.sub("", text, count=1))
        except (ValueError, RecursionError):
            return False
        if not isinstance(call, Mapping) or not isinstance(call.get("name"), str):
            return False
        arguments = call.get("arguments", call.get("parameters", {}))
        function = {"name": call["name"], "arguments": arguments}
        self.found.append({"id": f"written_{len(self.found)}", "function": function})
        return True
