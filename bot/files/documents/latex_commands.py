"""What LaTeX's commands and environments take that the library does not know, or of which it loses the words.

Arguments are written as pylatexenc's: "*" a star, "[" an optional one, "{" one that must stand.
"""

import re

SHOWN_COMMANDS = {
    **dict.fromkeys(("texttt", "textsf", "textmd", "textup", "mbox", "hbox", "keywords"), "{"),
    **{"parbox": "[[[{{", "makebox": "[[{", "framebox": "[[{", "raisebox": "{[[{", "resizebox": "*{{{"},
    **{"scalebox": "{[{", "rotatebox": "[{{", "multicolumn": "{{{", "multirow": "[{[{[{", "foreignlanguage": "[{{"},
    **{"adjustbox": "{{", "mintinline": "[{{", "hypertarget": "{{", "hyperlink": "{{", "texorpdfstring": "{{"},
    **{"colorbox": "{{", "textcolor": "[{{"},
}
"""Commands whose words are the last argument."""
SILENT_COMMANDS = {
    **{"rule": "[{{", "setstretch": "{", "linespread": "{", "fontsize": "{{", "nameref": "*{", "footnotemark": "["},
    **{"captionsetup": "[{", "addtolength": "{{", "addtocounter": "{{", "phantom": "{"},
    **{"addcontentsline": "{{{", "markboth": "{{", "markright": "{", "thispagestyle": "{", "pagenumbering": "{"},
}
WRAPPING_ENVIRONMENTS = {
    **{"minipage": "[[[{", "multicols": "{[", "wrapfigure": "[{[{", "wraptable": "[{[{", "adjustwidth": "{{"},
    **{"tcolorbox": "[", "mdframed": "[", "spacing": "{", "column": "[{", "columns": "[", "subfigure": "[{"},
    **{"figure": "[", "figure*": "[", "table": "[", "table*": "[", "otherlanguage": "{", "sidewaystable": "["},
}
TABLE_ENVIRONMENTS = {
    **dict.fromkeys(("tabular", "array", "longtable"), "[{"),
    **dict.fromkeys(("tabular*", "tabularx", "tabulary"), "{[{"),
}
FRACTION_COMMANDS = ("nicefrac", "sfrac", "textfrac")
"""Outside of formulas."""
QUANTITIES = ("SI", "qty")
QUANTITY_ARGUMENTS = "[{[{"
LATEX_SIGNS = {
    **{"textbar": "|", "textgreater": ">", "textless": "<", "textunderscore": "_", "textdollar": "$"},
    **{"S": "§", "P": "¶", "copyright": "©", "pounds": "£", "slash": "/", "LaTeX": "LaTeX", "TeX": "TeX"},
}
LATEX_INLINE_CODE = re.compile(r"\\(?:verb\*?|lstinline\s*(?:\[[^\]]*\])?)([^\w\s{*\[])(.*?)\1")
"""Code between two signs of one kind, which may hold any other."""
_UNIT_COMMAND = re.compile(r"\\([A-Za-z]+)")


def quantity(number: str, unit: str) -> str:
    """Return a number with its unit, whose commands are words: \\metre\\per\\second."""
    words = _UNIT_COMMAND.sub(r" \1 ", unit.strip("{}")).split()
    return " ".join([number, *words])
