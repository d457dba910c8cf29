"""Feeds, folders of mails, flat packages and pieces of pages: texts that would else be read as markup."""

import base64
import io
import re
import zipfile

from bot.files.documents.formats import read
from tests.files.documents.packages import docx, p, pptx, shape

RSS = """<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
<title>Garden News</title><link>https://example.org</link><description>On beds &#38; ponds</description>
<item><title>The pump &amp; the pond</title><guid>1</guid><description><![CDATA[<p>Short […]</p>]]></description>
<content:encoded><![CDATA[<p>The <b>pump</b> is new.</p><ul><li>one</li></ul>]]></content:encoded></item>
<item><title>Second</title><description>&lt;p&gt;Escaped &amp;amp; short.&lt;/p&gt;</description></item></channel>
</rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Releases</title><updated>2025-01-01T00:00:00Z</updated>
<entry><id>b</id><title>v2</title><content type="html">&lt;p&gt;Fixes the pump.&lt;/p&gt;</content></entry>
<entry><title>v1</title><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>It <em>is</em>.</p></div>
</content></entry><entry><title>v0</title><summary>Plain, 1 &lt; 2.</summary></entry></feed>"""
RDF = """<?xml version="1.0"?><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">
<channel><title>Old</title></channel><item><title>One</title><description>Words.</description></item></r:RDF>"""
MBOX = b"""From a@example.org Mon Oct  6 10:00:00 2025
From: =?utf-8?Q?=C3=84nne?= <a@example.org>
Subject: Hello
Date: Mon, 06 Oct 2025 10:00:00 +0000

>From here it goes on.

From b@example.org Tue Oct  7 10:00:00 2025
From: Bob <b@example.org>
To: a@example.org
Subject: Re: Hello
MIME-Version: 1.0
Content-Type: text/html

<p>It <b>does</b>.</p>
"""

_DECLARATION = re.compile(r"^<\?xml[^>]*\?>")


def flat(package: bytes) -> bytes:
    """Return a package as Word saves it in one XML file."""
    parts = ""
    with zipfile.ZipFile(io.BytesIO(package)) as file:
        for name in file.namelist():
            content = file.read(name)
            held = f"<pkg:xmlData>{_DECLARATION.sub('', content.decode())}</pkg:xmlData>"
            if name.endswith(".rels"):
                held = f"<pkg:binaryData>{base64.b64encode(content).decode()}</pkg:binaryData>"
            parts += f'<pkg:part pkg:name="/{name}" pkg:contentType="application/xml">{held}</pkg:part>'
    namespace = "http://schemas.microsoft.com/office/2006/xmlPackage"
    return f'<?xml version="1.0"?><pkg:package xmlns:pkg="{namespace}">{parts}</pkg:package>'.encode()


def test_a_feed_is_read_entry_by_entry() -> None:
    news = read(RSS.encode(), "feed.xml")
    assert (news.title, news.outline) == ("Garden News", ("The pump & the pond", "Second"))
    assert news.text == (
        "# Garden News\n\nOn beds & ponds\n\n## The pump & the pond\n\nThe **pump** is new.\n\n- one\n\n"
        "## Second\n\nEscaped & short."
    )
    assert read(ATOM.encode()).text == (
        "# Releases\n\n## v2\n\nFixes the pump.\n\n## v1\n\nIt *is*.\n\n## v0\n\nPlain, 1 < 2."
    )
    assert read(RDF.encode()).text == "# Old\n\n## One\n\nWords."


def test_a_folder_of_mails_is_read_mail_by_mail() -> None:
    found = read(MBOX, "inbox.mbox")
    assert found.outline == ("Hello", "Re: Hello")
    assert found.text == "# Hello\n\nÄnne:\n\nFrom here it goes on.\n\n# Re: Hello\n\nBob:\n\nIt **does**."


def test_a_mail_needs_no_mime_version_and_a_memo_is_none() -> None:
    mail = b"From: a@example.org\nSubject: =?utf-8?B?SGVsbG8=?=\nContent-Transfer-Encoding: base64\n\nV29yZHM=\n"
    assert (read(mail).title, read(mail).text) == ("Hello", "Words")
    memo = "From: the board\nTo: all\nSubject: tea\n\nPlease bring tea."
    assert read(memo.encode()).text == memo


def test_office_files_in_one_xml_file_are_read_like_their_packages() -> None:
    assert read(flat(docx(p("Words")))).text == "Words"
    assert read(flat(pptx(shape("Words", place="title")))).text == "# Words"


def test_a_piece_of_a_page_is_html_when_it_is_called_so() -> None:
    piece = b"<section><h1>Title</h1><p>Words &amp; more.</p></section>"
    assert read(piece, "piece.html").text == "# Title\n\nWords & more."
    markdown = '<div align="center">\n\n# Title\n\n</div>\n\nWords'
    assert read(markdown.encode(), "README.md").text == markdown
