"""Every reader of documents, fed with what is nearly a document: it raises nothing but BadDocument, and ends.

    ./dev pytest -m long -s -n 0 tests/files/documents/test_scale.py

`FUZZ_INPUTS` sets how many inputs each reader gets, `FUZZ_SECONDS` the processor time after which it gets no more.
"""

import os
import random
import time

import pytest

from bot.errors import BadDocument
from bot.files.documents.formats import read
from tests.files.documents import test_subtitles

INPUTS = int(os.environ.get("FUZZ_INPUTS", "200000"))
SECONDS = float(os.environ.get("FUZZ_SECONDS", "600"))
LONGEST_SECONDS = 5.0
"""Processor time of one small input: a reader that goes round in circles takes longer."""

PROSE = "Kikite hears everyone. See https://a.example/b?c=d [1] and (Smith, 2019). 聞き手は、聞きます。\n\n- 1\n- 2\n"
SUBTITLES = [getattr(test_subtitles, name) for name in ("SRT", "VTT", "ROLLING", "ASS", "TTML", "SAMI", "TIMED")]
MARKDOWN = [
    f"---\ntitle: Moon\n---\n# Moon\n\n{PROSE}\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```py\nx = 1\n```\n\n[^1]: note\n",
    "## References\n\n[1]: https://a.example\n\n<!-- no --><script>1</script><b>bold</b> *x* `y` {#id}\n\n> quoted\n",
]
ENCODINGS = [
    PROSE.encode(name)
    for name in ("utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-be", "shift_jis", "euc_jp", "iso2022_jp")
]
HTML = [
    "<!doctype html><html><head><title>T</title></head><body><nav>n</nav><h1>H</h1>"
    f"<p>{PROSE}</p><table><tr><td>1</table></body></html>"
]
LATEX = [
    "\\documentclass{article}\\title{T}\\newcommand{\\x}[1]{<#1>}\\begin{document}\\section{S} \\x{a} $x^2$ "
    "\\begin{itemize}\\item b\\end{itemize}\\cite{k}\\end{document}"
]
XML = '<?xml version="1.0"?>'
OTHERS = [
    "{\\rtf1\\ansi {\\b bold} \\u12354? {\\*\\x y} text\\par}",
    "From: a@b.example\nSubject: =?utf-8?q?T=C3=A9?=\nContent-Type: text/html; charset=utf-8\n\n<p>hello</p>\n",
    '{"cells":[{"cell_type":"markdown","source":["# T\\n","text"]},{"cell_type":"code","source":"x=1"}],"nbformat":4}',
    f'{XML}<rss version="2.0"><channel><title>T</title><item><title>I</title>'
    "<description>&lt;p&gt;d</description></item></channel></rss>",
    f'{XML}<opml version="2.0"><head><title>T</title></head><body><outline text="a"><outline text="b"/></outline>'
    "</body></opml>",
    f'{XML}<FictionBook xmlns="http://www.gribuser.ru/xml/fictionbook/2.0"><body><section><title><p>T</p></title><p>x</p>'
    "</section></body></FictionBook>",
]
SEEDS: dict[str, list[bytes]] = {
    "subtitles": [text.encode() for text in SUBTITLES],
    "Markdown and plain text": [text.encode() for text in MARKDOWN],
    "encodings": ENCODINGS,
    "markup removal": [text.encode() for text in (*MARKDOWN, *HTML)],
    "LaTeX": [text.encode() for text in LATEX],
    "HTML": [text.encode() for text in HTML],
    "RTF, mail, notebooks, feeds, outlines, books": [text.encode() for text in OTHERS],
}


@pytest.mark.filterwarnings("ignore")  # of libraries, about what the input looks like
@pytest.mark.parametrize("inputs", [40, pytest.param(INPUTS, marks=[pytest.mark.long, pytest.mark.timeout(0)])])
@pytest.mark.parametrize("kind", SEEDS)
def test_nothing_that_is_nearly_a_document_upsets_a_reader(kind: str, inputs: int) -> None:
    rng, aloud = random.Random(f"{kind}{inputs}"), kind == "markup removal"
    began, read_well, longest, done = time.process_time(), 0, 0.0, 0
    for _ in range(inputs):
        data, at = mutated(rng, SEEDS[kind]), time.process_time()
        if at - began > SECONDS:
            break
        try:
            read(data, rng.choice(["", "a.txt", "a.srt", "a.html"]), aloud=aloud)
            read_well += 1
        except BadDocument:
            pass
        except Exception as error:
            raise AssertionError(f"{type(error).__name__} for {data!r}") from error
        done += 1
        longest = max(longest, time.process_time() - at)
    seconds = time.process_time() - began
    print(
        f"{kind}: {done:,} of {inputs:,} inputs, {done / seconds:,.0f} a second of CPU, {read_well / done:.0%} read, "
        f"the slowest {longest * 1000:.0f} ms"
    )
    assert longest < LONGEST_SECONDS
    assert read_well


def mutated(rng: random.Random, seeds: list[bytes]) -> bytes:
    """Return one of the seeds, or two of them mixed, with a few pieces changed, moved, doubled or gone."""
    data = bytearray(rng.choice(seeds))
    if rng.random() < 0.2:
        other = rng.choice(seeds)
        data[rng.randrange(len(data)) :] = other[rng.randrange(len(other)) :]
    for _ in range(rng.randrange(1, 6)):
        begin = rng.randrange(len(data) + 1)
        end = min(len(data), begin + rng.choice([0, 1, 2, 5, 30]))
        piece = bytes(data[begin:end])
        match rng.randrange(6):
            case 0:
                data[begin:end] = rng.randbytes(rng.randrange(4))
            case 1:
                data[begin:begin] = piece * rng.randrange(1, 60)
            case 2:
                data[begin:end] = rng.choice(SIGNS)
            case 3:
                del data[begin:end]
            case 4:
                place = rng.randrange(len(data) + 1)
                data[place:place] = piece
            case _:
                del data[rng.randrange(len(data) + 1) :]
    return bytes(data)


SIGNS = [
    *(sign.encode() for sign in ("<", ">", "</", "&", "&#x110000;", "\\", "{", "}", "[", "](", "```", "-->", "\n\n")),
    *(sign.encode() for sign in ("\r", "\0", "*********", "\u202e", "\ufeff", "\\begin{", "{\\*")),
    *(b"\xff\xfe", b"\xed\xa0\x80", b"9" * 30, b"0:00:00.000 --> 99:99:99,999"),
]
