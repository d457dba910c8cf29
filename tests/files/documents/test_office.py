"""Office documents, books, web pages and notebooks become Markdown, with nothing lost that people see."""

import json

import pytest

from bot.errors import LockedDocument
from bot.files.documents.formats import read
from tests.files.documents.packages import docx, epub, odt, p, pptx, run, shape

NUMBERING = (
    '<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/><w:lvlText w:val="•"/></w:lvl>'
    '<w:lvl w:ilvl="1"><w:numFmt w:val="bullet"/><w:lvlText w:val="o"/></w:lvl></w:abstractNum>'
    '<w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>'
    '</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    '<w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>'
)


def item(text: str, level: int = 0, number: int = 1) -> str:
    return p(text, more=f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>')


def word(body: str, **parts: str) -> str:
    return read(docx(body, **parts), "a.docx").text


def test_word_keeps_furigana_behind_their_word() -> None:
    ruby = f"<w:r><w:ruby><w:rt>{run('かいぎ')}</w:rt><w:rubyBase>{run('会議')}</w:rubyBase></w:ruby></w:r>"
    assert word(p(ruby + run("は九時です。"))) == "会議（かいぎ）は九時です。"


def test_word_is_read_as_if_all_changes_were_accepted() -> None:
    body = p(
        run("It is ") + f'<w:ins w:id="1">{run("very ")}</w:ins>'
        '<w:del w:id="2"><w:r><w:delText>hardly </w:delText></w:r></w:del>' + run("green.")
    )
    moved = p(f'<w:moveFrom w:id="3">{run("Moved.")}</w:moveFrom>') + p(
        f'<w:moveTo w:id="4">{run("Moved.")}</w:moveTo>'
    )
    assert word(body + moved + p(run("Seen.") + run("hidden", "<w:vanish/>"))) == "It is very green.\n\nMoved.\n\nSeen."


def test_word_keeps_hyphens_that_do_not_break_and_lines_that_do() -> None:
    number = "<w:t>090</w:t><w:noBreakHyphen/><w:t>1234</w:t>"
    assert word(p(f"<w:r>{number}<w:cr/><w:t>or mail</w:t></w:r>")) == "090-1234\nor mail"
    assert word(p("<w:r><w:t>left</w:t><w:ptab w:alignment='right'/><w:t>right</w:t></w:r>")) == "left right"


@pytest.mark.parametrize(
    ("style", "name"), [("Heading2", "heading 2"), ("berschrift2", "Heading 2"), ("22", "heading 2")]
)
def test_word_headings_are_known_in_every_language(style: str, name: str) -> None:
    styles = f'<w:style w:type="paragraph" w:styleId="{style}"><w:name w:val="{name}"/></w:style>'
    assert word(p("A Part", style) + p("Words."), styles=styles) == "## A Part\n\nWords."


def test_word_lists_tables_links_and_footnotes_are_markdown() -> None:
    body = item("first") + item("nested", 1) + item("one", number=2) + item("two", number=2)
    assert word(body, numbering=NUMBERING) == "- first\n  - nested\n\n1. one\n2. two"
    rows = "".join(
        f"<w:tr>{''.join(f'<w:tc>{p(cell)}</w:tc>' for cell in row)}</w:tr>"
        for row in (("Month", "Rain"), ("May", "12"))
    )
    assert word(p("See") + f"<w:tbl>{rows}</w:tbl>") == "See\n\n| Month | Rain |\n| --- | --- |\n| May | 12 |"
    link = f'<w:hyperlink r:id="site">{run("the site")}</w:hyperlink>'
    note = '<w:r><w:footnoteReference w:id="7"/></w:r>'
    notes = f'<w:footnote w:id="7">{p(run("A note below."))}</w:footnote>'
    found = word(p(run("See ") + link + note + run(".")), footnotes=notes)
    assert found == "See [the site](https://example.org/x)[^1].\n\n[^1]: A note below."


def test_word_lists_that_only_their_styles_number_keep_their_marks() -> None:
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="{key}"><w:name w:val="{name}"/>{more}</w:style>'
        for key, name, more in (
            ("A", "List Bullet", '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr>'),
            ("B", "List Bullet 2", '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr>'),
            ("C", "List Number", '<w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="2"/></w:numPr></w:pPr>'),
            ("D", "Mine", '<w:basedOn w:val="C"/>'),
            ("H", "heading 1", '<w:pPr><w:numPr><w:numId w:val="2"/></w:numPr></w:pPr>'),
        )
    )
    body = p("Do", "H") + p("dig", "A") + p("deep", "B") + p("one", "C") + p("two", "D")
    body += p("none", "A", '<w:numPr><w:numId w:val="0"/></w:numPr>')
    found = word(body, styles=styles, numbering=NUMBERING)
    assert found == "# Do\n\n- dig\n  - deep\n\n1. one\n2. two\n\nnone"


def test_further_paragraphs_of_an_item_in_word_have_no_mark() -> None:
    shapes = "".join(
        f'<w:abstractNum w:abstractNumId="{key}"><w:lvl w:ilvl="0"><w:numFmt w:val="{kind}"/>'
        f'<w:lvlText w:val="{text}"/></w:lvl></w:abstractNum>'
        for key, kind, text in ((0, "decimal", "%1."), (1, "bullet", " "))
    )
    uses = "".join(f'<w:num w:numId="{key}"><w:abstractNumId w:val="{key}"/></w:num>' for key in (0, 1))
    body = item("Pour.", number=0) + item("Wait.", number=1) + item("Drink.", number=0)
    assert word(body, numbering=shapes + uses) == "1. Pour.\n\nWait.\n\n2. Drink."
    body = body.replace('<w:ilvl w:val="0"/><w:numId w:val="1"/>', '<w:numId w:val="1"/>')
    assert word(body, numbering=shapes + uses) == "1. Pour.\n\nWait.\n\n2. Drink.", "no level is the outermost"


def test_items_of_a_list_in_a_cell_keep_their_marks() -> None:
    found = word(table((p("Do"), item("dig") + item("sow")), (p("in"), item("one", number=2))), numbering=NUMBERING)
    assert found == "| Do | - dig - sow |\n| --- | --- |\n| in | 1. one |"


def test_word_text_boxes_are_read_once() -> None:
    box = p("In a box.")
    choice = f'<mc:Choice Requires="wps"><w:drawing><w:txbxContent>{box}</w:txbxContent></w:drawing></mc:Choice>'
    fallback = f"<mc:Fallback><w:pict><w:txbxContent>{box}</w:txbxContent></w:pict></mc:Fallback>"
    found = word(p(f"<w:r><mc:AlternateContent>{choice}{fallback}</mc:AlternateContent></w:r>"))
    assert found == "In a box."


def test_signs_of_markup_in_word_stay_signs() -> None:
    assert word(p("a &lt; b &amp; c &gt; d")) == "a < b & c > d"


def test_opendocument_keeps_what_people_see() -> None:
    body = (
        "<text:tracked-changes><text:changed-region text:id='c1'><text:deletion><office:change-info>"
        "<dc:creator>a</dc:creator><dc:date>2024-01-01T00:00:00</dc:date></office:change-info>"
        "<text:p>deleted</text:p></text:deletion></text:changed-region></text:tracked-changes>"
        "<text:h text:outline-level='1'>The Garden</text:h><text:p>It is well-known<text:change text:change-id='c1'/>"
        "<text:note text:note-class='footnote' text:id='f1'><text:note-citation>1</text:note-citation><text:note-body>"
        "<text:p>A note below.</text:p></text:note-body></text:note>.</text:p>"
        "<text:p><text:ruby><text:ruby-base>会議</text:ruby-base><text:ruby-text>かいぎ</text:ruby-text></text:ruby>"
        "は九時です。<office:annotation><text:p>a comment</text:p></office:annotation></text:p>"
    )
    expected = "# The Garden\n\nIt is well-known[^1].\n\n会議（かいぎ）は九時です。\n\n[^1]: A note below."
    assert read(odt(body), "a.odt").text == expected


def test_pictures_in_word_leave_no_marks() -> None:
    shown = '<w:drawing><x:docPr xmlns:x="urn:x" id="1" descr="A pond &lt; a sea"/></w:drawing>'
    assert word(p(run("before ") + f"<w:r>{shown}</w:r>" + run("after"))) == "before after"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<text:p>{}Around it.</text:p>", "Around it.\n\nIn a box.\n\nMore."),
        ("{}<text:p>Text.</text:p>", "In a box.\n\nMore.\n\nText."),
    ],
)
def test_boxes_of_opendocument_are_paragraphs_of_their_own(body: str, text: str) -> None:
    box = "<draw:text-box><text:p>In a box.</text:p><text:p>More.</text:p></draw:text-box>"
    assert read(odt(body.format(f"<draw:frame>{box}</draw:frame>")), "a.odt").text == text


def test_templates_of_texts_are_read_like_texts() -> None:
    body = "<text:h text:outline-level='1'>Rain</text:h><text:p>It fell.</text:p>"
    assert read(odt(body, "text-template"), "a.ott").text == "# Rain\n\nIt fell."


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("<mi>E</mi><mo>=</mo><mi>m</mi>", "E=m"),
        ("<msqrt><mi>h</mi></msqrt><mo>=</mo><msup><mi>m</mi><mn>2</mn></msup>", "√h=m²"),
        ("<semantics><mi>E</mi><annotation encoding='StarMath 5.0'>E = m</annotation></semantics>", "E = m"),
    ],
)
def test_formulas_of_opendocument_stand_where_they_were(formula: str, text: str) -> None:
    body = "<text:p>So <draw:frame><draw:object xlink:href='./F'/></draw:frame> holds.</text:p>"
    part = f"<math xmlns='http://www.w3.org/1998/Math/MathML'>{formula}</math>"
    assert read(odt(body, F=part), "a.odt").text == f"So {text} holds."


@pytest.mark.parametrize(
    ("levels", "text"),
    [
        ("<text:list-level-style-bullet text:level='1' text:bullet-char='•'/>", " - Pour.\n    Wait.\n - Drink."),
        ("<text:list-level-style-bullet text:level='1' text:bullet-char=' '/>", "    Pour.\n    Wait.\n    Drink."),
    ],
)
def test_further_paragraphs_of_an_item_in_opendocument_have_no_mark(levels: str, text: str) -> None:
    styles = (
        f"<text:list-style style:name='L'>{levels}</text:list-style>"
        "<style:style style:name='P' style:family='paragraph' style:list-style-name='L'/>"
    )
    one = "<text:p text:style-name='P'>{}</text:p>".format
    body = "".join(
        f"<text:list-item>{words}</text:list-item>" for words in (one("Pour.") + one("Wait."), one("Drink."))
    )
    found = read(odt(f"<text:list text:style-name='L'>{body}</text:list>", styles=styles), "a.odt").text
    assert found == text.strip()


def test_the_title_of_an_opendocument_text_is_a_heading() -> None:
    style = "<style:style style:name='P1' style:family='paragraph' style:parent-style-name='Title'/>"
    body = "<text:p text:style-name='P1'>Rain</text:p><text:p>It fell.</text:p>"
    assert read(odt(body, styles=style), "a.odt").text == "# Rain\n\nIt fell."


def test_slides_of_opendocument_have_titles_lists_and_tables_and_none_that_is_hidden() -> None:
    row = "<table:table-row>{}</table:table-row>".format
    cells = "".join(f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>" for cell in ("May", "12"))
    box = "<draw:frame presentation:class='{}'><draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame>".format
    slide = (
        f"<draw:page draw:style-name='{{}}'>{box('page-number', '7')}"
        "<draw:g><draw:custom-shape><text:p>in a group</text:p></draw:custom-shape></draw:g>"
        f"{box('title', '{}')}<draw:frame><table:table>{'<table:table-column/>' * 2}{row(cells) * 2}</table:table>"
        "</draw:frame></draw:page>"
    )
    styles = (
        "<style:style style:name='out'><style:drawing-page-properties presentation:visibility='hidden'/></style:style>"
    )
    found = read(odt(slide.format("", "Rain") + slide.format("out", "Secret"), "presentation", styles), "a.odp").text
    assert found == "# Rain\n\nin a group\n\n| May | 12 |\n|-----|----|\n| May | 12 |"


def test_a_book_is_read_in_the_order_of_its_spine() -> None:
    book = epub("The Tale", {"b": "<h1>Two</h1><p>End.</p>", "a": "<h1>One</h1><p>Begin.</p>"}, ["a", "b"])
    found = read(book, "x.epub")
    assert (found.title, found.text) == ("The Tale", "# One\n\nBegin.\n\n# Two\n\nEnd.")
    assert found.outline == ("Chapter a", "Chapter b")


def test_a_book_that_is_locked_says_so() -> None:
    parts = {
        "META-INF/encryption.xml": "<encryption><EncryptedData><CipherData><CipherReference "
        'URI="EPUB/a.xhtml"/></CipherData></EncryptedData></encryption>'
    }
    with pytest.raises(LockedDocument):
        read(epub("T", {"a": "<p>Begin.</p>"}, ["a"], **parts))


def test_slides_come_in_their_order() -> None:
    one = shape("First Slide", place="title") + shape("a point", "another") + shape("1", place="sldNum")
    found = read(pptx(one, shape("Second", place="ctrTitle") + shape("Words.")), "x.pptx")
    assert found.text == "# First Slide\n\n- a point\n- another\n\n# Second\n\nWords."
    assert found.outline == ("First Slide", "Second")


def test_formulas_on_slides_are_one_line() -> None:
    math = "http://schemas.openxmlformats.org/officeDocument/2006/math"
    power = "<m:sSup><m:e><m:r><m:t>m</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup>"
    words = f'<a:r><a:t>So </a:t></a:r><m:oMath xmlns:m="{math}">{power}</m:oMath><a:r><a:t> holds.</a:t></a:r>'
    slide = f"<p:sp><p:txBody><a:p>{words}</a:p></p:txBody></p:sp>"
    assert read(pptx(slide), "x.pptx").text == "So m² holds."


PAGE = (
    "<!doctype html><html><head><meta charset='{charset}'><title>A Garden</title><style>p{{}}</style>"
    "<script>x</script></head><body><header><a href='/'>Logo</a></header><nav>Home | About</nav>"
    "<div class='cookie-banner'>We use cookies</div><main><h1>The Gärten</h1><p>Hello &amp; <b>welcome</b>, "
    "<ruby>会議<rp>(</rp><rt>かいぎ</rt><rp>)</rp></ruby>."
    "<sup><a href='#fn1' role='doc-noteref'>1</a></sup> See <a href='https://example.org/x'>the site</a>."
    "<img src='data:image/png;base64,AAAA' alt=''></p><ul><li>one<ul><li>two</li></ul></li></ul>"
    "<table><tr><th>Month</th><th>Rain</th></tr><tr><td>May</td><td>12</td></tr></table>"
    "<pre><code class='language-python'>for x in y:\n    z(x)</code></pre><p hidden>hidden</p></main>"
    "<footer>(c) 2024</footer></body></html>"
)


@pytest.mark.parametrize("charset", ["utf-8", "gb18030", "utf-16"])
def test_a_web_page_is_read_without_what_surrounds_its_text(charset: str) -> None:
    found = read(PAGE.format(charset=charset).encode(charset), "x.html")
    assert found.title == "A Garden"
    assert found.text == (
        "# The Gärten\n\nHello & **welcome**, 会議（かいぎ）.[^1] See [the site](https://example.org/x).\n\n"
        "- one\n  - two\n\n| Month | Rain |\n| --- | --- |\n| May | 12 |\n\n```python\nfor x in y:\n    z(x)\n```"
    )


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ("<tr><td rowspan=2>x<td>1<tr><td>2", "| x | 1 |\n| --- | --- |\n| | 2 |"),
        ("<tr><td>x<td rowspan='2'>1<tr><td>2<tr><td>3<td>4", "| x | 1 |\n| --- | --- |\n| 2 | |\n| 3 | 4 |"),
        ("<tr><td rowspan=2 colspan=2>x<td>1<tr><td>2", "| x | | 1 |\n| --- | --- | --- |\n| | | 2 |"),
        ("<tr><td rowspan=99999999999>x<td>1<tr><td>2", "| x | 1 |\n| --- | --- |\n| 2 |"),
    ],
)
def test_cells_of_a_page_that_go_over_several_rows_leave_the_others_in_their_columns(rows: str, text: str) -> None:
    assert read(f"<html><body><table>{rows}</table></body></html>".encode()).text == text


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<ol><li>Add<ul><li>two</ul>Wait.<li>Pour.</ol>", "1. Add\n   - two\n   Wait.\n2. Pour."),
        ("<ol><li><p>Add</p><ul><li>two</ul><p>Wait.</p></ol>", "1. Add\n\n   - two\n\n   Wait."),
        ("<ul><li>Cups<ul><li>big</ul></ul>", "- Cups\n  - big"),
        ("<ul><li>Cups</li><ul><li>big</ul><li>Pots</ul>", "- Cups\n  - big\n- Pots"),
        ("<ul><li>Cups</ul><ul><ul><li>big</ul></ul>", "- Cups\n  - big"),
        ("<ul><ul><li>big</ul></ul>", "- big"),
        ("<ul><li><input type=checkbox checked> Tea<li><input type=checkbox>Milk</ul>", "- ☒ Tea\n- ☐ Milk"),
    ],
)
def test_lists_of_pages_stand_in_their_items(page: str, text: str) -> None:
    assert read(f"<html><body>{page}</body></html>".encode()).text == text


@pytest.mark.parametrize(
    "note",
    [
        "<ol><li id='n1'><p>A note. <a href='#r1' role='doc-backlink'>↩</a></p></ol>",
        "<ol><li id='n1'>A note.</ol>",
        "<div id='n1'><p><a href='#r1'>1</a> A note.</p></div>",
    ],
)
def test_footnotes_of_pages_are_footnotes(note: str) -> None:
    page = f"<html><body><p>Tea<a id='r1' href='#n1'><sup>1</sup></a> is good.</p>{note}</body></html>"
    assert " ".join(read(page.encode()).text.split()) == "Tea[^1] is good. [^1]: A note."


def test_a_page_that_is_all_navigation_is_read_all_the_same() -> None:
    page = "<html><body><div class='sidebar'><p>The only words of this page stand here.</p></div></body></html>"
    assert read(page.encode()).text == "The only words of this page stand here."


def table(*rows: tuple[str, ...]) -> str:
    """Return a table of Word; cells hold paragraphs and tables."""
    cells = ["".join(f"<w:tc><w:tcPr/>{cell}</w:tc>" for cell in row) for row in rows]
    return "<w:tbl><w:tblPr/><w:tblGrid/>" + "".join(f"<w:tr>{row}</w:tr>" for row in cells) + "</w:tbl>"


RAIN = table((p("Month"), p("Rain")), (p("May"), p("12") + p("mm")))
RAIN_TABLE = "| Month | Rain |\n| --- | --- |\n| May | 12 mm |"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            table((p("A"), p("B")), (p("x") + RAIN + p("y"), p("z"))),
            "| A | B |\n| --- | --- |\n| x Month, Rain; May, 12 mm y | z |",
        ),
        (table((p("Sky", "Heading1") + RAIN + p("End."),)), f"# Sky\n\n{RAIN_TABLE}\n\nEnd."),
        (table((p("Left.") + RAIN + p(""), p("Right.") + p("End."))), f"Left.\n\n{RAIN_TABLE}\n\nRight.\n\nEnd."),
        (
            table((p("A"), p("B")), (p("x"), table((p("y"), table((p("deep"),)) + p(""))) + p(""))),
            "| A | B |\n| --- | --- |\n| x | y deep |",
        ),
    ],
)
def test_tables_of_word_in_cells_stay_in_their_place(body: str, expected: str) -> None:
    heading = '<w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/></w:style>'
    found = word(p("Before.") + body + p("After."), styles=heading)
    assert found == f"Before.\n\n{expected}\n\nAfter."


def wrapped(content: str, kind: str) -> str:
    """Return paragraphs, rows or cells within a content control of Word, or an element of custom XML."""
    if kind == "customXml":
        return f'<w:customXml w:element="x"><w:customXmlPr/>{content}</w:customXml>'
    return f'<w:sdt><w:sdtPr><w:alias w:val="x"/></w:sdtPr><w:sdtContent>{content}</w:sdtContent></w:sdt>'


@pytest.mark.parametrize("kind", ["sdt", "customXml"])
def test_controls_around_rows_and_cells_of_word_split_no_table(kind: str) -> None:
    def cell(content: str) -> str:
        return f"<w:tc>{content}</w:tc>"

    row, whole = "<w:tr>{}</w:tr>".format, "<w:tbl>{}</w:tbl>".format
    month = row(cell(p("Month")) + wrapped(cell(p("Rain")), kind))
    rain = wrapped(wrapped(row(cell(wrapped(p("May"), kind)) + cell(p("12") + p("mm"))), kind), kind)
    assert word(whole(month + rain)) == RAIN_TABLE
    assert word(whole(row(cell(p("Title"))) + rain)) == "| Title | |\n| --- | --- |\n| May | 12 mm |"
    assert word(whole(month)) == "| Month | Rain |\n| --- | --- |"
    inner = wrapped(whole(month + rain), kind)
    assert word(table((inner + p(""), p("x")), (p("y"), p("z")))) == (
        "| Month, Rain; May, 12 mm | x |\n| --- | --- |\n| y | z |"
    )


def test_rich_text_is_read_in_the_encodings_of_its_fonts() -> None:
    content = (
        rb"{\rtf1\ansi\ansicpg932\deff0{\fonttbl{\f0\fnil\fcharset128 MS Mincho;}{\f1\fnil\fcharset204 Arial;}}"
        rb"\f0\fs24 Hello \b there\b0  caf\u233?.\par \'89\'ef\'8b\'63\f1  \'cf\'f0\'e8{\deleted gone}{\v hidden}"
        rb"{\footnote A note.}\par\trowd\cellx100\cellx200 Month\cell Rain\cell\row\trowd\cellx100\cellx200 May\cell 12"
        rb"\cell\row\pard End.{\pict\pngblip 89504e47}\par}"
    )
    expected = (
        "Hello there café.\n\n会議 При[^1]\n\n| Month | Rain |\n| --- | --- |\n| May | 12 |\n\nEnd.\n\n[^1]: A note."
    )
    assert read(content, "x.rtf").text == expected


def test_marks_of_notes_in_rich_text_are_no_powers() -> None:
    assert read(rb"{\rtf1 Tea{\super\chftn}{\*\footnote\chftn\~ A note.} is good.}", "a.rtf").text == (
        "Tea[^1] is good.\n\n[^1]: A note."
    )


def test_rich_text_keeps_emoji_and_headings() -> None:
    source = (
        rb"{\rtf1\ansi{\stylesheet{\s1\outlinelevel0 heading 1;}}{\pard\outlinelevel0 \b Rain\par}"
        rb"It rains \u-10179?\u-8704?.\par\pard\s2\outlinelevel1 {\b Sun}\par\pard It shines."
        rb"{\footnote \u-10179?\u-8704?}}"
    )
    expected = "# Rain\n\nIt rains \U0001f600.\n\n## Sun\n\nIt shines.[^1]\n\n[^1]: \U0001f600"
    assert read(source, "a.rtf").text == expected


def test_headings_of_rich_text_are_known_by_their_styles() -> None:
    source = (
        rb"{\rtf1{\stylesheet{\s0 Normal;}{\s12\b Heading 2;}}\pard\plain\s12\fs32{Rain}\par\pard\s0\fs24 It fell.}"
    )
    assert read(source, "a.rtf").text == "## Rain\n\nIt fell."


@pytest.mark.parametrize(
    ("head", "words", "encoding"),
    [
        (r"\mac", "Café – naïve “Süß”", "mac_roman"),
        (r"\mac\ansicpg10000\cocoartf102{\fonttbl\f0\fswiss\fcharset77 Helvetica;}\f0", "Café “Süß”", "mac_roman"),
        (r"\mac\ansicpg10000\uc1{\fonttbl{\f0\fnil\fcharset256 Times New Roman;}}\f0", "Ménage à trois", "mac_roman"),
        (r"\mac\ansicpg10001\cocoartf102{\fonttbl\f0\fnil\fcharset78 HiraKakuPro-W3;}\f0", "会議は十時です。", "cp932"),
        (r"\mac\ansicpg10007{\fonttbl{\f0\fnil\fcharset256 Times;}}\f0", "Дождь идёт", "mac_cyrillic"),
        (r"\mac\ansicpg10029", "Příliš žluťoučký", "mac_latin2"),
        (r"\pc", "Ça va très bien", "cp437"),
        (r"\pca", "Ça va: ÀÕ", "cp850"),
        (r"\ansi\ansicpg0", "Café", "cp1252"),
        (r"\ansi\ansicpg54936", "会议十点。", "gb18030"),
        (r"\ansi\ansicpg65001", "会议 café", "utf-8"),
        (r"\ansi\ansicpg20866", "Дождь идёт", "koi8_r"),
        (r"\ansi\ansicpg28592", "Łódź", "iso8859_2"),
        (r"\ansi\ansicpg51932", "会議は十時です。", "euc_jp"),
        (r"\ansi\ansicpg708", "مرحبا", "iso8859_6"),
    ],
)
def test_rich_text_is_read_in_the_encoding_of_its_computer(head: str, words: str, encoding: str) -> None:
    coded = "".join(
        letter if letter.isascii() else "".join(f"\\'{byte:02x}" for byte in letter.encode(encoding))
        for letter in words
    )
    note = "{\\footnote " + coded + "}"
    found = read(f"{{\\rtf1{head} {coded}{note}\\par}}".encode(), "x.rtf").text
    assert found == f"{words}[^1]\n\n[^1]: {words}"


def test_rich_text_told_twice_is_read_in_unicode() -> None:
    source = (
        rb"{\rtf1\ansi{\info{\upr{\title Sch?n}{\*\ud{\title Sch\u246?n}}}}{\fonttbl{\f0 Arial;}}\f0 "
        rb"It rains in {\upr{\b Krak?w}{\*\ud{\b Krak\u243?w}}}.\par}"
    )
    found = read(source, "x.rtf")
    assert (found.title, found.text) == ("Schön", "It rains in Kraków.")


def test_rich_text_keeps_furigana() -> None:
    word, reading = "\\u20250?\\u-29840?", "\\u12363?\\u12356?"
    field = (
        f"{{\\field{{\\*\\fldinst {{ EQ \\\\* jc3 \\\\o\\\\al(\\\\s\\\\up 11({reading}),{word})}}}}{{\\fldrslt {{}}}}}}"
    )
    assert read(f"{{\\rtf1\\ansi {field} no.\\par}}".encode(), "x.rtf").text == "会議（かい） no."


def test_furigana_of_a_page_that_closes_no_bracket_are_kept() -> None:
    page = "<html><body><p><ruby>会議<rp>(<rt>かいぎ<rp>)</ruby>は九時。</p></body></html>"
    assert read(page.encode()).text == "会議（かいぎ）は九時。"


def test_a_mail_is_its_subject_and_words() -> None:
    head = "From: a@example.org\r\nTo: b@example.org\r\nSubject: =?utf-8?B?44GK6Iy2?=\r\nMIME-Version: 1.0\r\n"
    plain = head + "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nSGVsbG8u\r\n"
    found = read(plain.encode(), "x.eml")
    assert (found.title, found.text) == ("お茶", "Hello.")
    archive = head + (
        'Content-Type: multipart/related; type="text/html"; boundary="b"\r\n\r\n--b\r\nContent-Type: text/html\r\n'
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n<html><body><nav>Home</nav><p>caf=C3=A9</p></body></html>"
        "\r\n--b\r\nContent-Type: text/css\r\n\r\np {}\r\n--b--\r\n"
    )
    assert read(archive.encode(), "x.mhtml").text == "café"


def test_a_notebook_keeps_its_text_and_code_and_no_output() -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Title\n", "Hello"]},
        {"cell_type": "code", "source": "print(1)", "outputs": [{"data": {"image/png": "iVBORw0KGgo" * 40}}]},
    ]
    content = json.dumps({"nbformat": 4, "metadata": {"kernelspec": {"language": "python"}}, "cells": cells}, indent=1)
    assert read(content.encode(), "x.ipynb").text == "# Title\nHello\n\n```python\nprint(1)\n```"


@pytest.mark.parametrize(("named", "encoding"), [("x-sjis", "cp932"), ("no-such-name", "utf-8")])
def test_a_mail_in_an_encoding_of_another_name_is_read(named: str, encoding: str) -> None:
    words = "こんにちは、明日の会議は十時からです。よろしくお願いします。"
    head = f"From: a@b.c\nDate: Mon, 1 Jan 2026 10:00:00 +0900\nSubject: S\nContent-Type: text/plain; charset={named}\n"
    found = read(f"{head}Content-Transfer-Encoding: 8bit\n\n".encode() + f"{words}\n".encode(encoding), "x.eml")
    assert found.text.strip() == words
