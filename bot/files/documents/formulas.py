"""Formulas of Word (OMML) and of web pages and books (MathML) -> one line: (a+b)/2, x², √(2gh), ∑_(i=1)ⁿ."""

import re

from bot.files.documents import xml
from bot.files.documents.raised import lowered, raised

_UNREAD_PARTS = ("annotation", "annotation-xml")
_TOKENS = ("t", "mi", "mn", "mo", "mtext", "ms")
_UNSEEN_OPERATORS = re.compile("[\u2061-\u2064]")
_OPERATOR = re.compile(r"(?<=.)[\s+\-−±·×/=<>]")
_DEFAULT_DELIMITERS = {"begChr": "(", "sepChr": "|", "endChr": ")"}


def linear(element: xml.Element) -> str:
    """Return a formula as one line of text."""
    kind = xml.name(element)
    if not kind or kind in _UNREAD_PARTS or kind.endswith("Pr"):
        return ""
    if kind in _TOKENS:
        return _UNSEEN_OPERATORS.sub("", xml.text(element))
    parts = [linear(child) for child in element if (name := xml.name(child)) and not name.endswith("Pr")]
    match kind, parts:
        case (("f" | "mfrac"), [over, under]):
            return f"{_closed(over)}/{_closed(under)}"
        case (("sSup" | "msup"), [base, power]):
            return _closed(base) + raised(power)
        case (("sSub" | "msub"), [base, index]):
            return base + lowered(index)
        case (("sSubSup" | "msubsup" | "munderover"), [base, index, power]):
            return base + lowered(index) + raised(power)
        case (("limLow" | "munder"), [base, limit]):
            return base + lowered(limit)
        case "rad", [degree, root]:
            return f"{raised(degree) if degree else ''}√{_closed(root)}"
        case "mroot", [root, degree]:
            return f"{raised(degree)}√{_closed(root)}"
        case "msqrt", _:
            return f"√{_closed(''.join(parts))}"
        case "nary", [low, high, body]:
            sign = _property(element, "chr", "∫")
            return sign + (lowered(low) if low else "") + (raised(high) if high else "") + f" {body}"
        case "d", _:
            begin, between, end = (_property(element, name, usual) for name, usual in _DEFAULT_DELIMITERS.items())
            return begin + between.join(parts) + end
        case (("mr" | "mtr"), _):
            return ", ".join(parts)
        case (("m" | "mtable" | "eqArr"), _):
            return "; ".join(parts)
        case "mfenced", _:
            return element.get("open", "(") + element.get("separators", ",")[:1].join(parts) + element.get("close", ")")
        case "func", [function, argument]:
            return f"{function} {argument}"
        case _:
            return "".join(parts)


def _closed(part: str) -> str:
    """Return a part of a formula in brackets if it is more than one thing."""
    return f"({part})" if _OPERATOR.search(part) and not (part[0] == "(" and part[-1] == ")") else part


def _property(element: xml.Element, name: str, usual: str) -> str:
    """Return a sign that a part of OMML names in its properties."""
    found = next((item for child in element for item in child if xml.name(item) == name), None)
    return usual if found is None else next(iter(found.attrib.values()), "")
