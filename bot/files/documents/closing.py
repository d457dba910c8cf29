"""How the sections are called that list what a text refers to."""

import re

CLOSING_TITLE = re.compile(
    r"^(?:\d{1,2}\.?\s+|[ivx]+\.\s+)?(?:references(?: cited)?|bibliography|works cited|literature(?: cited)?|"
    r"literatur(?:verzeichnis)?|quellen(?:verzeichnis)?|références|bibliographie|referencias|bibliografía|"
    r"external links|further reading|参考文献|引用文献|参考資料|外部リンク|参考资料|参考文獻|참고문헌)\s*:?$",
    re.IGNORECASE,
)
"""Titles of the sections that list what a text refers to."""
