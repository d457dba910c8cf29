"""A document -> what somebody wants to hear of it: no addresses, markup, references or code.

What is taken out here is never paid for. A question about a file keeps it all, for it may be about just that.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from bot.files.documents.closing import CLOSING_TITLE
from bot.files.documents.plain import FRONT_MATTER

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_UNHEARD = re.compile(
    r"data:[\w/+.-]+;base64,[A-Za-z0-9+/=]+"
    r"|(?:(?:https?|ftp)://|\bwww\.|\bmailto:)[!#-;=?-~]+(?<![.,;:!?)\]])"
    r"|\b(?:doi:\s*|(?<=\s))10\.\d{4,9}/[^\s,;]+(?<![.)])|\barXiv:\s*[\d.]+(?:v\d+)?(?:\s*\[[\w.-]+\])?"
    r"|\[\^[^\]\s]{1,30}\]|(?<![=(]\s)\[\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*\]|\[(?:edit|citation needed|要出典)\]"
    r"|\((?:(?:see|cf\.|e\.g\.,)\s+)?(?:[^\W\d_][^()\d]{1,60}?,?\s(?:19|20)\d\d[a-z]?(?:,\s*pp?\.\s*[\d–-]+)?(?:;\s*)?)+\)"
    r"|(?<![A-Za-z0-9+/])(?=[A-Za-z0-9+/]*\d)(?=[A-Za-z0-9+/]*[A-Z])[A-Za-z0-9+/]{60,}={0,2}|\b[0-9a-f]{32,}\b",
)
"""Addresses, identifiers, citations, encoded bytes."""
_TAG = re.compile(r"<!--.*?-->|<(script|style)\b.*?</\1>|</?[a-zA-Z][^<>]*>", re.DOTALL)
_DEFINITION_LABEL = re.compile(r"^\[[^\]]{1,60}\]:\s*(?:<\S+>|\S+://\S+|\S+\.\S+)\s*$", re.MULTILINE)
_FOOTNOTE_LABEL = re.compile(r"^\[\^[^\]\s]{1,30}\]:[ \t]*", re.MULTILINE)
"""Before the words of a footnote. Of a single word CommonMark makes the address of a link."""
_CODE_SIGN = re.compile(
    r"[{};=]\s*$|^\s*(?:def|class|import|from|for|if|while|return|function|var|let|const|\$|#include|<\w)\b|\w\(.*\)"
)
_ANY_LEVEL = 6
"""A title that is no heading ends with the next heading of any level."""
_TASK_BOX = re.compile(r"^\[[ xX]\]\s+|\s*\{#[\w-]+\}\s*$", re.MULTILINE)
"""Boxes of task lists, and ids of headings."""
_TIME_ALONE = re.compile(r"^\s*(?:\d{1,2}:)?\d{1,2}:\d{2}\s*$")
"""A line of a transcript that only tells the time."""
_EMPTY_BRACKETS = re.compile(r"\s*(?:\(\s*[,;]?\s*\)|\[\s*\]|（\s*）|<\s*>)")
_SPACE_BEFORE_STOP = re.compile(r"[ \t]+(?=[.,;:!?)\]])")


def for_listening(text: str) -> str:
    """Return the text of a Markdown document without what nobody wants read aloud."""
    tokens = _parser().parse(_FOOTNOTE_LABEL.sub("", FRONT_MATTER.sub("", text)))
    made = "\n".join(_blocks(_without_references(tokens)))
    return re.sub(r"\n{3,}", "\n\n", made).strip()


@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable("table")


def _without_references(tokens: "list[Token]") -> "Iterator[Token]":
    """Yield the tokens of all sections but those that list references."""
    closing = 0
    for number, token in enumerate(tokens):
        if token.level == 0 and token.type in ("heading_open", "paragraph_open"):
            level = int(token.tag[1]) if token.type == "heading_open" else _ANY_LEVEL
            if closing and level <= closing and token.type == "heading_open":
                closing = 0
            if not closing and CLOSING_TITLE.match(tokens[number + 1].content.strip("*_ ")):
                closing = level
        if not closing:
            yield token


def _blocks(tokens: "Iterator[Token]") -> Iterator[str]:
    """Yield the lines that are heard; an empty one ends a paragraph."""
    lists: list[int] = []
    "for each list that is open: the number of its next item; 0: bullets"
    prefix = ""
    cells: list[str] | None = None
    for token in tokens:
        match token.type:
            case "heading_open":
                prefix = "#" * int(token.tag[1]) + " "
            case "bullet_list_open":
                lists.append(0)
            case "ordered_list_open":
                lists.append(int(token.attrGet("start") or 1))
            case "bullet_list_close" | "ordered_list_close":
                lists.pop()
                if not lists:
                    yield ""
            case "list_item_open":
                prefix = "  " * (len(lists) - 1) + (f"{lists[-1]}. " if lists[-1] else "- ")
                lists[-1] += bool(lists[-1])
            case "tr_open":
                cells = []
            case "tr_close" if cells is not None:
                yield ", ".join(cell for cell in cells if cell)
                cells = None
            case "table_close":
                yield ""
            case "inline":
                words = _heard(_inline(token))
                if cells is not None:
                    cells.append(" ".join(words.split()))
                elif any(map(str.isalnum, words)):
                    yield prefix + words
                    if not lists:
                        yield ""
                prefix = ""
            case "code_block" if not _is_code(token.content):
                yield _heard(token.content.strip())
                yield ""
            case "html_block":
                words = _heard(_TAG.sub("", token.content).strip())
                if any(map(str.isalnum, words)):
                    yield words
                    yield ""
            case _:
                pass


def _inline(token: "Token") -> str:
    """Return the words of a paragraph: of links and pictures what they are called, of addresses nothing."""
    words = ""
    address = False
    for child in token.children or ():
        match child.type:
            case "text":
                words += "" if address else child.content
            case "softbreak" | "hardbreak":
                words += "\n"
            case "code_inline":
                words += child.content
            case "link_open":
                address = child.info == "auto"
            case "link_close":
                address = False
            case "image":
                words += child.content
            case _:
                pass
    return _TASK_BOX.sub("", _DEFINITION_LABEL.sub("", words))


def _heard(words: str) -> str:
    lines = (
        _EMPTY_BRACKETS.sub("", _UNHEARD.sub("", line)) for line in words.split("\n") if not _TIME_ALONE.match(line)
    )
    tidy = (_SPACE_BEFORE_STOP.sub("", re.sub(r"[ \t]{2,}", " ", line)).strip() for line in lines)
    return "\n".join(line for line in tidy if any(map(str.isalnum, line)))


def _is_code(text: str) -> bool:
    lines = [line for line in text.splitlines() if line.strip()]
    return sum(bool(_CODE_SIGN.search(line)) for line in lines) * 2 > len(lines)
