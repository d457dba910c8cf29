"""Office documents and books made by bytes."""

import io
import zipfile

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_SLIDES = "http://schemas.openxmlformats.org/presentationml/2006/main"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
_OPEN = "urn:oasis:names:tc:opendocument:xmlns:"


def zipped(parts: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return out.getvalue()


def docx(body: str, **parts: str) -> bytes:
    """Return a Word document; `parts` are further parts of it: styles, numbering, footnotes."""
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    links = "".join(f'<Relationship Id="{name}" Type="{_OFFICE}/{name}" Target="{name}.xml"/>' for name in parts)
    links += (
        f'<Relationship Id="site" Type="{_OFFICE}/hyperlink" Target="https://example.org/x" TargetMode="External"/>'
    )
    more = {
        f"word/{name}.xml": f'{_HEAD}<w:{name} xmlns:w="{_WORD}" xmlns:r="{_OFFICE}">{content}</w:{name}>'
        for name, content in parts.items()
    }
    return zipped(
        {
            "[Content_Types].xml": f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml" '
            f'ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="{main}"/></Types>',
            "_rels/.rels": _relations(
                f'<Relationship Id="m" Type="{_OFFICE}/officeDocument" Target="word/document.xml"/>'
            ),
            "word/_rels/document.xml.rels": _relations(links),
            "word/document.xml": f'{_HEAD}<w:document xmlns:w="{_WORD}" xmlns:r="{_OFFICE}" xmlns:mc="http://schemas.'
            f'openxmlformats.org/markup-compatibility/2006"><w:body>{body}<w:sectPr/></w:body></w:document>',
            **more,
        }
    )


def p(text: str, style: str = "", more: str = "") -> str:
    """Return a paragraph of Word; `text` may hold runs of its own."""
    style = f'<w:pStyle w:val="{style}"/>' if style else ""
    runs = text if text.startswith("<") else run(text)
    return f"<w:p><w:pPr>{style}{more}</w:pPr>{runs}</w:p>"


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def odt(body: str, kind: str = "text", styles: str = "", **parts: str) -> bytes:
    """Return an OpenDocument file: `kind` is the end of its type, `parts` are what objects in it hold."""
    names = ("office", "text", "table", "manifest", "presentation", "style")
    spaces = " ".join(f'xmlns:{name}="{_OPEN}{name}:1.0"' for name in names) + f' xmlns:draw="{_OPEN}drawing:1.0"'
    mime, tag = f"application/vnd.oasis.opendocument.{kind}", kind.partition("-")[0]
    return zipped(
        {
            "mimetype": mime,
            "META-INF/manifest.xml": f'<manifest:manifest {spaces} manifest:version="1.2"><manifest:file-entry '
            f'manifest:full-path="/" manifest:media-type="{mime}"/><manifest:file-entry '
            'manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>',
            "content.xml": f'<office:document-content {spaces} xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'xmlns:dc="http://purl.org/dc/elements/1.1/" office:version="1.2"><office:automatic-styles>{styles}'
            f"</office:automatic-styles><office:body><office:{tag}>{body}</office:{tag}></office:body>"
            "</office:document-content>",
            **{f"{name}/content.xml": content for name, content in parts.items()},
        }
    )


def epub(title: str, chapters: dict[str, str], spine: list[str], **more: str) -> bytes:
    """Return a book; `chapters` are in the order of the file, `spine` names them in the order of reading."""
    items = "".join(f'<item id="{name}" href="{name}.xhtml" media-type="application/xhtml+xml"/>' for name in chapters)
    order = "".join(f'<itemref idref="{name}"/>' for name in spine)
    toc = "".join(f'<li><a href="{name}.xhtml">Chapter {name}</a></li>' for name in spine)
    page = '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><body>{}</body></html>'
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="EPUB/package.opf"/></rootfiles></container>',
            "EPUB/package.opf": '<package xmlns="http://www.idpf.org/2007/opf"><metadata '
            f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title></metadata><manifest>{items}'
            '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/></manifest>'
            f'<spine><itemref idref="nav"/>{order}</spine></package>',
            "EPUB/nav.xhtml": page.format(f'<nav epub:type="toc"><ol>{toc}</ol></nav>'),
            **{f"EPUB/{name}.xhtml": page.format(content) for name, content in chapters.items()},
            **more,
        }
    )


def pptx(*slides: str) -> bytes:
    """Return a presentation whose slides are in the order given, and in the file in the opposite one."""
    spaces = f'xmlns:p="{_SLIDES}" xmlns:a="{_DRAWING}" xmlns:r="{_OFFICE}"'
    count = len(slides)
    files = {
        f"ppt/slides/slide{count - n}.xml": f"<p:sld {spaces}><p:cSld><p:spTree>{slide}</p:spTree></p:cSld></p:sld>"
        for n, slide in enumerate(slides)
    }
    links = "".join(
        f'<Relationship Id="r{n}" Type="{_OFFICE}/slide" Target="slides/slide{count - n}.xml"/>' for n in range(count)
    )
    order = "".join(f'<p:sldId id="{256 + n}" r:id="r{n}"/>' for n in range(count))
    return zipped(
        {
            "ppt/presentation.xml": f"<p:presentation {spaces}><p:sldIdLst>{order}</p:sldIdLst></p:presentation>",
            "ppt/_rels/presentation.xml.rels": _relations(links),
            **files,
        }
    )


def shape(*lines: str, place: str = "body") -> str:
    """Return a shape of a slide with a paragraph a line."""
    paragraphs = "".join(f"<a:p><a:r><a:t>{line}</a:t></a:r></a:p>" for line in lines)
    return f'<p:sp><p:nvSpPr><p:nvPr><p:ph type="{place}"/></p:nvPr></p:nvSpPr><p:txBody>{paragraphs}</p:txBody></p:sp>'


def _relations(links: str) -> str:
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{links}</Relationships>'
