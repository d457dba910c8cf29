"""The words of one answer, out of the fields that may hold them; pure."""

from typing import Any

from bot.engine.thoughts import ThoughtFilter
from bot.engine.written_calls import WrittenCalls

MAX_TEXT_CHARACTERS = 20_000
"""More than the longest spoken answer has."""


class AnswerText:
    """Text may come in two fields. The transcript is what is spoken, unless it only repeats the content."""

    def __init__(self, *, thinks_first: bool = False, calls: bool = False) -> None:
        """`thinks_first`: the content may begin with a thought that nothing marks as one.

        `calls`: the text may hold calls of tools.
        """
        self.text = ""
        self._filters = {"content": ThoughtFilter(thinks_first=thinks_first), "transcript": ThoughtFilter()}
        self._calls = {source: WrittenCalls() for source in self._filters}
        self._takes_calls = calls
        self._source: str | None = None
        "the field that the text comes from"
        self._repeated = ""
        "transcript that so far only repeats the content"
        self._ended_unbegun = 0
        self._unsaid = 0
        "characters that were passed on, and turned out to be a thought"

    @property
    def written(self) -> bool:
        """Whether the text is the content, not a transcript."""
        return self._source == "content"

    @property
    def thought_first(self) -> bool:
        """Whether it began with a thought that nothing marked as one."""
        return self._ended_unbegun > 0

    @property
    def unsaid(self) -> int:
        """How many characters came that were not passed on: of thoughts, and of what may be one, or a call."""
        held = sum(part.held for parts in (self._filters, self._calls) for part in parts.values())
        return held + self._unsaid + sum(part.thought for part in self._filters.values())

    @property
    def calls(self) -> list[dict[str, Any]]:
        """Calls of tools that were written into the text, as `delta.tool_calls` would have them."""
        return self._calls[self._source or "content"].found

    def feed(self, source: str, words: str) -> str:
        """Return what this adds to `text`."""
        return self._add(source, self._filters[source].feed(words))

    def end(self, *, cut: bool = False) -> str:
        """Return the rest. `cut`: more was to come, so what may be a thought is none of it."""
        return "".join(
            self._add(source, filter.end(cut=cut)) + self._keep(source, self._calls[source].end())
            for source, filter in self._filters.items()
        )

    def _add(self, source: str, words: str) -> str:
        if (ended := self._filters[source].ended_unbegun) > self._ended_unbegun:
            self._ended_unbegun = ended
            if source == self._source:
                self._unsaid += len(self.text)
                self.text = ""
            self._calls[source].drop()
        return self._keep(source, self._calls[source].feed(words) if self._takes_calls else words)

    def _keep(self, source: str, words: str) -> str:
        if not words:
            return ""
        if source == "transcript" and self._source == "content":
            words = self._repeated = (self._repeated + words)[:MAX_TEXT_CHARACTERS]
            if self.text.strip().startswith(words.strip()):
                return ""
            self._source = source
        self._source = self._source or source
        words = _clean(words)[: MAX_TEXT_CHARACTERS - len(self.text)]
        if source != self._source:
            return ""
        self.text += words
        return words


def _clean(words: str) -> str:
    """Drop what databases and Discord reject: NUL and unpaired surrogates."""
    return words.replace("\0", "").encode("utf-8", "ignore").decode()
