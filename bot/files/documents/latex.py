"""LaTeX -> Markdown: what the body of the document says. Formulas stay as they are written, references are left out."""

import re
from typing import TYPE_CHECKING, Any

from bot.errors import DamagedDocument
from bot.files.documents.document import Document
from bot.files.documents.encodings import decode
from bot.files.documents.latex_commands import (
    FRACTION_COMMANDS,
    LATEX_INLINE_CODE,
    LATEX_SIGNS,
    QUANTITIES,
    QUANTITY_ARGUMENTS,
    SHOWN_COMMANDS,
    SILENT_COMMANDS,
    TABLE_ENVIRONMENTS,
    WRAPPING_ENVIRONMENTS,
    quantity,
)
from bot.files.documents.latex_tables import table_parts
from bot.files.documents.raised import lowered, raised, with_fractions
from bot.files.documents.scripts import folded
from bot.files.documents.tables import markdown_table

if TYPE_CHECKING:
    from pylatexenc.latex2text import LatexNodes2Text

_LATEX_START_BYTES = 1 << 16
_START = re.compile(rb"^[ \t]*\\(?:documentclass|documentstyle|begin[ \t]*\{document\})", re.MULTILINE)
_BODY = re.compile(r"\\begin\s*\{document\}(.*?)(?:\\end\s*\{document\}|\Z)", re.DOTALL)
_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%.*\n?[ \t]*")
_UNREAD_ENVIRONMENT = re.compile(
    r"\\begin\s*\{(thebibliography|tikzpicture|pgfpicture|comment|filecontents\*?|CCSXML)\}.*?\\end\s*\{\1\}", re.DOTALL
)
_DEFINED = re.compile(r"\\(?:re)?newcommand\*?\s*\{?\\([A-Za-z]+)\}?\s*(?=\{)|\\def\s*\\([A-Za-z]+)\s*(?=\{)")
_MAX_EXPANDED_CHARACTERS = 1000
"""Of the body of a command without arguments that is written out where it is used."""
_HEADINGS = {"part": "#", "chapter": "#", "section": "#", "subsection": "##", "subsubsection": "###"}
_CITATIONS = (
    "cite",
    "citep",
    "citet",
    "citeauthor",
    "citeyear",
    "parencite",
    "textcite",
    "autocite",
    "footcite",
    "nocite",
)
_SILENT = ("label", "ref", "eqref", "pageref", "autoref", "cref", "Cref", "thanks", "index", "bibliography",
           "bibliographystyle", "includegraphics", "vspace", "hspace", "pagestyle", "thispagestyle", "input", "include",
           "addbibresource", "usetheme", "maketitle", "title", "author", "date")  # fmt: skip
_FORMULAS = ("equation", "equation*", "align", "align*", "gather", "gather*", "multline", "multline*", "displaymath",
             "math", "eqnarray", "eqnarray*")  # fmt: skip
_CODE = ("verbatim", "Verbatim", "lstlisting", "minted")
_CODE_BLOCK = re.compile(
    rf"\\begin\s*\{{({'|'.join(_CODE)})\*?\}}(?:\[[^\]]*\])?(?:\{{\w+\}})?[ \t]*\n?(.*?)"
    r"\\end\s*\{\1\*?\}",
    re.DOTALL,
)
_LABEL = re.compile(r"\\label\{[^}]*\}")
_FRAME = re.compile(r"\\begin\s*\{frame\}(?:<[^>]*>)?(?:\[[^\]]*\])?(?:\s*\{([^{}]*)\})?")
_OVERLAY = re.compile(r"(\\[A-Za-z]+)<[^<>]{1,20}>")
"""On which slides of a presentation something is shown."""
_SINGLE_QUOTES = re.compile(r"`([^`'\n]{1,200})'")
_AS_AFTER_A_NUMBER = "1"
"""Letters are raised in 1st and 2e, and powers stand in formulas."""
_PLACE = "\ue000{}\ue001"
"""Where a code block or a table was, in private characters that no reader of LaTeX changes."""
_PLACED = re.compile("\ue000(\\d+)\ue001")


def is_latex(data: bytes) -> bool:
    return _START.search(data[:_LATEX_START_BYTES]) is not None


def read_latex(data: bytes, name: str) -> Document:
    source, notes = decode(data)
    source = source.replace("\r\n", "\n").replace("\r", "\n").replace("\ue000", "").replace("\ue001", "")
    kept: list[str] = []

    def keep(block: str, around: str = "\n\n") -> str:
        kept.append(block)
        return f"{around}{_PLACE.format(len(kept) - 1)}{around}"

    source = _CODE_BLOCK.sub(lambda found: keep(f"```\n{found.group(2).rstrip()}\n```"), source)
    source = LATEX_INLINE_CODE.sub(lambda found: keep(f"`{found.group(2)}`", ""), source)
    source = _UNREAD_ENVIRONMENT.sub("", _COMMENT.sub(r"\1", source))
    body = _BODY.search(source)
    preamble, text = (source[: body.start()], body.group(1)) if body else ("", source)
    text = _OVERLAY.sub(r"\1", _FRAME.sub(_slide, _expanded(text, preamble)))
    try:
        convert = _Conversion(keep, chapters="\\chapter" in text)
        title = " ".join(convert.text(_argument(source, "title")).replace("*", "").split())
        markdown = convert.text(text)
    except Exception as error:  # the library raises errors of many types for a broken file
        raise DamagedDocument(type(error).__name__) from error
    head = [f"# {title}"] if title else []
    markdown = markdown.replace("\\(", "$").replace("\\)", "$").replace("\\[", "$$").replace("\\]", "$$")
    markdown = _SINGLE_QUOTES.sub(r"‘\1’", markdown)
    foot = [f"[^{number}]: {note}" for number, note in enumerate(convert.footnotes, 1)]
    for _ in range(2):  # a table may hold code
        markdown = _PLACED.sub(lambda found: kept[int(found.group(1))], markdown)
    return Document(title, folded(with_fractions("\n\n".join([*head, _filled(markdown), *foot]))), (), notes)


class _Conversion:
    """One document's way through the library, with what it leaves to us."""

    def __init__(self, keep: Any, *, chapters: bool) -> None:
        self.footnotes: list[str] = []
        self._keep = keep
        self._below = "#" if chapters else ""
        "before the mark of a section"
        self._converter = self._made()

    def text(self, source: str) -> str:
        from pylatexenc.latexwalker import get_default_latex_context_db
        from pylatexenc.macrospec import std_environment, std_macro

        from bot.files.documents.latex_walker import OnceWalker

        grammar = get_default_latex_context_db()
        macros = [std_macro(name, "*[{") for name in _HEADINGS] + [std_macro(name, "*[[{") for name in _CITATIONS]
        macros += [std_macro("href", "[{{"), std_macro("caption", "*[{"), std_macro("footnote", "[{")]
        macros += [std_macro("textsuperscript", "{"), std_macro("thanks", "{"), std_macro("frametitle", "{")]
        macros += [std_macro(name, QUANTITY_ARGUMENTS) for name in QUANTITIES]
        macros += [std_macro(name, "[{{") for name in FRACTION_COMMANDS]
        macros += [std_macro(name, takes) for name, takes in {**SHOWN_COMMANDS, **SILENT_COMMANDS}.items()]
        blocks = {**TABLE_ENVIRONMENTS, **WRAPPING_ENVIRONMENTS, "Highlighting": "["}
        environments = [std_environment(name, takes) for name, takes in blocks.items()]
        grammar.add_context_category("ours", macros=macros, environments=environments, prepend=True)
        walker = OnceWalker(source, latex_context=grammar, tolerant_parsing=True)
        return str(self._converter.nodelist_to_text(walker.get_latex_nodes()[0]))

    def _made(self) -> "LatexNodes2Text":
        from pylatexenc.latex2text import (
            EnvironmentTextSpec,
            LatexNodes2Text,
            MacroTextSpec,
            get_default_latex_context_db,
        )

        macros = [MacroTextSpec(name, self._heading(name, mark)) for name, mark in _HEADINGS.items()]
        macros += [MacroTextSpec(name, lambda node, l2tobj: _argument_text(node, l2tobj)) for name in SHOWN_COMMANDS]
        macros += [MacroTextSpec(name, "") for name in (*_CITATIONS, *_SILENT, *SILENT_COMMANDS)]
        macros += [MacroTextSpec(name, sign) for name, sign in LATEX_SIGNS.items()]
        macros += [MacroTextSpec(name, lambda node, l2tobj: _quantity(node, l2tobj)) for name in QUANTITIES]
        macros += [MacroTextSpec(name, lambda node, l2tobj: _fraction(node, l2tobj)) for name in FRACTION_COMMANDS]
        macros += [
            MacroTextSpec("frametitle", lambda node, l2tobj: f"\n\n# {_last(node, l2tobj)}\n\n"),
            MacroTextSpec("caption", lambda node, l2tobj: f"\n\n{_last(node, l2tobj)}\n\n"),
            MacroTextSpec("footnote", self._footnote),
            MacroTextSpec("href", lambda node, l2tobj: _link(node, l2tobj)),
            MacroTextSpec("textsuperscript", lambda node, l2tobj: raised(_last(node, l2tobj), _AS_AFTER_A_NUMBER)),
            MacroTextSpec("url", lambda node, l2tobj: _last(node, l2tobj)),
            MacroTextSpec("textbf", lambda node, l2tobj: f"**{_last(node, l2tobj)}**"),
            *(MacroTextSpec(name, lambda node, l2tobj: f"*{_last(node, l2tobj)}*") for name in ("emph", "textit")),
        ]
        environments = [
            *(EnvironmentTextSpec(name, _formula) for name in _FORMULAS),
            EnvironmentTextSpec("Highlighting", self._code),
            *(EnvironmentTextSpec(name, self._list) for name in ("itemize", "enumerate", "description")),
            *(EnvironmentTextSpec(name, self._table) for name in TABLE_ENVIRONMENTS if name != "array"),
            *(EnvironmentTextSpec(name, _quoted) for name in ("quote", "quotation")),
        ]
        known = get_default_latex_context_db()
        known.add_context_category("ours", macros=macros, environments=environments, prepend=True)
        return LatexNodes2Text(latex_context=known, math_mode="verbatim", keep_comments=False)

    def _heading(self, name: str, mark: str) -> Any:
        mark = mark if name in ("part", "chapter") else self._below + mark
        return lambda node, l2tobj: f"\n\n{mark} {' '.join(_last(node, l2tobj).split())}\n\n"

    def _footnote(self, node: Any, l2tobj: Any) -> str:
        self.footnotes.append(" ".join(_last(node, l2tobj).split()))
        return f"[^{len(self.footnotes)}]"

    def _list(self, node: Any, l2tobj: Any) -> str:
        from pylatexenc.latexwalker import LatexMacroNode

        items: list[tuple[str, list[Any]]] = []
        for inner in node.nodelist:
            if isinstance(inner, LatexMacroNode) and inner.macroname == "item":
                label = inner.nodeargd.argnlist[0] if inner.nodeargd and inner.nodeargd.argnlist else None
                items.append((l2tobj.nodelist_to_text([label]).strip("[] ") if label is not None else "", []))
            elif items:
                items[-1][1].append(inner)
        lines = []
        for number, (label, nodes) in enumerate(items, 1):
            mark = f"{number}." if node.environmentname == "enumerate" and not label else "-"
            words = re.sub(r"\n\s*\n", "\n", l2tobj.nodelist_to_text(nodes).strip())
            lines.append(f"{mark} {f'{label} ' if label else ''}{words}".replace("\n", "\n  "))
        return "\n\n" + "\n".join(lines) + "\n\n"

    def _code(self, node: Any, l2tobj: Any) -> str:
        return self._keep(f"```\n{l2tobj.nodelist_to_text(node.nodelist).strip()}\n```")

    def _table(self, node: Any, l2tobj: Any) -> str:
        caption, rows = table_parts("".join(inner.latex_verbatim() for inner in node.nodelist), _group)
        table = self._keep(markdown_table([[" ".join(self.text(cell).split()) for cell in row] for row in rows]))
        return (f"\n\n{self.text(caption)}" if caption else "") + table


def _last(node: Any, l2tobj: Any) -> str:
    """Return the last argument of a command as text."""
    return _argument_text(node, l2tobj).strip()


def _argument_text(node: Any, l2tobj: Any) -> str:
    """Return the last argument with the space around it: it may hold whole paragraphs."""
    arguments = node.nodeargd.argnlist if node.nodeargd else []
    return str(l2tobj.nodelist_to_text([arguments[-1]])) if arguments and arguments[-1] is not None else ""


def _link(node: Any, l2tobj: Any) -> str:
    arguments = [argument for argument in (node.nodeargd.argnlist if node.nodeargd else []) if argument is not None]
    if len(arguments) < 2:
        return _last(node, l2tobj)
    return f"[{_last(node, l2tobj)}]({arguments[-2].latex_verbatim().strip('{}')})"


def _quantity(node: Any, l2tobj: Any) -> str:
    arguments = [argument for argument in (node.nodeargd.argnlist if node.nodeargd else []) if argument is not None]
    return quantity(str(l2tobj.nodelist_to_text([arguments[-2]])), arguments[-1].latex_verbatim())


def _fraction(node: Any, l2tobj: Any) -> str:
    over, under = (str(l2tobj.nodelist_to_text([part])).strip() for part in node.nodeargd.argnlist[-2:])
    return f"{raised(over)}/{lowered(under)}" if over.isdecimal() and under.isdecimal() else f"{over}/{under}"


def _formula(node: Any, l2tobj: Any) -> str:
    inner = "".join(part.latex_verbatim() for part in node.nodelist)
    return f"\n\n$${_LABEL.sub('', inner).strip()}$$\n\n"


def _slide(found: re.Match[str]) -> str:
    return f"\n\n\\section{{{found.group(1)}}}\n\n" if found.group(1) else "\n\n"


def _quoted(node: Any, l2tobj: Any) -> str:
    words = str(l2tobj.nodelist_to_text(node.nodelist)).strip()
    return "\n\n" + "\n".join(f"> {line.strip()}" for line in words.splitlines()) + "\n\n"


def _argument(source: str, command: str) -> str:
    """Return the argument of a command's first use; empty: it is not used."""
    found = re.search(rf"\\{command}\s*(?:\[[^\]]*\])?\s*(?=\{{)", source)
    return _group(source, found.end()) if found else ""


def _group(source: str, at: int) -> str:
    """Return what stands in the braces that open at `at`; all the rest when they do not close."""
    depth = 0
    for found in re.compile(r"\\.|[{}]", re.DOTALL).finditer(source, at):
        depth += {"{": 1, "}": -1}.get(found.group(), 0)
        if not depth:
            return source[at + 1 : found.start()]
    return source[at + 1 :]


def _expanded(text: str, preamble: str) -> str:
    """Write out the commands without arguments that the document defines for itself."""
    for found in list(_DEFINED.finditer(preamble))[:200]:
        meaning = _group(preamble, found.end())
        if len(meaning) <= _MAX_EXPANDED_CHARACTERS and "#" not in meaning:
            name = found.group(1) or found.group(2)
            text = re.sub(rf"\\{name}(?![A-Za-z])(?:\{{\}})?", lambda _, meaning=meaning: meaning, text)
    return text


def _filled(text: str) -> str:
    """Join the lines of each paragraph, except where they are lines of Markdown."""
    paragraphs = re.split(r"\n[ \t]*\n+", text)
    return "\n\n".join(
        paragraph if re.match(r"\s*(?:[-#>|]|\d+\.\s|```|\\begin)", paragraph) else " ".join(paragraph.split())
        for paragraph in paragraphs
        if paragraph.strip()
    )
