"""Takes what a model thinks out of what it says: marks in its text, cut anywhere by the stream; pure.

Reasoning models write their thoughts into the answer where the server does not part them: `<think>…</think>` and its
relatives, or the channels of gpt-oss (OpenAI Harmony response format), of which only `final` is the answer.
"""

import re
from enum import Enum, auto

MAX_MARK_CHARACTERS = 60
"""Held back while they may become a mark."""
MAX_THOUGHT_MARKS = 1000
"""Looked at in one answer; text with more is passed on as it is."""
MAX_HELD_PORTIONS = 20_000
"""Of text that may be a thought; a longer one is none."""
_MARK = re.compile(rf"<[^<>]{{1,{MAX_MARK_CHARACTERS}}}>|\[/?THINK\]|◁/?think▷")
_OPEN_END = re.compile(rf"(?:<[^<>]{{0,{MAX_MARK_CHARACTERS}}}|\[/?T?H?I?N?K?|◁/?t?h?i?n?k?)\Z")
_MARK_STARTS = re.compile(r"[<\[◁]")
_THOUGHT_NAMES = r"(?:\w{1,20}:)?(?:thinking|think|thoughts?|reasoning|reflection|analysis|scratchpad|inner_monologue)"
_THINKING = re.compile(
    rf"<\s*{_THOUGHT_NAMES}(?:\s[^>]*)?>|\[THINK\]|◁think▷|<\|channel>|"
    r"<\|(?:start|begin)_(?:of_)?think(?:ing)?\|>|<\|(?:start|begin)_of_thought\|>",
    re.IGNORECASE,
)
"""`<|channel>`: Gemma 4's, `◁think▷`: Kimi's; a name before a colon: Seed's."""
_THOUGHT = re.compile(
    rf"<\s*/\s*{_THOUGHT_NAMES}\s*>|\[/THINK\]|◁/think▷|<channel\|>|"
    r"<\|end_(?:of_)?think(?:ing)?\|>|<\|end_of_thought\|>",
    re.IGNORECASE,
)
_ANSWER = re.compile(r"</?(?:answer|response)>", re.IGNORECASE)
"""Around what follows the thoughts, in the models of Granite and of R1's kind."""
_HARMONY = re.compile(r"<\|(start|channel|message|end|return|call|constrain)\|>")


class _Mode(Enum):
    SAYING = auto()
    THINKING = auto()
    NAMING = auto()
    "the role, or the channel, of what follows"


class ThoughtFilter:
    """Takes text in any portions, returns what is said."""

    def __init__(self, *, thinks_first: bool = False) -> None:
        """`thinks_first`: text may be a thought that has not begun, so nothing is said until it ends, or the answer."""
        self.ended_unbegun = 0
        "thoughts that ended but had not begun: all text before such an end was thought"
        self.held = 0
        "characters that may be such a thought"
        self.thought = 0
        "characters of thoughts, which the server bills like words"
        self._mode = _Mode.SAYING
        self._held: list[str] | None = [] if thinks_first else None
        "what may be such a thought; None: nothing more may be one"
        self._rest = ""
        self._name = ""
        self._marks = 0
        self._thought = False
        "there was a thought"
        self._after_thought = False
        "the blank lines after a thought belong to it"

    def feed(self, text: str) -> str:
        """Return what is certainly said. When `ended_unbegun` grows, forget what was returned before."""
        if self._mode is _Mode.SAYING and not self._rest and not _MARK_STARTS.search(text):
            return self._hold(self._take(text))
        text, self._rest = self._rest + text, ""
        if self._marks < MAX_THOUGHT_MARKS and (
            tail := _OPEN_END.search(text, max(0, len(text) - MAX_MARK_CHARACTERS))
        ):
            text, self._rest = text[: tail.start()], text[tail.start() :]
        return self._hold(self._read(text))

    def end(self, *, cut: bool = False) -> str:
        """Return the rest. `cut`: more was to come, so what is held is not known to be said, and dropped."""
        text, self._rest = self._rest, ""
        said = self._take(text)
        if self._held is None:
            return said
        held, self._held = "".join(self._held), None
        if cut:
            return ""
        self.held = 0
        return held + said

    def _hold(self, said: str) -> str:
        """Keep what may still turn out to be a thought."""
        if self._held is None:
            return said
        if self._thought or self._mode is not _Mode.SAYING or len(self._held) >= MAX_HELD_PORTIONS:
            held, self._held = self._held, None
            self.held = 0
            if self.ended_unbegun:
                self.thought += sum(map(len, held))
                return said
            return "".join(held) + said
        self._held.append(said)
        self.held += len(said)
        return ""

    def _read(self, text: str) -> str:
        said: list[str] = []
        at = 0
        for mark in _MARK.finditer(text):
            if self._marks >= MAX_THOUGHT_MARKS:
                break
            said.append(self._take(text[at : mark.start()]))
            before = self.ended_unbegun
            said.append(self._turn(mark[0]))
            if self.ended_unbegun > before:
                self.thought += sum(map(len, said))
                said.clear()
            at = mark.end()
        said.append(self._take(text[at:]))
        return "".join(said)

    def _turn(self, mark: str) -> str:
        """Change the mode by a mark; return it if it is none."""
        if harmony := _HARMONY.fullmatch(mark):
            self._follow(harmony[1])
        elif _THINKING.fullmatch(mark):
            self._mode = _Mode.THINKING
        elif _THOUGHT.fullmatch(mark):
            self.ended_unbegun += self._mode is _Mode.SAYING
            self._mode, self._thought, self._after_thought = _Mode.SAYING, True, True
        elif self._thought and self._mode is _Mode.SAYING and _ANSWER.fullmatch(mark):
            pass
        else:
            return self._take(mark)
        self._marks += 1
        return ""

    def _follow(self, mark: str) -> None:
        match mark:
            case "start" | "channel":
                self._mode, self._name = _Mode.NAMING, ""
            case "message":
                thinks = self._name.lower().startswith(("analysis", "commentary"))
                self._mode, self._after_thought = _Mode.THINKING if thinks else _Mode.SAYING, True
            case "constrain":
                pass
            case _:
                self._mode = _Mode.SAYING

    def _take(self, text: str) -> str:
        if self._mode is _Mode.NAMING:
            self._name = (self._name + text)[:MAX_MARK_CHARACTERS].strip()
        if self._mode is not _Mode.SAYING:
            self.thought += len(text)
            return ""
        if self._after_thought:
            text = text.lstrip()
            self._after_thought = not text
        return text
