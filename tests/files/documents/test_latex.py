"""LaTeX becomes Markdown: what a reader of the printed page reads."""

from collections import Counter
from typing import Any

import pytest
from pylatexenc.latexwalker import LatexWalker

from bot.files.documents.formats import read

ARTICLE = r"""% !TeX program = lualatex
\documentclass[11pt]{article}
\usepackage{amsmath}
\newcommand{\garden}{the garden of \emph{Anna}}
\title{On Ponds\thanks{Supported by nobody.}}
\author{Anna Beispiel}
\begin{document}
\maketitle
\begin{abstract}
Ponds are
deep.
\end{abstract}
\section{Water}\label{sec:water}
Ponds~\cite{pond2020,lake:21} are 50\% water --- and mud% a comment
. \href{https://example.org/y}{This page} tells more.\footnote{It is closed on Mondays.}
``Words'' and `one' word; see \garden{}. Caf\'e, M\"uller, stra\ss e, \L\'od\'z.
\subsection*{Lists}
\begin{itemize}
  \item one apple
  \begin{enumerate}
    \item first
    \item second
  \end{enumerate}
  \item[--] a label
\end{itemize}
The formula $\alpha^2$ holds, and
\begin{equation}\label{eq:x}
E = mc^2
\end{equation}
\begin{tabular}{lr}
\hline
fruit & number \\ \hline
plum \& pear & 7 \\
\end{tabular}
\begin{verbatim}
print("hello") % kept
\end{verbatim}
\begin{thebibliography}{9}
\bibitem{pond2020} A. Author, 2020.
\end{thebibliography}
\end{document}
Nobody reads this.
"""
MARKDOWN = """# On Ponds

Ponds are deep.

# Water

Ponds are 50% water — and mud. [This page](https://example.org/y) tells more.[^1] “Words” and ‘one’ word; see the \
garden of *Anna*. Café, Müller, straße, Łódź.

## Lists

- one apple
  1. first
  2. second
- – a label

The formula $\\alpha^2$ holds, and

$$E = mc^2$$

| fruit | number |
| --- | --- |
| plum & pear | 7 |

```
print("hello") % kept
```

[^1]: It is closed on Mondays."""


def test_an_article() -> None:
    found = read(ARTICLE.encode(), "pond.tex")
    assert found.title == "On Ponds"
    assert found.text == MARKDOWN


def test_what_is_read_aloud_has_neither_code_nor_addresses() -> None:
    heard = read(ARTICLE.encode(), "pond.tex", aloud=True).text
    assert "This page tells more." in heard
    assert not any(mark in heard for mark in ("print", "example.org", "cite", "\\begin{verb"))


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (r"\documentclass{book}\begin{document}\chapter{One}\section{Two}x\end{document}", "# One\n\n## Two\n\nx"),
        (
            "\\documentclass{beamer}\n\\begin{document}\n\\begin{frame}<1->[fragile]{Slide}\n"
            "\\begin{itemize}\\item<2-> first\\end{itemize}\n\\end{frame}\n\\end{document}",
            "# Slide\n\n- first",
        ),
        (r"\begin{document}" + "\n会議は九時。\n\\end{document}", "会議は九時。"),
        ("\\documentclass{article}\n\\begin{document}\nIt is cut {off \\textbf{here", "It is cut off **here**"),
        (r"\documentclass{article}\begin{document}\hypertarget{a}{%" + "\n\\section{A}\\label{a}}\nx\\end{document}",
         "# A\n\nx"),
        (r"\begin{document}\texttt{a\_b} \textsf{c} \mbox{d} \verb|e{| \lstinline!f \g! \parbox[t]{5cm}{h}"
         r" \raisebox{2pt}{i} \rule{1cm}{2pt}\foreignlanguage{german}{j} \SI{9.8}{\metre\per\second}"
         r" \S 5 a \textbar{} b\end{document}",
         "a_b c d `e{` `f \\g` h i j 9.8 metre per second §5 a | b"),
        (r"\begin{document}\begin{minipage}[t]{.5\textwidth}\begin{tabularx}{5cm}{lX}\multicolumn{2}{c}{Head} \\"
         r"\multirow{2}{*}{a} & b\end{tabularx}\end{minipage}\begin{multicols}{2}c\end{multicols}\end{document}",
         "| Head | |\n| --- | --- |\n| a | b |\n\nc"),
    ],
)  # fmt: skip
def test_other_kinds(source: str, text: str) -> None:
    assert read(source.encode(), "a.tex").text == text


def test_fractions_in_the_text_stand_apart_from_the_number_before_them() -> None:
    body = r"Take 1\nicefrac{1}{2} cups, \sfrac{3}{4} of it and \nicefrac{km}{h}."
    source = rf"\documentclass{{article}}\begin{{document}}{body}\end{{document}}"
    assert read(source.encode(), "a.tex").text == "Take 1 1/2 cups, 3/4 of it and km/h."


def test_a_text_about_latex_stays_a_text() -> None:
    words = r"One writes \documentclass{article} first, and \begin{document} then."
    assert read(words.encode(), "a.txt").text == words


def test_each_group_of_a_damaged_document_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    places: Counter[object] = Counter()
    read_group = LatexWalker.get_latex_braced_group

    def counted(self: LatexWalker, pos: int, *given: Any, **options: Any) -> Any:
        places[pos, str(given)[:8]] += 1
        return read_group(self, pos, *given, **options)

    monkeypatch.setattr(LatexWalker, "get_latex_braced_group", counted)
    text = read(rb"\documentclass{article}\begin{document}Hello. \section[a \section[b the end.\end{document}").text
    assert text.startswith("Hello.")
    assert "the end." in text
    assert set(places.values()) == {1}


LONG_TABLE = r"""\documentclass{article}\begin{document}
\begin{longtable}[]{@{}ll@{}}
\caption{Rain in the \emph{garden}}\label{t}\tabularnewline
\toprule\noalign{}
Month & Rain \\
\midrule\noalign{}
\endfirsthead
\caption[]{(continued)}\\ \toprule Month & Rain \\ \midrule[1pt]
\endhead
\multicolumn{2}{r}{on the next page} \\
\endfoot
\bottomrule\noalign{}
\endlastfoot
May & 12 \tabularnewline
June & 7 \\[2pt]
\end{longtable}\end{document}
"""


def test_the_head_of_a_long_table_is_said_once() -> None:
    """As pandoc writes tables: a head for the first page, one for the others, and a foot."""
    table = "| Month | Rain |\n| --- | --- |\n| May | 12 |\n| June | 7 |"
    assert read(LONG_TABLE.encode(), "a.tex").text == f"Rain in the *garden*\n\n{table}"
