"""Books, articles and outlines in XML become their words, with titles as chapters, and never markup."""

import pytest

from bot.errors import DamagedDocument, EmptyDocument
from bot.files.documents.formats import read

FB2 = """<?xml version="1.0" encoding="windows-1251"?>
<FictionBook xmlns="http://www.gribuser.ru/xml/fictionbook/2.0" xmlns:l="http://www.w3.org/1999/xlink"><description>
<title-info><genre>prose</genre><author><first-name>Иван</first-name></author><book-title>Сад</book-title></title-info>
</description><body><title><p>Иван</p><p>Сад</p></title><epigraph><p>Слово.</p><text-author>Кто-то</text-author></epigraph>
<section><title><p>Глава 1</p><p>Утро</p></title><p>Было <emphasis>тихо</emphasis><a l:href="#n1" type="note">[1]</a>. И
 снова.</p><empty-line/><poem><stanza><v>Строка один</v><v>Строка два</v></stanza></poem><subtitle>* * *</subtitle>
<p>Дальше.</p><image l:href="#i.png"/></section><section><title><p>Глава 2</p></title><p>Конец.</p></section></body>
<body name="notes"><title><p>Примечания</p></title><section id="n1"><title><p>1</p></title><p>Сноска.</p></section>
</body><binary id="i.png" content-type="image/png">iVBORw0KGgoAAAANSUhEUgAA</binary></FictionBook>"""
FB2_TEXT = (
    "# Иван. Сад\n\nСлово.\n\nКто-то\n\n## Глава 1. Утро\n\nБыло тихо[^1]. И снова.\n\nСтрока один\nСтрока два\n\n"
    "Дальше.\n\n## Глава 2\n\nКонец.\n\n[^1]: Сноска."
)
DOCBOOK = """<?xml version="1.0"?><!DOCTYPE book PUBLIC "-//OASIS//DTD DocBook XML V4.5//EN" "docbookx.dtd" [
<!ENTITY version "1.2 &amp; up">]><book><bookinfo><title>The &version; Guide</title>
<author><surname>A</surname></author>
<abstract><para>Short.</para></abstract></bookinfo><chapter><title>Start</title><para>Press
<keycap>F1</keycap>&nbsp;now&mdash;or wait<footnote><para>Not long.</para></footnote>.
<itemizedlist><listitem><para>One</para></listitem><listitem><para>Two</para>
<orderedlist><listitem><para>deep</para></listitem></orderedlist></listitem></itemizedlist> And after.</para>
<programlisting>for x in y:
    print(x)</programlisting><variablelist><varlistentry><term>foo</term><listitem><para>does it</para></listitem>
</varlistentry></variablelist><section><title>Sub</title><note><para>Mind it.</para></note>
<informaltable><tgroup cols="2">
<tbody><row><entry>m</entry><entry>r</entry></row><row><entry>May</entry><entry>12</entry></row></tbody></tgroup>
</informaltable></section></chapter><chapter><title>End</title><para>Bye.</para><indexterm><primary>x</primary></indexterm>
</chapter></book>"""
DOCBOOK_TEXT = (
    "# The 1.2 & up Guide\n\nShort.\n\n## Start\n\nPress F1 now—or wait[^1].\n\n- One\n- Two\n  1. deep\n\nAnd after."
    "\n\n```\nfor x in y:\n    print(x)\n```\n\n- foo: does it\n\n### Sub\n\nMind it.\n\n"
    "| m | r |\n| --- | --- |\n| May | 12 |\n\n## End\n\nBye.\n\n[^1]: Not long."
)
JATS = """<!DOCTYPE article PUBLIC "-//NLM//DTD JATS v1.2//EN" "x.dtd"><article><front><journal-meta><journal-title>J
</journal-title></journal-meta><article-meta><title-group><article-title>On Tea</article-title></title-group>
<contrib-group><contrib><name><surname>Doe</surname></name></contrib></contrib-group>
<abstract><p>We drink.</p></abstract>
</article-meta></front><body><sec><label>1.</label><title>Intro</title><p>Tea is <italic>good</italic>
<xref>[1]</xref><xref ref-type="fn" rid="f">2</xref>, <math><msqrt><mi>h</mi></msqrt></math>.</p></sec>
<sec><title>End</title><p>Done.</p></sec></body><back><ref-list>
<title>References</title><ref><label>1</label><mixed-citation>
Smith. Tea.</mixed-citation></ref></ref-list>
<fn-group><fn id="f"><label>2</label><p>Ours.</p></fn></fn-group></back></article>"""
TEI = """<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader><fileDesc><titleStmt><title>Poems</title></titleStmt></fileDesc>
</teiHeader><text><body><div><head>First</head><lg><l>roses</l><l>red</l></lg><p>Some<note>Ours.</note> <ref>words</ref>
<lb/>here.</p></div></body></text></TEI>"""
WORD_2003 = """<?xml version="1.0"?><?mso-application progid="Word.Document"?><w:wordDocument
 xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml" xmlns:o="urn:schemas-microsoft-com:office:office">
<o:DocumentProperties><o:Title>Plan</o:Title></o:DocumentProperties><w:body><w:p><w:r><w:t>Hello </w:t></w:r><w:r>
<w:t>there</w:t></w:r></w:p><w:p><w:r><w:instrText>PAGE</w:instrText></w:r><w:r><w:t>Bye</w:t></w:r></w:p>
</w:body></w:wordDocument>"""
OPML = """<?xml version="1.0"?><opml version="2.0"><head><title>Plan</title></head><body>
<outline text="Week &lt;b&gt;1&lt;/b&gt;"><outline text="Mon" _note="buy tea"/><outline text="Tue">
<outline text="deep"/></outline></outline><outline text="Feeds"><outline type="rss" text="Blog" description="A blog" xmlUrl="https://example.org/y.xml"/></outline></body></opml>"""


@pytest.mark.parametrize(
    ("data", "title", "text"),
    [
        (FB2.encode("cp1251"), "Сад", FB2_TEXT),
        (FB2.replace("windows-1251", "UTF-16").encode("utf-16"), "Сад", FB2_TEXT),
        (DOCBOOK.encode(), "The 1.2 & up Guide", DOCBOOK_TEXT),
        (
            JATS.encode(),
            "On Tea",
            "We drink.\n\n# Intro\n\nTea is good [1][^2], √h.\n\n# End\n\nDone.\n\n# References\n\n"
            "Smith. Tea.\n\n[^2]: Ours.",
        ),
        (TEI.encode(), "Poems", "# First\n\nroses\nred\n\nSome[^1] words here.\n\n[^1]: Ours."),
        (WORD_2003.encode(), "Plan", "Hello there\n\nBye"),
        (OPML.encode(), "Plan", "# Week 1\n\n- Mon – buy tea\n- Tue\n  - deep\n\n# Feeds\n\n- Blog – A blog"),
    ],
    ids=["FictionBook", "FictionBook in UTF-16", "DocBook", "JATS", "TEI", "Word 2003", "OPML"],
)
def test_words_and_chapters_come_without_markup(data: bytes, title: str, text: str) -> None:
    found = read(data, "a.bin")
    assert (found.title, found.text) == (title, text)


def test_what_is_heard_has_no_marks_of_notes() -> None:
    """Of a footnote of one word CommonMark makes the address of a link, and of its mark a link."""
    assert read(FB2.encode("cp1251"), aloud=True).text.endswith("Конец.\n\nСноска.")
    assert "тихо. И" in read(FB2.encode("cp1251"), aloud=True).text


def test_chapters_are_named() -> None:
    assert read(FB2.encode("cp1251")).outline == ("Глава 1. Утро", "Глава 2")
    assert read(OPML.encode()).outline == ("Week 1", "Feeds")


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (FB2.encode("cp1251")[:-200], DamagedDocument),
        (b'<?xml version="1.0"?><book><info><title>Names</title></info></book>', None),
        (b'<?xml version="1.0"?><article><info><author>Ann</author></info></article>', EmptyDocument),
        (b'<opml version="2.0"><body/></opml>', EmptyDocument),
        (
            b'<!DOCTYPE book [<!ENTITY a "%s">]><book><para>%s</para></book>' % (b"word " * 200, b"&a;" * 1100),
            DamagedDocument,
        ),
    ],
    ids=["cut", "a title alone", "no words", "no outline", "entities that grow"],
)
def test_what_cannot_be_read_says_why(data: bytes, error: type[Exception] | None) -> None:
    if error is None:
        assert read(data).text == "# Names"
        return
    with pytest.raises(error) as raised:
        read(data)
    assert type(raised.value) is error


def test_a_prefix_that_is_not_declared_costs_nothing() -> None:
    assert read(FB2.replace(' xmlns:l="http://www.w3.org/1999/xlink"', "").encode("cp1251")).text == FB2_TEXT
    with pytest.raises(DamagedDocument):
        read(FB2.replace(' xmlns:l="http://www.w3.org/1999/xlink"', "").encode("cp1251")[:-200])


def test_entities_open_no_file_and_a_piece_of_a_page_stays_as_it_is() -> None:
    outside = b'<!DOCTYPE book [<!ENTITY x SYSTEM "file:///etc/hostname">]><book><para>Words &x;.</para></book>'
    assert read(outside).text == "Words ."
    assert read(b"<article><p>Words</p></article>").text == "<article><p>Words</p></article>"
