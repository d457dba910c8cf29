"""Raised and lowered words, and formulas, become text that says the same, whatever the format."""

import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] # it has no types

from bot.files.documents.formats import read
from bot.files.documents.formulas import linear
from bot.files.documents.raised import raised, with_fractions
from tests.files.documents.packages import docx, epub, odt, p, pptx, run


@pytest.mark.parametrize(
    ("before", "words", "text"),
    [
        *(("x", "2", "²"), ("10", "-3", "⁻³"), ("10", "\u22123", "⁻³"), ("x", "n", "ⁿ"), ("x", "n+1", "ⁿ⁺¹")),
        *(("e", "x", "^x"), ("e", "x+1", "^(x+1)"), ("e", "2x", "^(2x)"), ("word", "1, 2", "¹, ²")),
        *(("1", "st", "st"), ("2", "e", "e"), ("N", "o", "o"), ("M", "me", "me"), ("Acme", "TM", "TM")),
        *((" word", mark, mark) for mark in ("[1]", "[2, 3]", "a)", "(b)", "a,b", "1,*", "st.")),
        *(("word", "[3]", "[3]"), ("Doe", "a,b", "a,b"), ("Doe", "1,*", "1,*"), ("e", "-x", "^(-x)")),
        *(("word", "*", "*"), ("word", " ", " "), ("word", "a whole raised sentence", "a whole raised sentence")),
    ],
)
def test_what_is_raised_is_a_power_or_part_of_its_word(before: str, words: str, text: str) -> None:
    assert raised(words, before) == text


@pytest.mark.parametrize(
    ("text", "level"),
    [("¹/₂ or ³⁄₄", "1/2 or 3/4"), ("3¹/₂ and 1¹⁄2", "3 1/2 and 1 1/2"), ("x²/2 and 10²/5", "x²/2 and 10²/5")],
)
def test_fractions_are_level(text: str, level: str) -> None:
    assert with_fractions(text) == level


def word(text: str, place: str) -> str:
    return run(text, f'<w:vertAlign w:val="{place}"/>')


def slide(*runs: tuple[str, int]) -> str:
    words = "".join(f"<a:r><a:rPr baseline='{place}'/><a:t>{text}</a:t></a:r>" for text, place in runs)
    return f"<p:sp><p:nvSpPr/><p:txBody><a:p>{words}</a:p></p:txBody></p:sp>"


def style(name: str, position: str) -> str:
    place = f"<style:text-properties style:text-position='{position} 58%'/>"
    return f"<style:style style:name='{name}' style:family='text'>{place}</style:style>"


SPAN = "<text:span text:style-name='{}'>{}</text:span>".format
HTML = "<html><body><p>x<sup>2</sup>, H<sub>2</sub>O, 3<sup>1</sup>/<sub>2</sub>, 1<sup>st</sup></p></body></html>"
IN_WORD = run("x") + word("2", "superscript") + run(", H") + word("2", "subscript") + run("O, 3")
IN_WORD += word("1", "superscript") + run("/") + word("2", "subscript") + run(", 1") + word("st", "superscript")
IN_STYLE = run("x") + run("2", '<w:rStyle w:val="Up"/>')
UP = '<w:style w:type="character" w:styleId="Up"><w:rPr><w:vertAlign w:val="superscript"/></w:rPr></w:style>'
ALL = "x², H2O, 3 1/2, 1st"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (HTML.encode(), ALL),
        (epub("T", {"a": HTML[12:-14]}, ["a"]), ALL),
        (docx(p(IN_WORD)), ALL),
        (docx(p(IN_STYLE), styles=UP), "x²"),
        (
            odt(
                f"<text:p>x{SPAN('S', '2')}, H{SPAN('B', '2')}O, 3{SPAN('S', '1')}/{SPAN('B', '2')}, 1{SPAN('S', 'st')}"
                "</text:p>",
                styles=style("S", "super") + style("B", "-33%"),
            ),
            ALL,
        ),
        (pptx(slide(("x", 0), ("2", 30_000), (", H", 0), ("2", -25_000), ("O", 0))), "x², H2O"),
        (rb"{\rtf1\ansi x{\super 2}, y\super 3\nosupersub , H{\sub 2}O, 1{\fs16\super st}\par}", "x², y³, H2O, 1st"),
        (
            rb"\documentclass{article}\begin{document}m\textsuperscript{2}, 1\textsuperscript{st}\end{document}",
            "m², 1st",
        ),
        (b"<article xmlns='http://docbook.org/ns/docbook'><para>x<superscript>2</superscript></para></article>", "x²"),
    ],
    ids=["html", "epub", "docx", "docx style", "odt", "pptx", "rtf", "latex", "docbook"],
)
def test_every_format_tells_what_is_raised(data: bytes, text: str) -> None:
    assert read(data).text == text


OMML = "xmlns:m='http://schemas.openxmlformats.org/officeDocument/2006/math'"
MATHML = "xmlns='http://www.w3.org/1998/Math/MathML'"


def m(name: str, *parts: str) -> str:
    return f"<m:{name}>{''.join(parts)}</m:{name}>"


def r(text: str) -> str:
    return m("r", m("rPr"), m("t", text))


SUM = m("nary", "<m:naryPr><m:chr m:val='∑'/></m:naryPr>", m("sub", r("i=1")), m("sup", r("n")), m("e", r("i")))


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (m("f", m("fPr"), m("num", r("a+b")), m("den", r("2"))), "(a+b)/2"),
        (m("sSup", m("e", r("x")), m("sup", r("2"))) + r("+1"), "x²+1"),
        (m("sSubSup", m("e", r("x")), m("sub", r("1")), m("sup", r("2"))), "x₁²"),
        (m("rad", m("deg", r("3")), m("e", r("a+b"))), "³√(a+b)"),
        (m("rad", m("deg"), m("e", r("2"))), "√2"),
        (m("d", m("dPr"), m("e", r("a")), m("e", r("b"))), "(a|b)"),
        (m("func", m("fName", r("sin")), m("e", r("x"))), "sin x"),
        (SUM, "∑_(i=1)ⁿ i"),
    ],
)
def test_formulas_of_word_are_one_line(formula: str, text: str) -> None:
    assert linear(etree.fromstring(f"<m:oMath {OMML}>{formula}</m:oMath>")) == text
    whole = docx(p(f"{run('So ')}<m:oMath {OMML}>{formula}</m:oMath>{run('.')}"))
    assert read(whole).text == f"So {text}."


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("<mfrac><mn>1</mn><mn>2</mn></mfrac><mo>+</mo><msup><mi>x</mi><mn>2</mn></msup>", "1/2+x²"),
        ("<msqrt><mi>a</mi><mo>+</mo><mi>b</mi></msqrt>", "√(a+b)"),
        ("<mroot><mi>a</mi><mn>3</mn></mroot>", "³√a"),
        ("<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></munderover>", "∑_(i=1)ⁿ"),
        ("<semantics><mi>E</mi><annotation>\\E</annotation></semantics>", "E"),
        ("<mi>f</mi><mo>&#x2061;</mo><mfenced><mi>x</mi><mi>y</mi></mfenced>", "f(x,y)"),
    ],
)
def test_formulas_of_pages_are_one_line(formula: str, text: str) -> None:
    page = f"<html><body><p>So <math {MATHML}>{formula}</math>.</p></body></html>"
    assert read(page.encode()).text == f"So {text}."
