"""Captions as messages: lines in the order in which people began, a new message when one is full; pure."""

from bot.chat import escape
from bot.types import Caption

MAX_PAGE_CHARACTERS = 1_900
"""Discord allows 2,000 in a message."""
MAX_PAGE_LINES = 12
MAX_CAPTION_CHARACTERS = 800
"""Of somebody's words; 30 s of speech have half as many."""
MAX_PAGES = 30
"""Kept while Discord cannot be reached; beyond it the oldest are lost."""


class CaptionPage:
    """One message."""

    def __init__(self) -> None:
        self.lines: dict[int, Caption] = {}
        "by utterance id"

    @property
    def text(self) -> str:
        return "\n".join(map(line, self.lines.values()))

    @property
    def settled(self) -> bool:
        """Whether none of its lines will change."""
        return all(caption.final for caption in self.lines.values())

    def withdraw(self, user_id: int, text: str) -> None:
        """Take away a person's lines that are not final, or not in `text`, which is shown."""
        shown = text.split("\n")
        self.lines = {
            number: caption
            for number, caption in self.lines.items()
            if caption.user_id != user_id or (caption.final and line(caption) in shown)
        }

    def without(self, text: str) -> str:
        """Take away the lines that `text` had, and return the rest."""
        shown = text.split("\n")
        self.lines = {number: caption for number, caption in self.lines.items() if line(caption) not in shown}
        return self.text


class CaptionPages:
    """The messages of one reader: the last one is live, those before it are full."""

    def __init__(self) -> None:
        self.pages: list[CaptionPage] = [CaptionPage()]
        self.dropped = 0
        "pages that were lost"

    def show(self, caption: Caption) -> None:
        """Put a line where it is, or below the others; one that was put right only where it is."""
        page = self._page_of(caption.utterance_id)
        if page is None:
            if caption.corrected:
                return
            page = self.pages[-1]
        elif page.lines[caption.utterance_id].final and not caption.final:
            return
        page.lines[caption.utterance_id] = caption
        if len(page.lines) > MAX_PAGE_LINES or len(page.text) > MAX_PAGE_CHARACTERS:
            self._turn(page)

    def has(self, utterance_id: int) -> bool:
        """Whether the line of an utterance can still be changed."""
        return self._page_of(utterance_id) is not None

    def drop(self, utterance_id: int) -> None:
        """Take a line away that is not final."""
        page = self._page_of(utterance_id)
        if page and not page.lines[utterance_id].final:
            del page.lines[utterance_id]

    def forget(self, user_id: int) -> None:
        """Take a person's lines away."""
        for page in self.pages:
            page.lines = {number: caption for number, caption in page.lines.items() if caption.user_id != user_id}

    def cut(self) -> None:
        """Take all words away; what is shown stays."""
        for page in self.pages:
            page.lines = {}
        self.pages = [CaptionPage()]

    def done(self, page: CaptionPage) -> None:
        """A page is shown and settled: only the last is kept."""
        if page in self.pages[:-1]:
            self.pages.remove(page)

    def _page_of(self, utterance_id: int) -> CaptionPage | None:
        return next((page for page in self.pages if utterance_id in page.lines), None)

    def _turn(self, page: CaptionPage) -> None:
        """Begin a new page with the lines that do not fit, and with those that still change."""
        moved = {number: caption for number, caption in page.lines.items() if not caption.final}
        if not moved or len(moved) == len(page.lines):
            last = next(reversed(page.lines))
            moved = {last: page.lines[last]}
        if page is not self.pages[-1]:
            following = self.pages[self.pages.index(page) + 1]
        else:
            following = CaptionPage()
            self.pages.append(following)
        for number in moved:
            following.lines[number] = page.lines.pop(number)
        if len(self.pages) > MAX_PAGES:
            del self.pages[0]
            self.dropped += 1


def line(caption: Caption) -> str:
    """Return a line; while it still changes it ends in dots, and in a pencil if its speaker put it right."""
    words = escape.escape(caption.text, MAX_CAPTION_CHARACTERS)
    return f"**{escape.name(caption.name)}** {words}{'' if caption.final else ' …'}{' ✎' if caption.corrected else ''}"
